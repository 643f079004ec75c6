//! What a person is told: instead of a picture, or beside it.

use gc_filetransfer::{ConflictRule, Direction};
use gc_proto::v2::{AgentPresence, NoticeTopic};
use gc_types::CauseCode;

use crate::Facts;
use crate::app::App;
use crate::chrome::{Banner, Button, Card};
use crate::commands::Command;
use crate::files::Side;

/// How far the link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was sent yet.
    Asking,
    Connecting,
    Live,
    /// Lost, and tried again.
    Reconnecting(Facts),
    /// The session is over.
    Over(Facts),
    /// Nothing is tried any more.
    Failed(Facts),
}

/// A question over the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    End,
    /// What was chosen in the panel goes for good.
    Delete,
}

/// What is shown of it.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) card: Option<crate::chrome::Placed<Command>>,
    pub(crate) banner: Option<crate::chrome::Placed<Command>>,
    pub(crate) panel: Option<crate::chrome::Placed<Command>>,
    /// The button under the pointer.
    pub(crate) marked: Option<usize>,
    /// The same of the transfers.
    pub(crate) on_panel: Option<usize>,
    /// The picture is not of now.
    pub(crate) dims: bool,
    pub(crate) has_picture: bool,
    pub(crate) had_control: bool,
}

/// What there is to tell.
pub(crate) struct Told {
    pub(crate) card: Option<Card<Command>>,
    pub(crate) banner: Option<Banner<Command>>,
    pub(crate) dims: bool,
}

fn close() -> Button<Command> {
    Button::new("Close", Command::Leave)
}

fn card(title: &str, facts: &Facts, buttons: Vec<Button<Command>>) -> Card<Command> {
    let detail = if facts.detail.is_empty() {
        facts.name.to_owned()
    } else {
        format!("{} ({})", facts.detail, facts.name)
    };
    Card { title: title.to_owned(), sentence: facts.sentence.clone(), detail, buttons }
}

fn told(title: &str, sentence: impl Into<String>, detail: &str) -> Card<Command> {
    Card {
        title: title.to_owned(),
        sentence: sentence.into(),
        detail: detail.to_owned(),
        buttons: Vec::new(),
    }
}

impl App {
    pub(crate) fn tell_status(&self) -> Told {
        if let Some(Asking::End) = self.asking {
            let card = Card {
                title: "End this session?".to_owned(),
                sentence: "Everyone is disconnected. An attended machine needs a new code to be \
                           helped again."
                    .to_owned(),
                detail: String::new(),
                buttons: vec![
                    Button::new("End session", Command::End),
                    Button::new("Cancel", Command::Cancel),
                ],
            };
            return Told { card: Some(card), banner: None, dims: true };
        }
        if let Some(card) = self.asks_of_files() {
            return Told { card: Some(card), banner: None, dims: true };
        }
        let card = match &self.phase {
            Phase::Asking => Some(Card {
                title: "Open a remote session?".to_owned(),
                sentence: format!(
                    "A link asks to show a machine in a session on {}. Go on only if you have \
                     just opened it yourself.",
                    self.server
                ),
                detail: String::new(),
                buttons: vec![
                    Button::new("Connect", Command::Connect),
                    Button::new("Cancel", Command::Leave),
                ],
            }),
            Phase::Connecting => Some(told("Connecting", format!("To {} …", self.server), "")),
            Phase::Reconnecting(facts) => Some(card(
                "Reconnecting",
                facts,
                vec![Button::new("Try now", Command::Retry), close()],
            )),
            Phase::Over(facts) => Some(card("The session is over", facts, vec![close()])),
            Phase::Failed(facts) => Some(card("Not connected", facts, vec![close()])),
            Phase::Live => self.missing(),
        };
        let dims = card.is_some();
        let banner = if dims { None } else { self.banner() };
        Told { card, banner, dims }
    }

    /// Whether files go for good, and what becomes of a name that is taken.
    fn asks_of_files(&self) -> Option<Card<Command>> {
        if self.asking == Some(Asking::Delete) {
            let (side, count, name) = self.asks_to_delete()?;
            let whose = match side {
                Side::Here => "on this computer",
                Side::There => "on the machine",
            };
            let (what, button) = match count {
                1 => (format!("“{name}”"), "Delete it".to_owned()),
                count => (format!("{count} items"), format!("Delete {count} items")),
            };
            return Some(Card {
                title: format!("Delete {what} {whose}?"),
                sentence: "Folders go with everything that is in them. This cannot be undone."
                    .to_owned(),
                detail: String::new(),
                buttons: vec![
                    Button::new(&button, Command::Delete),
                    Button::new("Cancel", Command::Cancel),
                ],
            });
        }
        let conflict = self.conflicts.front()?;
        let where_to = match conflict.direction {
            Direction::Upload => "on the machine",
            Direction::Download => "on this computer",
        };
        let sizes = |size| crate::chrome::bytes(size);
        let all = if self.for_all { "For all: yes" } else { "For all: no" };
        Some(Card {
            title: format!("“{}” is there already", gc_proto::clean_text(&conflict.path, 120)),
            sentence: format!(
                "{} {where_to}, of {}. The new one has {}.",
                sizes(conflict.existing_size),
                crate::panes::date(conflict.existing_modified_ms),
                sizes(conflict.size),
            ),
            detail: String::new(),
            buttons: vec![
                Button::new("Keep both", Command::Conflict(ConflictRule::Rename)),
                Button::new("Replace", Command::Conflict(ConflictRule::Overwrite)),
                Button::new("Skip", Command::Conflict(ConflictRule::Skip)),
                Button::new(all, Command::ForAll),
            ],
        })
    }

    /// Why there is no picture of now, although there is a link.
    fn missing(&self) -> Option<Card<Command>> {
        let seat = self.seat.as_ref()?;
        match seat.presence() {
            AgentPresence::Offline => {
                let facts = CauseCode::AgentOffline;
                return Some(told("The machine is offline", facts.sentence(), facts.name()));
            }
            AgentPresence::Stalled => {
                let facts = CauseCode::AgentStalled;
                return Some(told("Waiting for the machine", facts.sentence(), facts.name()));
            }
            AgentPresence::Online | AgentPresence::Unspecified => {}
        }
        let notices = seat.notices();
        let picture = notices.iter().find(|(topic, ..)| *topic == NoticeTopic::Picture);
        if let Some((_, cause, detail)) = picture {
            let detail = if detail.is_empty() { cause.name() } else { detail.as_str() };
            return Some(told("No picture", cause.sentence(), detail));
        }
        let shown = self.status.has_picture && self.surface().is_some();
        (!shown).then(|| told("Connected", "Waiting for the first picture …", ""))
    }

    fn banner(&self) -> Option<Banner<Command>> {
        let seat = self.seat.as_ref()?;
        let plain = |text: String| Some(Banner { text, buttons: Vec::new() });
        if seat.in_control() {
            if let Some(person) = seat.people().iter().find(|person| person.asks) {
                return Some(Banner {
                    text: format!("{} asks for control.", person.name),
                    buttons: vec![
                        Button::new("Give", Command::Give(person.participant)),
                        Button::new("Refuse", Command::Refuse(person.participant)),
                    ],
                });
            }
        } else if !seat.may_control() {
            return plain("View only: keyboard and mouse are not sent.".to_owned());
        } else {
            let own = seat.participant();
            let asks = seat.people().iter().any(|one| one.participant == own && one.asks);
            let text = match seat.controller() {
                Some(person) if asks => format!("{} was asked for control.", person.name),
                Some(person) => format!("{} has control.", person.name),
                None => "Nobody has control.".to_owned(),
            };
            let ask = Button::new("Ask for control", Command::AskControl);
            let buttons = if asks { Vec::new() } else { vec![ask] };
            return Some(Banner { text, buttons });
        }
        if let Some(told) = &self.told {
            return plain(told.sentence.clone());
        }
        let notices = seat.notices();
        let of = |wanted| notices.iter().find(|(topic, ..)| *topic == wanted);
        for topic in [NoticeTopic::Input, NoticeTopic::DesktopSession, NoticeTopic::Capture] {
            if let Some((_, cause, _)) = of(topic) {
                return plain(cause.sentence().to_owned());
            }
        }
        let clipboard = self.clipboard_cause.or(of(NoticeTopic::Clipboard).map(|it| it.1));
        if let Some(cause) = clipboard.filter(|_| self.clipboard_on) {
            return plain(cause.sentence().to_owned());
        }
        if self.show_statistics {
            return None;
        }
        seat.slow().and_then(|slow| plain(crate::chrome::slow_sentence(slow)))
    }
}
