//! The buttons of the toolbar, what their menus offer, and what each choice does.

use gc_input::ScanCode;
use gc_platform::WindowKey;
use gc_proto::v2::{ControlVerb, Preset, SystemChord, VideoSettings};

use crate::app::{App, Crossing, Focus};
use crate::chrome::{self, Entry, Menu};
use crate::keys;
use crate::seat::Seat;
use crate::status::{Asking, Phase};
use crate::view::Scaling;

/// A button of the toolbar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Monitors,
    View,
    Quality,
    Keys,
    Clipboard,
    Files,
    Info,
    People,
    Sessions,
    Leave,
    Pin,
}

/// Something that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Monitor(u32),
    EachMonitor,
    Scaling(Scaling),
    FullScreen,
    NewPicture,
    Quality(Preset),
    Chord(&'static [ScanCode]),
    System(SystemChord),
    TypeClipboard,
    SystemKeys,
    TextMode,
    Clipboard,
    SendCopied,
    FetchCopied,
    ShowTransfers,
    CancelTransfer(u32),
    ForgetTransfer(u32),
    Statistics,
    AskControl,
    LetGoControl,
    Give(u16),
    Refuse(u16),
    /// Another window of this process.
    Session(u64),
    Leave,
    AskEnd,
    End,
    Cancel,
    Retry,
    Connect,
}

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

/// What the agent is told of a quality.
pub(crate) fn video(preset: Preset) -> VideoSettings {
    VideoSettings { preset: preset.into(), ..VideoSettings::default() }
}

/// Keys by which toolbar, menus and cards are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    On,
    Up,
    Down,
    Press,
    Leave,
}

fn way(key: &WindowKey) -> Option<Way> {
    Some(match (key.scan_code, key.extended) {
        (0x4B, _) => Way::Back,
        (0x4D, _) | (0x0F, false) => Way::On,
        (0x48, _) => Way::Up,
        (0x50, _) => Way::Down,
        (0x1C, _) | (0x39, false) => Way::Press,
        (0x01, false) => Way::Leave,
        _ => return None,
    })
}

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

    fn entries(&self, tool: Tool) -> Vec<Entry<Command>> {
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

    /// Does what was chosen.
    pub(crate) fn execute(&mut self, command: Command) {
        self.menu = None;
        self.focus = None;
        self.stale = true;
        let now = self.now();
        match command {
            Command::Scaling(scaling) => {
                self.view.scaling = scaling;
                self.view.scroll_by(0, 0);
                self.damage_all();
            }
            Command::FullScreen => {
                self.full_screen = !self.full_screen;
                self.window.set_full_screen(self.full_screen);
            }
            Command::SystemKeys => self.system_keys = !self.system_keys,
            Command::TextMode => {
                self.let_go();
                self.keys.text_mode = !self.keys.text_mode;
                tracing::info!(on = self.keys.text_mode, "text mode");
                self.window.set_text_wanted(self.keys.text_mode);
            }
            Command::TypeClipboard => {
                if let Some(desk) = &self.desk {
                    desk.type_text();
                }
            }
            Command::SendCopied => self.send_copied(),
            Command::FetchCopied => self.fetch_copied(),
            Command::ShowTransfers => self.show_transfers = !self.show_transfers,
            Command::CancelTransfer(number) => {
                if let Some(transfers) = &self.transfers {
                    transfers.cancel(number);
                }
            }
            Command::ForgetTransfer(number) => {
                if let Some(transfers) = &self.transfers {
                    transfers.forget(number);
                }
            }
            Command::Statistics => self.show_statistics = !self.show_statistics,
            Command::Leave => self.done = true,
            Command::AskEnd => self.asking = Some(Asking::End),
            Command::Cancel => {
                self.asking = None;
                if self.phase == Phase::Asking {
                    self.done = true;
                }
            }
            Command::Retry => {
                if let Some(link) = &self.link {
                    link.try_now();
                }
            }
            Command::Connect => self.connect(),
            Command::Chord(codes) => self.send(&keys::chord(codes)),
            Command::System(chord) => self.send(&[keys::system_chord(chord)]),
            Command::Quality(preset) => {
                self.quality = preset;
                self.with_seat(|seat| seat.set_video(video(preset)));
            }
            Command::Clipboard => {
                self.clipboard_on = !self.clipboard_on;
                self.clipboard_cause = None;
                let on = self.clipboard_on;
                self.with_seat(|seat| seat.sync_clipboard(on));
            }
            Command::Monitor(id) => {
                (self.spread_wanted, self.spread_asked) = (false, false);
                self.with_seat(|seat| seat.select_display(id));
            }
            Command::EachMonitor => {
                (self.spread_wanted, self.spread_asked) = (true, true);
                self.with_seat(|seat| seat.select_display(0));
            }
            Command::NewPicture => self.with_seat(|seat| seat.refresh(now)),
            Command::AskControl => self.with_seat(|seat| seat.control(ControlVerb::Ask, 0)),
            Command::LetGoControl => {
                self.let_go();
                self.with_seat(|seat| {
                    seat.ask_no_more();
                    seat.control(ControlVerb::Release, 0);
                });
            }
            Command::Give(to) => {
                self.let_go();
                self.with_seat(|seat| {
                    seat.ask_no_more();
                    seat.control(ControlVerb::Give, to);
                });
            }
            Command::Session(id) => {
                self.sibling.call(id);
            }
            Command::Refuse(whom) => {
                self.with_seat(|seat| seat.control(ControlVerb::Refuse, whom));
            }
            Command::End => {
                self.asking = None;
                self.with_seat(Seat::end_session);
            }
        }
    }

    fn with_seat(&mut self, act: impl FnOnce(&mut Seat)) {
        if let Some(seat) = &mut self.seat {
            act(seat);
        }
    }

    fn press(&mut self, tool: Tool) {
        match tool {
            Tool::Clipboard => self.execute(Command::Clipboard),
            Tool::Info => self.execute(Command::Statistics),
            Tool::Pin => {
                self.pinned = !self.pinned;
                self.toolbar_open |= self.pinned;
                self.focus = None;
                self.stale = true;
            }
            _ => self.open_menu(tool),
        }
    }

    fn open_menu(&mut self, tool: Tool) {
        self.stale = true;
        let open = self.menu.take().map(|(tool, _)| tool);
        if open == Some(tool) {
            return;
        }
        // The machine must not go on with what is down while a menu has the keys.
        if self.in_control() {
            self.let_go();
        }
        let Some(below) = self.bar.as_ref().map(|bar| bar.below(tool)) else { return };
        let window = self.window.size();
        let menu = Menu::open(self.entries(tool), below, window, &mut self.painter);
        self.menu = Some((tool, menu));
    }

    // The pointer -------------------------------------------------------------

    pub(crate) fn over_toolbar(&self, (x, y): (i32, i32)) -> bool {
        let Some(bar) = &self.bar else { return false };
        if self.toolbar_shown() { bar.contains(x, y) } else { bar.on_handle(x, y) }
    }

    /// Whether a place belongs to the viewer and not to the picture.
    pub(crate) fn over_chrome(&self, (x, y): (i32, i32)) -> bool {
        self.over_toolbar((x, y))
            || self.menu.as_ref().is_some_and(|(_, menu)| menu.contains(x, y))
            || self.status.card.as_ref().is_some_and(|card| card.contains(x, y))
            || self.status.banner.as_ref().is_some_and(|banner| banner.contains(x, y))
            || self.status.panel.as_ref().is_some_and(|panel| panel.contains(x, y))
    }

    /// Marks what is under the pointer.
    pub(crate) fn mark(&mut self, x: i32, y: i32) {
        let shown = self.toolbar_shown();
        let hover = self.bar.as_ref().filter(|_| shown).and_then(|bar| bar.at(x, y));
        let on_handle = !shown && self.bar.as_ref().is_some_and(|bar| bar.on_handle(x, y));
        let on_card = self.status.card.as_ref().and_then(|card| card.at(x, y));
        let on_banner = self.status.banner.as_ref().and_then(|banner| banner.at(x, y));
        let marked = on_card.or(on_banner);
        let on_panel = self.status.panel.as_ref().and_then(|panel| panel.at(x, y));
        let mut changed = false;
        if let Some((_, menu)) = &mut self.menu {
            let at = menu.at(x, y);
            changed = at.is_some() && at != menu.marked;
            if changed {
                menu.marked = at;
            }
        }
        if (hover, on_handle, marked) != (self.hover, self.on_handle, self.status.marked) {
            (self.hover, self.on_handle, self.status.marked) = (hover, on_handle, marked);
            changed = true;
        }
        changed |= std::mem::replace(&mut self.status.on_panel, on_panel) != on_panel;
        self.stale |= changed;
    }

    /// A press of the left button on something of the viewer's.
    pub(crate) fn click(&mut self, x: i32, y: i32) {
        self.stale = true;
        if let Some((_, menu)) = &self.menu
            && menu.contains(x, y)
        {
            let command = menu.at(x, y).and_then(|index| menu.command(index));
            if let Some(command) = command {
                self.execute(command);
            }
            return;
        }
        if self.over_toolbar((x, y)) {
            if !self.toolbar_shown() {
                self.toolbar_open = true;
                self.hide_later();
            } else if let Some(tool) = self.bar.as_ref().and_then(|bar| bar.at(x, y)) {
                self.press(tool);
            } else {
                self.menu = None;
            }
            return;
        }
        self.menu = None;
        let card = self.status.card.as_ref();
        let banner = self.status.banner.as_ref();
        let panel = self.status.panel.as_ref();
        let command = card
            .and_then(|card| card.command(card.at(x, y)?))
            .or_else(|| banner.and_then(|banner| banner.command(banner.at(x, y)?)))
            .or_else(|| panel.and_then(|panel| panel.command(panel.at(x, y)?)));
        if let Some(command) = command {
            self.execute(command);
        }
    }

    // The keyboard ------------------------------------------------------------

    /// Whether keys are for toolbar, menu or card and not for the machine.
    pub(crate) fn navigates(&self) -> bool {
        let asks = self.status.card.as_ref().is_some_and(|card| card.count() > 0);
        self.menu.is_some() || self.focus.is_some() || asks
    }

    pub(crate) fn navigate(&mut self, key: &WindowKey) {
        let Some(way) = way(key) else { return };
        self.stale = true;
        if let Some((tool, menu)) = &mut self.menu {
            let tool = *tool;
            match way {
                Way::Up => menu.step(false),
                Way::Down => menu.step(true),
                Way::Press => {
                    let command = menu.marked.and_then(|index| menu.command(index));
                    if let Some(command) = command {
                        self.execute(command);
                    }
                }
                Way::Leave => {
                    self.menu = None;
                    self.focus = Some(Focus::Toolbar(tool));
                }
                Way::Back | Way::On => {
                    self.menu = None;
                    self.move_on(tool, way == Way::On);
                }
            }
            return;
        }
        match self.focus {
            Some(Focus::Toolbar(tool)) => match way {
                Way::Back => self.move_on(tool, false),
                Way::On => self.move_on(tool, true),
                Way::Press | Way::Down => {
                    self.press(tool);
                    if let Some((_, menu)) = &mut self.menu {
                        menu.step(true);
                    }
                }
                Way::Leave => {
                    self.focus = None;
                    self.hide_later();
                }
                Way::Up => {}
            },
            Some(Focus::Card(_)) | None => self.navigate_card(way),
        }
    }

    fn navigate_card(&mut self, way: Way) {
        let Some(card) = self.status.card.as_ref().filter(|card| card.count() > 0) else { return };
        let at = match self.focus {
            Some(Focus::Card(index)) => Some(index.min(card.count() - 1)),
            _ => None,
        };
        match way {
            Way::On | Way::Down => {
                self.focus = Some(Focus::Card(at.map_or(0, |at| (at + 1) % card.count())));
            }
            Way::Back | Way::Up => {
                let last = card.count() - 1;
                self.focus = Some(Focus::Card(at.map_or(last, |at| (at + last) % card.count())));
            }
            Way::Press => {
                // Nothing is chosen for somebody who was typing when the card came.
                if let Some(command) = at.and_then(|at| card.command(at)) {
                    self.execute(command);
                }
            }
            Way::Leave => {
                if self.asking.is_some() {
                    self.execute(Command::Cancel);
                } else {
                    self.focus = None;
                }
            }
        }
    }

    fn move_on(&mut self, from: Tool, forward: bool) {
        let next = self.bar.as_ref().and_then(|bar| bar.next(Some(from), forward));
        self.focus = next.map(Focus::Toolbar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_tab_enter_and_escape_are_the_ways_through_the_toolbar() {
        let key = |scan_code, extended| WindowKey {
            scan_code,
            extended,
            down: true,
            repeat: false,
            text: None,
        };
        assert_eq!(way(&key(0x4B, true)), Some(Way::Back));
        assert_eq!(way(&key(0x0F, false)), Some(Way::On));
        assert_eq!(way(&key(0x1C, true)), Some(Way::Press));
        assert_eq!(way(&key(0x01, false)), Some(Way::Leave));
        assert_eq!(way(&key(0x1E, false)), None);
    }

    #[test]
    fn every_chord_is_of_keys_that_boards_have() {
        for (name, codes) in CHORDS {
            assert!(codes.iter().all(|code| code.key().is_some()), "{name}");
        }
    }
}
