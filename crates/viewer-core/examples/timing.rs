//! Prints how long the steps of the picture take on this machine.
//!
//! `cargo run -p gc-viewer-core --example timing [name [kbps]]`, where only what has
//! `name` in its name is done, and motion has that rate; the pixel crates are optimised
//! in the development profile, too.

use std::time::Duration;

use gc_codec::{OpenH264Factory, TileEncoder};
use gc_proto::v2::{
    Frame, FrameAck, VideoCodec, VideoFeedback, ViewerCapabilities, operation, video_feedback,
    video_message,
};
use gc_video::host::{HostConfig, Step, VideoHost};
use gc_video::{PictureView, PixelRect};
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

struct Bench {
    host: VideoHost,
    decoder: Decoder,
    pixels: Vec<u8>,
    now: Duration,
    seed: u64,
    film: Vec<u8>,
}

/// Something like a photograph, B G R.
fn texture(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = (x as f32, y as f32);
            let slow = (fx / 97.0).sin() * (fy / 71.0).cos();
            let fast = ((fx + fy) / 13.0).sin() * ((fx - fy * 0.7) / 9.0).cos();
            let edge = if (x / 160 + y / 120).is_multiple_of(2) { 24.0 } else { -24.0 };
            pixels.extend([
                (120.0 + slow * 70.0 + fast * 18.0 - edge) as u8,
                (128.0 + slow * 50.0 + fast * 26.0 + edge) as u8,
                (110.0 - slow * 60.0 + fast * 22.0 + edge) as u8,
            ]);
        }
    }
    pixels
}

#[derive(Default)]
struct Sum {
    encode: Vec<Duration>,
    decode: Vec<Duration>,
    bytes: usize,
    kinds: [Kind; 5],
}

/// Operations of one kind.
#[derive(Default, Clone, Copy)]
struct Kind {
    count: usize,
    bytes: usize,
    pixels: u64,
}

const KINDS: [&str; 5] = ["copy", "fill", "tile", "h264", "h264 key"];

impl Sum {
    fn add(&mut self, frame: &Frame) {
        for operation in &frame.operations {
            let (kind, bytes) = match &operation.draw {
                Some(operation::Draw::Copy(_)) => (0, 0),
                Some(operation::Draw::Fill(_)) => (1, 0),
                Some(operation::Draw::Tile(tile)) => (2, tile.data.len()),
                Some(operation::Draw::H264(unit)) => {
                    (3 + usize::from(unit.key), unit.access_unit.len())
                }
                Some(operation::Draw::Hevc(_)) | None => continue,
            };
            let rect = operation.rect.unwrap_or_default();
            if let Some(sum) = self.kinds.get_mut(kind) {
                sum.count += 1;
                sum.bytes += bytes;
                sum.pixels += u64::from(rect.width) * u64::from(rect.height);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let tiles = Box::new(TileEncoder::new()?);
        let mut config = HostConfig::default();
        if let Some(kbps) = std::env::args().nth(2).and_then(|kbps| kbps.parse().ok()) {
            let preset = gc_proto::v2::Preset::Custom.into();
            config.settings = gc_proto::v2::VideoSettings { preset, fps: 60, kbps, hevc: false };
        }
        let mut host = VideoHost::new(config, tiles, Box::new(OpenH264Factory));
        let now = Duration::from_secs(1);
        host.set_surface(WIDTH, HEIGHT, 1, now)?;
        let codecs = vec![VideoCodec::H264.into()];
        host.join(
            1,
            &ViewerCapabilities { codecs, max_width: 0, max_height: 0, scaled_motion: true },
        );
        let decoder = Decoder::new(DecoderLimits::default())?;
        let pixels = vec![0xF0; (WIDTH * HEIGHT * 4) as usize];
        Ok(Self { host, decoder, pixels, now, seed: 1, film: Vec::new() })
    }

    fn random(&mut self) -> u32 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.seed >> 33) as u32
    }

    fn text(&mut self, rect: PixelRect) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let glyph = y % 18 < 12 && x % 9 < 7;
                let color = if glyph && self.random() % 10 < 3 { 0x20 } else { 0xF8 };
                let at = ((y * WIDTH + x) * 4) as usize;
                self.pixels[at..at + 3].fill(color);
            }
        }
    }

    /// Waves, edges and grain, as a film has them.
    fn video(&mut self, rect: PixelRect, step: u32) {
        let angle = step as f32 * 0.02;
        let (left, top) = (160.0 * (1.0 + angle.sin()), 160.0 * (1.0 + (angle * 0.7).cos()));
        let (left, top) = (left as u32, top as u32);
        let (width, height) = (rect.width + 320, rect.height + 320);
        if self.film.len() != (width * height * 3) as usize {
            self.film = texture(width, height);
        }
        let film = std::mem::take(&mut self.film);
        for y in 0..rect.height {
            for x in 0..rect.width {
                let from = (((top + y) * width + left + x) * 3) as usize;
                let to = (((rect.y + y) * WIDTH + rect.x + x) * 4) as usize;
                let grain = self.random();
                for channel in 0..3 {
                    let more = (grain >> (channel * 9)) as u8 % 7;
                    self.pixels[to + channel] = film[from + channel].saturating_add(more);
                }
            }
        }
        self.film = film;
    }

    /// Shows `window` at a place, over `page`.
    fn show(&mut self, page: &[u8], window: &[u8], place: PixelRect) {
        self.pixels.copy_from_slice(page);
        for row in 0..place.height {
            let to = (((place.y + row) * WIDTH + place.x) * 4) as usize;
            let from = (row * place.width * 4) as usize;
            let bytes = (place.width * 4) as usize;
            self.pixels[to..to + bytes].copy_from_slice(&window[from..from + bytes]);
        }
    }

    /// Lets the host do what it wants at this moment.
    fn settle(&mut self, sum: &mut Sum) -> anyhow::Result<()> {
        loop {
            let (step, mut spent) = timed(|| self.host.next_step(self.now));
            let mut goes_on = matches!(step, Step::WaitUntil(at) if at <= self.now);
            if let Step::Capture { .. } = step {
                let stride = WIDTH as usize * 4;
                let pixels = &self.pixels;
                let view = PictureView { width: WIDTH, height: HEIGHT, stride, pixels };
                let (result, time) = timed(|| self.host.encode(view, self.now));
                result?;
                spent += time;
                goes_on = true;
            }
            let mut sent = false;
            while let Some(outgoing) = self.host.poll_output() {
                sent = true;
                sum.bytes += outgoing.size();
                if let Some(video_message::Body::Frame(frame)) = &outgoing.message.body {
                    sum.add(frame);
                }
                let (outcome, time) = timed(|| self.decoder.apply(&outgoing.message));
                sum.decode.push(time);
                if let Outcome::Presented { frame_id, .. } = outcome? {
                    let ack = FrameAck { frame_id, draw_us: 0 };
                    let body = Some(video_feedback::Body::Ack(ack));
                    let later = self.now + Duration::from_millis(2);
                    self.host.on_feedback(1, &VideoFeedback { body }, later);
                }
            }
            if sent || spent > Duration::from_micros(100) {
                sum.encode.push(spent);
            }
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Says how close the picture is while it is not exact.
    fn report_likeness(&self) {
        let Some(surface) = self.decoder.surface() else { return };
        let (mut squares, mut samples) = (0_u64, 0_u64);
        for (a, b) in surface.pixels().chunks_exact(4).zip(self.pixels.chunks_exact(4)) {
            if a[..3] != b[..3] {
                samples += 3;
                let errors = a.iter().zip(b).take(3).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2));
                squares += errors.sum::<u64>();
            }
        }
        if samples > 0 {
            let psnr = 10.0 * (65_025.0 * samples as f64 / squares as f64).log10();
            report(&format!("  {psnr:.1} dB where it differs"), &mut Sum::default(), 1);
        }
    }

    fn run(
        &mut self,
        name: &str,
        rounds: u32,
        gap: Duration,
        mut paint: impl FnMut(&mut Self, u32) -> PixelRect,
    ) -> anyhow::Result<()> {
        if std::env::args().nth(1).is_some_and(|wanted| !name.contains(&wanted)) {
            return Ok(());
        }
        let mut sum = Sum::default();
        for round in 0..rounds {
            let damage = paint(self, round);
            self.host.damage(damage, self.now);
            self.settle(&mut sum)?;
            self.now += gap;
        }
        report(name, &mut sum, rounds);
        self.report_likeness();
        while let Some(event) = self.host.poll_event() {
            report(&format!("  {event:?}"), &mut Sum::default(), 1);
        }
        let mut rest = Sum::default();
        for _ in 0..20 {
            self.now += Duration::from_millis(50);
            self.settle(&mut rest)?;
        }
        if rest.bytes > 4096 {
            report("  then made exact", &mut rest, 1);
        }
        Ok(())
    }
}

fn report(name: &str, sum: &mut Sum, rounds: u32) {
    sum.encode.sort_unstable();
    sum.decode.sort_unstable();
    let middle = |times: &[Duration]| {
        times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let last =
        |times: &[Duration]| times.last().copied().unwrap_or_default().as_secs_f64() * 1000.0;
    #[expect(clippy::print_stdout, reason = "printing is what this program is for")]
    {
        println!(
            "{name:<28} encode p50 {:7.3} max {:7.3} ms   decode p50 {:7.3} max {:7.3} ms   {:>8} B/round",
            middle(&sum.encode),
            last(&sum.encode),
            middle(&sum.decode),
            last(&sum.decode),
            sum.bytes / rounds as usize
        );
        for (name, kind) in KINDS.iter().zip(sum.kinds).filter(|(_, kind)| kind.count > 0) {
            let Kind { count, bytes, pixels } = kind;
            println!("  {name:<10} {count:>6} operations {bytes:>10} B {pixels:>12} pixels");
        }
    }
}

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::new()?;
    let all = PixelRect::new(0, 0, WIDTH, HEIGHT);
    let frame = Duration::from_millis(33);
    bench.text(all);
    bench.run("first 1080p page of text", 1, frame, |_, _| all)?;
    bench.run("256x24 text", 200, Duration::from_millis(120), |bench, _| {
        let rect = PixelRect::new(300, 400, 256, 24);
        bench.text(rect);
        rect
    })?;
    bench.run("1080p, nothing changed", 50, Duration::from_millis(120), |_, _| all)?;
    bench.run("1080p page of text", 10, Duration::from_millis(400), |bench, _| {
        bench.text(all);
        all
    })?;
    bench.run("1080p scroll by 18 rows", 60, frame, |bench, _| {
        let row = WIDTH as usize * 4;
        bench.pixels.copy_within(18 * row.., 0);
        bench.text(PixelRect::new(0, HEIGHT - 18, WIDTH, 18));
        all
    })?;
    // A window of text that is dragged over text, as the benchmark does it.
    let page = bench.pixels.clone();
    let mut size = PixelRect::new(0, 0, 600, 400);
    bench.text(size);
    let window: Vec<u8> = (0..size.height)
        .flat_map(|y| &bench.pixels[(y * WIDTH * 4) as usize..][..size.width as usize * 4])
        .copied()
        .collect();
    bench.pixels.copy_from_slice(&page);
    bench.run("drag of 600x400 at 30/s", 120, frame, |bench, step| {
        let before = size;
        let angle = (step + 1) as f32 * 0.045;
        size.x = (660.0 + 660.0 * angle.sin()) as u32;
        size.y = (360.0 + 320.0 * (2.0 * angle).sin()) as u32;
        bench.show(&page, &window, size);
        size.union(&before)
    })?;
    let film = PixelRect::new(320, 180, 1280, 720);
    bench.run("720p video at 30/s", 150, frame, |bench, step| {
        bench.video(film, step);
        film
    })?;
    bench.run("720p video at 60/s", 150, frame / 2, |bench, step| {
        bench.video(film, step);
        film
    })?;
    bench.run("1080p video at 30/s", 60, frame, |bench, step| {
        bench.video(all, step);
        all
    })
}
