//! What lives on the thread of an encoder: the encoder, its streams and its trials.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gc_video::{
    EncodeFailure, Encoded, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    PictureView,
};

use super::worker::Reply;
use crate::OpenH264Decoder;
use crate::made::check_made;
use crate::self_test::{Trial, psnr};

/// Pictures that are decoded again after each key picture.
const WATCHED: u32 = 8;
/// Likeness below which a picture is another one, decibels. A low rate alone does not
/// bring one down to this.
const OTHER_PICTURE: f64 = 14.0;

/// A picture that outlives the call that brought it.
pub(super) struct OwnedPicture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Rows without padding.
    pub(super) pixels: Vec<u8>,
}

impl OwnedPicture {
    pub(super) fn of(view: &PictureView<'_>, mut pixels: Vec<u8>) -> Self {
        pixels.clear();
        for y in 0..view.height {
            pixels.extend_from_slice(view.row(0, y, view.width));
        }
        Self { width: view.width, height: view.height, pixels }
    }

    fn view(&self) -> PictureView<'_> {
        let stride = self.width as usize * 4;
        PictureView { width: self.width, height: self.height, stride, pixels: &self.pixels }
    }
}

/// A picture's unit, and the room that the picture had.
pub(super) struct Made {
    pub(super) encoded: Encoded,
    pub(super) unit: Vec<u8>,
    pub(super) room: Vec<u8>,
}

struct Stream {
    encoder: Box<dyn MotionEncoder>,
    settings: MotionSettings,
    watch: Option<Watch>,
}

pub(super) struct Device {
    streams: BTreeMap<u32, Stream>,
    trials: VecDeque<(Trial, Reply<()>)>,
    factory: Box<dyn MotionEncoderFactory>,
    /// What a watch found. The next call tells it, for whatever stream: a viewer that
    /// cannot decode may have ended the stream that was watched.
    failed: Option<EncodeFailure>,
}

impl Device {
    pub(super) fn new(factory: Box<dyn MotionEncoderFactory>) -> Self {
        Self { streams: BTreeMap::new(), trials: VecDeque::new(), factory, failed: None }
    }

    pub(super) fn has_trials(&self) -> bool {
        !self.trials.is_empty()
    }

    pub(super) fn codecs(&self) -> Vec<MotionCodec> {
        self.factory.codecs().to_vec()
    }

    pub(super) fn add_trial(&mut self, trial: Trial, reply: Reply<()>) {
        self.trials.push_back((trial, reply));
    }

    /// One picture of the trial that waits longest.
    pub(super) fn step_trial(&mut self) {
        // It stays in its place meanwhile: should this panic, it is answered with the
        // rest of the device.
        let Some((trial, reply)) = self.trials.front_mut() else { return };
        match trial.step(&mut *self.factory) {
            Ok(false) => return,
            Ok(true) => reply.give(Ok(())),
            Err(failure) => reply.give(Err(failure.into())),
        }
        self.trials.pop_front();
    }

    /// `false`: pictures of this size are not for this encoder.
    pub(super) fn open(
        &mut self,
        id: u32,
        settings: MotionSettings,
    ) -> Result<bool, EncodeFailure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        let MotionSettings { codec, width, height, .. } = settings;
        if !self.factory.codecs().contains(&codec) || !self.factory.accepts(codec, width, height) {
            return Ok(false);
        }
        let encoder = self.factory.open(settings)?;
        self.streams.insert(id, Stream { encoder, settings, watch: None });
        Ok(true)
    }

    pub(super) fn close(&mut self, id: u32) {
        self.streams.remove(&id);
    }

    pub(super) fn set_rate(&mut self, id: u32, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        self.stream(id)?.encoder.set_rate(kbps, fps)
    }

    fn stream(&mut self, id: u32) -> Result<&mut Stream, EncodeFailure> {
        let gone = || EncodeFailure::Encode("no such stream".to_owned());
        self.streams.get_mut(&id).ok_or_else(gone)
    }

    pub(super) fn encode(
        &mut self,
        id: u32,
        picture: OwnedPicture,
        key: bool,
        at: Duration,
        reply: Reply<Made>,
    ) {
        if let Some(failure) = &self.failed {
            return reply.give(Err(failure.clone()));
        }
        let stream = match self.stream(id) {
            Ok(stream) => stream,
            Err(failure) => return reply.give(Err(failure)),
        };
        let mut unit = Vec::new();
        let settings = stream.settings;
        let made = stream
            .encoder
            .encode(picture.view(), key, at, &mut unit)
            .and_then(|encoded| check_made(&unit, &settings, encoded.key).map(|()| encoded));
        let encoded = match made {
            Ok(encoded) => encoded,
            Err(failure) => return reply.give(Err(failure)),
        };
        if encoded.key && settings.codec == MotionCodec::H264 {
            stream.watch = Watch::new(&settings);
        }
        let Some(watch) = &mut stream.watch else {
            return reply.give(Ok(Made { encoded, unit, room: picture.pixels }));
        };
        // Sent first, looked at then: the watch costs no time on the way.
        reply.give(Ok(Made { encoded, unit: unit.clone(), room: Vec::new() }));
        match watch.look(&unit, &picture) {
            Ok(true) => {}
            Ok(false) => stream.watch = None,
            Err(failure) => self.failed = Some(failure),
        }
    }
}

/// Decodes the first pictures after each key picture, to see what viewers see. When a
/// viewer says that it cannot decode, it asks for a key picture and thereby for this.
struct Watch {
    decoder: OpenH264Decoder,
    left: u32,
    shown: Vec<u8>,
}

impl Watch {
    /// `None` where the decoder has no room for it.
    fn new(settings: &MotionSettings) -> Option<Self> {
        let decoder = OpenH264Decoder::new(settings.width, settings.height).ok()?;
        let shown = vec![0; settings.width as usize * settings.height as usize * 4];
        Some(Self { decoder, left: WATCHED, shown })
    }

    /// Whether there is more to watch.
    fn look(&mut self, unit: &[u8], picture: &OwnedPicture) -> Result<bool, EncodeFailure> {
        self.decoder
            .decode(unit, &mut self.shown, picture.width as usize * 4)
            .map_err(|_| EncodeFailure::Output("a picture that cannot be decoded"))?;
        let psnr = psnr(&picture.pixels, &self.shown);
        if psnr < OTHER_PICTURE {
            return Err(EncodeFailure::SelfTest(format!("shows another picture ({psnr:.1} dB)")));
        }
        self.left -= 1;
        Ok(self.left > 0)
    }
}
