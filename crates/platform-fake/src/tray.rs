//! A notification area that is looked at by the test.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gc_platform::{PromptError, TrayCommand, TrayHandle, TrayIcon, TrayMenu, TrayStatus};

type Command = Arc<dyn Fn(TrayCommand) + Send + Sync>;

#[derive(Default)]
struct Area {
    icon: Option<(TrayStatus, Command)>,
    announced: Vec<(String, String)>,
    fails: bool,
}

/// Room for one icon.
pub struct FakeTray(Arc<Mutex<Area>>);

/// The user in front of it.
#[derive(Clone)]
pub struct FakeTrayControl(Arc<Mutex<Area>>);

fn lock(area: &Mutex<Area>) -> MutexGuard<'_, Area> {
    area.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeTray {
    /// Nothing is shown at first.
    pub fn new() -> (Self, FakeTrayControl) {
        let area = Arc::new(Mutex::new(Area::default()));
        (Self(Arc::clone(&area)), FakeTrayControl(area))
    }
}

impl FakeTrayControl {
    /// No icon can be shown from now on.
    pub fn fail(&self) {
        lock(&self.0).fails = true;
    }

    /// What the icon says; `None` without one.
    pub fn status(&self) -> Option<TrayStatus> {
        lock(&self.0).icon.as_ref().map(|(status, _)| status.clone())
    }

    /// What was said beside it so far: titles and texts.
    pub fn announced(&self) -> Vec<(String, String)> {
        lock(&self.0).announced.clone()
    }

    /// Chooses from the menu; `false` without an icon.
    pub fn choose(&self, command: TrayCommand) -> bool {
        let chosen = lock(&self.0).icon.as_ref().map(|(_, command)| Arc::clone(command));
        chosen.map(|chosen| chosen(command)).is_some()
    }
}

struct Shown(Arc<Mutex<Area>>);

impl TrayHandle for Shown {
    fn set_status(&self, status: TrayStatus) {
        if let Some((shown, _)) = &mut lock(&self.0).icon {
            *shown = status;
        }
    }

    fn announce(&self, title: &str, text: &str) {
        lock(&self.0).announced.push((title.to_owned(), text.to_owned()));
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        lock(&self.0).icon = None;
    }
}

impl TrayIcon for FakeTray {
    fn show(
        &self,
        _: TrayMenu,
        status: TrayStatus,
        command: Box<dyn Fn(TrayCommand) + Send + Sync>,
    ) -> Result<Box<dyn TrayHandle>, PromptError> {
        let mut area = lock(&self.0);
        if area.fails {
            return Err(PromptError("no notification area".to_owned()));
        }
        area.icon = Some((status, Arc::from(command)));
        drop(area);
        Ok(Box::new(Shown(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_goes_with_its_handle() {
        let (tray, user) = FakeTray::new();
        let menu = TrayMenu {
            product: String::new(),
            about: String::new(),
            end_session: true,
            exit: false,
        };
        assert!(!user.choose(TrayCommand::Exit));
        let icon = tray.show(menu, TrayStatus::default(), Box::new(|_| ())).unwrap();
        icon.announce("a", "b");
        assert_eq!(user.announced(), [("a".to_owned(), "b".to_owned())]);
        assert!(user.choose(TrayCommand::Exit));
        drop(icon);
        assert_eq!(user.status(), None);
    }
}
