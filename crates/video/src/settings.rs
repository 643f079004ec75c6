//! What the presets mean.

use gc_proto::v2::{Preset, VideoSettings};

/// Bounds that a preset sets. The link may force less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pictures per second at most, after the first one.
    pub fps: u32,
    /// Kilobits per second of motion at most.
    pub kbps: u32,
    /// Kilobits per second that the link is believed to carry until it was
    /// measured.
    pub first_kbps: u32,
}

/// The limits of `settings`. Values out of range are brought into it; an unknown
/// preset means automatic.
pub fn limits(settings: &VideoSettings) -> Limits {
    match settings.preset() {
        Preset::Unspecified | Preset::Auto => Limits { fps: 60, kbps: 8000, first_kbps: 3000 },
        Preset::Low => Limits { fps: 10, kbps: 600, first_kbps: 1000 },
        Preset::Balanced => Limits { fps: 30, kbps: 4000, first_kbps: 4000 },
        Preset::High => Limits { fps: 60, kbps: 25_000, first_kbps: 12_000 },
        Preset::Custom => {
            let kbps = settings.kbps.clamp(64, 50_000);
            Limits { fps: settings.fps.clamp(1, 60), kbps, first_kbps: kbps }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_values_are_brought_into_range() {
        let custom = |fps, kbps| {
            limits(&VideoSettings { preset: Preset::Custom.into(), fps, kbps, hevc: false })
        };
        assert_eq!((custom(0, 0).fps, custom(0, 0).kbps), (1, 64));
        assert_eq!((custom(999, u32::MAX).fps, custom(999, u32::MAX).kbps), (60, 50_000));
        assert_eq!((custom(24, 3000).fps, custom(24, 3000).kbps), (24, 3000));
        let unknown = VideoSettings { preset: 77, fps: 3, kbps: 3, hevc: false };
        assert_eq!(limits(&unknown).fps, 60);
    }
}
