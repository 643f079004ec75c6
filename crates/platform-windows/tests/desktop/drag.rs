//! Drags between programs: a second one takes files, refuses them, or drags some.

use std::sync::Arc;

use gc_platform::{CopiedFiles, FileDrag, InputInjector, PointerButton, StorePath};
use gc_platform_windows::clipboard::{read_drop_files, write_drop_files};
use gc_platform_windows::{WindowsDrag, WindowsInput};
use gc_runtime::SystemClock;
use gc_types::CauseCode;
use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, HANDLE, HGLOBAL, HWND,
    POINTL, S_OK,
};
use windows::Win32::System::Com::{DVASPECT_CONTENT, FORMATETC, IDataObject, TYMED_HGLOBAL};
use windows::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, OpenClipboard, SetClipboardData,
};
use windows::Win32::System::Memory::{
    GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalSize, GlobalUnlock,
};
use windows::Win32::System::Ole::{
    CF_HDROP, DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource,
    IDropSource_Impl, IDropTarget, IDropTarget_Impl, OleGetClipboard, OleInitialize,
    RegisterDragDrop, ReleaseStgMedium,
};
use windows::Win32::System::SystemServices::{MK_LBUTTON, MODIFIERKEYS_FLAGS};
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GWL_EXSTYLE, GetMessageW, GetWindowLongPtrW, MSG, PM_REMOVE, PeekMessageW,
    SetWindowLongPtrW, WM_DROPFILES, WM_LBUTTONDOWN, WM_MOUSEMOVE, WS_EX_ACCEPTFILES,
};
use windows::core::{BOOL, HRESULT, Ref, Result, implement};

use crate::second::{Second, hear, say};
use crate::window::{Rectangle, pump, until, until_message};

const ESCAPE: u8 = 0x01;
const TEST: &str = "drag::second_program";

// The second program ------------------------------------------------------------

#[implement(IDropTarget)]
struct Target {
    effect: DROPEFFECT,
}

impl Target {
    fn answer(&self, effect: *mut DROPEFFECT) {
        // SAFETY: OLE passes room for it.
        unsafe { effect.write(self.effect) };
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
        self.answer(effect);
        Ok(())
    }

    fn DragOver(&self, _: MODIFIERKEYS_FLAGS, _: &POINTL, effect: *mut DROPEFFECT) -> Result<()> {
        self.answer(effect);
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
        let format = FORMATETC {
            cfFormat: CF_HDROP.0,
            ptd: std::ptr::null_mut(),
            dwAspect: DVASPECT_CONTENT.0,
            lindex: -1,
            tymed: TYMED_HGLOBAL.0.cast_unsigned(),
        };
        // SAFETY: the format is live; what comes is memory, and released.
        unsafe {
            let mut medium = object.ok()?.GetData(&raw const format)?;
            say(&format!("{},{} {}", at.x, at.y, ways(&bytes(medium.u.hGlobal))));
            ReleaseStgMedium(&raw mut medium);
        }
        self.answer(effect);
        Ok(())
    }
}

fn bytes(memory: HGLOBAL) -> Vec<u8> {
    // SAFETY: callers have memory of this kind, and keep it for the call.
    unsafe {
        let start = GlobalLock(memory).cast::<u8>();
        let bytes = std::slice::from_raw_parts(start, GlobalSize(memory)).to_vec();
        let _ = GlobalUnlock(memory);
        bytes
    }
}

fn ways(list: &[u8]) -> String {
    let files = read_drop_files(list);
    let ways = files.iter().map(|path| format!("{}/{}", path.place, path.parts.join("/")));
    ways.collect::<Vec<_>>().join("|")
}

#[implement(IDropSource)]
struct Source;

impl IDropSource_Impl for Source_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, keys: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() {
            DRAGDROP_S_CANCEL
        } else if keys.0 & MK_LBUTTON.0 == 0 {
            DRAGDROP_S_DROP
        } else {
            S_OK
        }
    }

    fn GiveFeedback(&self, _: DROPEFFECT) -> HRESULT {
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}

fn files() -> CopiedFiles {
    let path = |way| StorePath::new("C:", way).to_wire();
    CopiedFiles::new(vec![path("grüße 😀.txt"), path("b/c")]).unwrap()
}

/// An object with a list of files, as the clipboard makes one for a window.
pub(crate) fn object(window: HWND, list: &[u8]) -> IDataObject {
    // SAFETY: the memory is filled, and the clipboard's from then on.
    unsafe {
        let memory = GlobalAlloc(GMEM_MOVEABLE, list.len()).unwrap();
        std::ptr::copy_nonoverlapping(list.as_ptr(), GlobalLock(memory).cast::<u8>(), list.len());
        let _ = GlobalUnlock(memory);
        OpenClipboard(Some(window)).unwrap();
        EmptyClipboard().unwrap();
        SetClipboardData(CF_HDROP.0.into(), Some(HANDLE(memory.0))).unwrap();
        CloseClipboard().unwrap();
        OleGetClipboard().unwrap()
    }
}

/// Drags until the button goes up; how it ended.
pub(crate) fn by_hand(object: &IDataObject) -> String {
    say("begins");
    let (source, mut effect) = (IDropSource::from(Source), DROPEFFECT_NONE);
    // SAFETY: both objects are this thread's own.
    let result = unsafe { DoDragDrop(object, &source, DROPEFFECT_COPY, &raw mut effect) };
    if result == DRAGDROP_S_CANCEL {
        "cancelled".to_owned()
    } else {
        format!("dropped {}", effect.0)
    }
}

#[test]
#[ignore = "the second program of another test"]
fn second_program() {
    let manner = hear().unwrap();
    // SAFETY: takes nothing.
    unsafe { OleInitialize(None) }.unwrap();
    let rectangle = Rectangle::show(200, 200, 300, 200);
    let window = rectangle.window();
    if matches!(manner.as_str(), "takes" | "refuses") {
        let effect = if manner == "takes" { DROPEFFECT_COPY } else { DROPEFFECT_NONE };
        let target: IDropTarget = Target { effect }.into();
        // SAFETY: the window is this thread's own.
        unsafe { RegisterDragDrop(window, &target) }.unwrap();
    }
    pump();
    say("ready");
    let mut message = MSG::default();
    // SAFETY: the message is live, and dispatched as it came. Ended by its parent.
    while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.as_bool() {
        if message.message == WM_MOUSEMOVE && manner == "drags" {
            say("over");
        }
        if message.message == WM_LBUTTONDOWN && manner == "drags" {
            let list = write_drop_files(&files()).unwrap();
            say(&by_hand(&object(window, &list)));
            continue;
        }
        // SAFETY: as above.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

// The tests ----------------------------------------------------------------------

/// Looks after which a press that did nothing is done again: two seconds.
const AGAIN: u32 = 100;

fn drag() -> WindowsDrag {
    WindowsDrag::new(Arc::new(SystemClock::new()))
}

fn drop_files(x: i32, y: i32) -> std::result::Result<(), CauseCode> {
    let dropped = drag().drop_files(&files(), x, y);
    dropped.inspect_err(|error| println!("{error}")).map_err(|error| error.cause)
}

#[test]
fn files_are_dropped_on_windows_that_take_them() {
    let second = Second::start(TEST, "takes");
    assert_eq!(drop_files(333, 311), Ok(()));
    // The hand trembles.
    let word = second.word();
    let (at, ways) = word.split_once(' ').unwrap();
    assert!(matches!(at, "333,311" | "334,311"), "{at}");
    assert_eq!(ways, "C:/grüße 😀.txt|C:/b/c");
    // Beside it nobody takes any.
    assert_eq!(drop_files(700, 600), Err(CauseCode::DropNotTaken));
    println!("OLE: dropped");
    drop(second);

    let _second = Second::start(TEST, "refuses");
    assert_eq!(drop_files(333, 311), Err(CauseCode::DropNotTaken));
    println!("OLE: refused");
}

/// Wine hands the list of such a message to no other program, as Windows does: a window of
/// this one takes it.
#[test]
fn programs_of_before_ole_are_sent_a_message() {
    let rectangle = Rectangle::show(200, 200, 300, 200);
    // SAFETY: the window is this thread's own.
    unsafe {
        let style = GetWindowLongPtrW(rectangle.window(), GWL_EXSTYLE);
        let accepts = style | WS_EX_ACCEPTFILES.0 as isize;
        SetWindowLongPtrW(rectangle.window(), GWL_EXSTYLE, accepts);
    }
    let dropping = std::thread::spawn(|| drop_files(333, 311));
    let mut message = MSG::default();
    let list = until_message("the message", || {
        // SAFETY: the message is live, and dispatched as it came.
        while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
            if message.message == WM_DROPFILES {
                return Some(HGLOBAL(message.wParam.0 as *mut _));
            }
            // SAFETY: as above.
            unsafe { DispatchMessageW(&raw const message) };
        }
        None
    });
    let bytes = bytes(list);
    assert_eq!(ways(&bytes), "C:/grüße 😀.txt|C:/b/c");
    let number = |at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!([number(4), number(8)], [133, 111], "the place in the window");
    assert_eq!(dropping.join().unwrap(), Ok(()));
}

#[test]
fn what_another_program_drags_is_told_and_escape_ends_it() {
    let (_window, mut input) = (Rectangle::show(0, 799, 1, 1), WindowsInput::new());
    pump();
    let nothing = drag().dragged_files().map_err(|error| error.cause);
    assert_eq!(nothing, Err(CauseCode::DragNoFiles));
    let second = Second::start(TEST, "drags");
    // Until it rests there.
    let (mut aside, mut seen) = (0, 0);
    until("the pointer is there", || {
        aside = 1 - aside;
        input.pointer_move(300 + aside, 300).unwrap();
        input.flush().unwrap();
        seen += usize::from(second.try_word().is_some());
        (seen > 5).then_some(())
    });
    // Wine now and then gives a press to the window that was there before: pressed again.
    let mut looks = 0;
    until("the drag begins", || {
        if looks % AGAIN == 0 {
            input.pointer_button(PointerButton::Left, false).unwrap();
            input.pointer_button(PointerButton::Left, true).unwrap();
            input.flush().unwrap();
        }
        looks += 1;
        second.try_word().filter(|word| word == "begins")
    });
    input.pointer_move(700, 500).unwrap();
    input.flush().unwrap();
    assert_eq!(drag().dragged_files().unwrap(), files());
    input.key(ESCAPE, false, true).unwrap();
    input.key(ESCAPE, false, false).unwrap();
    input.flush().unwrap();
    assert_eq!(second.word(), "cancelled");
    input.pointer_button(PointerButton::Left, false).unwrap();
    input.flush().unwrap();
}
