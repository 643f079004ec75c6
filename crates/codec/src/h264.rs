//! H.264 by OpenH264. Colours are BT.709, limited range, as the stream says.

use std::ffi::c_int;
use std::time::Duration;

use gc_video::{
    EncodeFailure, Encoded, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    PictureView,
};
use openh264::OpenH264API;
use openh264::decoder::{DecodeOptions, Decoder, DecoderConfig, Flush};
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile,
    QpRange, RateControlMode, UsageType, VuiConfig,
};
use openh264::formats::{YUVSlices, YUVSource};
use openh264_sys2::{
    ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE, ENCODER_OPTION_MAX_BITRATE,
    ENCODER_OPTION_TRACE_LEVEL, SBitrateInfo, SPATIAL_LAYER_0, SPATIAL_LAYER_ALL,
};
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

use crate::sps::{BASELINE, SpsError, check_access_unit, unit_facts};

const NAME: &str = "OpenH264";
/// OpenH264 takes no longer side.
const LONG_SIDE: u32 = 3840;
/// OpenH264 takes no other side longer than this.
const SHORT_SIDE: u32 = 2160;
const SHORTEST_SIDE: u32 = 16;
/// OpenH264 refuses less than one bit a picture; less than this shows nothing.
const LEAST_KBPS: u32 = 16;
/// `MaxBR` of level 5.2, the highest that the library knows.
const MOST_KBPS: u32 = 240_000;
/// OpenH264 reckons with no more pictures per second.
const MOST_FPS: u32 = 60;

const fn fits(width: u32, height: u32) -> bool {
    let (long, short) = if width > height { (width, height) } else { (height, width) };
    long <= LONG_SIDE && short <= SHORT_SIDE && short >= SHORTEST_SIDE
}

/// Opens software encoders.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenH264Factory;

impl MotionEncoderFactory for OpenH264Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codecs(&self) -> &[MotionCodec] {
        &[MotionCodec::H264]
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        codec == MotionCodec::H264 && fits(width, height)
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let MotionSettings { codec, width, height, .. } = settings;
        if !self.accepts(codec, width, height) {
            return Err(EncodeFailure::Open(format!("{codec:?} {width}x{height} is not possible")));
        }
        Ok(Box::new(OpenH264Encoder::new(settings)?))
    }
}

/// One stream of the software encoder.
pub struct OpenH264Encoder {
    encoder: Encoder,
    /// What the encoder has, or starts with.
    settings: MotionSettings,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
    tail: Vec<u8>,
    started: bool,
}

fn failed(error: openh264::Error) -> EncodeFailure {
    EncodeFailure::Encode(error.to_string())
}

/// What the library takes, and what makes sense.
fn bounded(settings: MotionSettings) -> MotionSettings {
    MotionSettings {
        kbps: settings.kbps.clamp(LEAST_KBPS, MOST_KBPS),
        fps: settings.fps.clamp(1, MOST_FPS),
        ..settings
    }
}

/// An encoder that starts with its next picture, which is a key picture.
fn create(settings: MotionSettings) -> Result<Encoder, EncodeFailure> {
    let config = EncoderConfig::new()
        // Not the screen mode: that one insists on detecting scene changes, and
        // answers each with a key picture. Scrolling and text, which it is for,
        // come here only as part of something that moves.
        .usage_type(UsageType::CameraVideoRealTime)
        .profile(Profile::Baseline)
        .rate_control_mode(RateControlMode::Bitrate)
        .bitrate(BitRate::from_bps(settings.kbps * 1000))
        .max_frame_rate(FrameRate::from_hz(settings.fps as f32))
        .complexity(Complexity::Low)
        .qp(QpRange::new(12, 51))
        // A frame that was captured is sent: pacing happens before capture.
        .skip_frames(false)
        // Neither periodic key pictures nor any by the encoder's own choice.
        .intra_frame_period(IntraFramePeriod::from_num_frames(0))
        .scene_change_detect(false)
        .adaptive_quantization(false)
        .background_detection(false)
        .num_threads(1)
        .vui(VuiConfig::bt709());
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| EncodeFailure::Open(error.to_string()))?;
    let mut quiet: c_int = 0;
    #[expect(unsafe_code, reason = "the safe interface silences the library too late")]
    // SAFETY: this option may be set before initialisation, takes a pointer to an
    // int, and does not keep it.
    let result = unsafe {
        encoder.raw_api().set_option(ENCODER_OPTION_TRACE_LEVEL, (&raw mut quiet).cast())
    };
    if result != 0 {
        return Err(EncodeFailure::Open(format!("log level refused: {result}")));
    }
    Ok(encoder)
}

/// Changes the rate of an encoder that has encoded, and tells whether it took all of
/// it. Where not, it is at some rate between.
fn change_rate(encoder: &mut Encoder, settings: MotionSettings) -> bool {
    let bits = (settings.kbps * 1000).cast_signed();
    let mut now = SBitrateInfo { iLayer: SPATIAL_LAYER_0, iBitrate: 0 };
    #[expect(unsafe_code, reason = "the safe interface cannot tell a rate")]
    // SAFETY: the encoder is initialised, since it has encoded; the option writes to
    // a live value of the type that codec_api.h asks for, and does not keep it.
    let asked =
        unsafe { encoder.raw_api().get_option(ENCODER_OPTION_BITRATE, (&raw mut now).cast()) };
    if asked != 0 {
        return false;
    }
    // The target may at no moment be above the most: first the most makes room for
    // both targets, last it comes down to the new one.
    let mut room = SBitrateInfo { iLayer: SPATIAL_LAYER_0, iBitrate: now.iBitrate.max(bits) };
    let mut target = SBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: bits };
    let mut most = SBitrateInfo { iLayer: SPATIAL_LAYER_0, iBitrate: bits };
    let mut hertz = settings.fps as f32;
    let steps = [
        (ENCODER_OPTION_MAX_BITRATE, (&raw mut room).cast()),
        (ENCODER_OPTION_BITRATE, (&raw mut target).cast()),
        (ENCODER_OPTION_MAX_BITRATE, (&raw mut most).cast()),
        (ENCODER_OPTION_FRAME_RATE, (&raw mut hertz).cast()),
    ];
    #[expect(unsafe_code, reason = "the safe interface cannot change a rate")]
    // SAFETY: as above; each option gets a pointer to a live value of the type that
    // codec_api.h asks for, and keeps none of them.
    let results = unsafe {
        let api = encoder.raw_api();
        steps.map(|(option, value)| api.set_option(option, value))
    };
    results == [0; 4]
}

impl OpenH264Encoder {
    /// A new stream; its first picture is a key picture.
    pub fn new(settings: MotionSettings) -> Result<Self, EncodeFailure> {
        let settings = bounded(settings);
        let encoder = create(settings)?;
        let (width, height) = even(settings.width, settings.height);
        Ok(Self {
            encoder,
            settings,
            y: vec![0; width * height],
            u: vec![128; width / 2 * (height / 2)],
            v: vec![128; width / 2 * (height / 2)],
            tail: Vec::new(),
            started: false,
        })
    }

    /// The next picture is a key picture.
    fn start_over(&mut self, settings: MotionSettings) -> Result<(), EncodeFailure> {
        self.encoder = create(settings)?;
        self.settings = settings;
        self.started = false;
        Ok(())
    }

    fn convert(&mut self, picture: &PictureView<'_>) -> Result<(), EncodeFailure> {
        let (width, height) = even(picture.width, picture.height);
        // The converter wants whole strides, which the last row of a crop may not
        // have: the last one or two rows go through a buffer.
        let body = whole_rows(picture.height);
        let tail = picture.height - body;
        let row = picture.width as usize * 4;
        self.tail.clear();
        for y in body..picture.height {
            self.tail.extend_from_slice(picture.row(0, y, picture.width));
        }
        let (luma, chroma) = (body as usize * width, body as usize / 2 * (width / 2));
        let (y, u, v) = (&mut self.y, &mut self.u, &mut self.v);
        let (y, y_tail) = y.split_at_mut(luma);
        let (u, u_tail) = u.split_at_mut(chroma);
        let (v, v_tail) = v.split_at_mut(chroma);
        let pixels = picture.pixels.get(..body as usize * picture.stride).unwrap_or_default();
        let y_tail = &mut y_tail[..tail as usize * width];
        let size = (picture.width, body);
        to_planes([y, u, v], size, pixels, picture.stride)?;
        to_planes([y_tail, u_tail, v_tail], (picture.width, tail), &self.tail, row)?;
        // Odd sizes: the padding repeats the edge, which costs the fewest bits.
        if picture.width % 2 == 1 {
            for row in self.y.chunks_exact_mut(width) {
                row[width - 1] = row[width - 2];
            }
        }
        if picture.height % 2 == 1 {
            let last = width * (height - 1);
            self.y.copy_within(last - width..last, last);
        }
        Ok(())
    }
}

/// All rows but the last one or two, whose number is even.
const fn whole_rows(height: u32) -> u32 {
    height.saturating_sub(1) / 2 * 2
}

fn to_planes(
    planes: [&mut [u8]; 3],
    (width, height): (u32, u32),
    pixels: &[u8],
    stride: usize,
) -> Result<(), EncodeFailure> {
    let [y, u, v] = planes;
    let mut planes = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: width.next_multiple_of(2),
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: width.div_ceil(2),
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: width.div_ceil(2),
        width,
        height,
    };
    yuv::bgra_to_yuv420(
        &mut planes,
        pixels,
        u32::try_from(stride).unwrap_or(u32::MAX),
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        YuvConversionMode::Balanced,
    )
    .map_err(|error| EncodeFailure::Encode(error.to_string()))
}

const fn even(width: u32, height: u32) -> (usize, usize) {
    (width.next_multiple_of(2) as usize, height.next_multiple_of(2) as usize)
}

impl MotionEncoder for OpenH264Encoder {
    fn name(&self) -> Option<&str> {
        Some(NAME)
    }

    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure> {
        if (picture.width, picture.height) != (self.settings.width, self.settings.height)
            || picture.check().is_err()
        {
            return Err(EncodeFailure::Encode("picture of another size".to_owned()));
        }
        self.convert(&picture)?;
        if key && self.started {
            self.encoder.force_intra_frame();
        }
        let (width, height) = even(picture.width, picture.height);
        let planes = YUVSlices::new(
            (&self.y, &self.u, &self.v),
            (width, height),
            (width, width / 2, width / 2),
        );
        let millis = u64::try_from(at.as_millis()).unwrap_or(0) & (u64::MAX >> 2);
        let stream = self
            .encoder
            .encode_at(&planes, openh264::Timestamp::from_millis(millis))
            .map_err(failed)?;
        self.started = true;
        stream.write_vec(out);
        match stream.frame_type() {
            FrameType::IDR => Ok(Encoded { key: true }),
            FrameType::I | FrameType::P => Ok(Encoded { key: false }),
            FrameType::Skip | FrameType::Invalid | FrameType::IPMixed => {
                Err(EncodeFailure::Output("no picture"))
            }
        }
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        let settings = bounded(MotionSettings { kbps, fps, ..self.settings });
        if settings == self.settings {
            return Ok(());
        }
        // The library takes its rates over with the first picture: before it, only
        // another encoder has another rate. The same helps where a running one
        // refuses, at the cost of a key picture.
        if self.started && change_rate(&mut self.encoder, settings) {
            self.settings = settings;
            return Ok(());
        }
        self.start_over(settings)
    }
}

fn to_pixels(
    planes: &YuvPlanarImage<'_, u8>,
    out: &mut [u8],
    stride: usize,
) -> Result<(), DecodeFailure> {
    let stride = u32::try_from(stride).unwrap_or(u32::MAX);
    yuv::yuv420_to_bgra(planes, out, stride, YuvRange::Limited, YuvStandardMatrix::Bt709)
        .map_err(|error| DecodeFailure::Decode(error.to_string()))
}

/// Why an access unit could not be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFailure {
    /// The decoder could not be set up.
    #[error("decoder could not be opened: {0}")]
    Open(String),
    /// Refused before the decoder saw it.
    #[error(transparent)]
    Refused(#[from] SpsError),
    /// A stream has to start with a key picture.
    #[error("stream does not start with a key picture")]
    NoKey,
    /// The decoder failed.
    #[error("decoder failed: {0}")]
    Decode(String),
    /// No picture came out, or one of another size.
    #[error("access unit holds no picture of the right size")]
    NoPicture,
}

/// Decodes one stream of pictures of one size.
pub struct OpenH264Decoder {
    decoder: Decoder,
    width: u32,
    height: u32,
    tail: Vec<u8>,
    started: bool,
    /// The stream is of a profile in which the library keeps pictures back.
    holds_back: bool,
}

impl OpenH264Decoder {
    /// For pictures of this size, within what any encoder of ours makes.
    pub fn new(width: u32, height: u32) -> Result<Self, DecodeFailure> {
        if !fits(width, height) {
            return Err(SpsError::Size(width, height).into());
        }
        let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| DecodeFailure::Open(error.to_string()))?;
        Ok(Self { decoder, width, height, tail: Vec::new(), started: false, holds_back: false })
    }

    /// Decodes one access unit and writes its picture as B G R X to `out`, rows
    /// `stride` bytes apart.
    pub fn decode(
        &mut self,
        unit: &[u8],
        out: &mut [u8],
        stride: usize,
    ) -> Result<(), DecodeFailure> {
        let has_parameters = check_access_unit(unit, self.width, self.height)?;
        if !self.started && !has_parameters {
            return Err(DecodeFailure::NoKey);
        }
        if has_parameters {
            let sequence = unit_facts(unit).and_then(|facts| facts.sequence);
            self.holds_back = sequence.is_some_and(|sequence| sequence.profile != BASELINE);
        }
        // Above baseline the library keeps pictures back for order's sake, although
        // ours come in order; it hands them out when asked to.
        let flush = if self.holds_back { Flush::Flush } else { Flush::NoFlush };
        let picture = self
            .decoder
            .decode_with_options(unit, DecodeOptions::new().flush_after_decode(flush))
            .map_err(|error| DecodeFailure::Decode(error.to_string()))?
            .ok_or(DecodeFailure::NoPicture)?;
        let (width, height) = picture.dimensions();
        if (width, height) != even(self.width, self.height) {
            return Err(DecodeFailure::NoPicture);
        }
        let strides = picture.strides();
        let body = whole_rows(self.height);
        let tail = self.height - body;
        let row = self.width as usize * 4;
        let rows = |first: u32, count: u32| {
            let (first, count) = (first as usize, count as usize);
            let luma = first * strides.0..(first + count) * strides.0;
            let (from, to) = (first / 2, first / 2 + count.div_ceil(2));
            Some(YuvPlanarImage {
                y_plane: picture.y().get(luma)?,
                y_stride: strides.0 as u32,
                u_plane: picture.u().get(from * strides.1..to * strides.1)?,
                u_stride: strides.1 as u32,
                v_plane: picture.v().get(from * strides.2..to * strides.2)?,
                v_stride: strides.2 as u32,
                width: self.width,
                height: count as u32,
            })
        };
        let upper = rows(0, body).ok_or(DecodeFailure::NoPicture)?;
        let lower = rows(body, tail).ok_or(DecodeFailure::NoPicture)?;
        let split = (body as usize * stride).min(out.len());
        let (above, below) = out.split_at_mut(split);
        self.tail.resize(tail as usize * row, 0);
        to_pixels(&upper, above, stride)?;
        to_pixels(&lower, &mut self.tail, row)?;
        for (to, from) in below.chunks_mut(stride.max(1)).zip(self.tail.chunks_exact(row)) {
            to.get_mut(..row).ok_or(DecodeFailure::NoPicture)?.copy_from_slice(from);
        }
        self.started = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_started_over_can_still_be_decoded() {
        let settings =
            MotionSettings { codec: MotionCodec::H264, width: 34, height: 21, kbps: 500, fps: 30 };
        let mut encoder = OpenH264Encoder::new(settings).unwrap();
        let mut decoder = OpenH264Decoder::new(34, 21).unwrap();
        let stride = 34 * 4;
        let mut shown = vec![0; stride * 21];
        for step in 0..9_u8 {
            if step % 4 == 3 {
                encoder.start_over(MotionSettings { kbps: 300, ..settings }).unwrap();
            }
            let pixels = vec![40 + step * 20; stride * 21];
            let view = PictureView { width: 34, height: 21, stride, pixels: &pixels };
            let mut unit = Vec::new();
            let made = encoder.encode(view, false, Duration::ZERO, &mut unit).unwrap();
            assert_eq!(made.key, step == 0 || step % 4 == 3);
            decoder.decode(&unit, &mut shown, stride).unwrap();
            assert!(shown[..3].iter().all(|value| value.abs_diff(pixels[0]) < 6), "{step}");
        }
    }
}
