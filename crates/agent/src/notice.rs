//! The notice that tells the user who has connected.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gc_actions::{DURATION_S, Words, render};
use gc_platform::{ConnectionNotice, NoticePosition, PromptHandle};
use gc_proto::v2;
use gc_types::{Clock, UnixMillis};

use crate::platform_set::Platform;

/// Shows it to the user when the first viewer comes, and again when all had left.
pub(crate) struct NoticeBoard {
    settings: Option<v2::ConnectionNotice>,
    company: String,
    platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    present: BTreeSet<u16>,
    /// Who was there when the link was lost, or is there already: their return is no
    /// news.
    before: BTreeSet<u16>,
    shown: Option<Box<dyn PromptHandle>>,
}

impl NoticeBoard {
    /// `settings` as the relay sent them; none: nothing is ever shown. The user knows
    /// of `told_of`.
    pub(crate) fn new(
        settings: Option<v2::ConnectionNotice>,
        company: String,
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        told_of: &[u16],
    ) -> Self {
        Self {
            settings,
            company,
            platform,
            clock,
            present: BTreeSet::new(),
            before: told_of.iter().copied().collect(),
            shown: None,
        }
    }

    /// For whoever comes next.
    pub(crate) fn set(&mut self, settings: Option<v2::ConnectionNotice>) {
        self.settings = settings;
    }

    pub(crate) fn joined(&mut self, participant: u16, name: &str) {
        let first = self.present.is_empty();
        self.present.insert(participant);
        let returns = self.before.contains(&participant);
        if first && !returns {
            self.show(name);
        }
        if !returns {
            self.before.clear();
        }
    }

    pub(crate) fn left(&mut self, participant: u16) {
        self.present.remove(&participant);
        if self.present.is_empty() {
            self.before.clear();
            self.shown = None;
        }
    }

    pub(crate) fn link_lost(&mut self) {
        self.before.append(&mut self.present);
    }

    fn show(&mut self, technician: &str) {
        let (Some(settings), Some(overlay)) = (&self.settings, self.platform.notice()) else {
            return;
        };
        let time = self.platform.local_time().map_or_else(
            || utc(self.clock.now()),
            |(hour, minute)| format!("{hour:02}:{minute:02}"),
        );
        let words = Words { technician, company: &self.company, time: &time };
        let notice = ConnectionNotice {
            text: render(&settings.template, words),
            position: position(settings.position()),
            duration: Duration::from_secs(
                settings.duration_s.clamp(*DURATION_S.start(), *DURATION_S.end()).into(),
            ),
            dismissible: settings.dismissible,
        };
        match overlay.show(notice) {
            Ok(handle) => self.shown = Some(handle),
            Err(error) => tracing::warn!(%error, "the connection notice cannot be shown"),
        }
    }
}

fn utc(now: UnixMillis) -> String {
    let minutes = now.0 / 60_000;
    format!("{:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// A place that nobody here knows is that of the others.
const fn position(position: v2::NoticePosition) -> NoticePosition {
    match position {
        v2::NoticePosition::TopLeft => NoticePosition::TopLeft,
        v2::NoticePosition::TopRight => NoticePosition::TopRight,
        v2::NoticePosition::BottomLeft => NoticePosition::BottomLeft,
        v2::NoticePosition::Center => NoticePosition::Center,
        v2::NoticePosition::BottomRight | v2::NoticePosition::Unspecified => {
            NoticePosition::BottomRight
        }
    }
}

#[cfg(test)]
mod tests {
    use gc_types::ManualClock;

    use super::*;
    use crate::test_machine::TestMachine;

    fn settings(template: &str, duration_s: u32) -> v2::ConnectionNotice {
        v2::ConnectionNotice {
            template: template.into(),
            duration_s,
            position: v2::NoticePosition::TopLeft.into(),
            dismissible: true,
        }
    }

    fn board(machine: &TestMachine, settings: Option<v2::ConnectionNotice>) -> NoticeBoard {
        // Five past two in the afternoon, on the first day.
        let clock = Arc::new(ManualClock::new(UnixMillis((14 * 60 + 5) * 60_000)));
        NoticeBoard::new(settings, "Contoso".into(), Arc::clone(&machine.platform), clock, &[])
    }

    #[test]
    fn it_shows_with_the_first_viewer_and_again_when_all_had_left() {
        let machine = TestMachine::new();
        let all = "{{technician_name}}, {{company}}, {{time}}";
        let mut board = board(&machine, Some(settings(all, 7)));
        board.joined(1, "Ada\u{202e}");
        board.joined(2, "Ben");
        let expected = ConnectionNotice {
            text: "Ada, Contoso, 14:05 UTC".into(),
            position: NoticePosition::TopLeft,
            duration: Duration::from_secs(7),
            dismissible: true,
        };
        assert_eq!(machine.notices.all(), [expected], "one for both");
        board.left(1);
        assert!(machine.notices.wait_for_open(1, Duration::ZERO));
        board.left(2);
        assert!(machine.notices.wait_for_open(0, Duration::ZERO));
        board.joined(3, "Cem");
        assert_eq!(machine.notices.all().len(), 2);
    }

    #[test]
    fn who_returns_with_the_link_is_no_news() {
        let machine = TestMachine::new();
        let mut board = board(&machine, Some(settings("{{technician_name}}", 10)));
        board.joined(1, "Ada");
        board.link_lost();
        board.joined(1, "Ada");
        assert_eq!(machine.notices.all().len(), 1);
        board.link_lost();
        board.joined(9, "Eve");
        assert_eq!(machine.notices.all().len(), 2, "somebody else is");
    }

    #[test]
    fn what_a_relay_says_is_bounded_and_nothing_is_shown_without_it() {
        let machine = TestMachine::new();
        let mut silent = board(&machine, None);
        silent.joined(1, "Ada");
        assert_eq!(machine.notices.all(), []);
        silent.left(1);
        silent.set(Some(settings("{{secret}}", 1_000_000)));
        silent.joined(2, "Ben");
        let shown = machine.notices.all().remove(0);
        assert_eq!(shown.duration, Duration::from_mins(1));
        assert!(shown.text.starts_with("Ben of Contoso has connected"), "{}", shown.text);
    }
}
