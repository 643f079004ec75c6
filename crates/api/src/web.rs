//! The console's files: any path that is no API is a page of the console.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

use crate::error::ApiError;
use crate::state::App;

/// A file of the console.
#[derive(Debug, Clone)]
pub struct WebFile {
    /// Content.
    pub bytes: Cow<'static, [u8]>,
    /// Media type.
    pub media_type: String,
}

/// The built console, wherever it is kept.
pub trait WebFiles: Send + Sync + 'static {
    /// A file by its path without a leading slash.
    fn file(&self, path: &str) -> Option<WebFile>;
}

/// No console, for servers that are only an API.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWebFiles;

impl WebFiles for NoWebFiles {
    fn file(&self, _: &str) -> Option<WebFile> {
        None
    }
}

/// Paths that belong to programs: a typo in them must not answer with a page.
fn is_for_programs(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or("");
    let first = first.to_ascii_lowercase();
    matches!(first.as_str(), "api" | "ws" | "health" | "metrics")
        || path.contains("//")
        || path.contains('%')
        || path.contains("/.")
}

/// Answers what no route did.
pub(crate) async fn fallback(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if is_for_programs(path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let name = path.trim_start_matches('/');
    let asset = name.starts_with("assets/");
    let (file, cache) = match app.web.file(name).filter(|_| !name.is_empty()) {
        // Names of assets hold a hash of their content.
        Some(file) if asset => (Some(file), "public, max-age=31536000, immutable"),
        Some(file) => (Some(file), "no-cache"),
        None if asset => (None, ""),
        None => (app.web.file("index.html"), "no-store"),
    };
    match file {
        Some(file) => {
            let cache = if name == "index.html" { "no-store" } else { cache };
            let media_type = HeaderValue::from_str(&file.media_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream"));
            (
                [
                    (header::CONTENT_TYPE, media_type),
                    (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
                ],
                Body::from(file.bytes.into_owned()),
            )
                .into_response()
        }
        None if asset => StatusCode::NOT_FOUND.into_response(),
        None => ApiError::new(
            StatusCode::NOT_FOUND,
            "console_not_built",
            "The web console is not part of this build. Build web/ first, then the server.",
        )
        .into_response(),
    }
}
