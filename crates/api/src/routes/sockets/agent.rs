//! `GET /ws/agent`

use axum::extract::State;
use axum::response::Response;

use crate::edge::Client;
use crate::error::ErrorBody;
use crate::planes::AgentAccess;
use crate::routes::sockets::{Upgrade, peer};
use crate::socket::upgrade;
use crate::state::App;

/// The link of an agent. The credential, a machine key, `code_` and a support code,
/// or a resume token, goes into the `Authorization` header and is checked before
/// the upgrade. Binary messages as in `docs/protocol.md`, at most 4 MiB.
#[utoipa::path(get, path = "/ws/agent", tag = "sockets",
    operation_id = "sockets_agent", security(("agent_key" = [])),
    responses((status = 101), (status = 401, body = ErrorBody)))]
pub(crate) async fn agent(
    State(app): State<App>,
    client: Client,
    AgentAccess(credential): AgentAccess,
    Upgrade(request): Upgrade,
) -> Response {
    let relay = app.relay.clone();
    upgrade(request, gc_proto::MAX_AGENT_MESSAGE, move |source, sink| async move {
        relay.serve_agent(credential, peer(&client), source, sink).await;
    })
}
