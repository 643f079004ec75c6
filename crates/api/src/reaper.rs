//! Removes what nobody uses: sessions of machines that stay away, and logins that
//! ended long ago.

use std::collections::HashMap;
use std::time::Duration;

use gc_relay::SessionView;
use gc_storage::{SessionKind, SessionRow};
use gc_types::{CauseCode, SessionId, UnixMillis};
use serde_json::json;

use crate::state::App;

const SWEEP: Duration = Duration::from_mins(1);
/// Ended logins are kept this long.
const FORGET_LOGINS: Duration = Duration::from_hours(720);

/// Since when each session has been without agent and viewers.
#[derive(Default)]
struct Idle(HashMap<SessionId, Duration>);

impl Idle {
    /// Sessions to end now. Never an online, a watched or an attended one.
    fn overdue<'s>(
        &mut self,
        live: &'s [SessionRow],
        views: &[SessionView],
        now: Duration,
        after: Duration,
    ) -> Vec<&'s SessionRow> {
        let used = |id: SessionId| {
            views
                .iter()
                .any(|view| view.session == id && (view.agent_online || !view.viewers.is_empty()))
        };
        let idle: Vec<&SessionRow> = live
            .iter()
            .filter(|row| row.kind == SessionKind::Unattended && !used(row.id))
            .collect();
        self.0.retain(|id, _| idle.iter().any(|row| row.id == *id));
        idle.into_iter()
            .filter(|row| now.saturating_sub(*self.0.entry(row.id).or_insert(now)) >= after)
            .collect()
    }
}

/// Ends sessions that nobody uses; the API runs one of its own.
pub struct Reaper {
    app: App,
    idle: Idle,
}

impl Reaper {
    /// Has seen nothing yet: what is idle is so from its first sweep on.
    pub fn new(app: App) -> Self {
        Self { app, idle: Idle::default() }
    }

    /// Sweeps until the process ends.
    pub(crate) async fn run(mut self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "sweep failed; the next one tries again");
            }
        }
    }

    /// Ends the managed sessions that were without agent and viewers for as long as
    /// [`ApiConfig::reap_after`](crate::ApiConfig::reap_after), and forgets logins
    /// that ended long ago.
    pub async fn sweep(&mut self) -> Result<(), gc_storage::StorageError> {
        let app = &self.app;
        let live = app.storage.live_sessions_of_all().await?;
        let (views, now) = (app.relay.sessions(), app.clock.monotonic());
        for row in self.idle.overdue(&live, &views, now, app.config.reap_after) {
            if crate::sessions::end(app, row, CauseCode::Reaped, None, "").await? {
                app.journal
                    .event(row.tenant, "session.ended")
                    .target("session", row.id, &row.machine_name)
                    .session(Some(row.id))
                    .machine(row.machine)
                    .detail(json!({ "cause": CauseCode::Reaped.name() }))
                    .write(&app.journal);
            }
        }
        let before = app.clock.now().0.saturating_sub(FORGET_LOGINS.as_millis() as u64);
        app.storage.forget_ended_logins(UnixMillis(before)).await
    }
}
