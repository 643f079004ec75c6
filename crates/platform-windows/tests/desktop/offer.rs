//! Files of a peer on the clipboard: a second program takes them as Explorer does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use gc_platform::{
    Clipboard, ClipboardContent, ClipboardEvent, CopiedFiles, EntryKind, OfferError, OfferedFile,
    OfferedFiles,
};
use gc_platform_windows::WindowsClipboard;
use windows::Win32::Foundation::{CLIPBRD_E_CANT_OPEN, ERROR_CANCELLED, HGLOBAL, S_OK};
use windows::Win32::System::Com::{
    DATADIR_GET, DVASPECT_CONTENT, FORMATETC, IDataObject, IStream, STATFLAG_NONAME, STATSTG,
    STGMEDIUM, STREAM_SEEK_END, STREAM_SEEK_SET, TYMED, TYMED_HGLOBAL, TYMED_ISTREAM,
};
use windows::Win32::System::DataExchange::{GetClipboardFormatNameW, RegisterClipboardFormatW};
use windows::Win32::System::Memory::{GlobalLock, GlobalSize, GlobalUnlock};
use windows::Win32::System::Ole::{
    CF_UNICODETEXT, OleGetClipboard, OleInitialize, ReleaseStgMedium,
};
use windows::core::{HRESULT, HSTRING, Result};

use crate::second::{Second, hear, say};
use crate::window::until;

// What programs do with such an object --------------------------------------------

pub(crate) fn format(name: &str, index: i32, tymed: TYMED) -> FORMATETC {
    // SAFETY: the name ends with a zero.
    let number = unsafe { RegisterClipboardFormatW(&HSTRING::from(name)) };
    FORMATETC {
        cfFormat: u16::try_from(number).unwrap(),
        ptd: std::ptr::null_mut(),
        dwAspect: DVASPECT_CONTENT.0,
        lindex: index,
        tymed: tymed.0.cast_unsigned(),
    }
}

/// Wine opens the clipboard for each of these, and another program may have it open.
fn get(object: &IDataObject, format: &FORMATETC) -> Result<STGMEDIUM> {
    until("the clipboard", || {
        // SAFETY: the format is live.
        match unsafe { object.GetData(&raw const *format) } {
            Err(error) if error.code() == CLIPBRD_E_CANT_OPEN => None,
            medium => Some(medium),
        }
    })
}

pub(crate) fn memory(object: &IDataObject, format: &FORMATETC) -> Result<Vec<u8>> {
    let mut medium = get(object, format)?;
    // SAFETY: what came is memory, and released.
    unsafe {
        assert_eq!(medium.tymed, TYMED_HGLOBAL.0.cast_unsigned());
        let memory: HGLOBAL = medium.u.hGlobal;
        let start = GlobalLock(memory).cast::<u8>();
        let bytes = std::slice::from_raw_parts(start, GlobalSize(memory)).to_vec();
        let _ = GlobalUnlock(memory);
        ReleaseStgMedium(&raw mut medium);
        Ok(bytes)
    }
}

/// Names, sizes and whether they are folders.
pub(crate) fn group(object: &IDataObject) -> Result<Vec<(String, u64, bool)>> {
    let bytes = memory(object, &format("FileGroupDescriptorW", -1, TYMED_HGLOBAL))?;
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let entry = |at: usize| {
        let way = bytes[at + 72..at + 592].as_chunks::<2>().0.iter();
        let units: Vec<u16> = way.map(|unit| u16::from_le_bytes(*unit)).collect();
        let end = units.iter().position(|unit| *unit == 0).unwrap();
        let size = u64::from(number(at + 64)) << 32 | u64::from(number(at + 68));
        (String::from_utf16(&units[..end]).unwrap(), size, number(at + 36) & 0x10 != 0)
    };
    Ok((0..number(0) as usize).map(|index| entry(4 + index * 592)).collect())
}

pub(crate) fn stream(object: &IDataObject, index: i32) -> Result<IStream> {
    let mut medium = get(object, &format("FileContents", index, TYMED_ISTREAM))?;
    // SAFETY: what came is a stream, and released.
    unsafe {
        assert_eq!(medium.tymed, TYMED_ISTREAM.0.cast_unsigned());
        let stream = IStream::clone(medium.u.pstm.as_ref().unwrap());
        ReleaseStgMedium(&raw mut medium);
        Ok(stream)
    }
}

fn read(stream: &IStream, room: usize) -> (HRESULT, Vec<u8>) {
    let (mut bytes, mut count) = (vec![0xAA; room], 0);
    // SAFETY: writes at most as many bytes as there is room for.
    let result =
        unsafe { stream.Read(bytes.as_mut_ptr().cast(), room as u32, Some(&raw mut count)) };
    bytes.truncate(count as usize);
    (result, bytes)
}

/// All that a stream has.
pub(crate) fn whole(stream: &IStream) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let (result, bytes) = read(stream, 30_000);
        result.ok().unwrap();
        all.extend_from_slice(&bytes);
        if bytes.len() < 30_000 {
            return all;
        }
    }
}

/// Everything, as a program pastes it: names and sizes, then sizes and sums that came.
pub(crate) fn paste(object: &IDataObject) -> String {
    let group = group(object).unwrap();
    let mut words = Vec::new();
    for (index, (name, size, folder)) in group.iter().enumerate() {
        if *folder {
            assert!(stream(object, index as i32).is_err(), "a folder has bytes");
            words.push(format!("{name}/"));
            continue;
        }
        let stream = stream(object, index as i32).unwrap();
        let mut facts = STATSTG::default();
        // SAFETY: writes into the live structure.
        unsafe { stream.Stat(&raw mut facts, STATFLAG_NONAME) }.unwrap();
        assert_eq!(facts.cbSize, *size, "{name}");
        let bytes = whole(&stream);
        let sum = bytes.iter().fold(0, |sum, byte| next(sum, *byte));
        words.push(format!("{name}={size}:{}:{sum}", bytes.len()));
    }
    words.join("|")
}

fn next(sum: u64, byte: u8) -> u64 {
    sum.wrapping_mul(31).wrapping_add(byte.into())
}

fn names(object: &IDataObject) -> Vec<String> {
    let name = |format: &FORMATETC| {
        let mut units = [0; 80];
        // SAFETY: writes at most as many units as there is room for.
        let length = unsafe { GetClipboardFormatNameW(format.cfFormat.into(), &mut units) };
        if length == 0 {
            return format!("#{}", format.cfFormat);
        }
        String::from_utf16_lossy(&units[..length as usize])
    };
    // SAFETY: takes a number. Wine opens the clipboard for it.
    let all = until("the formats", || unsafe {
        object.EnumFormatEtc(DATADIR_GET.0.cast_unsigned()).ok()
    });
    // SAFETY: writes at most one into the live format.
    unsafe {
        let (mut found, mut one) = (Vec::new(), [FORMATETC::default()]);
        while all.Next(&mut one, None) == S_OK {
            found.push(name(&one[0]));
        }
        found
    }
}

/// Does what it is told with what lies on the clipboard.
#[test]
#[ignore = "the second program of another test"]
fn second_program() {
    // SAFETY: takes nothing.
    unsafe { OleInitialize(None) }.unwrap();
    assert_eq!(hear().unwrap(), "clipboard");
    say("ready");
    let mut kept = None;
    while let Some(line) = hear() {
        let object = until("the clipboard", || {
            // SAFETY: takes nothing. It fails while another program has it open.
            unsafe { OleGetClipboard() }.ok()
        });
        match line.as_str() {
            "names" => say(&names(&object).join("|")),
            "paste" => say(&paste(&object)),
            "text" => {
                let format =
                    FORMATETC { cfFormat: CF_UNICODETEXT.0, ..format("x", -1, TYMED_HGLOBAL) };
                let bytes = memory(&object, &format).unwrap();
                let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
                let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
                say(&String::from_utf16(&units).unwrap());
            }
            "group" => say(&match group(&object) {
                Ok(group) => format!("{} entries", group.len()),
                Err(error) => format!("{:#010x}", error.code().0),
            }),
            "parts" => {
                let stream = stream(&object, 1).unwrap();
                let mut at = 0;
                // SAFETY: writes into the live number.
                unsafe { stream.Seek(-4, STREAM_SEEK_END, Some(&raw mut at)) }.unwrap();
                let (end, tail) = read(&stream, 10);
                // SAFETY: as above.
                unsafe { stream.Seek(2, STREAM_SEEK_SET, None) }.unwrap();
                let (_, head) = read(&stream, 3);
                say(&format!("{at} {} {tail:?} {head:?}", end.0));
            }
            "begin" => {
                let stream = stream(&object, 1).unwrap();
                assert_eq!(read(&stream, 3).1.len(), 3);
                kept = Some(stream);
                say("begun");
            }
            "leave" => {
                kept = None;
                say("left");
            }
            "wait" => {
                let (result, bytes) = read(&stream(&object, 1).unwrap(), 3);
                say(&format!("{:#010x} {}", result.0, bytes.len()));
            }
            other => panic!("{other}"),
        }
    }
    drop(kept);
}

// The tests ----------------------------------------------------------------------

/// Files in memory, which note who asks for them.
pub(crate) struct Shelf {
    names: Vec<String>,
    list: Arc<[OfferedFile]>,
    bytes: Vec<Vec<u8>>,
    pub(crate) listed: AtomicUsize,
    pub(crate) read: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    /// Says why there is nothing.
    refuses: Mutex<Option<OfferError>>,
    /// Reads wait for this, once each.
    gate: Mutex<Option<Receiver<OfferError>>>,
}

impl Shelf {
    pub(crate) fn new() -> Arc<Self> {
        let bytes = [vec![], b"0123456789".to_vec(), vec![], big(), vec![]];
        let ways: [&[&str]; 5] = [
            &["Ordner"],
            &["Ordner", "grüße 😀.txt"],
            &["Ordner", "tief"],
            &["Ordner", "tief", "big.bin"],
            &["empty"],
        ];
        let list = ways.iter().zip(&bytes).enumerate().map(|(index, (way, bytes))| OfferedFile {
            path: way.iter().map(|part| (*part).to_owned()).collect(),
            kind: if matches!(index, 0 | 2) { EntryKind::Folder } else { EntryKind::File },
            size: bytes.len() as u64,
            modified_ms: 946_684_800_000,
        });
        Arc::new(Self {
            names: vec!["Ordner".to_owned(), "empty".to_owned()],
            list: list.collect(),
            bytes: bytes.to_vec(),
            listed: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            refuses: Mutex::new(None),
            gate: Mutex::new(None),
        })
    }

    /// Reads wait from now on.
    fn shut(&self) -> Sender<OfferError> {
        let (open, gate) = channel();
        *self.gate.lock().unwrap() = Some(gate);
        open
    }

    /// What [`paste`] says of it.
    pub(crate) fn pasted(&self) -> String {
        let word = |(file, bytes): (&OfferedFile, &Vec<u8>)| {
            let name = file.path.join("\\");
            if file.kind == EntryKind::Folder {
                return format!("{name}/");
            }
            let sum = bytes.iter().fold(0, |sum, byte| next(sum, *byte));
            format!("{name}={0}:{0}:{sum}", bytes.len())
        };
        self.list.iter().zip(&self.bytes).map(word).collect::<Vec<_>>().join("|")
    }
}

/// More than a program reads at once.
fn big() -> Vec<u8> {
    (0..300_001_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

impl OfferedFiles for Shelf {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn expected(&self) -> Option<CopiedFiles> {
        None
    }

    fn list(&self) -> std::result::Result<Arc<[OfferedFile]>, OfferError> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        self.refuses.lock().unwrap().map_or_else(|| Ok(Arc::clone(&self.list)), Err)
    }

    fn read_at(
        &self,
        index: usize,
        offset: u64,
        buffer: &mut [u8],
    ) -> std::result::Result<usize, OfferError> {
        self.read.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &*self.gate.lock().unwrap() {
            return Err(gate.recv().unwrap_or(OfferError::Cancelled));
        }
        let bytes = &self.bytes[index][usize::try_from(offset).unwrap()..];
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn fetch(&self) -> std::result::Result<CopiedFiles, OfferError> {
        panic!("programs of Windows read streams")
    }

    fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::SeqCst);
    }
}

fn text(text: &str) -> ClipboardContent {
    ClipboardContent { text: Some(text.into()), ..ClipboardContent::default() }
}

fn offered(second: &mut Second) -> Vec<String> {
    until("the offer", || {
        second.tell("names");
        let names: Vec<String> = second.word().split('|').map(ToOwned::to_owned).collect();
        names.iter().any(|name| name == "FileGroupDescriptorW").then_some(names)
    })
}

#[test]
fn copied_files_of_a_peer_come_when_a_program_pastes_them() {
    let (tell, told) = channel();
    let clipboard = WindowsClipboard::open(Box::new(move |event| {
        let _ = tell.send(event);
    }))
    .unwrap();
    let mut second = Second::start("offer::second_program", "clipboard");
    let shelf = Shelf::new();
    clipboard.offer(&text("beside"), shelf.clone()).unwrap();
    let names = offered(&mut second);
    assert!(names.contains(&"FileContents".to_owned()), "{names:?}");
    // Programs that look at every clipboard have looked.
    assert_eq!([&shelf.listed, &shelf.read].map(|it| it.load(Ordering::SeqCst)), [0, 0]);
    second.tell("text");
    assert_eq!(second.word(), "beside");
    assert_eq!([&shelf.listed, &shelf.read].map(|it| it.load(Ordering::SeqCst)), [0, 0]);

    second.tell("paste");
    assert_eq!(second.word(), shelf.pasted());
    second.tell("parts");
    assert_eq!(second.word(), "6 1 [54, 55, 56, 57] [50, 51, 52]");
    assert_eq!(shelf.cancelled.load(Ordering::SeqCst), 1, "it read no further");

    // Its own offer is no news; asked, it tells what lies beside the files.
    assert!(told.try_recv().is_err());
    clipboard.announce().unwrap();
    let event = until("the content", || told.try_recv().ok());
    assert!(matches!(&event, ClipboardEvent::Copied(content) if *content == text("beside")));

    clipboard.set(&text("after")).unwrap();
    until("the next content", || {
        second.tell("text");
        (second.word() == "after").then_some(())
    });
    drop(clipboard);
}

#[test]
fn a_program_is_told_why_files_do_not_come() {
    let clipboard = WindowsClipboard::open(Box::new(|_| ())).unwrap();
    let mut second = Second::start("offer::second_program", "clipboard");
    let shelf = Shelf::new();
    *shelf.refuses.lock().unwrap() = Some(OfferError::NotNow);
    clipboard.offer(&ClipboardContent::default(), shelf.clone()).unwrap();
    offered(&mut second);
    second.tell("group");
    // Wine has a number of its own for it.
    assert!(second.word().starts_with("0x80"));
    // Later it may.
    *shelf.refuses.lock().unwrap() = None;
    second.tell("group");
    assert_eq!(second.word(), "5 entries");

    // Who leaves half-way is waited for by nobody.
    second.tell("begin");
    assert_eq!(second.word(), "begun");
    assert_eq!(shelf.cancelled.load(Ordering::SeqCst), 0);
    second.tell("leave");
    assert_eq!(second.word(), "left");
    until("it is cancelled", || (shelf.cancelled.load(Ordering::SeqCst) == 1).then_some(()));
}

#[test]
fn while_a_program_waits_for_bytes_the_clipboard_goes_on() {
    let clipboard = WindowsClipboard::open(Box::new(|_| ())).unwrap();
    let mut second = Second::start("offer::second_program", "clipboard");
    let shelf = Shelf::new();
    let gate = shelf.shut();
    clipboard.offer(&ClipboardContent::default(), shelf.clone()).unwrap();
    offered(&mut second);
    second.tell("wait");
    until("it reads", || (shelf.read.load(Ordering::SeqCst) == 1).then_some(()));

    // Another program copies and pastes meanwhile.
    let mut third = Second::start("offer::second_program", "clipboard");
    clipboard.set(&text("meanwhile")).unwrap();
    until("the text", || {
        third.tell("text");
        (third.word() == "meanwhile").then_some(())
    });
    assert!(second.try_word().is_none(), "it still waits");
    gate.send(OfferError::Cancelled).unwrap();
    assert_eq!(second.word(), format!("{:#010x} 0", ERROR_CANCELLED.to_hresult().0));

    // What is offered when the viewer goes is gone with it.
    clipboard.offer(&ClipboardContent::default(), Shelf::new()).unwrap();
    offered(&mut third);
    drop(clipboard);
    third.tell("names");
    let names = third.word();
    assert!(!names.contains("FileGroupDescriptorW"), "{names}");
}
