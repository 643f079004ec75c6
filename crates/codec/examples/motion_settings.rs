//! Compares settings of OpenH264 on 720p video with grain: bytes, likeness, CPU.
//!
//! `cargo run -p gc-codec --example motion_settings [pictures] [kbit/s]`. CPU is user
//! and system time of the whole process from `/proc/self/stat`, so Linux only.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::ffi::c_int;
use std::ptr;
use std::time::Duration;

use gc_codec::OpenH264Decoder;
use openh264_sys2::source::APILoader;
use openh264_sys2::{
    API, CAMERA_VIDEO_REAL_TIME, CONSTANT_ID, ENCODER_OPTION_TRACE_LEVEL, HIGH_COMPLEXITY,
    ISVCEncoder, LOW_COMPLEXITY, MEDIUM_COMPLEXITY, PRO_BASELINE, PRO_MAIN, RC_BITRATE_MODE,
    RC_QUALITY_MODE, RC_TIMESTAMP_MODE, SCREEN_CONTENT_REAL_TIME, SEncParamExt, SFrameBSInfo,
    SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, SSourcePicture, videoFormatI420,
};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
const ROOM: usize = 320;
/// Every so many pictures are compared with what was decoded.
const COMPARED: usize = 5;

/// xorshift, so that each run has the same pictures.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// The film of `cargo xtask bench session --workload video`.
struct Film {
    texture: Vec<u8>,
    grain: Vec<u8>,
    numbers: Numbers,
    angle: f32,
}

impl Film {
    fn new() -> Self {
        let (width, height) = (WIDTH + ROOM, HEIGHT + ROOM);
        let mut texture = Vec::with_capacity(width * height * 4);
        for y in 0..height {
            for x in 0..width {
                let (fx, fy) = (x as f32, y as f32);
                let slow = (fx / 97.0).sin() * (fy / 71.0).cos();
                let fast = ((fx + fy) / 13.0).sin() * ((fx - fy * 0.7) / 9.0).cos();
                let edge = if (x / 160 + y / 120).is_multiple_of(2) { 24.0 } else { -24.0 };
                let shade = |base: f32, wave: f32| (base + wave).clamp(0.0, 255.0) as u8;
                texture.extend_from_slice(&[
                    shade(120.0, slow * 70.0 + fast * 18.0 - edge),
                    shade(128.0, slow * 50.0 + fast * 26.0 + edge),
                    shade(110.0, -slow * 60.0 + fast * 22.0 + edge),
                    255,
                ]);
            }
        }
        let mut numbers = Numbers(7);
        let grain = (0..WIDTH * 64 * 4).map(|_| (numbers.next() >> 13) as u8 % 7).collect();
        Self { texture, grain, numbers: Numbers(99), angle: 0.0 }
    }

    fn next(&mut self) -> Vec<u8> {
        let mut frame = vec![0_u8; WIDTH * HEIGHT * 4];
        self.angle += 0.02;
        let move_by = |wave: f32| (ROOM as f32 / 2.0 * (1.0 + wave)) as usize;
        let (left, top) = (move_by(self.angle.sin()), move_by((self.angle * 0.7).cos()));
        let stride = (WIDTH + ROOM) * 4;
        for (y, row) in frame.chunks_exact_mut(WIDTH * 4).enumerate() {
            let start = (top + y) * stride + left * 4;
            let offset = self.numbers.next() as usize % (WIDTH * 63 * 4);
            let source = &self.texture[start..start + row.len()];
            for ((pixel, source), noise) in row.iter_mut().zip(source).zip(&self.grain[offset..]) {
                *pixel = source.saturating_add(*noise);
            }
        }
        frame
    }
}

struct Planes {
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

fn planes(pixels: &[u8]) -> Planes {
    let quarter = WIDTH * HEIGHT / 4;
    let mut out = Planes { y: vec![0; WIDTH * HEIGHT], u: vec![0; quarter], v: vec![0; quarter] };
    let mut image = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(&mut out.y),
        y_stride: WIDTH as u32,
        u_plane: BufferStoreMut::Borrowed(&mut out.u),
        u_stride: WIDTH as u32 / 2,
        v_plane: BufferStoreMut::Borrowed(&mut out.v),
        v_stride: WIDTH as u32 / 2,
        width: WIDTH as u32,
        height: HEIGHT as u32,
    };
    let mode = YuvConversionMode::Balanced;
    let stride = WIDTH as u32 * 4;
    yuv::bgra_to_yuv420(
        &mut image,
        pixels,
        stride,
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        mode,
    )
    .unwrap();
    out
}

/// User and system time of this process.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

struct Encoder(*mut ISVCEncoder);

impl Encoder {
    fn new(change: impl Fn(&mut SEncParamExt), kbps: i32) -> Self {
        let mut raw: *mut ISVCEncoder = ptr::null_mut();
        let mut quiet: c_int = 0;
        let mut parameters = SEncParamExt::default();
        #[expect(unsafe_code, reason = "the library's own interface")]
        // SAFETY: as codec_api.h asks: created, asked for defaults, initialised; all
        // pointers are to live values of the right type.
        unsafe {
            assert_eq!(APILoader::new().WelsCreateSVCEncoder(&raw mut raw), 0);
            let table = &**raw;
            assert_eq!(table.GetDefaultParams.unwrap()(raw, &raw mut parameters), 0);
            table.SetOption.unwrap()(raw, ENCODER_OPTION_TRACE_LEVEL, (&raw mut quiet).cast());
            parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
            parameters.iPicWidth = WIDTH as i32;
            parameters.iPicHeight = HEIGHT as i32;
            parameters.iTargetBitrate = kbps * 1000;
            parameters.iRCMode = RC_BITRATE_MODE;
            parameters.fMaxFrameRate = 30.0;
            parameters.iComplexityMode = LOW_COMPLEXITY;
            parameters.uiIntraPeriod = 0;
            parameters.eSpsPpsIdStrategy = CONSTANT_ID;
            parameters.bEnableFrameSkip = false;
            parameters.iMinQp = 12;
            parameters.iMaxQp = 51;
            parameters.iMultipleThreadIdc = 1;
            parameters.bEnableBackgroundDetection = false;
            parameters.bEnableAdaptiveQuant = false;
            parameters.bEnableSceneChangeDetect = false;
            let layer = &mut parameters.sSpatialLayers[0];
            layer.iVideoWidth = WIDTH as i32;
            layer.iVideoHeight = HEIGHT as i32;
            layer.fFrameRate = 30.0;
            layer.iSpatialBitrate = kbps * 1000;
            layer.iMaxSpatialBitrate = kbps * 1000;
            layer.uiProfileIdc = PRO_BASELINE;
            layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
            layer.sSliceArgument.uiSliceNum = 1;
            change(&mut parameters);
            assert_eq!(table.InitializeExt.unwrap()(raw, &raw const parameters), 0);
        }
        Self(raw)
    }

    fn encode(&mut self, planes: &Planes, at: usize) -> Vec<u8> {
        let (width, height) = (WIDTH as i32, HEIGHT as i32);
        let mut picture = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [width, width / 2, width / 2, 0],
            iPicWidth: width,
            iPicHeight: height,
            uiTimeStamp: at as i64 * 33,
            ..SSourcePicture::default()
        };
        for (to, from) in picture.pData.iter_mut().zip([&planes.y, &planes.u, &planes.v]) {
            *to = from.as_ptr().cast_mut();
        }
        let mut info = SFrameBSInfo::default();
        let mut out = Vec::new();
        #[expect(unsafe_code, reason = "the library's own interface")]
        // SAFETY: the encoder is initialised; the planes live through the call and are
        // only read; the layers point to what the encoder holds until its next call.
        unsafe {
            let table = &**self.0;
            let made = table.EncodeFrame.unwrap()(self.0, &raw const picture, &raw mut info);
            assert_eq!(made, 0);
            for layer in &info.sLayerInfo[..info.iLayerNum as usize] {
                let lengths =
                    std::slice::from_raw_parts(layer.pNalLengthInByte, layer.iNalCount as usize);
                let bytes = lengths.iter().sum::<i32>() as usize;
                out.extend_from_slice(std::slice::from_raw_parts(layer.pBsBuf, bytes));
            }
        }
        out
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "the library's own interface")]
        // SAFETY: initialised once, ended once.
        unsafe {
            (**self.0).Uninitialize.unwrap()(self.0);
            APILoader::new().WelsDestroySVCEncoder(self.0);
        }
    }
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let pixels = a.chunks_exact(4).zip(b.chunks_exact(4));
    let squares: u64 = pixels
        .flat_map(|(a, b)| a.iter().zip(b).take(3))
        .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
        .sum();
    10.0 * (255.0 * 255.0 / (squares as f64 / (a.len() as f64 * 0.75))).log10()
}

type Change = fn(&mut SEncParamExt);

const CASES: &[(&str, Change)] = &[
    ("camera, low, CAVLC (base)", |_| ()),
    ("main profile, CABAC", |p| cabac(p)),
    ("medium complexity", |p| p.iComplexityMode = MEDIUM_COMPLEXITY),
    ("high complexity", |p| p.iComplexityMode = HIGH_COMPLEXITY),
    ("CABAC, medium", |p| {
        cabac(p);
        p.iComplexityMode = MEDIUM_COMPLEXITY;
    }),
    ("rate mode: quality", |p| p.iRCMode = RC_QUALITY_MODE),
    ("rate mode: timestamp", |p| p.iRCMode = RC_TIMESTAMP_MODE),
    ("fix overshoot", |p| p.bFixRCOverShoot = true),
    ("first picture 8 x an average one", |p| p.iIdrBitrateRatio = 800),
    ("first picture 2 x an average one", |p| p.iIdrBitrateRatio = 200),
    ("background detection", |p| p.bEnableBackgroundDetection = true),
    ("adaptive quantisation", |p| p.bEnableAdaptiveQuant = true),
    ("denoise", |p| p.bEnableDenoise = true),
    ("no loop filter", |p| p.iLoopFilterDisableIdc = 1),
    ("loop filter -2/-2", |p| {
        p.iLoopFilterAlphaC0Offset = -2;
        p.iLoopFilterBetaOffset = -2;
    }),
    ("long-term reference", |p| {
        p.bEnableLongTermReference = true;
        p.iLTRRefNum = 1;
        p.iLtrMarkPeriod = 30;
    }),
    ("screen content", |p| p.iUsageType = SCREEN_CONTENT_REAL_TIME),
    ("2 threads, 2 slices", |p| slices(p, 2)),
    ("CABAC, 2 threads, 2 slices", |p| {
        cabac(p);
        slices(p, 2);
    }),
    ("CABAC, denoise", |p| {
        cabac(p);
        p.bEnableDenoise = true;
    }),
];

fn cabac(parameters: &mut SEncParamExt) {
    parameters.iEntropyCodingModeFlag = 1;
    parameters.sSpatialLayers[0].uiProfileIdc = PRO_MAIN;
}

fn slices(parameters: &mut SEncParamExt, count: u16) {
    parameters.iMultipleThreadIdc = count;
    parameters.sSpatialLayers[0].sSliceArgument.uiSliceMode = SM_FIXEDSLCNUM_SLICE;
    parameters.sSpatialLayers[0].sSliceArgument.uiSliceNum = u32::from(count);
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let pictures = arguments.next().unwrap_or(90);
    let kbps = arguments.next().unwrap_or(8000) as i32;
    let mut film = Film::new();
    let mut sources = Vec::new();
    let mut samples = Vec::new();
    for at in 0..pictures {
        let pixels = film.next();
        sources.push(planes(&pixels));
        if at % COMPARED == 0 {
            samples.push(pixels);
        }
    }
    println!("{pictures} pictures of {WIDTH}x{HEIGHT}, aim {kbps} kbit/s at 30 Hz");
    println!(
        "| settings | kbit/s | worst second / aim | first picture kB | PSNR dB mean / least | keys | encode ms | decode ms |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, change) in CASES {
        let mut encoder = Encoder::new(change, kbps);
        let before = cpu();
        let units: Vec<Vec<u8>> =
            sources.iter().enumerate().map(|(at, planes)| encoder.encode(planes, at)).collect();
        let encode = cpu().saturating_sub(before);
        let mut decoder = OpenH264Decoder::new(WIDTH as u32, HEIGHT as u32).unwrap();
        let mut shown = vec![0_u8; WIDTH * HEIGHT * 4];
        let mut likeness = Vec::new();
        let mut decode = Duration::ZERO;
        let mut problem = None;
        for (at, unit) in units.iter().enumerate() {
            let before = cpu();
            if let Err(error) = decoder.decode(unit, &mut shown, WIDTH * 4) {
                problem.get_or_insert_with(|| format!("picture {at}: {error}"));
            }
            decode += cpu().saturating_sub(before);
            if at % COMPARED == 0 {
                likeness.push(psnr(&samples[at / COMPARED], &shown));
            }
        }
        let bits = |units: &[Vec<u8>]| units.iter().map(Vec::len).sum::<usize>() as f64 * 8.0;
        let seconds = pictures as f64 / 30.0;
        let worst = units.windows(30.min(pictures)).skip(1).map(bits).fold(0.0, f64::max);
        let keys = units.iter().filter(|unit| unit.len() > 4 && unit[4] & 0x1F == 7).count();
        let mean = likeness.iter().sum::<f64>() / likeness.len() as f64;
        let least = likeness.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "| {name} | {:.0} | {:.2} | {:.0} | {mean:.1} / {least:.1} | {keys} | {:.1} | {:.1} |{}",
            bits(&units) / seconds / 1000.0,
            worst / (f64::from(kbps) * 1000.0),
            units[0].len() as f64 / 1000.0,
            encode.as_secs_f64() * 1000.0 / pictures as f64,
            decode.as_secs_f64() * 1000.0 / pictures as f64,
            problem.map(|text| format!(" {text}")).unwrap_or_default(),
        );
    }
}
