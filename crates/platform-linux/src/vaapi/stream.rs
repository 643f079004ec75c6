//! One stream on a device: its surfaces and buffers, and the order of calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_video::{EncodeFailure, Encoded, MotionEncoder, MotionSettings, PictureView};
use yuv::{BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvRange, YuvStandardMatrix};

use super::headers::{self, FRAME_NUM_BITS, Header, level};
use super::layout as at;
use super::parameters::{self, Shot, Stream};
use super::va::{Id, Nv12, Va, VaError};

/// A device, shared by its streams; all on one thread.
pub(super) type Device = Arc<Mutex<Box<dyn Va>>>;

pub(super) fn lock(device: &Device) -> MutexGuard<'_, Box<dyn Va>> {
    device.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a device can do, asked once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) entry_point: u32,
    pub(super) rate_mode: u32,
    /// Headers that the driver wants to be given.
    pub(super) packed: u32,
}

/// Everything that the driver holds for a stream; handed back when this is dropped,
/// also half made.
struct Held {
    device: Device,
    config: Option<Id>,
    /// The picture to encode, and two decoded ones by turns.
    surfaces: [Id; 3],
    has_surfaces: bool,
    context: Option<Id>,
    coded: Option<Id>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut va = lock(&self.device);
        if let Some(coded) = self.coded {
            va.destroy_buffer(coded);
        }
        if let Some(context) = self.context {
            va.destroy_context(context);
        }
        if self.has_surfaces {
            va.destroy_surfaces(&mut self.surfaces);
        }
        if let Some(config) = self.config {
            va.destroy_config(config);
        }
    }
}

pub(super) struct VaStream {
    held: Held,
    context: Id,
    coded: Id,
    abilities: Abilities,
    settings: MotionSettings,
    stream: Stream,
    nv12: Nv12,
    /// B G R X of even size, where the picture's is odd.
    padded: Vec<u8>,
    /// Pictures since the last key picture.
    number: u32,
    keys: u16,
    started: bool,
    rate_due: bool,
}

impl VaStream {
    pub(super) fn open(
        device: &Device,
        abilities: Abilities,
        settings: MotionSettings,
    ) -> Result<Self, EncodeFailure> {
        let (width, height) =
            (settings.width.next_multiple_of(2), settings.height.next_multiple_of(2));
        let stream = shape(&settings, width, height);
        let mut held = Held {
            device: Arc::clone(device),
            config: None,
            surfaces: [0; 3],
            has_surfaces: false,
            context: None,
            coded: None,
        };
        let (context, coded) =
            Self::build(&mut held, &abilities, &stream).map_err(VaError::opening)?;
        let luma = width as usize * height as usize;
        Ok(Self {
            held,
            context,
            coded,
            abilities,
            settings,
            stream,
            nv12: Nv12 { width, height, y: vec![0; luma], uv: vec![0; luma / 2] },
            padded: Vec::new(),
            number: 0,
            keys: 0,
            started: false,
            rate_due: true,
        })
    }

    fn build(held: &mut Held, abilities: &Abilities, stream: &Stream) -> Result<(Id, Id), VaError> {
        let device = Arc::clone(&held.device);
        let mut va = lock(&device);
        let mut attributes = vec![
            (at::ATTRIBUTE_FORMAT as u32, at::FORMAT_420 as u32),
            (at::ATTRIBUTE_RATE as u32, abilities.rate_mode),
        ];
        if abilities.packed != 0 {
            attributes.push((at::ATTRIBUTE_PACKED as u32, abilities.packed));
        }
        let config = va.create_config(abilities.entry_point, &attributes)?;
        held.config = Some(config);
        let (across, down) = stream.blocks();
        let (width, height) = (across * 16, down * 16);
        va.create_surfaces(width, height, &mut held.surfaces)?;
        held.has_surfaces = true;
        let context = va.create_context(config, width, height, &mut held.surfaces)?;
        held.context = Some(context);
        // No picture is larger than its pixels, and some room for headers.
        let coded = va.create_coded(context, width * height * 3 / 2 + 4096)?;
        held.coded = Some(coded);
        Ok((context, coded))
    }

    fn load(&mut self, picture: &PictureView<'_>) -> Result<(), EncodeFailure> {
        let (width, height) = (self.nv12.width, self.nv12.height);
        self.padded.clear();
        for y in 0..height {
            let row = picture.row(0, y.min(picture.height - 1), picture.width);
            self.padded.extend_from_slice(row);
            if width > picture.width {
                self.padded.extend_from_slice(row.get(row.len() - 4..).unwrap_or_default());
            }
        }
        let mut planes = YuvBiPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.nv12.y),
            y_stride: width,
            uv_plane: BufferStoreMut::Borrowed(&mut self.nv12.uv),
            uv_stride: width,
            width,
            height,
        };
        yuv::bgra_to_yuv_nv12(
            &mut planes,
            &self.padded,
            width * 4,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )
        .map_err(|error| EncodeFailure::Encode(error.to_string()))
    }

    fn shot(&mut self, key: bool, out: &mut Vec<u8>) -> Result<(), EncodeFailure> {
        let modulus = 1 << FRAME_NUM_BITS;
        let turn = (self.number % 2) as usize;
        let shot = Shot {
            key,
            number: self.number % modulus,
            idr_id: self.keys,
            target: self.held.surfaces[1 + turn],
            before: (self.held.surfaces[2 - turn], self.number.wrapping_sub(1) % modulus),
            coded: self.coded,
        };
        let mut buffers = Vec::new();
        let outcome = self.run(&shot, &mut buffers, out);
        let mut va = lock(&self.held.device);
        for buffer in buffers {
            va.destroy_buffer(buffer);
        }
        match outcome {
            Ok(true) => Ok(()),
            Ok(false) => Err(EncodeFailure::Output("a picture larger than its pixels")),
            Err(error) => Err(error.running()),
        }
    }

    fn run(&self, shot: &Shot, buffers: &mut Vec<Id>, out: &mut Vec<u8>) -> Result<bool, VaError> {
        let mut va = lock(&self.held.device);
        let input = self.held.surfaces[0];
        va.upload(input, &self.nv12)?;
        let mut add = |kind: usize, content: &[u8]| -> Result<(), VaError> {
            buffers.push(va.create_buffer(self.context, kind as u32, content)?);
            Ok(())
        };
        if shot.key {
            add(at::BUFFER_SEQ, &parameters::sequence(&self.stream).0)?;
        }
        if shot.key || self.rate_due {
            for content in parameters::rates(&self.stream) {
                add(at::BUFFER_MISC, &content)?;
            }
        }
        add(at::BUFFER_PIC, &parameters::picture(shot).0)?;
        let mut packed = |wanted: usize, kind: usize, header: &Header| -> Result<(), VaError> {
            if self.abilities.packed & wanted as u32 != 0 {
                add(at::BUFFER_PACKED, &parameters::packed(kind, header.bits).0)?;
                add(at::BUFFER_PACKED_DATA, &header.bytes)?;
            }
            Ok(())
        };
        if shot.key {
            let Stream { width, height, level, .. } = self.stream;
            packed(at::PACKED_SEQ, at::HEADER_SEQ, &headers::sequence(width, height, level))?;
            packed(at::PACKED_PIC, at::HEADER_PIC, &headers::picture())?;
        }
        let slice = headers::slice(shot.key, shot.number, shot.idr_id);
        packed(at::PACKED_SLICE, at::HEADER_SLICE, &slice)?;
        add(at::BUFFER_SLICE, &parameters::slice(&self.stream, shot).0)?;
        va.render(self.context, input, buffers)?;
        va.sync(input)?;
        va.read_coded(self.coded, out)
    }
}

fn shape(settings: &MotionSettings, width: u32, height: u32) -> Stream {
    let (kbps, fps) = (settings.kbps.clamp(16, 240_000), settings.fps.clamp(1, 60));
    let blocks = width.div_ceil(16) * height.div_ceil(16);
    // The level holds for any later rate, so that a change needs no key picture.
    Stream { width, height, kbps, fps, level: level(blocks, 60, 20_000.max(kbps)) }
}

impl MotionEncoder for VaStream {
    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        _at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure> {
        if (picture.width, picture.height) != (self.settings.width, self.settings.height)
            || picture.check().is_err()
        {
            return Err(EncodeFailure::Encode("picture of another size".to_owned()));
        }
        self.load(&picture)?;
        let key = key || !self.started;
        if key {
            self.number = 0;
        }
        self.shot(key, out)?;
        self.started = true;
        self.rate_due = false;
        self.number += 1;
        self.keys = self.keys.wrapping_add(u16::from(key));
        Ok(Encoded { key })
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        let level = self.stream.level;
        let settings = MotionSettings { kbps, fps, ..self.settings };
        self.stream = Stream { level, ..shape(&settings, self.stream.width, self.stream.height) };
        self.rate_due = true;
        Ok(())
    }
}
