//! What tests share.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use gc_platform::{PixelRect, PixelSize};

use super::{Duplicator, Failure, Frame, Mode, PointerShape, Rotation, Source};

/// Numbers that look random; the seed is printed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed:#x}");
        Self(seed)
    }

    /// 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as u32 % limit.max(1)
    }
}

/// A call of the seam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Acquire,
    Moves,
    Dirty,
    Shape,
    Keep,
    Release,
    Read,
}

impl Call {
    pub(crate) const ALL: [Self; 8] = [
        Self::Open,
        Self::Acquire,
        Self::Moves,
        Self::Dirty,
        Self::Shape,
        Self::Keep,
        Self::Release,
        Self::Read,
    ];
}

/// An adapter with one output that does what tests say.
#[derive(Default)]
pub(crate) struct Adapter {
    /// As the adapter holds it.
    pub(crate) image: Vec<u8>,
    pub(crate) mode: Option<Mode>,
    /// These calls fail, in this order, each when it comes.
    pub(crate) failures: VecDeque<(Call, Failure)>,
    /// `open` fails with this until it is taken away.
    pub(crate) closed: Option<Failure>,
    pub(crate) calls: Vec<Call>,
    pub(crate) renewed: usize,
    pub(crate) frames: VecDeque<FakeFrame>,
    /// Duplications that are open, and frames that are not given back.
    pub(crate) open: usize,
    pub(crate) held: usize,
    kept: Vec<u8>,
    /// `acquire` does not come back while this is set.
    pub(crate) hangs: bool,
    /// It has begun not to.
    pub(crate) hanging: bool,
}

/// What a frame brings.
#[derive(Clone, Default)]
pub(crate) struct FakeFrame {
    pub(crate) info: Frame,
    pub(crate) moves: Vec<[i32; 4]>,
    pub(crate) dirty: Vec<[i32; 4]>,
    pub(crate) shape: Option<PointerShape>,
}

#[derive(Clone)]
pub(crate) struct FakeOutput(pub(crate) Arc<(Mutex<Adapter>, Condvar)>);

impl FakeOutput {
    pub(crate) fn new(width: u32, height: u32, rotation: Rotation) -> Self {
        let image = PixelSize { width, height };
        let adapter = Adapter {
            image: vec![0; (width * height * 4) as usize],
            mode: Some(Mode { image, rotation }),
            ..Adapter::default()
        };
        Self(Arc::new((Mutex::new(adapter), Condvar::new())))
    }

    pub(crate) fn adapter(&self) -> MutexGuard<'_, Adapter> {
        self.0.0.lock().unwrap()
    }

    pub(crate) fn tell(&self, frame: FakeFrame) {
        self.adapter().frames.push_back(frame);
        self.0.1.notify_all();
    }

    /// Fills a rectangle of the image and tells of it.
    pub(crate) fn fill(&self, [left, top, right, bottom]: [u32; 4], value: u8) {
        let mut adapter = self.adapter();
        let width = adapter.mode.unwrap().image.width;
        for y in top..bottom {
            for x in left..right {
                let at = ((y * width + x) * 4) as usize;
                adapter.image[at..at + 4].fill(value);
            }
        }
        drop(adapter);
        self.tell(FakeFrame {
            info: Frame { pictures: 1, metadata: 64, ..Frame::default() },
            dirty: vec![[left, top, right, bottom].map(u32::cast_signed)],
            ..FakeFrame::default()
        });
    }

    pub(crate) fn fail(&self, call: Call, failure: Failure) {
        self.adapter().failures.push_back((call, failure));
        self.0.1.notify_all();
    }

    /// Lets `acquire` hang, and waits until it does.
    pub(crate) fn hang(&self) {
        let mut adapter = self.adapter();
        adapter.hangs = true;
        self.0.1.notify_all();
        drop(self.0.1.wait_while(adapter, |adapter| !adapter.hanging).unwrap());
    }

    pub(crate) fn go_on(&self) {
        self.adapter().hangs = false;
        self.0.1.notify_all();
    }

    fn enter(&self, call: Call) -> Result<MutexGuard<'_, Adapter>, Failure> {
        let mut adapter = self.adapter();
        adapter.calls.push(call);
        if adapter.failures.front().is_some_and(|(next, _)| *next == call) {
            return Err(adapter.failures.pop_front().unwrap().1);
        }
        Ok(adapter)
    }
}

impl Source for FakeOutput {
    type Duplicator = FakeDuplicator;

    fn open(&mut self, renew: bool) -> Result<FakeDuplicator, Failure> {
        let mut adapter = self.enter(Call::Open)?;
        assert_eq!(adapter.open, 0, "an output can be duplicated once");
        adapter.renewed += usize::from(renew);
        if let Some(failure) = &adapter.closed {
            return Err(failure.clone());
        }
        adapter.open += 1;
        adapter.kept = vec![0; adapter.image.len()];
        // The first frame holds everything, whatever it says.
        let first = Frame { pictures: 1, ..Frame::default() };
        adapter.frames.push_front(FakeFrame { info: first, ..FakeFrame::default() });
        let mode = adapter.mode.unwrap();
        Ok(FakeDuplicator { output: self.clone(), mode, frame: None, order: Vec::new() })
    }
}

pub(crate) struct FakeDuplicator {
    output: FakeOutput,
    mode: Mode,
    frame: Option<FakeFrame>,
    order: Vec<Call>,
}

impl Drop for FakeDuplicator {
    fn drop(&mut self) {
        self.output.adapter().open -= 1;
    }
}

impl FakeDuplicator {
    fn enter(&mut self, call: Call) -> Result<MutexGuard<'_, Adapter>, Failure> {
        if matches!(call, Call::Moves | Call::Dirty | Call::Shape | Call::Keep) {
            assert!(self.frame.is_some(), "{call:?} without a frame");
            assert!(!self.order.contains(&call), "{call:?} twice");
            self.order.push(call);
            let place = |call| self.order.iter().position(|other| *other == call);
            if let (Some(moves), Some(dirty)) = (place(Call::Moves), place(Call::Dirty)) {
                assert!(moves < dirty, "moves come first");
            }
        }
        self.output.enter(call)
    }
}

impl Duplicator for FakeDuplicator {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn acquire(&mut self, limit: Duration) -> Result<Option<Frame>, Failure> {
        assert!(self.frame.is_none(), "the last frame was not given back");
        let fails = |adapter: &Adapter| {
            adapter.failures.front().is_some_and(|(call, _)| *call == Call::Acquire)
        };
        let nothing =
            |adapter: &mut Adapter| adapter.hangs || (adapter.frames.is_empty() && !fails(adapter));
        let adapter = self.output.adapter();
        let waited = self.output.0.1.wait_timeout_while(adapter, limit, nothing).unwrap();
        let mut adapter = waited.0;
        while adapter.hangs {
            adapter.hanging = true;
            self.output.0.1.notify_all();
            adapter = self.output.0.1.wait(adapter).unwrap();
        }
        drop(adapter);
        let mut adapter = self.output.enter(Call::Acquire)?;
        let Some(frame) = adapter.frames.pop_front() else { return Ok(None) };
        adapter.held += 1;
        drop(adapter);
        self.order.clear();
        let mut info = frame.info;
        info.shape = frame.shape.as_ref().map_or(0, |shape| shape.bytes.len() as u32);
        self.frame = Some(frame);
        Ok(Some(info))
    }

    fn moves(&mut self, _: u32) -> Result<Vec<[i32; 4]>, Failure> {
        drop(self.enter(Call::Moves)?);
        Ok(self.frame.as_ref().unwrap().moves.clone())
    }

    fn dirty(&mut self, _: u32) -> Result<Vec<[i32; 4]>, Failure> {
        drop(self.enter(Call::Dirty)?);
        Ok(self.frame.as_ref().unwrap().dirty.clone())
    }

    fn shape(&mut self, _: u32) -> Result<PointerShape, Failure> {
        drop(self.enter(Call::Shape)?);
        Ok(self.frame.as_ref().unwrap().shape.clone().unwrap())
    }

    fn keep(&mut self, parts: &[PixelRect]) -> Result<(), Failure> {
        let width = self.mode.image.width;
        let mut adapter = self.enter(Call::Keep)?;
        for part in parts {
            for y in part.y..part.y + part.height {
                let start = ((y * width + part.x) * 4) as usize;
                let range = start..start + part.width as usize * 4;
                let from = adapter.image[range.clone()].to_vec();
                adapter.kept[range].copy_from_slice(&from);
            }
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), Failure> {
        assert!(self.frame.take().is_some(), "given back what was not taken");
        self.output.adapter().held -= 1;
        drop(self.enter(Call::Release)?);
        Ok(())
    }

    fn read(
        &mut self,
        parts: &[PixelRect],
        take: &mut dyn FnMut(PixelRect, &[u8], usize),
    ) -> Result<(), Failure> {
        let width = self.mode.image.width;
        let adapter = self.enter(Call::Read)?;
        for part in parts {
            let start = ((part.y * width + part.x) * 4) as usize;
            take(*part, &adapter.kept[start..], width as usize * 4);
        }
        Ok(())
    }
}
