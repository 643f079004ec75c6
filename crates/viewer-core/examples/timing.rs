//! Prints how long the steps of the picture take on this machine.
//!
//! `cargo run -p gc-viewer-core --example timing`; the pixel crates are optimised
//! in the development profile, too.

use std::time::Duration;

use gc_codec::{OpenH264Factory, TileEncoder};
use gc_proto::v2::{FrameAck, VideoCodec, VideoFeedback, ViewerCapabilities, video_feedback};
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
}

#[derive(Default)]
struct Sum {
    encode: Vec<Duration>,
    decode: Vec<Duration>,
    bytes: usize,
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
        let mut host = VideoHost::new(HostConfig::default(), tiles, Box::new(OpenH264Factory));
        let now = Duration::from_secs(1);
        host.set_surface(WIDTH, HEIGHT, 1, now)?;
        let codecs = vec![VideoCodec::H264.into()];
        host.join(1, &ViewerCapabilities { codecs, max_width: 0, max_height: 0 });
        let decoder = Decoder::new(DecoderLimits::default())?;
        let pixels = vec![0xF0; (WIDTH * HEIGHT * 4) as usize];
        Ok(Self { host, decoder, pixels, now, seed: 1 })
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

    fn video(&mut self, rect: PixelRect, step: u32) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let grain = self.random() % 8;
                let (across, down) = ((x + step * 4) / 3 % 256, (y / 2 + step) % 256);
                let wave = u32::midpoint(across, down);
                let at = ((y * WIDTH + x) * 4) as usize;
                self.pixels[at] = (wave + grain) as u8;
                self.pixels[at + 1] = (255 - wave) as u8;
                self.pixels[at + 2] = (x / 8 + grain) as u8;
            }
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
    bench.run("720p video at 30/s", 120, frame, |bench, step| {
        let rect = PixelRect::new(200, 100, 1280, 720);
        bench.video(rect, step);
        rect
    })?;
    bench.run("1080p video at 30/s", 60, frame, |bench, step| {
        bench.video(all, step);
        all
    })
}
