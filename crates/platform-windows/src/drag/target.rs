//! What another program drags: it is shown a window of ours, to which it comes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gc_platform::{CopiedFiles, DragError};
use gc_types::{CauseCode, Clock};
use windows::Win32::Foundation::{POINT, POINTL};
use windows::Win32::System::Com::IDataObject;
use windows::Win32::System::Ole::{DROPEFFECT, DROPEFFECT_NONE, IDropTarget, IDropTarget_Impl};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetAsyncKeyState, VK_LBUTTON, VK_RBUTTON};
use windows::Win32::UI::WindowsAndMessaging::GetCursorPos;
use windows::core::{Ref, Result as ComResult, implement};

use super::spot::Spot;
use super::{data, unavailable};
use crate::clipboard::read_drop_files;
use crate::injected;
use crate::ole::Registration;

/// A drag that is going on comes within this.
const COME_WITHIN: Duration = Duration::from_millis(1_500);
/// And goes within this, once the window is away.
const GO_WITHIN: Duration = Duration::from_millis(500);
/// And has given back what it held within this.
const LINGER: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(20);

/// What was seen of a drag.
#[derive(Default)]
struct Seen {
    came: Cell<bool>,
    /// Unset where what came is something else.
    list: RefCell<Option<Vec<u8>>>,
    gone: Cell<bool>,
}

#[implement(IDropTarget)]
struct Target {
    seen: Rc<Seen>,
}

fn refuse(effect: *mut DROPEFFECT) {
    if !effect.is_null() {
        // SAFETY: OLE passes room for it.
        unsafe { effect.write(DROPEFFECT_NONE) };
    }
}

impl IDropTarget_Impl for Target_Impl {
    fn DragEnter(
        &self,
        object: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> ComResult<()> {
        let list = object.as_ref().and_then(|object| data::read(object).ok());
        *self.seen.list.borrow_mut() = list;
        self.seen.came.set(true);
        refuse(effect);
        Ok(())
    }

    fn DragOver(
        &self,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> ComResult<()> {
        refuse(effect);
        Ok(())
    }

    fn DragLeave(&self) -> ComResult<()> {
        self.seen.gone.set(true);
        Ok(())
    }

    fn Drop(
        &self,
        _: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> ComResult<()> {
        self.seen.gone.set(true);
        refuse(effect);
        Ok(())
    }
}

/// Whether a button of the mouse is down, by whomever.
fn is_pressed() -> bool {
    // SAFETY: takes a number and gives one; its highest bit says that the key is down.
    [VK_LBUTTON, VK_RBUTTON].iter().any(|key| unsafe { GetAsyncKeyState(key.0.into()) } < 0)
}

pub(super) fn dragged_files(clock: &dyn Clock) -> Result<CopiedFiles, DragError> {
    let nothing = |why: &str| DragError::new(CauseCode::DragNoFiles, why);
    if !is_pressed() {
        return Err(nothing("no button is held down"));
    }
    let mut at = POINT::default();
    // SAFETY: writes into the live structure.
    unsafe { GetCursorPos(&raw mut at) }.map_err(|error| unavailable(&error))?;
    let spot = Spot::at(at.x, at.y)?;
    let seen = Rc::<Seen>::default();
    let target: IDropTarget = Target { seen: Rc::clone(&seen) }.into();
    let registration =
        Registration::of(spot.window(), &target).map_err(|error| unavailable(&error))?;
    // Who drags looks where the pointer is when the mouse tells of something.
    let until = |end: Duration, holds: &dyn Fn() -> bool| {
        while !holds() && clock.monotonic() < end {
            nudge();
            spot.pump(STEP, 0);
        }
    };
    until(clock.monotonic() + COME_WITHIN, &|| seen.came.get());
    // It leaves while there is somebody to be told of that: its program waits for the answer.
    if seen.came.get() {
        spot.step_aside();
        until(clock.monotonic() + GO_WITHIN, &|| seen.gone.get());
    }
    drop(registration);
    // The program still gives back what it held of the target, and waits for that.
    until(clock.monotonic() + LINGER, &|| false);
    if !seen.came.get() {
        return Err(nothing("nothing is dragged"));
    }
    let list = seen.list.borrow_mut().take();
    let list = list.ok_or_else(|| nothing("something else than files is dragged"))?;
    let files = read_drop_files(&list);
    if files.is_empty() {
        return Err(nothing("no files of this machine are dragged"));
    }
    CopiedFiles::new(files).ok_or_else(|| DragError::new(CauseCode::FilesTooMany, "a long list"))
}

/// A move of the mouse by nothing: drags are looked after when the mouse tells of something.
pub(crate) fn nudge() {
    use windows::Win32::UI::Input::KeyboardAndMouse::{
        INPUT, INPUT_0, INPUT_MOUSE, MOUSEEVENTF_MOVE, MOUSEINPUT, SendInput,
    };
    let still = MOUSEINPUT { dwFlags: MOUSEEVENTF_MOVE, ..MOUSEINPUT::default() };
    let event = INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi: still } };
    // SAFETY: one event of this size. Where it is barred, the drag does not come.
    unsafe { SendInput(&[event], size_of::<INPUT>() as i32) };
    injected::announce();
}
