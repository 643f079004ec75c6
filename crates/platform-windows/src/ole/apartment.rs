//! A place for objects whose calls take long.
//!
//! OLE wants who offers on a thread with messages, and COM calls an object on the thread
//! that it belongs to: one that blocks there would stop the window, and every program that
//! sends it a message. So such objects belong to the multithreaded apartment, where COM
//! calls them on threads of its own, several at a time; the thread with the messages has a
//! stand-in, which it hands to OLE and to other programs.

use std::sync::mpsc::{Receiver, Sender, channel};

use windows::Win32::Foundation::E_FAIL;
use windows::Win32::System::Com::Marshal::CoMarshalInterThreadInterfaceInStream;
use windows::Win32::System::Com::StructuredStorage::CoGetInterfaceAndReleaseStream;
use windows::Win32::System::Com::{
    COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize, IDataObject, IStream,
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
    // SAFETY: an address that the other thread gave away, with the one reference to it; the
    // stream is made for being read by another thread, and freed by the call.
    unsafe {
        let stream = IStream::from_raw(stream as *mut _);
        CoGetInterfaceAndReleaseStream(&*std::mem::ManuallyDrop::new(stream))
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
    // SAFETY: the object is live; the stream holds it until it is read.
    let stream = unsafe { CoMarshalInterThreadInterfaceInStream(&IDataObject::IID, &object) };
    drop(object);
    // Who asked waits for this.
    let _ = told.send(stream.map(|stream| stream.into_raw() as usize));
    // Nothing is ever sent: it ends when nobody stays.
    let _ = gone.recv();
    // SAFETY: as above.
    unsafe { CoUninitialize() };
}
