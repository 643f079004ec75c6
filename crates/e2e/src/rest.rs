//! A client of the REST API, as a script of an operator would have one.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use ureq::http::Method;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A refusal by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestError {
    /// HTTP status.
    pub status: u16,
    /// `error_code` of the envelope.
    pub code: String,
}

impl std::fmt::Display for RestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl std::error::Error for RestError {}

/// A client, signed in or not.
#[derive(Debug, Clone)]
pub struct Rest {
    agent: ureq::Agent,
    address: String,
    token: Option<String>,
}

impl Rest {
    /// Nobody.
    pub fn new(address: &str) -> Self {
        Self::with_tls(address, TlsConfig::default())
    }

    /// Nobody, towards a server whose certificate was signed by this authority
    /// (DER).
    pub fn trusting(address: &str, authority: &[u8]) -> Self {
        let authority = Certificate::from_der(authority).to_owned();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[authority]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Self::with_tls(address, tls)
    }

    fn with_tls(address: &str, tls: TlsConfig) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(20)))
            .tls_config(tls)
            .build()
            .into();
        Self { agent, address: address.to_owned(), token: None }
    }

    /// Creates the first administrator by the set-up link and signs in as them. Turns
    /// the connection notice off: a window that comes and goes would be in the pictures
    /// that are compared and measured.
    pub fn set_up(&mut self, link: &str, username: &str, password: &str) -> Result<()> {
        let (_, token) = link.split_once('#').context("the set-up link has no token")?;
        let answer = self.call(
            "POST",
            "/api/setup",
            Some(json!({"token": token, "username": username, "display_name": "Ada Admin",
                        "password": password})),
        )?;
        self.token = Some(answer["access_token"].as_str().context("no token")?.to_owned());
        self.show_notice(json!({"enabled": false}))
    }

    /// Signs in.
    pub fn log_in(&mut self, username: &str, password: &str) -> Result<()> {
        let body = json!({"username": username, "password": password});
        let answer = self.call("POST", "/api/auth/login", Some(body))?;
        self.token = Some(answer["access_token"].as_str().context("no token")?.to_owned());
        Ok(())
    }

    /// Any call; `Null` for an empty answer.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = ureq::http::Request::builder()
            .method(Method::from_bytes(method.as_bytes())?)
            .uri(format!("{}{path}", self.address))
            .header("X-GuruConnect", "1");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = match body {
            Some(body) => {
                let text = serde_json::to_vec(&body)?;
                let request = request.header("Content-Type", "application/json").body(text)?;
                self.agent.run(request)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let status = response.status();
        let text = response.body_mut().read_to_string()?;
        let value: Value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or_default()
        };
        if status.is_success() {
            return Ok(value);
        }
        let code = value["error_code"].as_str().unwrap_or_default().to_owned();
        Err(RestError { status: status.as_u16(), code }.into())
    }

    /// Adds a machine and a key for it: (machine id, key).
    pub fn add_machine(&self, name: &str, consent_mode: &str) -> Result<(String, String)> {
        let body = json!({"name": name, "company": "Example Ltd", "site": "Main office",
                          "department": "", "device_type": "Workstation", "tags": ["demo"],
                          "consent_mode": consent_mode});
        let machine = self.call("POST", "/api/machines", Some(body))?;
        let id = machine["id"].as_str().context("no machine id")?.to_owned();
        let key =
            self.call("POST", &format!("/api/machines/{id}/keys"), Some(json!({"name": "test"})))?;
        let key = key["secret"].as_str().context("no key")?.to_owned();
        Ok((id, key))
    }

    /// Sets the connection notice: what is given, the rest as delivered.
    pub fn show_notice(&self, change: Value) -> Result<()> {
        const PATH: &str = "/api/settings/connection-notice";
        let mut notice = self.call("GET", PATH, None)?["default"].take();
        for (field, value) in change.as_object().context("not an object")? {
            notice[field] = value.clone();
        }
        self.call("PUT", PATH, Some(notice)).map(|_| ())
    }

    /// A new support code.
    pub fn add_code(&self) -> Result<String> {
        let code = self.call("POST", "/api/codes", Some(json!({})))?;
        Ok(code["code"].as_str().context("no code")?.to_owned())
    }

    /// Asks again, at most every 50 ms for 20 s, until `found` finds what it wants.
    pub fn wait_for<T>(
        &self,
        path: &str,
        what: &str,
        found: impl Fn(&Value) -> Option<T>,
    ) -> Result<T> {
        let mut last = Value::Null;
        for _ in 0..400 {
            last = self.call("GET", path, None)?;
            if let Some(found) = found(&last) {
                return Ok(found);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        anyhow::bail!("waited 20 s in vain: {what}; last answer: {last}")
    }
}
