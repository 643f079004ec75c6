//! `GET /api/openapi.json` and `/api/docs`

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse, Response};
use http::header;
use serde_json::Value;

use crate::openapi::document;

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "server",
    operation_id = "docs_openapi",
    responses((status = 200, content_type = "application/json", body = Object)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

/// The operations of this document on a page.
#[utoipa::path(get, path = "/api/docs", tag = "server",
    operation_id = "docs_page",
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn docs() -> Html<String> {
    Html(page(&serde_json::from_str(&document()).unwrap_or_default()))
}

/// A table of operations. Text of ours only, escaped all the same.
fn page(document: &Value) -> String {
    let mut rows = String::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let text = |field: &str| escape(operation[field].as_str().unwrap_or(""));
            let answers: Vec<&str> = operation["responses"]
                .as_object()
                .into_iter()
                .flat_map(|answers| answers.keys().map(String::as_str))
                .collect();
            // Writing to a string cannot fail.
            let _ = write!(
                rows,
                "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{} {}</td><td>{}</td></tr>",
                escape(&method.to_uppercase()),
                escape(path),
                text("summary"),
                text("description"),
                escape(&answers.join(", ")),
            );
        }
    }
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>GuruConnect API</title>\
         <h1>GuruConnect API</h1>\
         <p>The whole description: <a href=\"/api/openapi.json\">openapi.json</a></p>\
         <table><thead><tr><th>Method<th>Path<th>What it does<th>Answers</thead>\
         <tbody>{rows}</tbody></table></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
