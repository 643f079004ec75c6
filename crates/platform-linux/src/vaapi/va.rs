//! What the encoder needs of VA-API.

use gc_video::EncodeFailure;

/// Number of an object of the driver.
pub(super) type Id = u32;

/// A call that the driver refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VaError {
    pub(super) call: &'static str,
    pub(super) status: i32,
}

/// `VA_STATUS_ERROR_INVALID_DISPLAY` to `_INVALID_SURFACE`: what was valid before is
/// not any more, as after a reset of the device.
const GONE: std::ops::RangeInclusive<i32> = 3..=6;

impl VaError {
    /// Of a stream that runs.
    pub(super) fn running(self) -> EncodeFailure {
        if GONE.contains(&self.status) {
            EncodeFailure::DeviceLost(self.text())
        } else {
            EncodeFailure::Encode(self.text())
        }
    }

    /// Of a stream that is being opened.
    pub(super) fn opening(self) -> EncodeFailure {
        EncodeFailure::Open(self.text())
    }

    fn text(&self) -> String {
        format!("{}: VA status {:#x}", self.call, self.status)
    }
}

/// Two planes: luma, then both chromas by turns. Sides are even.
pub(super) struct Nv12 {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) y: Vec<u8>,
    pub(super) uv: Vec<u8>,
}

/// A device. Every object that is created is destroyed by its owner.
pub(super) trait Va: Send {
    /// How it can encode a profile: an entry point.
    fn entry_point(&mut self, profile: u32) -> Result<Option<u32>, VaError>;
    /// The value of an attribute; `None`: not supported.
    fn attribute(
        &mut self,
        profile: u32,
        entry_point: u32,
        attribute: u32,
    ) -> Result<Option<u32>, VaError>;
    fn create_config(
        &mut self,
        profile: u32,
        entry_point: u32,
        attributes: &[(u32, u32)],
    ) -> Result<Id, VaError>;
    fn destroy_config(&mut self, config: Id);
    fn create_surfaces(&mut self, width: u32, height: u32, out: &mut [Id]) -> Result<(), VaError>;
    fn destroy_surfaces(&mut self, surfaces: &mut [Id]);
    fn create_context(
        &mut self,
        config: Id,
        width: u32,
        height: u32,
        surfaces: &mut [Id],
    ) -> Result<Id, VaError>;
    fn destroy_context(&mut self, context: Id);
    /// A buffer with this content.
    fn create_buffer(&mut self, context: Id, kind: u32, content: &[u8]) -> Result<Id, VaError>;
    /// A buffer for `bytes` of a coded picture.
    fn create_coded(&mut self, context: Id, bytes: u32) -> Result<Id, VaError>;
    fn destroy_buffer(&mut self, buffer: Id);
    /// Copies pixels into a surface.
    fn upload(&mut self, surface: Id, picture: &Nv12) -> Result<(), VaError>;
    /// Encodes a surface as the buffers say.
    fn render(&mut self, context: Id, surface: Id, buffers: &mut [Id]) -> Result<(), VaError>;
    /// Waits until a surface is done.
    fn sync(&mut self, surface: Id) -> Result<(), VaError>;
    /// Appends what was coded. `false`: it did not fit.
    fn read_coded(&mut self, buffer: Id, out: &mut Vec<u8>) -> Result<bool, VaError>;
}
