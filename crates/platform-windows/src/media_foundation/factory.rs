//! Finds encoders and opens streams.

use std::sync::Arc;
use std::time::Duration;

use gc_types::Clock;
use gc_video::{EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings};
use windows::Win32::Media::MediaFoundation::{
    IMFActivate, MFMediaType_Video, MFT_ENUM_FLAG, MFT_ENUM_FLAG_ASYNCMFT, MFT_ENUM_FLAG_HARDWARE,
    MFT_ENUM_FLAG_SORTANDFILTER, MFT_ENUM_FLAG_SYNCMFT, MFT_FRIENDLY_NAME_Attribute,
    MFT_REGISTER_TYPE_INFO, MFVideoFormat_H264, MFVideoFormat_HEVC, MFVideoFormat_NV12,
};
use windows::core::PWSTR;

use super::encoder::MediaFoundationEncoder;
use super::runtime::{Apartment, Runtime, free};
use super::transform::MediaTransform;
use crate::motion::{Machine, Nv12Picture, Syntax, TransformFailure};

/// How long a picture may take: an encoder that takes longer has stalled, and another
/// one takes over within two seconds.
const LIMIT: Duration = Duration::from_secs(1);
/// Names are for people.
const LONGEST_NAME: usize = 64;
const LONGEST_SIDE: u32 = 4096;

/// Where encoders run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On a graphics card.
    Hardware,
    /// Those that come with Windows.
    Software,
}

impl Origin {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hardware => "Media Foundation, hardware",
            Self::Software => "Media Foundation, software",
        }
    }

    const fn flags(self) -> MFT_ENUM_FLAG {
        let flags = match self {
            Self::Hardware => MFT_ENUM_FLAG_HARDWARE.0,
            Self::Software => MFT_ENUM_FLAG_SYNCMFT.0 | MFT_ENUM_FLAG_ASYNCMFT.0,
        };
        MFT_ENUM_FLAG(flags | MFT_ENUM_FLAG_SORTANDFILTER.0)
    }

    /// Graphics cards refuse smaller pictures (NVIDIA's from 145 pixels on).
    const fn shortest_sides(self) -> (u32, u32) {
        match self {
            Self::Hardware => (160, 64),
            Self::Software => (32, 32),
        }
    }
}

/// Opens streams of the encoders of one [`Origin`], the most deserving that opens.
pub struct MediaFoundationFactory {
    origin: Origin,
    codecs: Vec<MotionCodec>,
    clock: Arc<dyn Clock>,
    /// Started with the first stream.
    runtime: Option<Arc<Runtime>>,
}

impl MediaFoundationFactory {
    /// Looks for nothing yet. HEVC only where `hevc` asks for it.
    pub fn new(origin: Origin, hevc: bool, clock: Arc<dyn Clock>) -> Self {
        let mut codecs = vec![MotionCodec::H264];
        if hevc {
            codecs.push(MotionCodec::Hevc);
        }
        Self { origin, codecs, clock, runtime: None }
    }

    fn runtime(&mut self) -> Result<Arc<Runtime>, EncodeFailure> {
        if let Some(runtime) = &self.runtime {
            return Ok(Arc::clone(runtime));
        }
        let runtime = Arc::new(Runtime::start()?);
        self.runtime = Some(Arc::clone(&runtime));
        Ok(runtime)
    }

    fn start(
        &self,
        runtime: &Arc<Runtime>,
        encoder: &IMFActivate,
        settings: MotionSettings,
    ) -> Result<Machine<MediaTransform>, TransformFailure> {
        let transform = MediaTransform::open(runtime, encoder, settings, &self.clock)?;
        Machine::start(transform, syntax(settings.codec), LIMIT)
    }
}

impl MotionEncoderFactory for MediaFoundationFactory {
    fn name(&self) -> &'static str {
        self.origin.name()
    }

    fn codecs(&self) -> &[MotionCodec] {
        &self.codecs
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        let (narrowest, lowest) = self.origin.shortest_sides();
        self.codecs.contains(&codec)
            && (narrowest..=LONGEST_SIDE).contains(&width)
            && (lowest..=LONGEST_SIDE).contains(&height)
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let MotionSettings { codec, width, height, .. } = settings;
        if !self.accepts(codec, width, height) {
            return Err(EncodeFailure::Open(format!("{width}x{height} is not possible")));
        }
        let apartment = Apartment::enter()
            .map_err(|error| EncodeFailure::Open(format!("CoInitializeEx: {error}")))?;
        let runtime = self.runtime()?;
        let found = runtime
            .encoders(self.origin.flags(), video(&MFVideoFormat_NV12), video(subtype(codec)))
            .map_err(|error| EncodeFailure::Open(format!("MFTEnumEx: {error}")))?;
        let mut reasons = Vec::new();
        for encoder in &found {
            let name = name_of(encoder);
            match self.start(&runtime, encoder, settings) {
                Ok(machine) => {
                    let picture = Nv12Picture::new(width, height);
                    let stream = MediaFoundationEncoder::new(name, machine, picture, apartment);
                    return Ok(Box::new(stream));
                }
                Err(failure) => reasons.push(format!("{name}: {failure}")),
            }
        }
        Err(if reasons.is_empty() {
            EncodeFailure::Absent("Media Foundation knows no such encoder here".to_owned())
        } else {
            EncodeFailure::Open(reasons.join("; "))
        })
    }
}

const fn syntax(codec: MotionCodec) -> Syntax {
    match codec {
        MotionCodec::H264 => Syntax::Avc,
        MotionCodec::Hevc => Syntax::Hevc,
    }
}

const fn subtype(codec: MotionCodec) -> &'static windows::core::GUID {
    match codec {
        MotionCodec::H264 => &MFVideoFormat_H264,
        MotionCodec::Hevc => &MFVideoFormat_HEVC,
    }
}

const fn video(subtype: &windows::core::GUID) -> MFT_REGISTER_TYPE_INFO {
    MFT_REGISTER_TYPE_INFO { guidMajorType: MFMediaType_Video, guidSubtype: *subtype }
}

/// As the driver calls it, cut to what people can read.
fn name_of(encoder: &IMFActivate) -> String {
    let mut text = PWSTR::null();
    let mut length = 0;
    // SAFETY: on success the text is ours, ends with a zero, and is freed once.
    let name = unsafe {
        let given = encoder.GetAllocatedString(
            &MFT_FRIENDLY_NAME_Attribute,
            &raw mut text,
            &raw mut length,
        );
        let name = given.ok().and_then(|()| text.to_string().ok());
        free(text.0);
        name
    };
    let name = name.unwrap_or_else(|| "unnamed encoder".to_owned());
    name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use gc_types::ManualClock;
    use windows::Win32::Media::MediaFoundation as mf;

    use super::*;
    use crate::motion;

    fn factory(origin: Origin, hevc: bool) -> MediaFoundationFactory {
        MediaFoundationFactory::new(origin, hevc, Arc::new(ManualClock::default()))
    }

    #[test]
    fn numbers_are_those_of_the_headers() {
        let pairs = [
            (motion::NOT_ACCEPTING, mf::MF_E_NOTACCEPTING),
            (motion::STREAM_CHANGE, mf::MF_E_TRANSFORM_STREAM_CHANGE),
            (motion::NEED_MORE_INPUT, mf::MF_E_TRANSFORM_NEED_MORE_INPUT),
            (motion::SHUT_DOWN, mf::MF_E_SHUTDOWN),
            (motion::DEVICE_NOT_INITIALIZED, mf::MF_E_DXGI_DEVICE_NOT_INITIALIZED),
            (motion::NEW_DEVICE, mf::MF_E_DXGI_NEW_VIDEO_DEVICE),
            (motion::NO_HARDWARE, mf::MF_E_HW_MFT_FAILED_START_STREAMING),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(ours, theirs.0.cast_unsigned());
        }
    }

    #[test]
    fn media_foundation_starts_and_makes_what_pictures_go_in() {
        let _apartment = Apartment::enter().unwrap();
        let runtime = Runtime::start().unwrap();
        let (sample, buffer) = runtime.sample(100).unwrap();
        let kind = runtime.media_type().unwrap();
        // SAFETY: no pointers but to constants.
        unsafe {
            assert_eq!(sample.GetBufferCount(), Ok(1));
            assert_eq!(buffer.GetMaxLength(), Ok(100));
            kind.SetGUID(&mf::MF_MT_SUBTYPE, &MFVideoFormat_H264).unwrap();
            assert_eq!(kind.GetGUID(&mf::MF_MT_SUBTYPE), Ok(MFVideoFormat_H264));
        }
    }

    /// Wine has none, and a Windows without them looks the same.
    #[test]
    fn where_there_is_no_encoder_it_is_told_as_absent() {
        for origin in [Origin::Hardware, Origin::Software] {
            for codec in [MotionCodec::H264, MotionCodec::Hevc] {
                let mut factory = factory(origin, true);
                let settings =
                    MotionSettings { codec, width: 640, height: 480, kbps: 2000, fps: 30 };
                // A second try finds the library started.
                for _ in 0..2 {
                    match factory.open(settings) {
                        Err(EncodeFailure::Absent(text)) => assert!(text.contains("no such")),
                        Err(other) => panic!("{other}"),
                        Ok(_) => panic!("an encoder under Wine: prove it and change this test"),
                    }
                }
            }
        }
    }

    #[test]
    fn hevc_is_only_for_those_who_ask() {
        assert_eq!(factory(Origin::Hardware, false).codecs(), [MotionCodec::H264]);
        assert!(!factory(Origin::Hardware, false).accepts(MotionCodec::Hevc, 640, 480));
        assert!(factory(Origin::Hardware, true).accepts(MotionCodec::Hevc, 640, 480));
        let sizes = [(16, 16), (159, 480), (640, 63), (4097, 480), (640, 5000)];
        for (width, height) in sizes {
            let mut factory = factory(Origin::Hardware, false);
            assert!(!factory.accepts(MotionCodec::H264, width, height));
            let codec = MotionCodec::H264;
            let refused = factory.open(MotionSettings { codec, width, height, kbps: 1, fps: 1 });
            assert!(matches!(refused, Err(EncodeFailure::Open(_))));
        }
    }
}
