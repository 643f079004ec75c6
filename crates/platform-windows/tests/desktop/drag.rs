//! Drags between programs: a second one takes files, refuses them, or drags some.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use gc_platform::{CopiedFiles, FileDrag, InputInjector, PointerButton, StorePath};
use gc_platform_windows::clipboard::{read_drop_files, write_drop_files};
use gc_platform_windows::{WindowsDrag, WindowsInput};
use gc_runtime::SystemClock;
use gc_types::CauseCode;
use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, HANDLE, HGLOBAL, POINTL, S_OK,
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
    DispatchMessageW, GWL_EXSTYLE, GetMessageW, GetWindowLongPtrW, MSG, SetWindowLongPtrW,
    WM_DROPFILES, WM_LBUTTONDOWN, WS_EX_ACCEPTFILES,
};
use windows::core::{BOOL, HRESULT, Ref, Result, implement};

use crate::window::{Rectangle, pump};

const ESCAPE: u8 = 0x01;

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

#[expect(non_snake_case, reason = "as COM names them")]
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
            println!("word\t{},{} {}", at.x, at.y, ways(&bytes(medium.u.hGlobal)));
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

#[expect(non_snake_case, reason = "as COM names them")]
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

/// An object with files, as the clipboard makes one.
fn object() -> IDataObject {
    let list = write_drop_files(&files()).unwrap();
    // SAFETY: the memory is filled, and the clipboard's from then on.
    unsafe {
        let memory = GlobalAlloc(GMEM_MOVEABLE, list.len()).unwrap();
        std::ptr::copy_nonoverlapping(list.as_ptr(), GlobalLock(memory).cast::<u8>(), list.len());
        let _ = GlobalUnlock(memory);
        OpenClipboard(None).unwrap();
        EmptyClipboard().unwrap();
        SetClipboardData(CF_HDROP.0.into(), Some(HANDLE(memory.0))).unwrap();
        CloseClipboard().unwrap();
        OleGetClipboard().unwrap()
    }
}

#[test]
#[ignore = "the second program of another test"]
fn second_program() {
    let mut manner = String::new();
    std::io::stdin().read_line(&mut manner).unwrap();
    let manner = manner.trim();
    // SAFETY: takes nothing.
    unsafe { OleInitialize(None) }.unwrap();
    let rectangle = Rectangle::show(200, 200, 300, 200);
    let window = rectangle.window();
    if matches!(manner, "takes" | "refuses") {
        let effect = if manner == "takes" { DROPEFFECT_COPY } else { DROPEFFECT_NONE };
        let target: IDropTarget = Target { effect }.into();
        // SAFETY: the window is this thread's own.
        unsafe { RegisterDragDrop(window, &target) }.unwrap();
    } else if manner == "message" {
        // SAFETY: as above.
        unsafe {
            let style = GetWindowLongPtrW(window, GWL_EXSTYLE) | WS_EX_ACCEPTFILES.0 as isize;
            SetWindowLongPtrW(window, GWL_EXSTYLE, style);
        }
    }
    pump();
    println!("word\tready");
    let mut message = MSG::default();
    // SAFETY: the message is live, and dispatched as it came. Ended by its parent.
    while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.as_bool() {
        if message.message == WM_DROPFILES {
            println!("word\tmessage {}", ways(&bytes(HGLOBAL(message.wParam.0 as *mut _))));
            continue;
        }
        if message.message == WM_LBUTTONDOWN && manner == "drags" {
            let (object, source) = (object(), IDropSource::from(Source));
            println!("word\tbegins");
            let mut effect = DROPEFFECT_NONE;
            // SAFETY: both objects are this thread's own.
            let result = unsafe { DoDragDrop(&object, &source, DROPEFFECT_COPY, &raw mut effect) };
            println!("word\tcancelled {}", result == DRAGDROP_S_CANCEL);
            continue;
        }
        // SAFETY: as above.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

// The tests ----------------------------------------------------------------------

struct Second {
    child: Child,
    words: BufReader<ChildStdout>,
}

impl Second {
    fn start(manner: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "drag::second_program", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{manner}").unwrap();
        let words = BufReader::new(child.stdout.take().unwrap());
        let mut second = Self { child, words };
        assert_eq!(second.word(), "ready");
        second
    }

    fn word(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.words.read_line(&mut line).unwrap() > 0, "the second program ended");
            // The name of the test may stand before the first one.
            if let Some((_, word)) = line.split_once("word\t") {
                return word.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn drag() -> WindowsDrag {
    WindowsDrag::new(Arc::new(SystemClock::new()))
}

fn drop_files(x: i32, y: i32) -> std::result::Result<(), CauseCode> {
    drag().drop_files(&files(), x, y).map_err(|error| error.cause)
}

#[test]
fn files_are_dropped_on_windows_that_take_them() {
    let mut second = Second::start("takes");
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

    let _second = Second::start("refuses");
    assert_eq!(drop_files(333, 311), Err(CauseCode::DropNotTaken));
    println!("OLE: refused");
}

#[test]
fn programs_of_before_ole_are_sent_a_message() {
    let mut second = Second::start("message");
    assert_eq!(drop_files(333, 311), Ok(()));
    assert_eq!(second.word(), "message C:/grüße 😀.txt|C:/b/c");
}

#[test]
fn what_another_program_drags_is_told_and_escape_ends_it() {
    let (_window, mut input) = (Rectangle::show(0, 799, 1, 1), WindowsInput::new());
    pump();
    let nothing = drag().dragged_files().map_err(|error| error.cause);
    assert_eq!(nothing, Err(CauseCode::DragNoFiles));
    let mut second = Second::start("drags");
    input.pointer_move(300, 300).unwrap();
    input.pointer_button(PointerButton::Left, true).unwrap();
    input.flush().unwrap();
    assert_eq!(second.word(), "begins");
    input.pointer_move(700, 500).unwrap();
    input.flush().unwrap();
    assert_eq!(drag().dragged_files().unwrap(), files());
    input.key(ESCAPE, false, true).unwrap();
    input.key(ESCAPE, false, false).unwrap();
    input.flush().unwrap();
    assert_eq!(second.word(), "cancelled true");
    input.pointer_button(PointerButton::Left, false).unwrap();
    input.flush().unwrap();
}
