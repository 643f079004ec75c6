//! The buttons of the toolbar, and what their menus offer.

use gc_input::ScanCode;
use gc_proto::v2::{Preset, SystemChord};

use crate::app::{App, Crossing};
use crate::chrome::{self, Entry};
use crate::commands::{Command, Tool};
use crate::seat::Seat;
use crate::view::Scaling;

const META: ScanCode = ScanCode::extended(0x5B);
const CHORDS: &[(&str, &[ScanCode])] = &[
    ("Win", &[META]),
    ("Win + R", &[META, ScanCode::plain(0x13)]),
    ("Win + E", &[META, ScanCode::plain(0x12)]),
    ("Alt + Tab", &[ScanCode::plain(0x38), ScanCode::plain(0x0F)]),
    ("Ctrl + Shift + Esc", &[ScanCode::plain(0x1D), ScanCode::plain(0x2A), ScanCode::plain(0x01)]),
    ("Print Screen", &[ScanCode::extended(0x37)]),
];

const PRESETS: [(Preset, &str, &str); 4] = [
    (Preset::Auto, "Automatic", "by the link"),
    (Preset::Low, "Low", "slow links"),
    (Preset::Balanced, "Balanced", ""),
    (Preset::High, "High", "fast links"),
];

impl App {
    /// The toolbar of the moment, in the order that technicians know.
    pub(crate) fn tools(&self) -> Vec<chrome::Tool<Tool>> {
        let live = self.live();
        let seat = self.seat.as_ref().filter(|_| live);
        let tool = |id, label: &str| chrome::Tool {
            id,
            label: label.to_owned(),
            pressed: false,
            enabled: live,
            apart: false,
        };
        let monitor = match seat.map(Seat::displays) {
            Some((displays, selected)) if displays.len() > 1 => displays
                .iter()
                .position(|display| display.id == selected)
                .map_or_else(|| "All monitors".to_owned(), |at| format!("Monitor {}", at + 1)),
            _ => "Monitor".to_owned(),
        };
        let shared = seat.is_some_and(Seat::may_use_clipboard);
        let clipboard = match self.crossed {
            Some((Crossing::In, _)) => "Clipboard ↓",
            Some((Crossing::Out, _)) => "Clipboard ↑",
            None if shared && !self.clipboard_on => "Clipboard off",
            None => "Clipboard",
        };
        let asking = seat.map_or(0, |seat| {
            let asking = seat.people().iter().filter(|person| person.asks).count();
            if seat.in_control() { asking } else { 0 }
        });
        let people = match seat.map_or(0, |seat| seat.people().len()) {
            _ if asking > 0 => format!("People · {asking} ask"),
            0 => "People".to_owned(),
            count => format!("People {count}"),
        };
        let tools = [
            tool(Tool::Monitors, &monitor),
            chrome::Tool { enabled: true, ..tool(Tool::View, "View") },
            tool(Tool::Quality, "Quality"),
            tool(Tool::Keys, "Keys"),
            chrome::Tool {
                pressed: shared && self.clipboard_on,
                enabled: shared,
                ..tool(Tool::Clipboard, clipboard)
            },
            chrome::Tool {
                enabled: seat.is_some_and(Seat::may_move_files),
                ..tool(Tool::Files, &self.files_label())
            },
            chrome::Tool { pressed: self.show_statistics, apart: true, ..tool(Tool::Info, "Info") },
            tool(Tool::People, &people),
        ];
        let last = [
            chrome::Tool { enabled: true, apart: true, ..tool(Tool::Leave, "Leave") },
            chrome::Tool { enabled: true, pressed: self.pinned, ..tool(Tool::Pin, "Pin") },
        ];
        tools.into_iter().chain(self.sessions_tool()).chain(last).collect()
    }

    pub(crate) fn entries(&self, tool: Tool) -> Vec<Entry<Command>> {
        match tool {
            Tool::Monitors => self.monitors(),
            Tool::View => {
                let scaling = |label, scaling| {
                    Entry::new(label, Command::Scaling(scaling))
                        .checked(self.view.scaling == scaling)
                };
                vec![
                    scaling("Fit the window", Scaling::Fit),
                    scaling("Actual size (1:1)", Scaling::Actual),
                    scaling("Stretch", Scaling::Stretch),
                    Entry::new("Full screen", Command::FullScreen)
                        .checked(self.full_screen)
                        .trail("Ctrl+Alt+Break"),
                    Entry::new("New picture", Command::NewPicture).only_if(self.live()),
                ]
            }
            Tool::Quality => PRESETS
                .iter()
                .map(|(preset, label, trail)| {
                    Entry::new(*label, Command::Quality(*preset))
                        .trail(*trail)
                        .checked(self.quality == *preset)
                })
                .collect(),
            Tool::Keys => self.key_entries(),
            Tool::Files => self.file_entries(),
            Tool::People => self.people(),
            Tool::Sessions => self.session_entries(),
            Tool::Leave => vec![
                Entry::new("Disconnect, session stays open", Command::Leave),
                Entry::new("End session for everyone…", Command::AskEnd).only_if(self.live()),
            ],
            Tool::Clipboard | Tool::Info | Tool::Pin => Vec::new(),
        }
    }

    fn monitors(&self) -> Vec<Entry<Command>> {
        let Some((displays, selected)) = self.seat.as_ref().map(Seat::displays) else {
            return Vec::new();
        };
        if displays.is_empty() {
            return vec![Entry::told("No monitor is known yet")];
        }
        let mut entries = Vec::new();
        if displays.len() > 1 {
            entries.push(
                Entry::new("All in one picture", Command::Monitor(0))
                    .checked(selected == 0 && !self.spread_wanted),
            );
            entries.push(
                Entry::new("A window for each", Command::EachMonitor).checked(self.spread_wanted),
            );
        }
        for (at, display) in displays.iter().enumerate() {
            let name = if display.name.is_empty() {
                format!("Monitor {}", at + 1)
            } else {
                display.name.clone()
            };
            let main = if display.primary { " · main" } else { "" };
            let only = selected == 0 && displays.len() == 1;
            entries.push(
                Entry::new(name, Command::Monitor(display.id))
                    .trail(format!("{} × {}{main}", display.width, display.height))
                    .checked(selected == display.id || only),
            );
        }
        entries
    }

    fn key_entries(&self) -> Vec<Entry<Command>> {
        let can = self.in_control();
        let system = |label, chord| Entry::new(label, Command::System(chord)).only_if(can);
        let mut entries =
            vec![system("Ctrl + Alt + Del", SystemChord::CtrlAltDel).trail("Ctrl+Alt+End")];
        let chords = CHORDS.iter();
        entries.extend(
            chords.map(|(label, codes)| Entry::new(*label, Command::Chord(codes)).only_if(can)),
        );
        entries.extend([
            system("Lock the machine", SystemChord::Lock),
            Entry::new("Type clipboard as keystrokes", Command::TypeClipboard)
                .only_if(can && self.desk.is_some()),
            Entry::new("Send system keys", Command::SystemKeys)
                .checked(self.system_keys)
                .trail("Ctrl+Alt+Shift+K"),
            Entry::new("Text mode", Command::TextMode)
                .checked(self.keys.text_mode)
                .trail("Ctrl+Alt+Shift+T"),
        ]);
        entries
    }

    fn people(&self) -> Vec<Entry<Command>> {
        let Some(seat) = &self.seat else { return Vec::new() };
        let controller = seat.controller().map(|person| person.participant);
        let mut entries = vec![Entry::told("In this session")];
        for person in seat.people() {
            let own = person.participant == seat.participant();
            let name = if own { format!("{} (you)", person.name) } else { person.name.clone() };
            let state = if Some(person.participant) == controller {
                "has control"
            } else if person.asks {
                "asks for control"
            } else {
                "looks on"
            };
            entries.push(Entry::told(name).trail(state));
        }
        if seat.in_control() {
            for person in seat.people().iter().filter(|person| person.asks) {
                let (number, name) = (person.participant, &person.name);
                entries.push(Entry::new(format!("Give control to {name}"), Command::Give(number)));
                entries.push(Entry::new(format!("Refuse {name}"), Command::Refuse(number)));
            }
            entries.push(Entry::new("Let go of control", Command::LetGoControl));
        } else {
            entries.push(
                Entry::new("Ask for control", Command::AskControl).only_if(seat.may_control()),
            );
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chord_is_of_keys_that_boards_have() {
        for (name, codes) in CHORDS {
            assert!(codes.iter().all(|code| code.key().is_some()), "{name}");
        }
    }
}
