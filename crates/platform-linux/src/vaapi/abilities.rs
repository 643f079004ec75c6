//! What a device can do with a codec, asked once.

use gc_video::{EncodeFailure, MotionCodec};

use super::hevc::layout as hevc_at;
use super::hevc::{Said, Tools};
use super::layout as at;
use super::syntax::Syntax;
use super::va::{Va, VaError};

/// A codec of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) codec: MotionCodec,
    pub(super) syntax: Syntax,
    pub(super) entry_point: u32,
    pub(super) rate_mode: u32,
    /// Headers that the driver wants to be given.
    pub(super) packed: u32,
    /// Longest sides that the driver says it takes.
    most: (u32, u32),
}

impl Abilities {
    /// [`EncodeFailure::Absent`] where the driver does not have the codec.
    pub(super) fn ask(va: &mut dyn Va, codec: MotionCodec) -> Result<Self, EncodeFailure> {
        let (profile, name) = match codec {
            MotionCodec::H264 => (at::PROFILE_BASELINE as u32, "H.264"),
            MotionCodec::Hevc => (hevc_at::PROFILE_MAIN as u32, "H.265"),
        };
        let absent = |why: &str| EncodeFailure::Absent(format!("{name}: {why}"));
        let entry_point = va.entry_point(profile).map_err(VaError::opening)?;
        let entry_point = entry_point.ok_or_else(|| absent("the driver does not encode it"))?;
        let mut ask = |attribute: usize| {
            va.attribute(profile, entry_point, attribute as u32).map_err(VaError::opening)
        };
        let modes = ask(at::ATTRIBUTE_RATE)?.unwrap_or(0);
        let wanted = [at::CONSTANT_RATE as u32, at::VARIABLE_RATE as u32];
        let rate_mode = wanted.into_iter().find(|mode| modes & mode != 0);
        let rate_mode = rate_mode.ok_or_else(|| absent("the driver cannot keep to a rate"))?;
        let packed = ask(at::ATTRIBUTE_PACKED)?.unwrap_or(0);
        let most = (
            ask(at::ATTRIBUTE_WIDTH)?.unwrap_or(u32::MAX),
            ask(at::ATTRIBUTE_HEIGHT)?.unwrap_or(u32::MAX),
        );
        let syntax = match codec {
            MotionCodec::H264 => Syntax::H264,
            MotionCodec::Hevc => {
                let said = Said {
                    features: ask(hevc_at::ATTRIBUTE_FEATURES)?,
                    blocks: ask(hevc_at::ATTRIBUTE_BLOCKS)?,
                    direction: ask(hevc_at::ATTRIBUTE_DIRECTION)?,
                    references: ask(hevc_at::ATTRIBUTE_REFERENCES)?,
                };
                Syntax::Hevc(Tools::choose(said).map_err(absent)?)
            }
        };
        let packed = packed & syntax.packed() as u32;
        Ok(Self { codec, syntax, entry_point, rate_mode, packed, most })
    }

    pub(super) fn accepts(&self, width: u32, height: u32) -> bool {
        let limits = self.syntax.limits();
        let side = limits.shortest..=limits.longest;
        let fits = |side_of_it: u32, most: u32| side.contains(&side_of_it) && side_of_it <= most;
        fits(width, self.most.0) && fits(height, self.most.1) && width * height <= limits.samples
    }
}
