//! A client of the Chrome DevTools Protocol, no larger than what is used here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// One connection to the browser; it serves every page.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    out: mpsc::UnboundedSender<(u64, Value)>,
    waiting: Waiting,
    next: Arc<Mutex<u64>>,
    /// What pages wrote to their consoles as errors, and uncaught exceptions.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Connection {
    /// Connects to `ws://127.0.0.1:PORT/devtools/browser/…`.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) =
            tokio_tungstenite::connect_async_with_config(url, Some(config), true).await?;
        let (mut sink, mut stream) = socket.split();
        let (out, mut outgoing) = mpsc::unbounded_channel::<(u64, Value)>();
        let waiting: Waiting = Arc::default();
        let errors: Arc<Mutex<Vec<String>>> = Arc::default();

        gc_runtime::spawn("devtools writer", async move {
            while let Some((_, message)) = outgoing.recv().await {
                if sink.send(Message::text(message.to_string())).await.is_err() {
                    break;
                }
            }
        });
        let answers = Arc::clone(&waiting);
        let noted = Arc::clone(&errors);
        gc_runtime::spawn("devtools reader", async move {
            while let Some(Ok(message)) = stream.next().await {
                let Ok(text) = message.into_text() else { continue };
                let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
                if let Some(id) = message["id"].as_u64() {
                    let sender = answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                    if let Some(sender) = sender {
                        // The asker may have given up.
                        let _ = sender.send(message);
                    }
                } else if let Some(error) = page_error(&message) {
                    noted.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                }
            }
            // Dropping the senders tells everyone who waits.
            answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Ok(Self { out, waiting, next: Arc::default(), errors })
    }

    /// Calls a method, of a page when `session` is given.
    pub(crate) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: Value,
    ) -> Result<Value> {
        let id = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next += 1;
            *next
        };
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        self.out.send((id, message)).map_err(|_| anyhow!("the browser is gone"))?;
        let mut answer = tokio::time::timeout(Duration::from_mins(1), answer)
            .await
            .with_context(|| format!("{method} was not answered in 60 s"))?
            .with_context(|| format!("the browser ended during {method}"))?;
        if let Some(error) = answer["error"]["message"].as_str() {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    /// Errors of all pages so far.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn page_error(message: &Value) -> Option<String> {
    let parameters = &message["params"];
    match message["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            let details = &parameters["exceptionDetails"];
            let text = details["exception"]["description"].as_str().or(details["text"].as_str());
            Some(text?.to_owned())
        }
        "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
            let entry = &parameters["entry"];
            // Whether somebody is signed in is found out by asking; a page cannot
            // see the cookie.
            if entry["url"].as_str().is_some_and(|url| url.ends_with("/api/auth/refresh")) {
                return None;
            }
            Some(format!("{} {}", entry["text"], entry["url"]))
        }
        "Runtime.consoleAPICalled" if parameters["type"] == "error" => {
            Some(parameters["args"].to_string())
        }
        _ => None,
    }
}
