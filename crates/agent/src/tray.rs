//! The icon in the notification area, which tells what the connected bar tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gc_platform::{
    BarHandle, ConnectedBar, PromptError, TrayCommand, TrayHandle, TrayIcon, TrayMenu, TrayStatus,
};

type Stop = Arc<dyn Fn() + Send + Sync>;

/// Somebody is connected in a session.
struct Connected {
    names: Vec<String>,
    company: String,
    stop: Stop,
}

#[derive(Default)]
struct State {
    icon: Option<Box<dyn TrayHandle>>,
    last: u64,
    sessions: BTreeMap<u64, Connected>,
}

/// The connected bar with an icon beside it. The icon is there for as long as this
/// value, also while nobody is connected; where there is no place for one, the bar is
/// there without it.
pub struct TrayBar<B> {
    bar: B,
    quiet: String,
    state: Arc<Mutex<State>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B: ConnectedBar> TrayBar<B> {
    /// Shows the icon. `quiet` is its sentence while nobody is connected, `exit` is
    /// called on a thread of the platform's when the user wants the program to end.
    pub fn new(
        bar: B,
        tray: &dyn TrayIcon,
        menu: TrayMenu,
        quiet: &str,
        exit: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let chosen = {
            // Not the state itself, whose icon holds this.
            let state = Arc::downgrade(&state);
            move |command| match command {
                TrayCommand::Exit => exit(),
                TrayCommand::EndSession => {
                    let Some(state) = state.upgrade() else { return };
                    let stops: Vec<Stop> = lock(&state)
                        .sessions
                        .values()
                        .map(|connected| Arc::clone(&connected.stop))
                        .collect();
                    for stop in stops {
                        stop();
                    }
                }
            }
        };
        let status = TrayStatus { text: quiet.to_owned(), technicians: 0 };
        match tray.show(menu, status, Box::new(chosen)) {
            Ok(icon) => lock(&state).icon = Some(icon),
            Err(error) => tracing::warn!(%error, "there is no icon in the notification area"),
        }
        Self { bar, quiet: quiet.to_owned(), state }
    }
}

impl<B> Drop for TrayBar<B> {
    fn drop(&mut self) {
        // Not under the lock, which a choice in its menu takes.
        let icon = lock(&self.state).icon.take();
        drop(icon);
    }
}

impl State {
    fn tell(&self, quiet: &str) {
        let Some(icon) = &self.icon else { return };
        let names: Vec<&str> = self
            .sessions
            .values()
            .flat_map(|connected| connected.names.iter().map(String::as_str))
            .collect();
        let company =
            self.sessions.values().map(|it| it.company.as_str()).find(|it| !it.is_empty());
        let text = match (names.is_empty(), company) {
            (true, _) => quiet.to_owned(),
            (false, Some(company)) => format!("{} of {company}", names.join(", ")),
            (false, None) => names.join(", "),
        };
        icon.set_status(TrayStatus { text, technicians: names.len() });
    }
}

impl<B: ConnectedBar> ConnectedBar for TrayBar<B> {
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError> {
        let stop: Stop = Arc::from(stop);
        let pressed = Arc::clone(&stop);
        let inner = self.bar.show(names, company, Box::new(move || pressed()))?;
        let mut state = lock(&self.state);
        state.last += 1;
        let number = state.last;
        let connected = Connected { names: names.to_vec(), company: company.to_owned(), stop };
        state.sessions.insert(number, connected);
        state.tell(&self.quiet);
        let (quiet, state) = (self.quiet.clone(), Arc::clone(&self.state));
        Ok(Box::new(Shown { inner, number, quiet, state }))
    }
}

struct Shown {
    inner: Box<dyn BarHandle>,
    number: u64,
    quiet: String,
    state: Arc<Mutex<State>>,
}

impl BarHandle for Shown {
    fn set_viewers(&self, names: &[String]) {
        self.inner.set_viewers(names);
        let mut state = lock(&self.state);
        if let Some(connected) = state.sessions.get_mut(&self.number) {
            connected.names = names.to_vec();
        }
        state.tell(&self.quiet);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.sessions.remove(&self.number);
        state.tell(&self.quiet);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use gc_platform_fake::{FakeBar, FakeTray};

    use super::*;

    fn menu() -> TrayMenu {
        TrayMenu {
            product: "GuruConnect".into(),
            about: String::new(),
            end_session: true,
            exit: true,
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_icon_follows_the_bars_and_its_menu_ends_every_session() {
        let (tray, user) = FakeTray::new();
        let (exits, stops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let exited = Arc::clone(&exits);
        let (bar, first_bar) = FakeBar::new();
        let bars = TrayBar::new(bar, &tray, menu(), "Nobody is connected", move || {
            exited.fetch_add(1, Ordering::SeqCst);
        });
        let status =
            |text: &str, technicians| Some(TrayStatus { text: text.to_owned(), technicians });
        assert_eq!(user.status(), status("Nobody is connected", 0));
        let show = |who: &[&str], company: &str| {
            let stops = Arc::clone(&stops);
            let stop = Box::new(move || {
                stops.fetch_add(1, Ordering::SeqCst);
            });
            bars.show(&names(who), company, stop).unwrap()
        };
        let one = show(&["Ada"], "Contoso");
        assert_eq!(user.status(), status("Ada of Contoso", 1));
        assert!(first_bar.stop(), "the bar is there, too");
        assert_eq!(stops.load(Ordering::SeqCst), 1);
        let two = show(&["Ben", "Cem"], "");
        one.set_viewers(&names(&["Ada", "Dora"]));
        assert_eq!(user.status(), status("Ada, Dora, Ben, Cem of Contoso", 4));
        assert!(user.choose(TrayCommand::EndSession));
        assert_eq!(stops.load(Ordering::SeqCst), 3);
        assert!(user.choose(TrayCommand::Exit));
        assert_eq!(exits.load(Ordering::SeqCst), 1);
        drop(one);
        drop(two);
        assert_eq!(user.status(), status("Nobody is connected", 0));
        drop(bars);
        assert_eq!(user.status(), None, "gone with the program");
    }

    #[test]
    fn where_there_is_no_place_for_an_icon_the_bar_shows_all_the_same() {
        let (tray, user) = FakeTray::new();
        user.fail();
        let (bar, shown) = FakeBar::new();
        let bars = TrayBar::new(bar, &tray, menu(), "", || ());
        let handle = bars.show(&names(&["Ada"]), "", Box::new(|| ())).unwrap();
        assert!(shown.shown().is_some());
        assert_eq!(user.status(), None);
        drop(handle);
    }
}
