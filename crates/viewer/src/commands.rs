//! The buttons of the toolbar, what their menus offer, and what each choice does.

use gc_filetransfer::ConflictRule;
use gc_input::ScanCode;
use gc_proto::v2::{ControlVerb, Preset, SystemChord, VideoSettings};

use crate::app::App;
use crate::chrome::Menu;
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
    /// The panel with two sides.
    Panes,
    /// Deletes what was chosen there.
    Delete,
    /// About a name that is taken.
    Conflict(ConflictRule),
    ForAll,
    CancelTransfer(u32),
    PauseTransfer(u32, bool),
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

/// What the agent is told of a quality.
pub(crate) fn video(preset: Preset) -> VideoSettings {
    VideoSettings { preset: preset.into(), ..VideoSettings::default() }
}

impl App {
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
            Command::PauseTransfer(number, paused) => {
                if let Some(transfers) = &self.transfers {
                    transfers.pause(number, paused);
                }
            }
            Command::ForgetTransfer(number) => {
                if let Some(transfers) = &self.transfers {
                    transfers.forget(number);
                }
            }
            Command::Panes => self.toggle_panes(),
            Command::Delete => self.delete_chosen(),
            Command::Conflict(rule) => self.decide(rule),
            Command::ForAll => self.for_all = !self.for_all,
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

    pub(crate) fn press(&mut self, tool: Tool) {
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

    pub(crate) fn open_menu(&mut self, tool: Tool) {
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
}
