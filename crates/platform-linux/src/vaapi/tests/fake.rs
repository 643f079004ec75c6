//! A device made of memory, which keeps what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::vaapi::hevc::layout as hevc_at;
use crate::vaapi::layout as at;
use crate::vaapi::va::{Id, Nv12, Va, VaError};

#[derive(Default)]
pub(super) struct Log {
    /// What lives: kind of object, and its content.
    pub(super) live: BTreeMap<Id, (&'static str, u32, Vec<u8>)>,
    pub(super) next: Id,
    pub(super) calls: usize,
    /// The call that is refused, and how.
    pub(super) refuse: Option<(usize, i32)>,
    /// Buffers of each picture, in order: kind and content.
    pub(super) pictures: Vec<Vec<(u32, Vec<u8>)>>,
    pub(super) packed: u32,
    pub(super) overflow: bool,
    /// It has H.265 too, and says this of it.
    pub(super) hevc: Option<BTreeMap<u32, u32>>,
    /// The calls that asked what it can do with H.265.
    pub(super) asked: Vec<usize>,
    /// Sizes of its surfaces.
    pub(super) surfaces: Vec<(u32, u32)>,
    /// Profiles of its configurations.
    pub(super) profiles: Vec<u32>,
}

#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<Log>>);

impl Fake {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
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

    fn ask(&self, profile: u32) {
        let mut log = self.log();
        if profile == hevc_at::PROFILE_MAIN as u32 {
            let call = log.calls;
            log.asked.push(call);
        }
    }

    fn destroy(&self, id: Id) {
        assert!(self.log().live.remove(&id).is_some(), "destroyed twice");
    }
}

impl Va for Fake {
    fn entry_point(&mut self, profile: u32) -> Result<Option<u32>, VaError> {
        self.ask(profile);
        let log = self.call("entry")?;
        let has = profile == at::PROFILE_BASELINE as u32 || log.hevc.is_some();
        Ok(has.then_some(at::ENCODE_SLICE as u32))
    }
    fn attribute(&mut self, profile: u32, _: u32, attribute: u32) -> Result<Option<u32>, VaError> {
        self.ask(profile);
        let log = self.call("attribute")?;
        let said = log.hevc.as_ref().and_then(|said| said.get(&attribute));
        if let Some(value) = said.filter(|_| profile == hevc_at::PROFILE_MAIN as u32) {
            return Ok(Some(*value));
        }
        Ok(match attribute as usize {
            at::ATTRIBUTE_RATE => Some((at::CONSTANT_RATE | at::VARIABLE_RATE) as u32),
            at::ATTRIBUTE_PACKED => Some(log.packed),
            _ => None,
        })
    }
    fn create_config(&mut self, profile: u32, _: u32, _: &[(u32, u32)]) -> Result<Id, VaError> {
        self.log().profiles.push(profile);
        self.create("config", 0, &[])
    }
    fn destroy_config(&mut self, config: Id) {
        self.destroy(config);
    }
    fn create_surfaces(&mut self, width: u32, height: u32, out: &mut [Id]) -> Result<(), VaError> {
        drop(self.call("surfaces")?);
        let mut log = self.log();
        log.surfaces.push((width, height));
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
        assert_eq!(log.surfaces.last(), Some(&(picture.width, picture.height)), "all of it");
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

/// One that has H.264 only, and wants every header.
pub(super) fn h264() -> Fake {
    let fake = Fake::default();
    fake.log().packed = (at::PACKED_SEQ | at::PACKED_PIC | at::PACKED_SLICE) as u32;
    fake
}

/// One that has both, and says this of H.265.
pub(super) fn hevc(said: &[(usize, usize)]) -> Fake {
    let fake = h264();
    let said = said.iter().map(|(attribute, value)| (*attribute as u32, *value as u32));
    fake.log().hevc = Some(said.collect());
    fake
}
