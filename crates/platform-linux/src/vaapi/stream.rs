//! One stream on a device: its surfaces and buffers, and the order of calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_video::{EncodeFailure, Encoded, MotionEncoder, MotionSettings, PictureView};
use yuv::{BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvRange, YuvStandardMatrix};

use super::abilities::Abilities;
use super::layout as at;
use super::picture::{self, Shot, Stream};
use super::syntax::Packed;
use super::va::{Id, Nv12, Va, VaError};

/// A device, shared by its streams; all on one thread.
pub(super) type Device = Arc<Mutex<Box<dyn Va>>>;

pub(super) fn lock(device: &Device) -> MutexGuard<'_, Box<dyn Va>> {
    device.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// B G R X of the coded size.
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
        let stream = abilities.syntax.stream(&settings);
        let (width, height) = stream.coded;
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
        let profile = abilities.syntax.profile();
        let config = va.create_config(profile, abilities.entry_point, &attributes)?;
        held.config = Some(config);
        let (width, height) = stream.coded;
        va.create_surfaces(width, height, &mut held.surfaces)?;
        held.has_surfaces = true;
        let context = va.create_context(config, width, height, &mut held.surfaces)?;
        held.context = Some(context);
        // No picture is larger than its pixels, and some room for headers.
        let coded = va.create_coded(context, width * height * 3 / 2 + 4096)?;
        held.coded = Some(coded);
        Ok((context, coded))
    }

    /// Converts a picture, its edges repeated up to the coded size: what is never shown
    /// then costs next to nothing.
    fn load(&mut self, picture: &PictureView<'_>) -> Result<(), EncodeFailure> {
        let (width, height) = (self.nv12.width, self.nv12.height);
        self.padded.clear();
        for y in 0..height {
            let row = picture.row(0, y.min(picture.height - 1), picture.width);
            self.padded.extend_from_slice(row);
            let last = row.get(row.len() - 4..).unwrap_or_default();
            for _ in picture.width..width {
                self.padded.extend_from_slice(last);
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
        let turn = (self.number % 2) as usize;
        let shot = Shot {
            key,
            number: self.number,
            idr_id: self.keys,
            target: self.held.surfaces[1 + turn],
            before: self.held.surfaces[2 - turn],
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
        let syntax = &self.abilities.syntax;
        if shot.key {
            add(at::BUFFER_SEQ, &syntax.sequence(&self.stream))?;
        }
        if shot.key || self.rate_due {
            for content in picture::rates(&self.stream) {
                add(at::BUFFER_MISC, &content)?;
            }
        }
        add(at::BUFFER_PIC, &syntax.picture(shot))?;
        for Packed { wanted, kind, header } in syntax.headers(&self.stream, shot) {
            if self.abilities.packed & wanted as u32 != 0 {
                add(at::BUFFER_PACKED, &picture::packed(kind, header.bits).0)?;
                add(at::BUFFER_PACKED_DATA, &header.bytes)?;
            }
        }
        add(at::BUFFER_SLICE, &syntax.slice(&self.stream, shot))?;
        va.render(self.context, input, buffers)?;
        va.sync(input)?;
        va.read_coded(self.coded, out)
    }
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
        // After a picture that failed the next one refers to none.
        self.started = false;
        self.shot(key, out)?;
        self.started = true;
        self.rate_due = false;
        self.number += 1;
        self.keys = self.keys.wrapping_add(u16::from(key));
        Ok(Encoded { key })
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        self.stream.set_rate(kbps, fps);
        self.rate_due = true;
        Ok(())
    }
}
