//! The order of calls, on a device made of memory that can refuse any of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gc_codec::check_access_unit;
use gc_video::{
    EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings, PictureView,
};

use super::layout as at;
use super::va::{Id, Nv12, Va, VaError};
use super::{VaFactory, render_nodes};

#[derive(Default)]
struct Log {
    /// What lives: kind of object, and its content.
    live: BTreeMap<Id, (&'static str, u32, Vec<u8>)>,
    next: Id,
    calls: usize,
    /// The call that is refused, and how.
    refuse: Option<(usize, i32)>,
    /// Buffers of each picture, in order: kind and content.
    pictures: Vec<Vec<(u32, Vec<u8>)>>,
    packed: u32,
    overflow: bool,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Log>>);

impl Fake {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap()
    }

    fn call(&self, call: &'static str) -> Result<MutexGuard<'_, Log>, VaError> {
        let mut log = self.log();
        let at = log.calls;
        log.calls += 1;
        match log.refuse {
            Some((refused, status)) if refused == at => Err(VaError { call, status }),
            _ => Ok(log),
        }
    }

    fn create(&self, call: &'static str, kind: u32, content: &[u8]) -> Result<Id, VaError> {
        let mut log = self.call(call)?;
        log.next += 1;
        let id = log.next;
        log.live.insert(id, (call, kind, content.to_vec()));
        Ok(id)
    }

    fn destroy(&self, id: Id) {
        assert!(self.log().live.remove(&id).is_some(), "destroyed twice");
    }
}

impl Va for Fake {
    fn entry_point(&mut self) -> Result<Option<u32>, VaError> {
        self.call("entry").map(|_| Some(at::ENCODE_SLICE as u32))
    }
    fn attribute(&mut self, _: u32, attribute: u32) -> Result<Option<u32>, VaError> {
        let log = self.call("attribute")?;
        Ok(match attribute as usize {
            at::ATTRIBUTE_RATE => Some((at::CONSTANT_RATE | at::VARIABLE_RATE) as u32),
            at::ATTRIBUTE_PACKED => Some(log.packed),
            _ => None,
        })
    }
    fn create_config(&mut self, _: u32, _: &[(u32, u32)]) -> Result<Id, VaError> {
        self.create("config", 0, &[])
    }
    fn destroy_config(&mut self, config: Id) {
        self.destroy(config);
    }
    fn create_surfaces(&mut self, _: u32, _: u32, out: &mut [Id]) -> Result<(), VaError> {
        drop(self.call("surfaces")?);
        let mut log = self.log();
        for place in out {
            log.next += 1;
            *place = log.next;
            let id = log.next;
            log.live.insert(id, ("surface", 0, Vec::new()));
        }
        Ok(())
    }
    fn destroy_surfaces(&mut self, surfaces: &mut [Id]) {
        for id in surfaces {
            self.destroy(*id);
        }
    }
    fn create_context(&mut self, _: Id, _: u32, _: u32, _: &mut [Id]) -> Result<Id, VaError> {
        self.create("context", 0, &[])
    }
    fn destroy_context(&mut self, context: Id) {
        self.destroy(context);
    }
    fn create_buffer(&mut self, _: Id, kind: u32, content: &[u8]) -> Result<Id, VaError> {
        self.create("buffer", kind, content)
    }
    fn create_coded(&mut self, _: Id, _: u32) -> Result<Id, VaError> {
        self.create("coded", 0, &[])
    }
    fn destroy_buffer(&mut self, buffer: Id) {
        self.destroy(buffer);
    }
    fn upload(&mut self, surface: Id, picture: &Nv12) -> Result<(), VaError> {
        let log = self.call("upload")?;
        assert!(log.live.contains_key(&surface));
        assert_eq!(picture.uv.len() * 2, picture.y.len());
        Ok(())
    }
    fn render(&mut self, context: Id, _: Id, buffers: &mut [Id]) -> Result<(), VaError> {
        let mut log = self.call("render")?;
        assert!(log.live.contains_key(&context));
        let buffers = buffers.iter().map(|id| (log.live[id].1, log.live[id].2.clone())).collect();
        log.pictures.push(buffers);
        Ok(())
    }
    fn sync(&mut self, _: Id) -> Result<(), VaError> {
        self.call("sync").map(|_| ())
    }
    /// The headers that it was given.
    fn read_coded(&mut self, _: Id, out: &mut Vec<u8>) -> Result<bool, VaError> {
        let log = self.call("read")?;
        let given = log.pictures.last().into_iter().flatten();
        let given = given.filter(|(kind, _)| *kind as usize == at::BUFFER_PACKED_DATA);
        for (_, content) in given {
            out.extend_from_slice(content);
        }
        Ok(!log.overflow)
    }
}

const SETTINGS: MotionSettings =
    MotionSettings { codec: MotionCodec::H264, width: 101, height: 67, kbps: 900, fps: 30 };

fn fake() -> Fake {
    let fake = Fake::default();
    fake.log().packed = (at::PACKED_SEQ | at::PACKED_PIC | at::PACKED_SLICE) as u32;
    fake
}

fn shoot(stream: &mut dyn MotionEncoder, key: bool) -> Result<(bool, Vec<u8>), EncodeFailure> {
    let pixels = vec![77; 101 * 67 * 4];
    let view = PictureView { width: 101, height: 67, stride: 404, pixels: &pixels };
    let mut unit = Vec::new();
    let made = stream.encode(view, key, Duration::ZERO, &mut unit)?;
    Ok((made.key, unit))
}

/// A whole life: open, a key picture, others, a change of rate, another key picture.
fn live(fake: &Fake) -> Result<(), EncodeFailure> {
    let mut factory = VaFactory::new(Box::new(fake.clone()))?;
    let mut stream = factory.open(SETTINGS)?;
    assert!(shoot(&mut *stream, true)?.0);
    assert!(!shoot(&mut *stream, false)?.0);
    stream.set_rate(500, 15)?;
    assert!(!shoot(&mut *stream, false)?.0);
    assert!(shoot(&mut *stream, true)?.0);
    Ok(())
}

#[test]
fn whatever_is_refused_nothing_is_left_behind() {
    let fine = fake();
    live(&fine).unwrap();
    let calls = fine.log().calls;
    assert!(calls > 40, "{calls}");
    assert!(fine.log().live.is_empty());
    for refused in 0..calls {
        for status in [1, 4, 0x17] {
            let fake = fake();
            fake.log().refuse = Some((refused, status));
            let failure = live(&fake).unwrap_err();
            assert!(fake.log().live.is_empty(), "call {refused}: {:?}", fake.log().live);
            let lost = matches!(failure, EncodeFailure::DeviceLost(_));
            let opening = matches!(failure, EncodeFailure::Open(_));
            assert!(opening || lost == (status == 4), "call {refused}: {failure}");
        }
    }
}

#[test]
fn a_stream_goes_on_after_a_picture_that_was_refused() {
    let fake = fake();
    let mut factory = VaFactory::new(Box::new(fake.clone())).unwrap();
    let mut stream = factory.open(SETTINGS).unwrap();
    shoot(&mut *stream, true).unwrap();
    let calls = fake.log().calls;
    fake.log().refuse = Some((calls + 2, 1));
    assert!(matches!(shoot(&mut *stream, false), Err(EncodeFailure::Encode(_))));
    assert!(shoot(&mut *stream, true).unwrap().0);
    fake.log().overflow = true;
    assert!(matches!(shoot(&mut *stream, false), Err(EncodeFailure::Output(_))));
}

fn word(content: &[u8], place: usize) -> u32 {
    u32::from_ne_bytes(content[place..place + 4].try_into().unwrap())
}

fn of_kind(picture: &[(u32, Vec<u8>)], kind: usize) -> Vec<Vec<u8>> {
    let found = picture.iter().filter(|(of, _)| *of as usize == kind);
    found.map(|(_, content)| content.clone()).collect()
}

#[test]
fn pictures_refer_to_the_one_before_and_key_pictures_to_none() {
    let fake = fake();
    live(&fake).unwrap();
    let log = fake.log();
    let parameters: Vec<Vec<u8>> =
        log.pictures.iter().map(|picture| of_kind(picture, at::BUFFER_PIC).remove(0)).collect();
    let numbers: Vec<u32> =
        parameters.iter().map(|content| word(content, at::PICTURE_INDEX)).collect();
    assert_eq!(numbers, [0, 1, 2, 0]);
    for pair in parameters[..3].windows(2) {
        assert_eq!(word(&pair[1], at::PIC_REFERENCES), word(&pair[0], 0));
        assert_ne!(word(&pair[1], 0), word(&pair[0], 0), "not onto its own reference");
    }
    for key in [0, 3] {
        assert_eq!(word(&parameters[key], at::PIC_REFERENCES), at::INVALID as u32);
        assert_eq!(word(&parameters[key], at::PIC_FIELDS) & 1, 1);
    }
    let slices: Vec<u8> = log
        .pictures
        .iter()
        .map(|picture| of_kind(picture, at::BUFFER_SLICE)[0][at::SLICE_TYPE])
        .collect();
    assert_eq!(slices, [2, 0, 0, 2]);
    assert!(
        log.pictures.iter().all(|p| word(&of_kind(p, at::BUFFER_SLICE)[0], at::SLICE_BLOCKS) == 35)
    );
}

#[test]
fn headers_and_rates_come_when_they_are_due() {
    let fake = fake();
    live(&fake).unwrap();
    let log = fake.log();
    let counts = |kind: usize| -> Vec<usize> {
        log.pictures.iter().map(|picture| of_kind(picture, kind).len()).collect()
    };
    assert_eq!(counts(at::BUFFER_SEQ), [1, 0, 0, 1]);
    assert_eq!(counts(at::BUFFER_PACKED_DATA), [3, 1, 1, 3]);
    assert_eq!(counts(at::BUFFER_MISC), [3, 0, 3, 3], "first, after the change, key");
    let rate = &of_kind(&log.pictures[2], at::BUFFER_MISC)[0];
    assert_eq!((word(rate, 0), word(rate, 4 + at::RATE_BITS)), (at::MISC_RATE as u32, 500_000));
}

#[test]
fn the_headers_are_of_the_pictures_size() {
    let fake = fake();
    let mut factory = VaFactory::new(Box::new(fake)).unwrap();
    let mut stream = factory.open(SETTINGS).unwrap();
    let (_, unit) = shoot(&mut *stream, false).unwrap();
    assert_eq!(check_access_unit(&unit, 101, 67), Ok(true));
}

#[test]
fn a_driver_that_writes_its_headers_itself_is_given_none() {
    let fake = fake();
    fake.log().packed = 0;
    live(&fake).unwrap();
    let log = fake.log();
    assert!(log.pictures.iter().all(|picture| of_kind(picture, at::BUFFER_PACKED).is_empty()));
}

#[test]
fn without_a_device_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let absent = |found| matches!(found, Err(EncodeFailure::Absent(_)));
    assert!(absent(render_nodes(&folder.path().join("nowhere"))));
    assert!(absent(render_nodes(folder.path())));
    let node = folder.path().join("renderD128");
    std::fs::write(&node, "not a device").unwrap();
    assert_eq!(render_nodes(folder.path()).unwrap(), std::slice::from_ref(&node));
    // With libva and without: neither finds a driver here.
    let opened = super::library::LibVa::open(&node);
    assert!(matches!(opened.map(|_| ()), Err(EncodeFailure::Absent(_))));
}
