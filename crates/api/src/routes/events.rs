//! `GET /api/events`

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use gc_policy::Action;
use gc_types::TenantId;
use http::header;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::bus::{Signal, Topic};
use crate::error::{ApiError, ErrorBody};
use crate::planes::UserAccess;
use crate::state::App;

const HEARTBEAT: Duration = Duration::from_secs(15);

struct Watch {
    app: App,
    access: UserAccess,
    signals: Receiver<Signal>,
    greeted: bool,
}

impl Watch {
    /// Whether a list concerns this user.
    fn sees(&self, tenant: TenantId, topic: Topic) -> bool {
        let action = match topic {
            Topic::Machines | Topic::Sessions => Action::ReadFleet,
            Topic::Codes => Action::SupportCodes,
            Topic::Users => Action::ReadUsers,
            Topic::Audit => Action::ReadAudit,
        };
        tenant == self.access.tenant && self.access.require(action).is_ok()
    }

    /// What to send next; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if !self.greeted {
            self.greeted = true;
            return Some(": connected\n\n".into());
        }
        loop {
            match tokio::time::timeout(HEARTBEAT, self.signals.recv()).await {
                Ok(Ok(Signal::Changed(tenant, topic))) if self.sees(tenant, topic) => {
                    return Some(change(topic));
                }
                Ok(Ok(Signal::Changed(..))) => {}
                Ok(Ok(Signal::LoginCut(login))) if login != self.access.login => {}
                Ok(Ok(Signal::UserCut(user))) if user != self.access.user => {}
                Ok(
                    Ok(Signal::LoginCut(_) | Signal::UserCut(_) | Signal::Shutdown)
                    | Err(RecvError::Closed),
                ) => return None,
                // Something was missed: every list may have changed, and whether
                // the login still holds has to be asked.
                Ok(Err(RecvError::Lagged(_))) => {
                    self.still_in().await?;
                    let all = [
                        Topic::Machines,
                        Topic::Sessions,
                        Topic::Codes,
                        Topic::Users,
                        Topic::Audit,
                    ];
                    let seen =
                        all.into_iter().filter(|topic| self.sees(self.access.tenant, *topic));
                    return Some(seen.map(change).collect());
                }
                Err(_) => {
                    self.still_in().await?;
                    return Some(": still here\n\n".into());
                }
            }
        }
    }

    async fn still_in(&self) -> Option<()> {
        self.app.login(self.access.login).await.ok().flatten().map(|_| ())
    }
}

fn change(topic: Topic) -> String {
    format!("event: change\ndata: {{\"topic\":\"{}\"}}\n\n", topic.name())
}

/// Word of changed lists, as server-sent events: `event: change` with
/// `data: {"topic": "machines"|"sessions"|"codes"|"users"|"audit"}`. A comment every
/// 15 s shows that the connection holds. Ends when the login does.
#[utoipa::path(get, path = "/api/events", tag = "audit",
    operation_id = "events_stream", security(("access_token" = [])),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 401, body = ErrorBody)))]
pub(crate) async fn events(
    State(app): State<App>,
    access: UserAccess,
) -> Result<Response, ApiError> {
    access.require(Action::OwnAccount)?;
    let signals = app.bus.listen();
    // Asked again after listening: a cut between the guard and here must not be
    // missed.
    app.login(access.login).await?.ok_or_else(ApiError::unauthenticated)?;
    let watch = Box::new(Watch { app, access, signals, greeted: false });
    let stream = stream::unfold(watch, |mut watch| async move {
        let text = watch.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), watch))
    });
    Ok((
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")],
        Body::from_stream(stream),
    )
        .into_response())
}
