//! A real Chromium without a window, driven as a person would drive it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::Process;
use crate::cdp::Connection;

/// A running browser with a profile of its own.
#[derive(Debug)]
pub struct Browser {
    connection: Connection,
    process: Process,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium with windows of this size.
    pub async fn start(width: u32, height: u32, folder: &Path) -> Result<Self> {
        // Its clipboard must not be that of a display.
        Self::launch((width, height), tempfile::tempdir()?, folder, |command| {
            command.args(["--headless=new", "--ozone-platform=headless", "--hide-scrollbars"]);
            command.env_remove("DISPLAY");
        })
        .await
    }

    /// Starts Chromium on an X display, which it fills with nothing but the page.
    /// What it would connect to at the first address goes to the second instead. All
    /// that it writes is in `temporary`, whose path must be short: sockets are there.
    pub async fn on_display(
        display: &str,
        size: (u32, u32),
        instead: (SocketAddr, SocketAddr),
        temporary: &Path,
        folder: &Path,
    ) -> Result<Self> {
        Self::launch(size, tempfile::tempdir_in(temporary)?, folder, |command| {
            command.args(["--kiosk", "--ozone-platform=x11", "--window-position=0,0"]);
            command.arg(format!("--host-resolver-rules=MAP {} {}", instead.0, instead.1));
            command.env("DISPLAY", display).env("TMPDIR", temporary);
        })
        .await
    }

    async fn launch(
        (width, height): (u32, u32),
        profile: tempfile::TempDir,
        folder: &Path,
        place: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let mut command = Command::new("chromium");
        place(&mut command);
        command
            .args([
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--proxy-server=direct://",
                "--ignore-certificate-errors",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env_remove("WAYLAND_DISPLAY");
        let mut process = Process::start("chromium", &mut command, folder)?;
        let port_file = profile.path().join("DevToolsActivePort");
        let mut url = None;
        for _ in 0..1_500 {
            let text = std::fs::read_to_string(&port_file).unwrap_or_default();
            if let Some((port, path)) = text.trim().split_once('\n') {
                url = Some(format!("ws://127.0.0.1:{port}{path}"));
                break;
            }
            if !process.is_running() {
                bail!("Chromium did not start:\n{}", process.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let url = url.context("Chromium was not ready after 30 s")?;
        let connection = Connection::open(&url).await?;
        Ok(Self { connection, process, _profile: profile })
    }

    /// Process id of the browser.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Opens a tab. `private` gives it cookies of its own, as another person's
    /// browser would have.
    pub async fn open(&self, url: &str, private: bool) -> Result<Page> {
        let mut target = json!({"url": "about:blank"});
        if private {
            let context =
                self.connection.call(None, "Target.createBrowserContext", json!({})).await?;
            target["browserContextId"] = context["browserContextId"].clone();
        }
        let target = self.connection.call(None, "Target.createTarget", target).await?;
        let page = self.attach(target["targetId"].as_str().context("no target")?).await?;
        page.go(url).await?;
        Ok(page)
    }

    /// The tab that a click opened: the first page whose address contains `part`.
    pub async fn page_with(&self, part: &str) -> Result<Page> {
        for _ in 0..400 {
            let targets = self.connection.call(None, "Target.getTargets", json!({})).await?;
            for target in targets["targetInfos"].as_array().into_iter().flatten() {
                let matches = target["url"].as_str().is_some_and(|url| url.contains(part));
                if target["type"] == "page" && matches {
                    return self.attach(target["targetId"].as_str().context("no target")?).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no tab with '{part}' in its address opened")
    }

    async fn attach(&self, target: &str) -> Result<Page> {
        let attached = self
            .connection
            .call(None, "Target.attachToTarget", json!({"targetId": target, "flatten": true}))
            .await?;
        let session = attached["sessionId"].as_str().context("no session")?.to_owned();
        let page = Page { connection: self.connection.clone(), session, target: target.to_owned() };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await?;
        }
        Ok(page)
    }

    /// Errors that pages reported so far: exceptions, console errors, refusals by
    /// the content security policy.
    pub fn errors(&self) -> Vec<String> {
        self.connection.errors()
    }
}

/// A tab.
#[derive(Debug, Clone)]
pub struct Page {
    connection: Connection,
    session: String,
    target: String,
}

impl Page {
    pub(crate) async fn call(&self, method: &str, parameters: Value) -> Result<Value> {
        self.connection.call(Some(&self.session), method, parameters).await
    }

    /// Goes to an address.
    pub async fn go(&self, url: &str) -> Result<()> {
        let answer = self.call("Page.navigate", json!({"url": url})).await?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("cannot open {url}: {error}");
        }
        Ok(())
    }

    /// Loads the page again.
    pub async fn reload(&self) -> Result<()> {
        self.call("Page.reload", json!({})).await.map(|_| ())
    }

    /// Closes the tab.
    pub async fn close(self) -> Result<()> {
        let target = json!({"targetId": self.target});
        self.connection.call(None, "Target.closeTarget", target).await.map(|_| ())
    }

    /// Lets the page read and write the clipboard.
    pub async fn allow_clipboard(&self, origin: &str) -> Result<()> {
        let parameters = json!({
            "origin": origin,
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
        });
        self.connection.call(None, "Browser.grantPermissions", parameters).await.map(|_| ())
    }

    /// Brings the tab to the front, so that it has the focus.
    pub async fn focus(&self) -> Result<()> {
        self.call("Page.bringToFront", json!({})).await.map(|_| ())
    }

    /// Puts files, or a folder, into an input for files, as its picker would.
    pub async fn choose_files(&self, selector: &str, files: &[&Path]) -> Result<()> {
        let found = self
            .call(
                "Runtime.evaluate",
                json!({"expression": format!("document.querySelector({})", json!(selector))}),
            )
            .await?;
        let object = found["result"]["objectId"].as_str().context("no such input")?;
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        self.call("DOM.setFileInputFiles", json!({"objectId": object, "files": files})).await?;
        Ok(())
    }

    /// What the page downloads goes here, without a question.
    pub async fn download_to(&self, folder: &Path) -> Result<()> {
        let behaviour = json!({"behavior": "allow", "downloadPath": folder});
        self.call("Page.setDownloadBehavior", behaviour).await.map(|_| ())
    }

    /// The value of an expression; a promise is waited for.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let parameters = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let mut answer = self.call("Runtime.evaluate", parameters).await?;
        if let Some(details) = answer.get("exceptionDetails") {
            bail!("{expression}: {}", details["exception"]["description"]);
        }
        Ok(answer["result"]["value"].take())
    }

    /// Waits until an expression is true; 30 s at most.
    pub async fn wait_for(&self, expression: &str) -> Result<()> {
        for _ in 0..600 {
            // A navigation in between destroys the page's context; look again.
            // A promise is waited for: by itself it would count as true.
            let value = self.eval(&format!("(async () => !!(await ({expression})))()")).await;
            if value.is_ok_and(|value| value == Value::Bool(true)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let text = self.eval("document.body ? document.body.innerText.slice(0, 1500) : ''").await;
        bail!("waited 30 s in vain: {expression}\npage: {}", text.unwrap_or_default())
    }

    /// Waits until the page shows this text.
    pub async fn wait_for_text(&self, text: &str) -> Result<()> {
        let text = Value::from(text);
        self.wait_for(&format!("document.body && document.body.innerText.includes({text})")).await
    }

    /// Waits until an element is shown.
    pub async fn wait_for_element(&self, selector: &str) -> Result<()> {
        self.wait_for(&visible(selector)).await
    }

    /// Waits until nothing lies over the middle of an element: what is closing takes
    /// clicks until it is gone.
    pub async fn wait_until_uncovered(&self, selector: &str) -> Result<()> {
        self.wait_for_element(selector).await?;
        let (place, selector) = (place(selector), Value::from(selector));
        self.wait_for(&format!(
            "(() => {{ const p = {place}; const top = document.elementFromPoint(p.x, p.y); \
             return document.querySelector({selector}).contains(top) }})()"
        ))
        .await
    }

    /// Clicks the middle of an element.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.wait_for_element(selector).await?;
        let place = self.eval(&place(selector)).await?;
        let x = place["x"].as_f64().context("no place")?;
        let y = place["y"].as_f64().context("no place")?;
        self.click_at(x, y).await
    }

    /// Clicks the first button, link or menu item with exactly this text.
    pub async fn click_text(&self, text: &str) -> Result<()> {
        let find = format!(
            "[...document.querySelectorAll('button,a,[role=menuitem],[role=tab],[role=option],label')]\
             .find(e => e.innerText.trim() === {} && e.getClientRects().length)",
            Value::from(text)
        );
        self.wait_for(&find).await?;
        let place = self
            .eval(&format!(
                "(() => {{ const e = {find}; e.scrollIntoView({{block: 'nearest'}}); const r = \
                 e.getBoundingClientRect(); return {{x: r.x + r.width / 2, y: r.y + r.height / 2}} }})()"
            ))
            .await?;
        let x = place["x"].as_f64().context("no place")?;
        let y = place["y"].as_f64().context("no place")?;
        self.click_at(x, y).await
    }

    /// Clicks at a place of the page, in CSS pixels.
    pub async fn click_at(&self, x: f64, y: f64) -> Result<()> {
        self.mouse("mouseMoved", x, y, "none").await?;
        self.mouse("mousePressed", x, y, "left").await?;
        self.mouse("mouseReleased", x, y, "left").await
    }

    /// Presses the left button there and keeps it down.
    pub async fn press_at(&self, x: f64, y: f64) -> Result<()> {
        self.mouse("mouseMoved", x, y, "none").await?;
        self.mouse("mousePressed", x, y, "left").await
    }

    /// Moves the mouse with the left button held down.
    pub async fn drag_to(&self, x: f64, y: f64) -> Result<()> {
        let parameters =
            json!({"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1});
        self.call("Input.dispatchMouseEvent", parameters).await.map(|_| ())
    }

    /// Lets go of the left button.
    pub async fn release_at(&self, x: f64, y: f64) -> Result<()> {
        self.mouse("mouseReleased", x, y, "left").await
    }

    /// Moves the mouse to a place of the page, in CSS pixels.
    pub async fn move_to(&self, x: f64, y: f64) -> Result<()> {
        self.mouse("mouseMoved", x, y, "none").await
    }

    async fn mouse(&self, kind: &str, x: f64, y: f64, button: &str) -> Result<()> {
        let count = u32::from(kind != "mouseMoved");
        let parameters =
            json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": count});
        self.call("Input.dispatchMouseEvent", parameters).await.map(|_| ())
    }

    /// Puts text into an input field, replacing what is there.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.click(selector).await?;
        let select = format!("document.querySelector({}).select?.()", Value::from(selector));
        self.eval(&select).await?;
        self.call("Input.insertText", json!({"text": text})).await.map(|_| ())
    }

    /// Presses and releases keys one by one, as a keyboard with US layout would:
    /// letters, digits, space, enter and the punctuation of a command line.
    pub async fn type_keys(&self, text: &str) -> Result<()> {
        for character in text.chars() {
            let (code, shift) = us_key(character)
                .with_context(|| format!("'{character}' is not on the test keyboard"))?;
            if shift {
                self.key_event("keyDown", "ShiftLeft", "Shift", 8).await?;
            }
            let modifiers = if shift { 8 } else { 0 };
            let key = if character == '\n' { "Enter".to_owned() } else { character.to_string() };
            self.key_event("keyDown", &code, &key, modifiers).await?;
            self.key_event("keyUp", &code, &key, modifiers).await?;
            if shift {
                self.key_event("keyUp", "ShiftLeft", "Shift", 0).await?;
            }
        }
        Ok(())
    }

    /// One key event. `code` and `key` as in UI Events; `modifiers`: 1 Alt, 2 Ctrl,
    /// 4 Meta, 8 Shift.
    pub async fn key_event(&self, kind: &str, code: &str, key: &str, modifiers: u32) -> Result<()> {
        let mut parameters =
            json!({"type": kind, "code": code, "key": key, "modifiers": modifiers});
        let types = modifiers == 0 || modifiers == 8;
        if kind == "keyDown" && key.chars().count() == 1 && types {
            parameters["text"] = key.into();
        }
        self.call("Input.dispatchKeyEvent", parameters).await.map(|_| ())
    }

    /// Saves a picture of the page as PNG.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"})).await?;
        let data = answer["data"].as_str().context("no picture")?;
        std::fs::write(file, base64::engine::general_purpose::STANDARD.decode(data)?)?;
        Ok(())
    }

    /// Reports dark or light as the system's colour scheme.
    pub async fn color_scheme(&self, scheme: &str) -> Result<()> {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features).await.map(|_| ())
    }
}

fn visible(selector: &str) -> String {
    let selector = Value::from(selector);
    format!("document.querySelector({selector})?.getClientRects().length")
}

fn place(selector: &str) -> String {
    let selector = Value::from(selector);
    format!(
        "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{block: 'nearest'}}); \
         const r = e.getBoundingClientRect(); return {{x: r.x + r.width / 2, y: r.y + r.height / 2}} }})()"
    )
}

fn us_key(character: char) -> Option<(String, bool)> {
    let named = |code: &str, shift| Some((code.to_owned(), shift));
    match character {
        'a'..='z' => Some((format!("Key{}", character.to_ascii_uppercase()), false)),
        'A'..='Z' => Some((format!("Key{character}"), true)),
        '0'..='9' => Some((format!("Digit{character}"), false)),
        ' ' => named("Space", false),
        '\n' => named("Enter", false),
        '-' => named("Minus", false),
        '_' => named("Minus", true),
        '.' => named("Period", false),
        '>' => named("Period", true),
        '/' => named("Slash", false),
        '\'' => named("Quote", false),
        '"' => named("Quote", true),
        ';' => named("Semicolon", false),
        '=' => named("Equal", false),
        '$' => named("Digit4", true),
        _ => None,
    }
}
