//! The clipboard, against a second program that puts and gets by Win32 alone.

use std::io::{BufRead, BufReader, Cursor, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_platform::{Clipboard, ClipboardContent, ClipboardEvent, CopiedFiles, StorePath};
use gc_platform_windows::WindowsClipboard;
use gc_platform_windows::clipboard::{
    dib_to_png, dibv5_header, read_drop_files, read_html_format, read_unicode_text,
    write_drop_files, write_html_format, write_unicode_text,
};
use windows::Win32::Foundation::{HANDLE, HGLOBAL, HWND};
use windows::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, GetClipboardData, IsClipboardFormatAvailable, OpenClipboard,
    RegisterClipboardFormatW, SetClipboardData,
};
use windows::Win32::System::Memory::{
    GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalSize, GlobalUnlock,
};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, HWND_MESSAGE, WINDOW_EX_STYLE, WINDOW_STYLE,
};
use windows::core::{HSTRING, w};

use crate::window::{pump, until};

/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(100);
const UNICODE_TEXT: &str = "13";
const DIB: &str = "8";
const DIBV5: &str = "17";
const HDROP: &str = "15";

// The second program ------------------------------------------------------------

fn number(name: &str) -> u32 {
    name.parse().unwrap_or_else(|_| {
        // SAFETY: the name ends with a zero.
        unsafe { RegisterClipboardFormatW(&HSTRING::from(name)) }
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|c| (c as char).to_digit(16).unwrap() as u8).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

pub(crate) fn open(window: HWND) {
    until("the clipboard", || {
        pump();
        // SAFETY: the window is this thread's.
        unsafe { OpenClipboard(Some(window)) }.ok()
    });
}

pub(crate) fn put(format: &str, bytes: &[u8]) {
    // SAFETY: the memory is new, has room for all bytes, and goes to the clipboard, which
    // is open.
    unsafe {
        let memory = GlobalAlloc(GMEM_MOVEABLE, bytes.len().max(1)).unwrap();
        let start = GlobalLock(memory).cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
        let _ = GlobalUnlock(memory);
        SetClipboardData(number(format), Some(HANDLE(memory.0))).unwrap();
    }
}

pub(crate) fn get(format: &str) -> Option<Vec<u8>> {
    // SAFETY: the clipboard is open; the memory is copied before it is closed.
    unsafe {
        let memory = HGLOBAL(GetClipboardData(number(format)).ok()?.0);
        let start = GlobalLock(memory).cast::<u8>();
        let bytes = std::slice::from_raw_parts(start, GlobalSize(memory)).to_vec();
        let _ = GlobalUnlock(memory);
        Some(bytes)
    }
}

/// A window that nobody sees, to open the clipboard with. Lives as long as the program.
pub(crate) fn hidden() -> HWND {
    // SAFETY: the names end with a zero.
    unsafe {
        let (style, above) = (WINDOW_STYLE(0), WINDOW_EX_STYLE(0));
        let (class, name, parent) = (w!("STATIC"), w!(""), Some(HWND_MESSAGE));
        CreateWindowExW(above, class, name, style, 0, 0, 0, 0, parent, None, None, None).unwrap()
    }
}

/// Started by the tests as a program of its own, which does what it reads.
#[test]
#[ignore = "it is the second program of the tests here"]
fn second_program() {
    let window = hidden();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split('\t').collect();
        let mut answer = String::new();
        match words[..] {
            ["put", ref formats @ ..] => {
                open(window);
                // SAFETY: the clipboard is open.
                unsafe { EmptyClipboard().unwrap() };
                for [format, bytes] in formats.as_chunks::<2>().0 {
                    put(format, &unhex(bytes));
                }
                // SAFETY: as above.
                unsafe { CloseClipboard().unwrap() };
            }
            ["put-large", format, size] => {
                open(window);
                let large = vec![b'x'; size.parse().unwrap()];
                // SAFETY: the clipboard is open.
                unsafe { EmptyClipboard().unwrap() };
                put(format, &large);
                // SAFETY: as above.
                unsafe { CloseClipboard().unwrap() };
            }
            ["get", format] => {
                open(window);
                answer = get(format).map_or("none".to_owned(), |bytes| hex(&bytes));
                // SAFETY: the clipboard is open.
                unsafe { CloseClipboard().unwrap() };
            }
            ["has", format] => {
                // SAFETY: takes a number.
                answer = unsafe { IsClipboardFormatAvailable(number(format)) }.is_ok().to_string();
            }
            ["open"] => open(window),
            // SAFETY: the clipboard is open.
            ["close"] => unsafe { CloseClipboard().unwrap() },
            _ => panic!("{line}"),
        }
        println!("answer\t{answer}");
    }
}

// The tests ----------------------------------------------------------------------

struct Second {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Second {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "clipboard::second_program", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, orders, answers }
    }

    fn order(&mut self, words: &[&str]) -> String {
        writeln!(self.orders, "{}", words.join("\t")).unwrap();
        loop {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "the second program ended");
            // The name of the test may stand before the first one.
            if let Some((_, answer)) = line.split_once("answer\t") {
                return answer.trim_end().to_owned();
            }
        }
    }

    fn put(&mut self, formats: &[(&str, &[u8])]) {
        let bytes: Vec<String> = formats.iter().map(|(_, bytes)| hex(bytes)).collect();
        let mut words = vec!["put"];
        for ((format, _), bytes) in formats.iter().zip(&bytes) {
            words.extend([format, bytes.as_str()]);
        }
        self.order(&words);
    }

    fn get(&mut self, format: &str) -> Option<Vec<u8>> {
        let answer = self.order(&["get", format]);
        (answer != "none").then(|| unhex(&answer))
    }

    fn text(&mut self) -> Option<String> {
        self.get(UNICODE_TEXT).and_then(|bytes| read_unicode_text(&bytes))
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn clipboard() -> (WindowsClipboard, Receiver<ClipboardEvent>) {
    let (send, told) = channel();
    // At its end the test may drop the receiver first.
    let clipboard = WindowsClipboard::open(Box::new(move |event| drop(send.send(event)))).unwrap();
    (clipboard, told)
}

fn content(told: &Receiver<ClipboardEvent>) -> ClipboardContent {
    match told.recv_timeout(PATIENCE).unwrap() {
        ClipboardEvent::Copied(content) => content,
        other => panic!("{other:?}"),
    }
}

fn picture() -> (Vec<u8>, Vec<u8>) {
    let rgba: Vec<u8> = (0..40 * 30)
        .flat_map(|at: u32| [at as u8, (at / 7) as u8, (at / 31) as u8, (at * 3) as u8 | 1])
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 40, 30);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(&rgba).unwrap();
    (out, rgba)
}

fn pixels(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut out = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut out).unwrap();
    out
}

/// One test for all, since there is one clipboard: each part says what it shows.
#[test]
fn contents_cross_between_programs() {
    let (clipboard, told) = clipboard();
    let mut second = Second::start();
    what_another_program_copies_is_told(&mut second, &told);
    pictures_are_read_in_every_form(&mut second, &told);
    what_is_set_can_be_pasted(&clipboard, &mut second, &told);
    files_come_and_go_by_name(&clipboard, &mut second, &told);
    secrets_stay(&clipboard, &mut second, &told);
    too_much_is_refused(&mut second, &told);
    another_program_may_hold_it_open_for_a_while(&clipboard, &mut second);
    dropping_gives_it_back(clipboard, &mut second);
}

fn what_another_program_copies_is_told(second: &mut Second, told: &Receiver<ClipboardEvent>) {
    let text = write_unicode_text("one\nzwei äß\ndrei 😀");
    let html = write_html_format("<b>zwei</b> äß");
    second.put(&[
        (UNICODE_TEXT, &text),
        ("HTML Format", &html),
        ("Rich Text Format", b"{\\rtf1 zwei}\0"),
    ]);
    let copied = content(told);
    assert_eq!(copied.text.as_deref(), Some("one\nzwei äß\ndrei 😀"));
    assert_eq!(copied.html.as_deref(), Some("<b>zwei</b> äß"));
    assert_eq!(copied.rtf.as_deref(), Some(&b"{\\rtf1 zwei}"[..]));
    assert_eq!(copied.png, None);
    println!("text, HTML and RTF were told");
}

fn pictures_are_read_in_every_form(second: &mut Second, told: &Receiver<ClipboardEvent>) {
    let (png, rgba) = picture();
    second.put(&[("PNG", &png)]);
    assert_eq!(content(told).png.as_deref(), Some(&png[..]));
    // The same picture as a bitmap, with alpha and without.
    let mut dib = dibv5_header(40, 30).to_vec();
    for row in rgba.chunks_exact(160).rev() {
        dib.extend(row.as_chunks::<4>().0.iter().flat_map(|[r, g, b, a]| [*b, *g, *r, *a]));
    }
    second.put(&[(DIBV5, &dib)]);
    assert!(pixels(content(told).png.as_deref().unwrap()) == rgba, "other pixels by CF_DIBV5");
    let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
    let mut header = [0; 40];
    for (at, value) in [(0, 40_u32), (4, 40), (8, 30), (12, 1 | 24 << 16)] {
        header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let mut dib = header.to_vec();
    for row in rgb.chunks_exact(120).rev() {
        dib.extend(row.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*b, *g, *r]));
    }
    second.put(&[(DIB, &dib)]);
    assert!(pixels(content(told).png.as_deref().unwrap()) == rgb, "other pixels by CF_DIB");
    println!("pictures were told");
}

fn what_is_set_can_be_pasted(
    clipboard: &WindowsClipboard,
    second: &mut Second,
    told: &Receiver<ClipboardEvent>,
) {
    let (png, rgba) = picture();
    let rich = ClipboardContent {
        text: Some("from\nafar ä".into()),
        html: Some("<i>ä</i>".into()),
        rtf: Some(b"{\\rtf1 afar}"[..].into()),
        png: Some(png.clone().into()),
        ..ClipboardContent::default()
    };
    clipboard.set(&rich).unwrap();
    until("the text", || (second.text()? == "from\nafar ä").then_some(()));
    let raw = second.get(UNICODE_TEXT).unwrap();
    assert!(raw.starts_with(&write_unicode_text("from\nafar ä")), "with CRLF and an end");
    let html = second.get("HTML Format").unwrap();
    assert_eq!(read_html_format(&html).as_deref(), Some("<i>ä</i>"));
    assert!(second.get("Rich Text Format").unwrap().starts_with(b"{\\rtf1 afar}\0"));
    assert!(second.get("PNG").unwrap().starts_with(&png));
    let dib = second.get(DIBV5).unwrap();
    assert!(pixels(&dib_to_png(&dib).unwrap()) == rgba, "other pixels by CF_DIBV5");
    // The system makes the older form out of it.
    assert!(second.get(DIB).is_some_and(|dib| dib_to_png(&dib).is_some()));
    assert_eq!(second.get("CanUploadToCloudClipboard").map(|b| b[..4].to_vec()), Some(vec![0; 4]));
    // Only what somebody else copies is told; what is here is when it is asked for.
    clipboard.announce().unwrap();
    assert!(content(told) == rich, "what is announced");
    assert!(told.try_recv().is_err(), "own content was told");
    println!("everything was pasted");
}

fn files_come_and_go_by_name(
    clipboard: &WindowsClipboard,
    second: &mut Second,
    told: &Receiver<ClipboardEvent>,
) {
    let path = |place: &str, way: &str| StorePath::new(place, way).to_wire();
    let files = CopiedFiles::new(vec![path("C:", "Users/ada/grüße 😀.txt"), path("D:", "b")]);
    let files = files.unwrap();
    // As a file manager does: cut files count as copied, shares are left out.
    let list = r"C:\Users\ada\grüße 😀.txt|\\server\share\x|d:\b||";
    let mut drop = vec![0; 20];
    (drop[0], drop[16]) = (20, 1);
    drop.extend(list.replace('|', "\0").encode_utf16().flat_map(u16::to_le_bytes));
    second.put(&[(HDROP, &drop), ("Preferred DropEffect", &[2, 0, 0, 0])]);
    assert_eq!(content(told), ClipboardContent::files(files.clone()));

    clipboard.set(&ClipboardContent::files(files.clone())).unwrap();
    until("the files", || {
        let given = second.get(HDROP)?;
        (read_drop_files(&given) == files.paths()).then_some(())
    });
    let given = second.get(HDROP).unwrap();
    assert!(given.starts_with(&write_drop_files(&files).unwrap()), "a list of another form");
    let effect = second.get("Preferred DropEffect").unwrap();
    assert_eq!(effect[..4], [1, 0, 0, 0], "they are not to be moved");
    assert_eq!(second.text(), None, "files are no text");
    assert!(told.try_recv().is_err(), "own content was told");
    println!("files were told and pasted");
}

fn secrets_stay(
    clipboard: &WindowsClipboard,
    second: &mut Second,
    told: &Receiver<ClipboardEvent>,
) {
    let text = write_unicode_text("hunter2");
    for (hint, value) in [
        ("ExcludeClipboardContentFromMonitorProcessing", &[1_u8, 0, 0, 0][..]),
        ("Clipboard Viewer Ignore", b"x"),
        ("CanIncludeInClipboardHistory", &[0, 0, 0, 0]),
    ] {
        second.put(&[(UNICODE_TEXT, &text), (hint, value)]);
        let event = told.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(event, ClipboardEvent::Private), "{hint}: {event:?}");
        clipboard.announce().unwrap();
        let event = told.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(event, ClipboardEvent::Private), "{hint}, announced: {event:?}");
    }
    second.put(&[(UNICODE_TEXT, &text), ("CanIncludeInClipboardHistory", &[1, 0, 0, 0])]);
    assert_eq!(content(told).text.as_deref(), Some("hunter2"), "its program allows it");
    println!("secrets stayed");
}

fn too_much_is_refused(second: &mut Second, told: &Receiver<ClipboardEvent>) {
    // Wine takes seconds for the first; the others are just too large.
    for (format, megabytes) in
        [(UNICODE_TEXT, 100), ("HTML Format", 5), ("Rich Text Format", 5), ("PNG", 21)]
    {
        let size: usize = megabytes << 20;
        second.order(&["put-large", format, &size.to_string()]);
        let event = told.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(event, ClipboardEvent::TooLarge), "{format}: {event:?}");
    }
    // A bitmap that says more than it has.
    let mut lie = dibv5_header(8_000, 4_000).to_vec();
    lie.extend([0; 400]);
    second.put(&[(UNICODE_TEXT, &write_unicode_text("beside it")), (DIBV5, &lie)]);
    assert_eq!(content(told), ClipboardContent::text("beside it"));
    println!("too much was refused");
}

fn another_program_may_hold_it_open_for_a_while(clipboard: &WindowsClipboard, second: &mut Second) {
    second.order(&["open"]);
    clipboard.set(&ClipboardContent::text("waited for")).unwrap();
    // Meanwhile it is tried in vain.
    for _ in 0..50 {
        assert_eq!(second.order(&["has", "PNG"]), "false");
    }
    second.order(&["close"]);
    until("the text", || (second.text()? == "waited for").then_some(()));
    println!("it was set after another program let go");
}

fn dropping_gives_it_back(clipboard: WindowsClipboard, second: &mut Second) {
    drop(clipboard);
    assert_eq!(second.order(&["has", UNICODE_TEXT]), "false");
    let (_clipboard, told) = self::clipboard();
    second.put(&[(UNICODE_TEXT, &write_unicode_text("anew"))]);
    assert_eq!(content(&told), ClipboardContent::text("anew"));
}
