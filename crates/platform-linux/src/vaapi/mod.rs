//! H.264 and H.265 by VA-API: Intel, AMD and others, through `libva.so.2`, which is
//! loaded at run time and need not be there.

mod abilities;
mod bits;
mod h264;
mod hevc;
mod layout;
mod library;
mod picture;
mod stream;
mod syntax;
#[cfg(test)]
mod tests;
mod va;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use gc_video::{EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings};

use self::abilities::Abilities;
use self::library::LibVa;
use self::stream::{Device, VaStream};
use self::va::Va;

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
    codecs: Vec<MotionCodec>,
    abilities: Vec<Abilities>,
}

impl VaFactory {
    /// H.264 must be there; H.265 may.
    fn new(mut va: Box<dyn Va>) -> Result<Self, EncodeFailure> {
        let mut abilities = vec![Abilities::ask(&mut *va, MotionCodec::H264)?];
        match Abilities::ask(&mut *va, MotionCodec::Hevc) {
            Ok(found) => abilities.push(found),
            Err(reason) => tracing::debug!(%reason, "VA-API without H.265"),
        }
        let codecs = abilities.iter().map(|found| found.codec).collect();
        Ok(Self { device: Arc::new(Mutex::new(va)), codecs, abilities })
    }

    fn abilities(&self, codec: MotionCodec, width: u32, height: u32) -> Option<Abilities> {
        let mut found = self.abilities.iter();
        found.find(|found| found.codec == codec && found.accepts(width, height)).copied()
    }
}

impl MotionEncoderFactory for VaFactory {
    fn name(&self) -> &'static str {
        "VA-API"
    }

    fn codecs(&self) -> &[MotionCodec] {
        &self.codecs
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        self.abilities(codec, width, height).is_some()
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let MotionSettings { codec, width, height, .. } = settings;
        let abilities = self.abilities(codec, width, height).ok_or_else(|| {
            EncodeFailure::Open(format!("{codec:?} {width}x{height} is not possible"))
        })?;
        Ok(Box::new(VaStream::open(&self.device, abilities, settings)?))
    }
}
