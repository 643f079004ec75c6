//! The viewer that people use: the web page in a real Chromium, asked by the
//! numbers it offers to tests.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use gc_e2e::{ADMIN, Browser, Page, steps};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::measured::Stamps;
use crate::clock::{monotonic, wall};
use crate::stage::Stage;
use crate::statistics::{Samples, Spread};
use crate::usage;
use crate::workload::{BOX, Geometry, Workload};

/// A browser with somebody signed in.
pub(super) struct WebViewer {
    runtime: Runtime,
    browser: Browser,
    page: Page,
}

/// What one workload has shown.
pub(super) struct WebMeasured {
    key_to_pixel_ms: Spread,
    frames_per_second: f64,
    age_ms: Spread,
    bytes_per_second: f64,
    cpu_seconds_per_second: f64,
    first_picture_ms: f64,
    /// Steps towards it, milliseconds since the page began to load.
    opening: Value,
    /// How pictures came, as the page tells it: codec, shares by kind, errors.
    picture: Value,
}

impl WebMeasured {
    /// One entry of the file.
    pub(super) fn json(&self) -> Value {
        json!({
            "key_to_pixel_ms": self.key_to_pixel_ms.json(),
            "frames_per_second": self.frames_per_second,
            "age_ms": self.age_ms.json(),
            "bytes_per_second": self.bytes_per_second,
            "cpu_seconds_per_second": {"browser": self.cpu_seconds_per_second},
            "first_picture_ms": self.first_picture_ms,
            "opening_ms": self.opening,
            "picture": self.picture,
        })
    }

    /// One row for people.
    pub(super) fn row(&self, workload: Workload) -> Vec<String> {
        vec![
            workload.name().to_owned(),
            self.key_to_pixel_ms.short(),
            format!("{:.1}", self.frames_per_second),
            self.age_ms.short(),
            format!("{:.3}", self.bytes_per_second * 8.0 / 1e6),
            format!("{:.1}", self.cpu_seconds_per_second * 100.0),
            format!("{:.0}", self.first_picture_ms),
        ]
    }

    /// The names of [`WebMeasured::row`].
    pub(super) const HEAD: [&str; 7] = [
        "web",
        "key->px ms p50/p95/max",
        "fps",
        "age ms p50/p95/max",
        "Mbit/s",
        "browser CPU %",
        "page to picture ms",
    ];
}

impl WebViewer {
    /// Starts a browser and signs in.
    pub(super) fn start(stage: &Stage, folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (browser, page) = runtime.block_on(async {
            let browser = Browser::start(1920, 1200, folder).await?;
            let page = browser.open(&format!("{}/login", stage.address()), false).await?;
            steps::log_in(&page, ADMIN.0, ADMIN.1).await?;
            anyhow::Ok((browser, page))
        })?;
        Ok(Self { runtime, browser, page })
    }

    /// Joins a session and measures the workload that runs.
    pub(super) fn measure(
        &self,
        stage: &Stage,
        session: &str,
        workload: Workload,
        seconds: u32,
        pauses: &[Duration],
    ) -> Result<WebMeasured> {
        self.runtime
            .block_on(self.measured(stage, session, workload, seconds, pauses))
            .with_context(|| format!("errors of the page: {:?}", self.browser.errors()))
    }

    async fn measured(
        &self,
        stage: &Stage,
        session: &str,
        workload: Workload,
        seconds: u32,
        pauses: &[Duration],
    ) -> Result<WebMeasured> {
        let page = &self.page;
        let start = monotonic();
        page.go(&format!("{}/session/{session}?access=control", stage.address())).await?;
        steps::wait_for_picture(page).await?;
        let first_picture_ms = crate::clock::milliseconds(monotonic().saturating_sub(start));
        let opening = self.opening().await?;
        page.wait_for("window.__guruconnect.stats().inControl").await?;
        page.focus().await?;
        steps::click_remote(page, 1_500, 900).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;

        // Cost and pace first: reading the picture is work too.
        let (cpu, stats) = (self.cpu()?, self.stats().await?);
        let from = monotonic();
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        let later = self.stats().await?;
        let time = monotonic().saturating_sub(from).as_secs_f64();
        let cpu_seconds_per_second = (self.cpu()? - cpu) / time;

        let mut measured = WebMeasured {
            key_to_pixel_ms: Spread::default(),
            frames_per_second: (later.0 - stats.0) / time,
            age_ms: Spread::default(),
            bytes_per_second: (later.1 - stats.1) / time,
            cpu_seconds_per_second,
            first_picture_ms,
            opening,
            picture: self.picture().await?,
        };
        let geometry = Geometry { width: 1920, height: 1080 };
        if let Some(at) = geometry.key_box(workload) {
            measured.key_to_pixel_ms = self.keys(at, pauses).await?.spread();
        }
        if workload.moves()
            && let Some(at) = geometry.barcode(workload)
        {
            measured.age_ms = self.ages(at, seconds).await?.spread();
        }
        page.go("about:blank").await?;
        Ok(measured)
    }

    fn cpu(&self) -> Result<f64> {
        usage::tree_cpu_seconds(self.browser.id())
    }

    /// When the page had what, by its own clock.
    async fn opening(&self) -> Result<Value> {
        let script = "(() => { const out = {}; \
             for (const [step, at] of Object.entries(window.__guruconnect.stats().opening)) \
             out[step] = at - performance.timeOrigin; \
             for (const one of performance.getEntriesByType('resource')) \
             out[new URL(one.name).pathname] = [one.startTime, one.responseEnd]; \
             return out })()";
        self.page.eval(script).await
    }

    /// Frames shown and bytes received so far.
    async fn stats(&self) -> Result<(f64, f64)> {
        let stats = self.page.eval("window.__guruconnect.stats()").await?;
        let number = |name: &str| stats[name].as_f64().with_context(|| format!("no {name}"));
        Ok((number("framesPresented")?, number("bytes")?))
    }

    async fn picture(&self) -> Result<Value> {
        let script = "(({codec, encoder, regions, decodeErrors, drawMs, targetKbps}) => \
                      ({codec, encoder, regions, decodeErrors, drawMs, targetKbps}))\
                      (window.__guruconnect.stats())";
        self.page.eval(script).await
    }

    /// From the page's own key event until the pixel is in its picture.
    async fn keys(&self, (left, top): (usize, usize), pauses: &[Duration]) -> Result<Samples> {
        let (x, y) = (left + 100, top + BOX.1 - 4);
        let listen = "window.__bench = {at: 0}; addEventListener('keydown', () => { \
                      window.__bench.at = performance.now() }, true); true";
        self.page.eval(listen).await?;
        let mut samples = Samples::default();
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            let before = format!("window.__guruconnect.readPixels({x},{y},1,1).then(p => p[0])");
            let before = self.page.eval(&before).await?.as_f64().context("no pixel")?;
            let watch = format!(
                "(async () => {{ window.__bench.at = 0; const end = performance.now() + 3000; \
                 while (performance.now() < end) {{ \
                 const p = await window.__guruconnect.readPixels({x},{y},1,1); \
                 if (Math.abs(p[0] - {before}) > 100) return performance.now() - window.__bench.at; \
                 }} return null }})()"
            );
            let (took, _) = tokio::join!(self.page.eval(&watch), async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                self.page.key_event("keyDown", "KeyA", "a", 0).await
            });
            samples.push(took?.as_f64().context("a key did not change the picture in 3 s")?);
            self.page.key_event("keyUp", "KeyA", "a", 0).await?;
        }
        Ok(samples)
    }

    /// Reads the barcode every few milliseconds.
    async fn ages(&self, (x, y): (usize, usize), seconds: u32) -> Result<Samples> {
        let y = y + 8;
        let script = format!(
            "(async () => {{ const seen = []; let last = -1; \
             const end = performance.now() + {}; \
             while (performance.now() < end) {{ \
             const p = await window.__guruconnect.readPixels({x},{y},512,1); let v = 0; \
             for (let i = 0; i < 32; i++) v = v * 2 + (p[(i * 16 + 8) * 4 + 1] > 127 ? 1 : 0); \
             if (v !== last) {{ last = v; \
             seen.push([performance.timeOrigin + performance.now(), v]) }} \
             await new Promise(r => setTimeout(r, 2)) }} return seen }})()",
            seconds * 1_000
        );
        let seen = self.page.eval(&script).await?;
        // The page knows the wall clock only.
        let offset = wall().saturating_sub(monotonic());
        let codes: Vec<(Duration, u32)> = seen
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| {
                let at = Duration::try_from_secs_f64(pair[0].as_f64()? / 1_000.0).ok()?;
                Some((at.checked_sub(offset)?, u32::try_from(pair[1].as_u64()?).ok()?))
            })
            .collect();
        Ok(Stamps::read(&codes, seconds.into()).ages_ms)
    }
}
