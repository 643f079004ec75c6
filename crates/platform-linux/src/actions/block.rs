//! Blocks the machine's own keyboards and pointers.
//!
//! Each of them is grabbed as a device of its own (XInput 2): the server detaches it
//! from the desktop's keyboard and pointer for as long as the grab lasts, and what it
//! says comes here alone. Injected input has devices of its own and goes on to work.
//! The server ends grabs with the connection, so nothing stays blocked when this
//! process ends, however it ends.

use std::collections::BTreeSet;
use std::thread::JoinHandle;

use gc_platform::{ActionError, Freed, SwitchHandle, WaitWaker};
use gc_types::CauseCode;
use x11rb::connection::Connection;
use x11rb::connection::RequestConnection;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    self, ConnectionExt as _, Device, DeviceType, EventMask, GrabOwner, XIDeviceInfo, XIEventMask,
};
use x11rb::protocol::xproto::{GrabMode, GrabStatus};
use x11rb::wrapper::ConnectionExt as _;

use crate::DisplayError;
use crate::display::Link;
use crate::input::stale;
use crate::waker::{Waker, Woken, wait};

/// X key codes are those of Linux and 8: both Ctrl, both Alt, both Delete.
const CTRL: [u32; 2] = [37, 105];
const ALT: [u32; 2] = [64, 108];
const DELETE: [u32; 2] = [119, 91];

/// Whether the display could.
pub(super) fn ability(display: Option<&str>) -> Result<(), DisplayError> {
    open(display).map(|_| ())
}

fn open(display: Option<&str>) -> Result<Link, DisplayError> {
    let link = Link::open(display)?;
    if link.conn.extension_information(xinput::X11_EXTENSION_NAME)?.is_none() {
        return Err(DisplayError::Extension("XInput"));
    }
    let version = link.conn.xinput_xi_query_version(2, 2)?.reply()?;
    if (version.major_version, version.minor_version) < (2, 0) {
        return Err(DisplayError::Extension("XInput 2"));
    }
    Ok(link)
}

/// Blocks them, and looks whether they are.
pub(super) fn start(
    display: Option<&str>,
    freed: Freed,
) -> Result<Box<dyn SwitchHandle>, ActionError> {
    let link = open(display)?;
    let mut block = Block { link, waker: Waker::new()?, grabbed: BTreeSet::new() };
    // Before the first look, so that no device comes between.
    block.follow_devices()?;
    block.grab_all()?;
    // What the user held down would stay down: its release reaches nobody. Over another
    // connection: to look at a device ends the grabs of who looked.
    let other = open(display)?;
    stale::release_of(&other, |name| !name.contains("XTEST"))?;
    other.conn.sync().map_err(DisplayError::from)?;
    block.verify(true)?;
    let waker = block.waker.clone();
    let thread = std::thread::Builder::new()
        .name("block-input".into())
        .spawn(move || block.run(&*freed))
        .map_err(|error| ActionError::new(CauseCode::ActionFailed, error.to_string()))?;
    Ok(Box::new(Blocked { waker, thread: Some(thread) }))
}

struct Blocked {
    waker: Waker,
    thread: Option<JoinHandle<Result<(), ActionError>>>,
}

impl Blocked {
    fn end(&mut self) -> Result<(), ActionError> {
        self.waker.wake();
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| {
            // Its connection is gone, and the grabs with it.
            Err(ActionError::new(CauseCode::ActionFailed, "the thread panicked"))
        })
    }
}

impl SwitchHandle for Blocked {
    fn off(mut self: Box<Self>) -> Result<(), ActionError> {
        self.end()
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "Blocked input was not given back in order");
        }
    }
}

struct Block {
    link: Link,
    waker: Waker,
    grabbed: BTreeSet<u16>,
}

/// Keyboards and pointers that are neither the desktop's own nor those of injected
/// input.
fn is_real(device: &XIDeviceInfo) -> bool {
    let slave = matches!(
        device.type_,
        DeviceType::SLAVE_POINTER | DeviceType::SLAVE_KEYBOARD | DeviceType::FLOATING_SLAVE
    );
    slave && device.enabled && !String::from_utf8_lossy(&device.name).contains("XTEST")
}

impl Block {
    fn devices(&self) -> Result<Vec<XIDeviceInfo>, DisplayError> {
        let all = self.link.conn.xinput_xi_query_device(Device::ALL)?.reply()?.infos;
        Ok(all.into_iter().filter(is_real).collect())
    }

    fn follow_devices(&self) -> Result<(), DisplayError> {
        let mask = EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] };
        self.link.conn.xinput_xi_select_events(self.link.root, &[mask])?.check()?;
        Ok(())
    }

    /// Grabs what is not grabbed yet. A device that floats already belongs to nobody's
    /// desktop: its owner has set it apart.
    fn grab_all(&mut self) -> Result<(), ActionError> {
        let mut any = false;
        for device in self.devices()? {
            any = true;
            let floats = device.type_ == DeviceType::FLOATING_SLAVE;
            if floats || self.grabbed.contains(&device.deviceid) {
                continue;
            }
            let wanted = XIEventMask::KEY_PRESS | XIEventMask::KEY_RELEASE;
            let grab = self
                .link
                .conn
                .xinput_xi_grab_device(
                    self.link.root,
                    x11rb::CURRENT_TIME,
                    x11rb::NONE,
                    device.deviceid,
                    GrabMode::ASYNC,
                    GrabMode::ASYNC,
                    GrabOwner::NO_OWNER,
                    &[u32::from(wanted)],
                )
                .map_err(DisplayError::from)?
                .reply()
                .map_err(DisplayError::from)?;
            if grab.status != GrabStatus::SUCCESS {
                let name = String::from_utf8_lossy(&device.name).into_owned();
                return Err(ActionError::new(
                    CauseCode::ActionFailed,
                    format!("\"{name}\" is held by another program"),
                ));
            }
            self.grabbed.insert(device.deviceid);
        }
        if !any {
            return Err(ActionError::new(
                CauseCode::ActionUnsupported,
                "This display has no keyboard and no mouse of its own.",
            ));
        }
        if self.grabbed.is_empty() {
            return Err(ActionError::new(
                CauseCode::ActionFailed,
                "Another program has taken keyboard and mouse off the desktop.",
            ));
        }
        Ok(())
    }

    /// Whether every grabbed device is detached from the desktop, or attached again.
    fn verify(&self, detached: bool) -> Result<(), ActionError> {
        for device in self.devices()? {
            let floats = device.type_ == DeviceType::FLOATING_SLAVE;
            if self.grabbed.contains(&device.deviceid) && floats != detached {
                let name = String::from_utf8_lossy(&device.name).into_owned();
                let what = if detached { "still reaches" } else { "does not reach" };
                return Err(ActionError::new(
                    CauseCode::ActionNotVerified,
                    format!("\"{name}\" {what} the desktop"),
                ));
            }
        }
        Ok(())
    }

    /// Until it is turned off, or goes off by itself.
    fn run(mut self, freed: &(dyn Fn(ActionError) + Send + Sync)) -> Result<(), ActionError> {
        match self.hold() {
            Ok(None) => {}
            Ok(Some(by_user)) => freed(by_user),
            Err(error) => {
                freed(error.clone());
                return Err(error);
            }
        }
        self.give_back()?;
        self.verify(false)
    }

    fn hold(&mut self) -> Result<Option<ActionError>, ActionError> {
        let mut down = BTreeSet::new();
        loop {
            while let Some(event) = self.link.conn.poll_for_event().map_err(DisplayError::from)? {
                match event {
                    Event::XinputKeyPress(key) => {
                        down.insert(key.detail);
                        let any = |keys: &[u32]| keys.iter().any(|key| down.contains(key));
                        if any(&CTRL) && any(&ALT) && any(&DELETE) {
                            return Ok(Some(ActionError::new(CauseCode::ActionFreedByUser, "")));
                        }
                    }
                    Event::XinputKeyRelease(key) => {
                        down.remove(&key.detail);
                    }
                    // Somebody plugged something in.
                    Event::XinputHierarchy(_) => self.grab_all()?,
                    Event::Error(error) => tracing::debug!(?error, "The X server refused"),
                    _ => {}
                }
            }
            if wait(&self.link.conn, &self.waker, None)? == Woken::Waker {
                return Ok(None);
            }
        }
    }

    fn give_back(&self) -> Result<(), DisplayError> {
        for device in &self.grabbed {
            self.link.conn.xinput_xi_ungrab_device(x11rb::CURRENT_TIME, *device)?;
        }
        self.link.conn.sync()?;
        Ok(())
    }
}
