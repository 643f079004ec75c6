//! One `IMFTransform` as the state machine sees it.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use gc_types::Clock;
use gc_video::{MotionCodec, MotionSettings};
use windows::Win32::Foundation::E_NOTIMPL;
use windows::Win32::Foundation::VARIANT_TRUE;
use windows::Win32::Media::MediaFoundation::{
    CODECAPI_AVEncCommonMeanBitRate, CODECAPI_AVEncCommonRateControlMode,
    CODECAPI_AVEncMPVDefaultBPictureCount, CODECAPI_AVEncMPVGOPSize,
    CODECAPI_AVEncVideoForceKeyFrame, CODECAPI_AVLowLatencyMode, ICodecAPI, IMFActivate,
    IMFMediaType, IMFSample, IMFShutdown, IMFTransform, MF_LOW_LATENCY, MF_MT_AVG_BITRATE,
    MF_MT_FRAME_RATE, MF_MT_FRAME_SIZE, MF_MT_INTERLACE_MODE, MF_MT_MAJOR_TYPE,
    MF_MT_MPEG_SEQUENCE_HEADER, MF_MT_MPEG2_PROFILE, MF_MT_PIXEL_ASPECT_RATIO, MF_MT_SUBTYPE,
    MF_MT_TRANSFER_FUNCTION, MF_MT_VIDEO_NOMINAL_RANGE, MF_MT_VIDEO_PRIMARIES, MF_MT_YUV_MATRIX,
    MF_TRANSFORM_ASYNC, MF_TRANSFORM_ASYNC_UNLOCK, MFMediaType_Video, MFNominalRange_16_235,
    MFT_MESSAGE_COMMAND_DRAIN, MFT_MESSAGE_COMMAND_FLUSH, MFT_MESSAGE_NOTIFY_BEGIN_STREAMING,
    MFT_MESSAGE_NOTIFY_END_OF_STREAM, MFT_MESSAGE_NOTIFY_END_STREAMING,
    MFT_MESSAGE_NOTIFY_START_OF_STREAM, MFT_OUTPUT_DATA_BUFFER,
    MFT_OUTPUT_STREAM_CAN_PROVIDE_SAMPLES, MFT_OUTPUT_STREAM_PROVIDES_SAMPLES, MFVideoFormat_H264,
    MFVideoFormat_HEVC, MFVideoFormat_NV12, MFVideoInterlace_Progressive, MFVideoPrimaries_BT709,
    MFVideoTransFunc_709, MFVideoTransferMatrix_BT709, eAVEncCommonRateControlMode_CBR,
    eAVEncH264VProfile_Base, eAVEncH264VProfile_ConstrainedBase, eAVEncH265VProfile_Main_420_8,
};
use windows::Win32::System::Variant::{VARIANT, VT_BOOL, VT_UI4};
use windows::core::GUID;

use super::events::EventQueue;
use super::failed;
use super::runtime::{Runtime, other};
use crate::motion::{
    Message, NEED_MORE_INPUT, Nv12, Output, RateChange, STREAM_CHANGE, SynchronousEvents,
    Transform, TransformFailure, Waited,
};

/// Media Foundation counts time in units of 100 ns.
const UNITS_PER_SECOND: u32 = 10_000_000;
/// Pictures between key pictures, from the most welcome on: never, or as rarely as the
/// encoder allows.
const GOP_SIZES: [u32; 3] = [u32::MAX, 0xFFFF, 3000];

/// Where events come from.
enum Events {
    Queue(EventQueue),
    Synchronous(SynchronousEvents),
}

/// An encoder with its types set.
pub(super) struct MediaTransform {
    runtime: Arc<Runtime>,
    activate: IMFActivate,
    transform: IMFTransform,
    properties: Option<ICodecAPI>,
    events: Events,
    settings: MotionSettings,
    input: u32,
    output: u32,
    /// Size of the sample to bring along for output; `None`: it has its own.
    output_size: Option<u32>,
}

fn number(value: u32) -> VARIANT {
    let mut variant = VARIANT::default();
    // SAFETY: the value is new and empty, so that nothing is lost; type and value fit.
    unsafe {
        let inner = &mut *variant.Anonymous.Anonymous;
        inner.vt = VT_UI4;
        inner.Anonymous.ulVal = value;
    }
    variant
}

fn yes() -> VARIANT {
    let mut variant = VARIANT::default();
    // SAFETY: as above.
    unsafe {
        let inner = &mut *variant.Anonymous.Anonymous;
        inner.vt = VT_BOOL;
        inner.Anonymous.boolVal = VARIANT_TRUE;
    }
    variant
}

const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

impl MediaTransform {
    /// Activates an encoder and sets its types. What fails is shut down again.
    pub(super) fn open(
        runtime: &Arc<Runtime>,
        activate: &IMFActivate,
        settings: MotionSettings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, TransformFailure> {
        // SAFETY: no pointers of ours; the reference that comes back is ours.
        let transform: IMFTransform =
            unsafe { activate.ActivateObject() }.map_err(failed("ActivateObject"))?;
        let mut opened = Self {
            runtime: Arc::clone(runtime),
            activate: activate.clone(),
            properties: other(&transform),
            transform,
            events: Events::Synchronous(SynchronousEvents::default()),
            settings,
            input: 0,
            output: 0,
            output_size: None,
        };
        let ready = opened
            .unlock(clock)
            .and_then(|()| opened.streams())
            .and_then(|()| opened.configure(settings.kbps, settings.fps));
        if let Err(failure) = ready {
            opened.shutdown();
            return Err(failure);
        }
        Ok(opened)
    }

    /// Asynchronous transforms have to be unlocked before anything else.
    fn unlock(&mut self, clock: &Arc<dyn Clock>) -> Result<(), TransformFailure> {
        // SAFETY: no pointers but to constants.
        unsafe {
            let Ok(attributes) = self.transform.GetAttributes() else {
                // Only asynchronous ones must have any.
                return Ok(());
            };
            // Not every encoder knows it, and none depends on it.
            let _ = attributes.SetUINT32(&MF_LOW_LATENCY, 1);
            if attributes.GetUINT32(&MF_TRANSFORM_ASYNC) == Ok(1) {
                attributes
                    .SetUINT32(&MF_TRANSFORM_ASYNC_UNLOCK, 1)
                    .map_err(failed("MF_TRANSFORM_ASYNC_UNLOCK"))?;
                let source = other(&self.transform)
                    .ok_or(TransformFailure::Output("asynchronous without events"))?;
                let queue = EventQueue::new(source, Arc::clone(clock), Arc::clone(&self.runtime))
                    .map_err(|_| TransformFailure::Output("no thread for its events"))?;
                self.events = Events::Queue(queue);
            }
        }
        Ok(())
    }

    fn streams(&mut self) -> Result<(), TransformFailure> {
        let (mut inputs, mut outputs) = ([0], [0]);
        // SAFETY: the slices have room for the one stream of each kind of an encoder.
        match unsafe { self.transform.GetStreamIDs(&mut inputs, &mut outputs) } {
            Ok(()) => [self.input, self.output] = [inputs[0], outputs[0]],
            // Then they are numbered from 0.
            Err(error) if error.code() == E_NOTIMPL => {}
            Err(error) => return Err(failed("GetStreamIDs")(error)),
        }
        Ok(())
    }

    /// Sets a property that the encoder knows; tells whether it does.
    fn set(&self, property: &GUID, value: &VARIANT) -> Result<bool, TransformFailure> {
        let Some(properties) = &self.properties else { return Ok(false) };
        // SAFETY: the pointers are to live values, of which the encoder keeps none.
        unsafe {
            if properties.IsSupported(property).is_err() {
                return Ok(false);
            }
            properties.SetValue(property, value).map_err(failed("ICodecAPI::SetValue"))?;
        }
        Ok(true)
    }

    fn set_properties(&self) -> Result<(), TransformFailure> {
        let constant = number(eAVEncCommonRateControlMode_CBR.0.cast_unsigned());
        self.set(&CODECAPI_AVEncCommonRateControlMode, &constant)?;
        self.set(&CODECAPI_AVEncCommonMeanBitRate, &number(self.bits()))?;
        self.set(&CODECAPI_AVEncMPVDefaultBPictureCount, &number(0))?;
        self.set(&CODECAPI_AVLowLatencyMode, &yes())?;
        // The last one's failure is not one: key pictures that nobody asked for are
        // bits wasted and nothing worse.
        for size in GOP_SIZES {
            if self.set(&CODECAPI_AVEncMPVGOPSize, &number(size)).is_ok() {
                break;
            }
        }
        Ok(())
    }

    const fn bits(&self) -> u32 {
        self.settings.kbps.saturating_mul(1000)
    }

    fn media_type(&self, subtype: &GUID) -> windows::core::Result<IMFMediaType> {
        let MotionSettings { width, height, fps, .. } = self.settings;
        let size = pair(width.next_multiple_of(2), height.next_multiple_of(2));
        let interlace = MFVideoInterlace_Progressive.0.cast_unsigned();
        let kind = self.runtime.media_type()?;
        // SAFETY: the pointers are to constants.
        unsafe {
            kind.SetGUID(&MF_MT_MAJOR_TYPE, &MFMediaType_Video)?;
            kind.SetGUID(&MF_MT_SUBTYPE, subtype)?;
            kind.SetUINT64(&MF_MT_FRAME_SIZE, size)?;
            kind.SetUINT64(&MF_MT_FRAME_RATE, pair(fps.max(1), 1))?;
            kind.SetUINT64(&MF_MT_PIXEL_ASPECT_RATIO, pair(1, 1))?;
            kind.SetUINT32(&MF_MT_INTERLACE_MODE, interlace)?;
            // What the pictures are, so that the stream says so.
            kind.SetUINT32(&MF_MT_VIDEO_NOMINAL_RANGE, MFNominalRange_16_235.0.cast_unsigned())?;
            kind.SetUINT32(&MF_MT_YUV_MATRIX, MFVideoTransferMatrix_BT709.0.cast_unsigned())?;
            kind.SetUINT32(&MF_MT_VIDEO_PRIMARIES, MFVideoPrimaries_BT709.0.cast_unsigned())?;
            kind.SetUINT32(&MF_MT_TRANSFER_FUNCTION, MFVideoTransFunc_709.0.cast_unsigned())?;
        }
        Ok(kind)
    }

    /// Output before input, as encoders want it.
    fn set_types(&mut self) -> Result<(), TransformFailure> {
        let (subtype, profiles): (_, &[i32]) = match self.settings.codec {
            MotionCodec::H264 => (
                &MFVideoFormat_H264,
                // Windows 7 knows only the older name.
                &[eAVEncH264VProfile_ConstrainedBase.0, eAVEncH264VProfile_Base.0],
            ),
            MotionCodec::Hevc => (&MFVideoFormat_HEVC, &[eAVEncH265VProfile_Main_420_8.0]),
        };
        let output = self.media_type(subtype).map_err(failed("MFCreateMediaType"))?;
        let input = self.media_type(&MFVideoFormat_NV12).map_err(failed("MFCreateMediaType"))?;
        let mut outcome = Err(TransformFailure::Output("no profile"));
        for profile in profiles {
            // SAFETY: the pointers are to constants.
            outcome = unsafe {
                output
                    .SetUINT32(&MF_MT_AVG_BITRATE, self.bits())
                    .and_then(|()| output.SetUINT32(&MF_MT_MPEG2_PROFILE, profile.cast_unsigned()))
                    .and_then(|()| self.transform.SetOutputType(self.output, &output, 0))
            }
            .map_err(failed("SetOutputType"));
            if outcome.is_ok() {
                break;
            }
        }
        outcome?;
        // SAFETY: no pointers of ours.
        unsafe { self.transform.SetInputType(self.input, &input, 0) }
            .map_err(failed("SetInputType"))?;
        self.output_size()
    }

    fn output_size(&mut self) -> Result<(), TransformFailure> {
        // SAFETY: no pointers of ours.
        let info = unsafe { self.transform.GetOutputStreamInfo(self.output) }
            .map_err(failed("GetOutputStreamInfo"))?;
        let own = MFT_OUTPUT_STREAM_PROVIDES_SAMPLES.0 | MFT_OUTPUT_STREAM_CAN_PROVIDE_SAMPLES.0;
        let brings = info.dwFlags & own.cast_unsigned() != 0;
        // No picture is larger compressed than it was before.
        let largest = self.settings.width * self.settings.height * 2 + 4096;
        self.output_size = (!brings).then_some(info.cbSize.max(largest));
        Ok(())
    }

    fn sample_of(&self, picture: Nv12<'_>, at: Duration) -> windows::core::Result<IMFSample> {
        let size = u32::try_from(picture.bytes.len()).unwrap_or(u32::MAX);
        let (sample, buffer) = self.runtime.sample(size)?;
        let mut place = std::ptr::null_mut();
        // SAFETY: the buffer has room for the picture's bytes and is locked while they
        // are copied; nobody else knows it yet.
        unsafe {
            buffer.Lock(&raw mut place, None, None)?;
            place.copy_from_nonoverlapping(picture.bytes.as_ptr(), picture.bytes.len());
            buffer.Unlock()?;
            buffer.SetCurrentLength(size)?;
            let time = i64::try_from(at.as_nanos() / 100).unwrap_or(i64::MAX);
            sample.SetSampleTime(time)?;
            let duration = UNITS_PER_SECOND / self.settings.fps.max(1);
            sample.SetSampleDuration(duration.into())?;
        }
        Ok(sample)
    }

    fn append(sample: &IMFSample, out: &mut Vec<u8>) -> windows::core::Result<()> {
        let (mut place, mut length) = (std::ptr::null_mut(), 0);
        // SAFETY: the buffer holds `length` bytes at `place` until it is unlocked.
        unsafe {
            let buffer = sample.ConvertToContiguousBuffer()?;
            buffer.Lock(&raw mut place, None, Some(&raw mut length))?;
            if !place.is_null() {
                out.extend_from_slice(std::slice::from_raw_parts(place, length as usize));
            }
            buffer.Unlock()
        }
    }
}

impl Transform for MediaTransform {
    fn message(&mut self, message: Message) -> Result<(), TransformFailure> {
        let kind = match message {
            Message::BeginStreaming => MFT_MESSAGE_NOTIFY_BEGIN_STREAMING,
            Message::StartOfStream => MFT_MESSAGE_NOTIFY_START_OF_STREAM,
            Message::EndOfStream => MFT_MESSAGE_NOTIFY_END_OF_STREAM,
            Message::Drain => MFT_MESSAGE_COMMAND_DRAIN,
            Message::Flush => MFT_MESSAGE_COMMAND_FLUSH,
            Message::EndStreaming => MFT_MESSAGE_NOTIFY_END_STREAMING,
        };
        // SAFETY: none of these messages takes a pointer; the end of a stream has its
        // number as parameter.
        let told = unsafe { self.transform.ProcessMessage(kind, self.input as usize) };
        match told {
            Ok(()) => {}
            // Notifications that a synchronous transform need not know.
            Err(error)
                if error.code() == E_NOTIMPL
                    && !matches!(message, Message::Drain | Message::Flush) => {}
            Err(error) => return Err(failed("ProcessMessage")(error)),
        }
        if let Events::Synchronous(events) = &mut self.events {
            events.told(message);
        }
        Ok(())
    }

    fn event(&mut self, within: Duration) -> Result<Waited, TransformFailure> {
        match &mut self.events {
            Events::Queue(queue) => queue.wait(within),
            Events::Synchronous(events) => Ok(Waited { event: events.say(), left: within }),
        }
    }

    fn process_input(&mut self, picture: Nv12<'_>, at: Duration) -> Result<(), TransformFailure> {
        let sample = self.sample_of(picture, at).map_err(failed("IMFSample"))?;
        // SAFETY: no pointers of ours.
        unsafe { self.transform.ProcessInput(self.input, &sample, 0) }
            .map_err(failed("ProcessInput"))?;
        if let Events::Synchronous(events) = &mut self.events {
            events.took_input();
        }
        Ok(())
    }

    fn process_output(&mut self, out: &mut Vec<u8>) -> Result<Output, TransformFailure> {
        let ours = match self.output_size {
            Some(size) => Some(self.runtime.sample(size).map_err(failed("IMFSample"))?.0),
            None => None,
        };
        let mut buffers = [MFT_OUTPUT_DATA_BUFFER {
            dwStreamID: self.output,
            pSample: ManuallyDrop::new(ours),
            dwStatus: 0,
            pEvents: ManuallyDrop::new(None),
        }];
        let mut status = 0;
        // SAFETY: one buffer for the one output; references in it are ours afterwards,
        // whether they were before or were put there.
        let (result, sample) = unsafe {
            let result = self.transform.ProcessOutput(0, &mut buffers, &raw mut status);
            let [buffer] = buffers;
            drop(ManuallyDrop::into_inner(buffer.pEvents));
            (result, ManuallyDrop::into_inner(buffer.pSample))
        };
        let output = match result {
            Ok(()) => {
                let sample = sample.ok_or(TransformFailure::Output("no sample"))?;
                Self::append(&sample, out).map_err(failed("IMFMediaBuffer"))?;
                Output::Sample
            }
            Err(error) => match error.code().0.cast_unsigned() {
                NEED_MORE_INPUT => Output::NeedMoreInput,
                STREAM_CHANGE => Output::StreamChange,
                _ => return Err(failed("ProcessOutput")(error)),
            },
        };
        if let Events::Synchronous(events) = &mut self.events {
            events.gave(output);
        }
        Ok(output)
    }

    fn agree_on_output(&mut self) -> Result<(), TransformFailure> {
        // SAFETY: no pointers of ours.
        unsafe {
            self.transform
                .GetOutputAvailableType(self.output, 0)
                .and_then(|offered| self.transform.SetOutputType(self.output, &offered, 0))
        }
        .map_err(failed("SetOutputType"))?;
        self.output_size()
    }

    fn force_key(&mut self) -> Result<(), TransformFailure> {
        if self.set(&CODECAPI_AVEncVideoForceKeyFrame, &number(1))? {
            Ok(())
        } else {
            Err(TransformFailure::Output("it makes no key picture on demand"))
        }
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<RateChange, TransformFailure> {
        let before = self.settings;
        self.settings = MotionSettings { kbps, fps, ..before };
        match self.set(&CODECAPI_AVEncCommonMeanBitRate, &number(self.bits())) {
            Ok(true) => Ok(RateChange::Done),
            Err(lost @ TransformFailure::DeviceLost { .. }) => Err(lost),
            // Known but not while it runs, or not known at all.
            Ok(false) | Err(_) => Ok(RateChange::NeedsRestart),
        }
    }

    fn configure(&mut self, kbps: u32, fps: u32) -> Result<(), TransformFailure> {
        self.settings = MotionSettings { kbps, fps, ..self.settings };
        self.set_properties()?;
        self.set_types()
    }

    fn sequence_header(&self) -> Vec<u8> {
        // SAFETY: the slice has the size that was asked for.
        unsafe {
            let Ok(kind) = self.transform.GetOutputCurrentType(self.output) else {
                return Vec::new();
            };
            let Ok(size) = kind.GetBlobSize(&MF_MT_MPEG_SEQUENCE_HEADER) else {
                return Vec::new();
            };
            let mut header = vec![0; size as usize];
            match kind.GetBlob(&MF_MT_MPEG_SEQUENCE_HEADER, &mut header, None) {
                Ok(()) => header,
                Err(_) => Vec::new(),
            }
        }
    }

    fn shutdown(&mut self) {
        // Asynchronous transforms have to be shut down, or they and the thread that
        // listens to them stay for ever. Nobody could do anything about a failure.
        // SAFETY: no pointers; nothing is called afterwards.
        unsafe {
            if let Some(shutdown) = other::<IMFShutdown>(&self.transform) {
                let _ = shutdown.Shutdown();
            }
            let _ = self.activate.ShutdownObject();
        }
        if let Events::Synchronous(events) = &mut self.events {
            events.told(Message::Flush);
        }
    }
}
