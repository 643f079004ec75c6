//! H.264 by VA-API: Intel, AMD and others, through `libva.so.2`, which is loaded at
//! run time and need not be there.

mod headers;
mod layout;
mod library;
mod parameters;
mod stream;
#[cfg(test)]
mod tests;
mod va;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use gc_video::{EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings};

use self::layout as at;
use self::library::LibVa;
use self::stream::{Abilities, Device, VaStream};
use self::va::{Va, VaError};

/// Smallest side that all drivers take.
const SHORTEST_SIDE: u32 = 64;
/// Largest sides of level 5.2.
const LONGEST_SIDE: u32 = 4096;
/// Where the kernel shows what can compute without a display.
const DEVICES: &str = "/dev/dri";

/// Opens the first device that can encode. Without one, or without the library, that
/// is [`EncodeFailure::Absent`] with the reason.
pub fn connect() -> Result<Box<dyn MotionEncoderFactory>, EncodeFailure> {
    let devices = render_nodes(Path::new(DEVICES))?;
    let mut reasons = Vec::new();
    for path in devices {
        let found = LibVa::open(&path).and_then(|va| VaFactory::new(Box::new(va)));
        match found {
            Ok(factory) => return Ok(Box::new(factory)),
            Err(failure) => reasons.push(format!("{}: {failure}", path.display())),
        }
    }
    Err(EncodeFailure::Absent(reasons.join("; ")))
}

/// The devices in `folder`, in order.
fn render_nodes(folder: &Path) -> Result<Vec<PathBuf>, EncodeFailure> {
    let absent = |why: String| EncodeFailure::Absent(why);
    let entries = std::fs::read_dir(folder)
        .map_err(|error| absent(format!("{}: {error}", folder.display())))?;
    let mut devices: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
        .map(|entry| entry.path())
        .collect();
    devices.sort();
    if devices.is_empty() {
        return Err(absent(format!("no render device in {}", folder.display())));
    }
    Ok(devices)
}

struct VaFactory {
    device: Device,
    abilities: Abilities,
    /// Longest sides that the driver says it takes.
    most: (u32, u32),
}

impl VaFactory {
    fn new(mut va: Box<dyn Va>) -> Result<Self, EncodeFailure> {
        let entry_point = va.entry_point().map_err(VaError::opening)?;
        let none = || EncodeFailure::Absent("the driver does not encode H.264".to_owned());
        let entry_point = entry_point.ok_or_else(none)?;
        let mut ask = |attribute: usize| {
            va.attribute(entry_point, attribute as u32).map_err(VaError::opening)
        };
        let modes = ask(at::ATTRIBUTE_RATE)?.unwrap_or(0);
        let wanted = [at::CONSTANT_RATE as u32, at::VARIABLE_RATE as u32];
        let rate_mode = wanted.into_iter().find(|mode| modes & mode != 0);
        let no_rate = || EncodeFailure::Absent("the driver cannot keep to a rate".to_owned());
        let rate_mode = rate_mode.ok_or_else(no_rate)?;
        let known = (at::PACKED_SEQ | at::PACKED_PIC | at::PACKED_SLICE) as u32;
        let packed = ask(at::ATTRIBUTE_PACKED)?.unwrap_or(0) & known;
        let most = (
            ask(at::ATTRIBUTE_WIDTH)?.unwrap_or(LONGEST_SIDE),
            ask(at::ATTRIBUTE_HEIGHT)?.unwrap_or(LONGEST_SIDE),
        );
        let abilities = Abilities { entry_point, rate_mode, packed };
        Ok(Self { device: Arc::new(Mutex::new(va)), abilities, most })
    }
}

impl MotionEncoderFactory for VaFactory {
    fn name(&self) -> &'static str {
        "VA-API"
    }

    fn codecs(&self) -> &[MotionCodec] {
        &[MotionCodec::H264]
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        codec == MotionCodec::H264
            && width.min(height) >= SHORTEST_SIDE
            && width <= self.most.0.min(LONGEST_SIDE)
            && height <= self.most.1.min(LONGEST_SIDE)
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let MotionSettings { codec, width, height, .. } = settings;
        if !self.accepts(codec, width, height) {
            return Err(EncodeFailure::Open(format!("{codec:?} {width}x{height} is not possible")));
        }
        Ok(Box::new(VaStream::open(&self.device, self.abilities, settings)?))
    }
}
