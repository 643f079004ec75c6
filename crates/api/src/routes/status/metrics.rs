//! `GET /metrics`

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::error::ErrorBody;
use crate::state::App;

/// Counters in Prometheus' text format, for clients on this machine.
#[utoipa::path(get, path = "/metrics", tag = "server",
    operation_id = "metrics_get",
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let now = app.relay.metrics();
    let mut out = String::new();
    for (name, kind, help, value) in [
        ("agents", "gauge", "Links of agents.", now.agents),
        ("viewers", "gauge", "Links of viewers.", now.viewers),
        ("sessions", "gauge", "Open sessions.", now.sessions),
        ("records_total", "counter", "Records forwarded.", now.records),
        ("record_bytes_total", "counter", "Bytes of records forwarded.", now.bytes),
        ("records_dropped_total", "counter", "Records dropped.", now.dropped),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP guruconnect_{name} {help}");
        let _ = writeln!(out, "# TYPE guruconnect_{name} {kind}");
        let _ = writeln!(out, "guruconnect_{name} {value}");
    }
    let build = app.config.build;
    let _ = writeln!(out, "# HELP guruconnect_build_info Which build runs.");
    let _ = writeln!(out, "# TYPE guruconnect_build_info gauge");
    let _ = writeln!(
        out,
        "guruconnect_build_info{{version=\"{}\",commit=\"{}\"}} 1",
        build.version, build.commit
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response()
}
