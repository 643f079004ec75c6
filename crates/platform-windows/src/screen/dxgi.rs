//! Desktop duplication by DXGI 1.2 and Direct3D 11, which came with Windows 8: loaded
//! when it is needed, so that a program starts on Windows 7.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::time::Duration;

use gc_platform::{DisplayInfo, PixelRect, PixelSize};
use windows::Win32::Foundation::{HMODULE, POINT, RECT};
use windows::Win32::Graphics::Direct3D::{D3D_DRIVER_TYPE, D3D_DRIVER_TYPE_UNKNOWN};
use windows::Win32::Graphics::Direct3D11::{
    D3D11_BOX, D3D11_CPU_ACCESS_READ, D3D11_MAP_READ, D3D11_MAPPED_SUBRESOURCE, D3D11_SDK_VERSION,
    D3D11_TEXTURE2D_DESC, D3D11_USAGE_STAGING, ID3D11Device, ID3D11DeviceContext, ID3D11Texture2D,
};
use windows::Win32::Graphics::Dxgi::Common::{DXGI_FORMAT_B8G8R8A8_UNORM, DXGI_SAMPLE_DESC};
use windows::Win32::Graphics::Dxgi::{
    DXGI_ERROR_NOT_FOUND, DXGI_ERROR_WAIT_TIMEOUT, DXGI_OUTDUPL_FRAME_INFO, DXGI_OUTDUPL_MOVE_RECT,
    DXGI_OUTDUPL_POINTER_SHAPE_INFO, IDXGIAdapter1, IDXGIFactory1, IDXGIOutput, IDXGIOutput1,
    IDXGIOutputDuplication, IDXGIResource,
};
use windows::core::{Error, GUID, HRESULT, Interface, Type, s};

use super::InputDesktop;
use crate::choice::Desktop;
use crate::duplication::{
    Duplicator, Failure, Frame, Mode, PointerShape, PointerUpdate, Rotation, ShapeKind, Source,
};
use crate::library::Library;

/// Bytes of a pixel.
const PIXEL: usize = 4;

type CreateFactory = unsafe extern "system" fn(*const GUID, *mut *mut c_void) -> HRESULT;
type CreateDevice = unsafe extern "system" fn(
    adapter: *mut c_void,
    kind: D3D_DRIVER_TYPE,
    software: HMODULE,
    flags: u32,
    levels: *const i32,
    level_count: u32,
    version: u32,
    device: *mut *mut c_void,
    level: *mut i32,
    context: *mut *mut c_void,
) -> HRESULT;

/// The two functions that everything else comes from.
#[derive(Clone, Copy)]
struct Functions {
    create_factory: CreateFactory,
    create_device: CreateDevice,
}

/// Loaded once and kept: drivers start threads that outlive the last device.
fn functions() -> Result<Functions, Failure> {
    static LOADED: OnceLock<Result<Functions, String>> = OnceLock::new();
    let load = || {
        let absent = |name: &'static str| move |error: Error| format!("{name}: {error}");
        let dxgi = Library::load("dxgi.dll").map_err(absent("dxgi.dll"))?;
        let d3d11 = Library::load("d3d11.dll").map_err(absent("d3d11.dll"))?;
        // SAFETY: each name is that of a function with this signature (dxgi.h,
        // d3d11.h), and the libraries stay loaded.
        let found = unsafe {
            Functions {
                create_factory: dxgi
                    .find::<CreateFactory>(s!("CreateDXGIFactory1"))
                    .map_err(absent("CreateDXGIFactory1"))?,
                create_device: d3d11
                    .find::<CreateDevice>(s!("D3D11CreateDevice"))
                    .map_err(absent("D3D11CreateDevice"))?,
            }
        };
        dxgi.keep();
        d3d11.keep();
        Ok(found)
    };
    LOADED.get_or_init(load).clone().map_err(Failure::Unsupported)
}

fn failed(call: &'static str) -> impl Fn(Error) -> Failure {
    move |error| Failure::from_code(call, error.code().0)
}

/// The output that shows a display, and the adapter that it hangs on.
fn find(functions: Functions, name: &str) -> Result<(IDXGIAdapter1, IDXGIOutput), Failure> {
    let mut factory = std::ptr::null_mut();
    // SAFETY: the pointer is to a live place; what comes back is a reference of ours.
    // A factory does not see adapters that came after it, so each search has its own.
    let factory: IDXGIFactory1 = unsafe {
        (functions.create_factory)(&IDXGIFactory1::IID, &raw mut factory)
            .and_then(|| Type::from_abi(factory))
    }
    .map_err(failed("CreateDXGIFactory1"))?;
    for adapter_index in 0.. {
        // SAFETY: takes a number.
        let adapter = match unsafe { factory.EnumAdapters1(adapter_index) } {
            Ok(adapter) => adapter,
            Err(error) if error.code() == DXGI_ERROR_NOT_FOUND => break,
            Err(error) => return Err(failed("EnumAdapters1")(error)),
        };
        for output_index in 0.. {
            // SAFETY: takes a number.
            let output = match unsafe { adapter.EnumOutputs(output_index) } {
                Ok(output) => output,
                Err(error) if error.code() == DXGI_ERROR_NOT_FOUND => break,
                // In session 0, and while modes change.
                Err(error) => return Err(failed("EnumOutputs")(error)),
            };
            // SAFETY: takes nothing.
            let facts = unsafe { output.GetDesc() }.map_err(failed("IDXGIOutput::GetDesc"))?;
            let length = facts.DeviceName.iter().position(|unit| *unit == 0).unwrap_or(32);
            let device = String::from_utf16_lossy(&facts.DeviceName[..length]);
            if facts.AttachedToDesktop.as_bool() && device.trim_start_matches(r"\\.\") == name {
                return Ok((adapter, output));
            }
        }
    }
    Err(Failure::Gone(name.to_owned()))
}

/// A Direct3D device on an adapter. Its context is used on one thread only.
#[derive(Clone)]
struct Device {
    device: ID3D11Device,
    context: ID3D11DeviceContext,
}

impl Device {
    fn new(functions: Functions, adapter: &IDXGIAdapter1) -> Result<Self, Failure> {
        let (mut device, mut context) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the adapter lives; no levels means those that the system prefers; the
        // pointers are to live places, and what comes back is ours.
        unsafe {
            (functions.create_device)(
                adapter.as_raw(),
                D3D_DRIVER_TYPE_UNKNOWN,
                HMODULE::default(),
                0,
                std::ptr::null(),
                0,
                D3D11_SDK_VERSION,
                &raw mut device,
                std::ptr::null_mut(),
                &raw mut context,
            )
            .ok()
            .map_err(failed("D3D11CreateDevice"))?;
            let context = Type::from_abi(context).map_err(failed("D3D11CreateDevice"))?;
            let device = Type::from_abi(device).map_err(failed("D3D11CreateDevice"))?;
            Ok(Self { device, context })
        }
    }
}

/// Where the duplication of one display comes from.
pub(super) struct OutputSource {
    name: String,
    size: PixelSize,
    desktop: InputDesktop,
    device: Option<Device>,
}

// SAFETY: it goes to its thread before anything is opened; until then it holds no
// device.
unsafe impl Send for OutputSource {}

impl OutputSource {
    pub(super) fn new(display: &DisplayInfo) -> Self {
        let desktop = InputDesktop::default();
        Self { name: display.name.clone(), size: display.size, desktop, device: None }
    }
}

impl Source for OutputSource {
    type Duplicator = Duplication;

    fn open(&mut self, renew: bool) -> Result<Duplication, Failure> {
        match self.desktop.follow() {
            Desktop::Ours | Desktop::Followed => {}
            Desktop::Denied => return Err(Failure::AccessDenied),
            Desktop::Disconnected => return Err(Failure::Disconnected),
            Desktop::Absent => return Err(Failure::NoDesktop("no input desktop".to_owned())),
        }
        let functions = functions()?;
        let (adapter, output) = find(functions, &self.name)?;
        // Windows 7 has no such interface.
        let output: IDXGIOutput1 = output.cast().map_err(failed("IDXGIOutput1"))?;
        if renew {
            self.device = None;
        }
        let device = match self.device.take() {
            Some(device) => device,
            None => Device::new(functions, &adapter)?,
        };
        // SAFETY: the device lives and is of the output's adapter.
        let duplication = match unsafe { output.DuplicateOutput(&device.device) } {
            Ok(duplication) => duplication,
            // The device is left out: after some failures only a new one helps.
            Err(error) => return Err(failed("DuplicateOutput")(error)),
        };
        self.device = Some(device.clone());
        // SAFETY: takes nothing.
        let facts = unsafe { duplication.GetDesc() };
        let rotation = Rotation::from_number(facts.Rotation.0).ok_or(Failure::Mode)?;
        if facts.ModeDesc.Format != DXGI_FORMAT_B8G8R8A8_UNORM {
            return Err(Failure::Format(facts.ModeDesc.Format.0));
        }
        // SAFETY: takes nothing.
        let facts = unsafe { output.GetDesc() }.map_err(failed("IDXGIOutput::GetDesc"))?;
        let RECT { left, top, right, bottom } = facts.DesktopCoordinates;
        let seen = PixelSize {
            width: u32::try_from(right.saturating_sub(left)).unwrap_or(0),
            height: u32::try_from(bottom.saturating_sub(top)).unwrap_or(0),
        };
        if seen != self.size {
            return Err(Failure::Mode);
        }
        // Turned back; turning is its own way back as far as sizes go.
        let mode = Mode { image: rotation.size(seen), rotation };
        Ok(Duplication { duplication, device, mode, frame: None, kept: None })
    }
}

/// A duplication that is open.
pub(super) struct Duplication {
    duplication: IDXGIOutputDuplication,
    device: Device,
    mode: Mode,
    frame: Option<IDXGIResource>,
    /// In memory that the processor can read.
    kept: Option<ID3D11Texture2D>,
}

impl Duplication {
    /// Where parts of frames are kept.
    fn kept(&mut self) -> Result<ID3D11Texture2D, Failure> {
        if let Some(kept) = &self.kept {
            return Ok(kept.clone());
        }
        let facts = D3D11_TEXTURE2D_DESC {
            Width: self.mode.image.width,
            Height: self.mode.image.height,
            MipLevels: 1,
            ArraySize: 1,
            Format: DXGI_FORMAT_B8G8R8A8_UNORM,
            SampleDesc: DXGI_SAMPLE_DESC { Count: 1, Quality: 0 },
            Usage: D3D11_USAGE_STAGING,
            BindFlags: 0,
            CPUAccessFlags: D3D11_CPU_ACCESS_READ.0.cast_unsigned(),
            MiscFlags: 0,
        };
        let mut made = None;
        // SAFETY: the description and the place for the texture live.
        unsafe { self.device.device.CreateTexture2D(&raw const facts, None, Some(&raw mut made)) }
            .map_err(failed("CreateTexture2D"))?;
        let made: ID3D11Texture2D =
            made.ok_or(Failure::Call { call: "CreateTexture2D", code: 0 })?;
        self.kept = Some(made.clone());
        Ok(made)
    }
}

fn edges(rect: RECT) -> [i32; 4] {
    [rect.left, rect.top, rect.right, rect.bottom]
}

impl Duplicator for Duplication {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn acquire(&mut self, limit: Duration) -> Result<Option<Frame>, Failure> {
        let mut info = DXGI_OUTDUPL_FRAME_INFO::default();
        let mut resource = None;
        let limit = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: both places live; what comes back is ours until the frame is given
        // back.
        let waited =
            unsafe { self.duplication.AcquireNextFrame(limit, &raw mut info, &raw mut resource) };
        match waited {
            Ok(()) => {}
            Err(error) if error.code() == DXGI_ERROR_WAIT_TIMEOUT => return Ok(None),
            Err(error) => return Err(failed("AcquireNextFrame")(error)),
        }
        self.frame = resource;
        let POINT { x, y } = info.PointerPosition.Position;
        Ok(Some(Frame {
            // Some drivers count no picture with the first one.
            pictures: info.AccumulatedFrames.max(u32::from(info.LastPresentTime != 0)),
            protected: info.ProtectedContentMaskedOut.as_bool(),
            metadata: info.TotalMetadataBufferSize,
            pointer: (info.LastMouseUpdateTime != 0).then(|| PointerUpdate {
                at: info.LastMouseUpdateTime,
                position: (x, y),
                visible: info.PointerPosition.Visible.as_bool(),
            }),
            shape: info.PointerShapeBufferSize,
        }))
    }

    fn moves(&mut self, bytes: u32) -> Result<Vec<[i32; 4]>, Failure> {
        let size = size_of::<DXGI_OUTDUPL_MOVE_RECT>();
        let mut found = vec![DXGI_OUTDUPL_MOVE_RECT::default(); bytes as usize / size + 1];
        let room = u32::try_from(found.len() * size).unwrap_or(0);
        let mut used = 0;
        // SAFETY: it writes at most `room` bytes into the list, and how many.
        unsafe { self.duplication.GetFrameMoveRects(room, found.as_mut_ptr(), &raw mut used) }
            .map_err(failed("GetFrameMoveRects"))?;
        found.truncate(used as usize / size);
        Ok(found.into_iter().map(|found| edges(found.DestinationRect)).collect())
    }

    fn dirty(&mut self, bytes: u32) -> Result<Vec<[i32; 4]>, Failure> {
        let size = size_of::<RECT>();
        let mut found = vec![RECT::default(); bytes as usize / size + 1];
        let room = u32::try_from(found.len() * size).unwrap_or(0);
        let mut used = 0;
        // SAFETY: it writes at most `room` bytes into the list, and how many.
        unsafe { self.duplication.GetFrameDirtyRects(room, found.as_mut_ptr(), &raw mut used) }
            .map_err(failed("GetFrameDirtyRects"))?;
        found.truncate(used as usize / size);
        Ok(found.into_iter().map(edges).collect())
    }

    fn shape(&mut self, bytes: u32) -> Result<PointerShape, Failure> {
        let mut info = DXGI_OUTDUPL_POINTER_SHAPE_INFO::default();
        let mut found = vec![0_u8; bytes as usize];
        let mut used = 0;
        // SAFETY: it writes at most `bytes` bytes into the list, how many, and what they
        // are.
        unsafe {
            self.duplication.GetFramePointerShape(
                bytes,
                found.as_mut_ptr().cast(),
                &raw mut used,
                &raw mut info,
            )
        }
        .map_err(failed("GetFramePointerShape"))?;
        found.truncate(used as usize);
        let kind = ShapeKind::from_number(info.Type)
            .ok_or(Failure::Call { call: "GetFramePointerShape", code: 0 })?;
        let POINT { x, y } = info.HotSpot;
        Ok(PointerShape {
            kind,
            width: info.Width,
            height: info.Height,
            pitch: info.Pitch,
            hotspot: (u32::try_from(x).unwrap_or(0), u32::try_from(y).unwrap_or(0)),
            bytes: found,
        })
    }

    fn keep(&mut self, parts: &[PixelRect]) -> Result<(), Failure> {
        let Some(frame) = self.frame.clone() else {
            return Err(Failure::Call { call: "AcquireNextFrame", code: 0 });
        };
        let texture: ID3D11Texture2D = frame.cast().map_err(failed("ID3D11Texture2D"))?;
        let mut facts = D3D11_TEXTURE2D_DESC::default();
        // SAFETY: it writes into the live structure.
        unsafe { texture.GetDesc(&raw mut facts) };
        if facts.Format != DXGI_FORMAT_B8G8R8A8_UNORM {
            return Err(Failure::Format(facts.Format.0));
        }
        let PixelSize { width, height } = self.mode.image;
        if (facts.Width, facts.Height) != (width, height) {
            return Err(Failure::Mode);
        }
        let kept = self.kept()?;
        for part in parts {
            let from = D3D11_BOX {
                left: part.x,
                top: part.y,
                front: 0,
                right: part.x + part.width,
                bottom: part.y + part.height,
                back: 1,
            };
            // SAFETY: both textures live, are of one device, format and size, and the
            // part lies inside.
            unsafe {
                self.device.context.CopySubresourceRegion(
                    &kept,
                    0,
                    part.x,
                    part.y,
                    0,
                    &texture,
                    0,
                    Some(&raw const from),
                );
            }
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), Failure> {
        self.frame = None;
        // SAFETY: takes nothing; what was copied from the frame is done before it is
        // drawn into again.
        unsafe { self.duplication.ReleaseFrame() }.map_err(failed("ReleaseFrame"))
    }

    fn read(
        &mut self,
        parts: &[PixelRect],
        take: &mut dyn FnMut(PixelRect, &[u8], usize),
    ) -> Result<(), Failure> {
        if parts.is_empty() {
            return Ok(());
        }
        let kept = self.kept()?;
        let context = &self.device.context;
        let mut mapped = D3D11_MAPPED_SUBRESOURCE::default();
        // SAFETY: the texture was made to be read; it waits until what was copied there
        // has arrived.
        unsafe { context.Map(&kept, 0, D3D11_MAP_READ, 0, Some(&raw mut mapped)) }
            .map_err(failed("Map"))?;
        let pitch = mapped.RowPitch as usize;
        let height = self.mode.image.height as usize;
        if !mapped.pData.is_null() && pitch >= self.mode.image.width as usize * PIXEL {
            let bytes = pitch * (height - 1) + self.mode.image.width as usize * PIXEL;
            // SAFETY: that many bytes are mapped: rows of `pitch` bytes, of which the
            // last one ends with its last pixel.
            let pixels = unsafe { std::slice::from_raw_parts(mapped.pData.cast::<u8>(), bytes) };
            for part in parts {
                let start = part.y as usize * pitch + part.x as usize * PIXEL;
                if let Some(pixels) = pixels.get(start..) {
                    take(*part, pixels, pitch);
                }
            }
        }
        // SAFETY: mapped above, and nothing looks there any more.
        unsafe { context.Unmap(&kept, 0) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::displays::Displays;

    #[test]
    fn displays_are_found_among_the_outputs_and_duplicated_where_that_can_be() {
        let displays = Displays::default().layout().displays;
        assert!(!displays.is_empty());
        for display in &displays {
            match OutputSource::new(display).open(false) {
                Ok(mut duplication) => {
                    let frame = duplication.acquire(Duration::from_secs(1)).unwrap();
                    assert!(frame.is_some(), "{display:?}");
                    duplication.keep(&[PixelRect { x: 0, y: 0, width: 8, height: 8 }]).unwrap();
                    duplication.release().unwrap();
                }
                // Wine has the output, by this name, but cannot duplicate it.
                Err(Failure::Unsupported(detail)) => {
                    assert!(detail.contains("DuplicateOutput"), "{detail}");
                }
                Err(other) => panic!("{display:?}: {other}"),
            }
        }
        let other = DisplayInfo { name: "DISPLAY77".to_owned(), ..displays[0].clone() };
        assert!(matches!(OutputSource::new(&other).open(false), Err(Failure::Gone(_))));
    }
}
