//! A program of somebody's at a Windows desktop, for the tests of whole sessions: a window
//! that takes, drags, copies and pastes files by OLE, as an Explorer's does, and a look at
//! the clipboard. What it is to do stands in its environment.

use std::fs;
use std::path::{Path, PathBuf};

use gc_platform_windows::clipboard::read_drop_files;
use windows::Win32::Foundation::POINTL;
use windows::Win32::System::Com::{FORMATETC, IDataObject, TYMED_HGLOBAL};
use windows::Win32::System::DataExchange::{CloseClipboard, EmptyClipboard};
use windows::Win32::System::Ole::{
    CF_HDROP, DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, IDropTarget, IDropTarget_Impl,
    OleFlushClipboard, OleGetClipboard, OleInitialize, OleSetClipboard, RegisterDragDrop,
};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetKeyState, SetFocus, VK_CONTROL};
use windows::Win32::UI::Shell::{BHID_DataObject, IShellItem, SHCreateItemFromParsingName};
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, SetForegroundWindow, WM_KEYDOWN, WM_LBUTTONDOWN,
    WM_LBUTTONUP, WM_MOUSEMOVE,
};
use windows::core::{HSTRING, Ref, Result, implement};

use crate::second::say;
use crate::window::{Rectangle, pump, until};
use crate::{clipboard, drag, offer};

fn told(name: &str) -> String {
    gc_runtime::env(name).unwrap_or_else(|| panic!("{name} is not set"))
}

/// Copies a file, or a folder with all that is in it, into a folder.
fn copy(from: &Path, folder: &Path) {
    let to = folder.join(from.file_name().unwrap());
    if from.is_dir() {
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            copy(&entry.unwrap().path(), &to);
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Puts what an object has into a folder: what lies on the disk already, or what comes by
/// streams. How many things.
fn take(object: &IDataObject, folder: &Path) -> usize {
    let list = FORMATETC { cfFormat: CF_HDROP.0, ..offer::format("x", -1, TYMED_HGLOBAL) };
    if let Ok(list) = offer::memory(object, &list) {
        let files = read_drop_files(&list);
        for path in &files {
            copy(&PathBuf::from(format!(r"{}\{}", path.place, path.parts.join(r"\"))), folder);
        }
        return files.len();
    }
    let group = offer::group(object).unwrap_or_default();
    for (index, (way, _, is_folder)) in group.iter().enumerate() {
        let to = folder.join(way);
        if *is_folder {
            fs::create_dir_all(to).unwrap();
        } else {
            let stream = offer::stream(object, index as i32).unwrap();
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, offer::whole(&stream)).unwrap();
        }
    }
    group.len()
}

#[implement(IDropTarget)]
struct Target {
    folder: PathBuf,
}

fn copies(effect: *mut DROPEFFECT) {
    // SAFETY: OLE passes room with what the source allows.
    unsafe {
        let offered = effect.read();
        effect.write(if offered.contains(DROPEFFECT_COPY) {
            DROPEFFECT_COPY
        } else {
            DROPEFFECT_NONE
        });
    }
}

impl IDropTarget_Impl for Target_Impl {
    fn DragEnter(
        &self,
        _: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        copies(effect);
        Ok(())
    }

    fn DragOver(&self, _: MODIFIERKEYS_FLAGS, _: &POINTL, effect: *mut DROPEFFECT) -> Result<()> {
        copies(effect);
        Ok(())
    }

    fn DragLeave(&self) -> Result<()> {
        Ok(())
    }

    fn Drop(
        &self,
        object: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        at: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        copies(effect);
        let count = take(object.ok()?, &self.folder);
        say(&format!("took {count} at {},{}", at.x, at.y));
        Ok(())
    }
}

/// What the shell makes of a file or folder.
fn shell_object(way: &str) -> IDataObject {
    // SAFETY: the text is live; this thread has entered OLE.
    unsafe {
        let item: IShellItem = SHCreateItemFromParsingName(&HSTRING::from(way), None).unwrap();
        item.BindToHandler(None, &BHID_DataObject).unwrap()
    }
}

/// A white window: files that are dropped on it, or pasted by Ctrl+V, go into its folder;
/// its own file is copied by Ctrl+C, and dragged by the left button.
#[test]
#[ignore = "a program of other tests"]
fn window() {
    // SAFETY: takes nothing.
    unsafe { OleInitialize(None) }.unwrap();
    let place: Vec<i32> =
        told("GC_CLERK_PLACE").split(',').map(|number| number.parse().unwrap()).collect();
    let folder = PathBuf::from(told("GC_CLERK_FOLDER"));
    let own = gc_runtime::env("GC_CLERK_FILE");
    let rectangle = Rectangle::show(place[0], place[1], place[2], place[3]);
    let target: IDropTarget = Target { folder: folder.clone() }.into();
    // SAFETY: the window is this thread's own.
    unsafe { RegisterDragDrop(rectangle.window(), &target) }.unwrap();
    pump();
    say("ready");
    let mut message = MSG::default();
    let mut pressed = None;
    // SAFETY: the message is live, and dispatched as it came. Ended by its parent.
    while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.as_bool() {
        let at = message.pt;
        match message.message {
            WM_LBUTTONDOWN => {
                // SAFETY: the window is this thread's own.
                unsafe {
                    let _ = SetForegroundWindow(rectangle.window());
                    let _ = SetFocus(Some(rectangle.window()));
                }
                pressed = Some(at);
            }
            WM_LBUTTONUP => pressed = None,
            WM_MOUSEMOVE => {
                let far = pressed.is_some_and(|from| (from.x - at.x).abs() > 5);
                if let Some(own) = own.as_ref().filter(|_| far) {
                    pressed = None;
                    say(&drag::by_hand(&shell_object(own)));
                }
            }
            // SAFETY: takes a number; the highest bit says that the key is down.
            WM_KEYDOWN if unsafe { GetKeyState(VK_CONTROL.0.into()) } < 0 => {
                match u8::try_from(message.wParam.0) {
                    Ok(b'C') => {
                        let object = shell_object(own.as_deref().unwrap());
                        // SAFETY: the object is live; this thread has entered OLE.
                        until("the clipboard", || unsafe {
                            OleSetClipboard(&object).and_then(|()| OleFlushClipboard()).ok()
                        });
                        say("copied");
                    }
                    Ok(b'V') => {
                        // SAFETY: takes nothing. It fails while another has it open.
                        let object = until("the clipboard", || unsafe { OleGetClipboard() }.ok());
                        say(&format!("pasted {}", take(&object, &folder)));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        // SAFETY: as above.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

/// Puts a file's bytes on the clipboard as a format.
#[test]
#[ignore = "a program of other tests"]
fn put() {
    let bytes = fs::read(told("GC_CLERK_FILE")).unwrap();
    clipboard::open(clipboard::hidden());
    // SAFETY: the clipboard is open.
    unsafe { EmptyClipboard() }.unwrap();
    clipboard::put(&told("GC_CLERK_FORMAT"), &bytes);
    // SAFETY: as above.
    unsafe { CloseClipboard() }.unwrap();
}

/// Writes what the clipboard has as a format into a file, where it has that.
#[test]
#[ignore = "a program of other tests"]
fn get() {
    clipboard::open(clipboard::hidden());
    let bytes = clipboard::get(&told("GC_CLERK_FORMAT"));
    // SAFETY: the clipboard is open.
    unsafe { CloseClipboard() }.unwrap();
    if let Some(bytes) = bytes {
        fs::write(told("GC_CLERK_FILE"), bytes).unwrap();
    }
}
