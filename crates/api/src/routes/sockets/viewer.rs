//! `GET /ws/viewer`

use axum::extract::State;
use axum::response::Response;

use crate::edge::Client;
use crate::error::ErrorBody;
use crate::routes::sockets::{Upgrade, peer};
use crate::socket::upgrade;
use crate::state::App;

/// The link of a viewer. A viewer token is redeemed in the hello. Browsers must
/// come from this server's own pages. Binary messages as in `docs/protocol.md`, at
/// most 64 KiB.
#[utoipa::path(get, path = "/ws/viewer", tag = "sockets",
    operation_id = "sockets_viewer",
    responses((status = 101), (status = 403, description = "foreign_origin", body = ErrorBody)))]
pub(crate) async fn viewer(
    State(app): State<App>,
    client: Client,
    Upgrade(request): Upgrade,
) -> Response {
    let relay = app.relay.clone();
    upgrade(request, gc_proto::MAX_VIEWER_MESSAGE, move |source, sink| async move {
        relay.serve_viewer(peer(&client), source, sink).await;
    })
}
