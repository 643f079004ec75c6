//! A place for objects whose calls take long.
//!
//! OLE wants who offers on a thread with messages, and COM calls an object on the thread
//! that it belongs to: one that blocks there would stop the window, and every program that
//! sends it a message. So such objects belong to the multithreaded apartment, where COM
//! calls them on threads of its own, several at a time; the thread with the messages has a
//! stand-in, which it hands to OLE and to other programs.

use std::sync::mpsc::{Receiver, Sender, channel};

use windows::Win32::Foundation::{E_FAIL, HGLOBAL};
use windows::Win32::System::Com::Marshal::{CoMarshalInterface, CoUnmarshalInterface};
use windows::Win32::System::Com::StructuredStorage::CreateStreamOnHGlobal;
use windows::Win32::System::Com::{
    COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize, IDataObject, IStream, MSHCTX_LOCAL,
    MSHLFLAGS_NORMAL, STREAM_SEEK_SET,
};
use windows::core::{Error, Interface as _, Result};

/// What keeps the apartment there: objects in it hold one each.
#[derive(Clone)]
pub(super) struct Stay {
    _until: Sender<()>,
}

/// Makes an object in the multithreaded apartment; its stand-in for this thread, which has
/// entered COM.
pub(super) fn apart(
    make: impl FnOnce(Stay) -> IDataObject + Send + 'static,
) -> Result<IDataObject> {
    let (told, made) = channel();
    let (until, gone) = channel();
    let run = move || {
        let stay = Stay { _until: until };
        keep(make, stay, &told, &gone);
    };
    let thread = std::thread::Builder::new().name("offered files".to_owned());
    thread.spawn(run).map_err(|_| Error::from(E_FAIL))?;
    let stream: usize = made.recv().map_err(|_| Error::from(E_FAIL))??;
    // SAFETY: an address that the other thread gave away, with the one reference to it; a
    // stream of memory belongs to no thread.
    unsafe { CoUnmarshalInterface(&IStream::from_raw(stream as *mut _)) }
}

/// An object as another apartment reads it. As for another program, since those get it in
/// the end: Wine would go on handing them memory of this one.
fn packed(object: &IDataObject) -> Result<IStream> {
    // SAFETY: the object is live; the stream has memory of its own, is written into and put
    // back to its beginning.
    unsafe {
        let stream = CreateStreamOnHGlobal(HGLOBAL::default(), true)?;
        let (context, flags) = (MSHCTX_LOCAL.0.cast_unsigned(), MSHLFLAGS_NORMAL.0.cast_unsigned());
        CoMarshalInterface(&stream, &IDataObject::IID, object, context, None, flags)?;
        stream.Seek(0, STREAM_SEEK_SET, None)?;
        Ok(stream)
    }
}

fn keep(
    make: impl FnOnce(Stay) -> IDataObject,
    stay: Stay,
    told: &Sender<Result<usize>>,
    gone: &Receiver<()>,
) {
    // SAFETY: takes a number; undone below, on the same thread.
    if let Err(error) = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) }.ok() {
        // Who asked waits for this.
        let _ = told.send(Err(error));
        return;
    }
    let object = make(stay);
    let stream = packed(&object);
    drop(object);
    // Who asked waits for this.
    let _ = told.send(stream.map(|stream| stream.into_raw() as usize));
    // Nothing is ever sent: it ends when nobody stays.
    let _ = gone.recv();
    // SAFETY: as above.
    unsafe { CoUninitialize() };
}
