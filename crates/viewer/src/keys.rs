//! What becomes of the keys of this computer: sent by their place on the board, as
//! characters in text mode, or kept as the viewer's own.

use std::collections::BTreeSet;

use gc_input::ScanCode;
use gc_platform::{LockKeys, WindowKey};
use gc_proto::MAX_TYPED_TEXT;
use gc_proto::v2::{
    InputEvent, KeyEvent, LockState, ReleaseAll, SystemChord, SystemKey, TextEvent, input_event,
};

/// A key of the viewer's own, which the machine never sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnKey {
    /// Ctrl+Alt+Break, or Ctrl+Alt+Shift+F.
    FullScreen,
    /// Ctrl+Alt+Shift+I or +S.
    Statistics,
    /// Ctrl+Alt+Shift+Page Down, or Page Up: another window of this process.
    OtherSession { forward: bool },
    /// Ctrl+Alt+Shift+M: the keyboard goes to the toolbar.
    Toolbar,
    /// Ctrl+Alt+Shift+B: files of both sides.
    Files,
    /// Ctrl+Alt+Shift+K: whether the system's keys go to the machine.
    SystemKeys,
    /// Ctrl+Alt+Shift+T: keys go as what they write, or by their place.
    TextMode,
}

/// What is to be done about a key.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    /// To be sent.
    pub(crate) events: Vec<InputEvent>,
    /// To be done here.
    pub(crate) own: Option<OwnKey>,
}

const CTRL: [ScanCode; 2] = [ScanCode::plain(0x1D), ScanCode::extended(0x1D)];
const ALT: [ScanCode; 2] = [ScanCode::plain(0x38), ScanCode::extended(0x38)];
const SHIFT: [ScanCode; 2] = [ScanCode::plain(0x2A), ScanCode::plain(0x36)];
const META: [ScanCode; 2] = [ScanCode::extended(0x5B), ScanCode::extended(0x5C)];
const ALT_GR: ScanCode = ScanCode::extended(0x38);
const V: ScanCode = ScanCode::plain(0x2F);
const PAUSE: ScanCode = ScanCode::extended(0x45);
/// Pause while Ctrl is down.
const BREAK: ScanCode = ScanCode::extended(0x46);
const PAGE_UP: ScanCode = ScanCode::extended(0x49);
const PAGE_DOWN: ScanCode = ScanCode::extended(0x51);
const END: ScanCode = ScanCode::extended(0x4F);
/// Caps Lock, Num Lock, Scroll Lock.
const LOCKS: [ScanCode; 3] = [ScanCode::plain(0x3A), ScanCode::plain(0x45), ScanCode::plain(0x46)];

/// The keys that are down, here and there.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Printable keys go as characters.
    pub(crate) text_mode: bool,
    /// Down here.
    pressed: BTreeSet<ScanCode>,
    /// Down there.
    held: BTreeSet<ScanCode>,
    /// Modifiers of characters, not sent while they may only serve to make one.
    kept: BTreeSet<ScanCode>,
    /// The machine knows how the locks stand.
    locks_told: bool,
}

fn event(event: input_event::Event) -> InputEvent {
    InputEvent { event: Some(event) }
}

fn key_event(code: ScanCode, down: bool) -> InputEvent {
    let key = KeyEvent { scan_code: code.code.into(), extended: code.extended, down };
    event(input_event::Event::Key(key))
}

/// A chord that an operating system treats apart.
pub(crate) fn system_chord(chord: SystemChord) -> InputEvent {
    event(input_event::Event::SystemKey(SystemKey { chord: chord.into() }))
}

/// Everything goes up.
pub(crate) fn release_all() -> InputEvent {
    event(input_event::Event::ReleaseAll(ReleaseAll {}))
}

/// Keys pressed in order and released in reverse.
pub(crate) fn chord(codes: &[ScanCode]) -> Vec<InputEvent> {
    let down = codes.iter().map(|code| key_event(*code, true));
    down.chain(codes.iter().rev().map(|code| key_event(*code, false))).collect()
}

/// As many events as a text needs; line ends become LF.
pub(crate) fn typed(text: &str) -> Vec<InputEvent> {
    let text = gc_clipboard::normalise(text);
    let characters: Vec<char> = text.chars().collect();
    let part = |part: &[char]| TextEvent { text: part.iter().collect() };
    let parts = characters.chunks(MAX_TYPED_TEXT).map(part);
    parts.map(|text| event(input_event::Event::Text(text))).collect()
}

/// Whether it only changes what other keys mean.
pub(crate) fn is_modifier(key: &WindowKey) -> bool {
    let code = ScanCode { code: key.scan_code, extended: key.extended };
    [CTRL, ALT, SHIFT, META].iter().any(|codes| codes.contains(&code))
}

impl Keys {
    /// Whether Ctrl is down here.
    pub(crate) fn ctrl(&self) -> bool {
        self.any(&CTRL)
    }

    /// Whether this is Ctrl+V, by its place on the board.
    pub(crate) fn is_paste(&self, key: &WindowKey) -> bool {
        let code = ScanCode { code: key.scan_code, extended: key.extended };
        let others = self.any(&ALT) || self.any(&SHIFT) || self.any(&META);
        key.down && code == V && self.any(&CTRL) && !others
    }

    /// Ctrl+V on the machine, where Ctrl may be down still.
    pub(crate) fn paste_strokes(&self) -> Vec<InputEvent> {
        if CTRL.iter().any(|code| self.held.contains(code)) {
            chord(&[V])
        } else {
            chord(&[CTRL[0], V])
        }
    }

    /// A key of this computer, while this viewer has control.
    pub(crate) fn key(&mut self, key: &WindowKey, locks: impl FnOnce() -> LockKeys) -> Verdict {
        let code = ScanCode { code: key.scan_code, extended: key.extended };
        if !key.down {
            self.pressed.remove(&code);
            self.kept.remove(&code);
            let events =
                if self.held.remove(&code) { vec![key_event(code, false)] } else { Vec::new() };
            return Verdict { events, own: None };
        }
        self.pressed.insert(code);
        if let Some(verdict) = self.own(code, key.repeat) {
            return verdict;
        }
        let mut events = Vec::new();
        // A lock key changes its state as it goes down: too late to tell how it stood.
        if !self.locks_told && !LOCKS.contains(&code) {
            self.locks_told = true;
            let LockKeys { caps, num, scroll } = locks();
            events.push(event(input_event::Event::LockState(LockState {
                caps_lock: caps,
                num_lock: num,
                scroll_lock: scroll,
            })));
        }
        if self.text_mode {
            if let Some(text) = key.text.as_deref().filter(|_| self.writes()) {
                events.extend(typed(text));
                return Verdict { events, own: None };
            }
            if SHIFT.contains(&code) || code == ALT_GR {
                self.kept.insert(code);
                return Verdict { events, own: None };
            }
        }
        for modifier in std::mem::take(&mut self.kept) {
            events.push(key_event(modifier, true));
            self.held.insert(modifier);
        }
        events.push(key_event(code, true));
        self.held.insert(code);
        Verdict { events, own: None }
    }

    /// A key while somebody else has control, or nobody: the viewer's own still work.
    pub(crate) fn watched(&mut self, key: &WindowKey) -> Option<OwnKey> {
        let code = ScanCode { code: key.scan_code, extended: key.extended };
        if key.down {
            self.pressed.insert(code);
            self.own(code, key.repeat).and_then(|verdict| verdict.own)
        } else {
            self.pressed.remove(&code);
            None
        }
    }

    /// Focus or control is gone: nothing may stay down there, and locks may change
    /// meanwhile. What is to be sent.
    pub(crate) fn let_go(&mut self) -> InputEvent {
        self.pressed.clear();
        self.held.clear();
        self.kept.clear();
        self.locks_told = false;
        release_all()
    }

    fn any(&self, codes: &[ScanCode]) -> bool {
        codes.iter().any(|code| self.pressed.contains(code))
    }

    /// Whether a key with text writes it: not with Ctrl or Alt, but with AltGr.
    fn writes(&self) -> bool {
        if self.any(&META) {
            return false;
        }
        let alt_gr = self.pressed.contains(&ALT_GR);
        alt_gr || !(self.any(&CTRL) || self.any(&ALT))
    }

    fn own(&mut self, code: ScanCode, repeat: bool) -> Option<Verdict> {
        if !self.any(&CTRL) || !self.any(&ALT) || self.any(&META) {
            return None;
        }
        if code == END && !self.any(&SHIFT) {
            // What is down there by now would be part of it.
            let mut events = Vec::new();
            if !repeat {
                events.extend(self.held.iter().map(|held| key_event(*held, false)));
                self.held.clear();
                events.push(system_chord(SystemChord::CtrlAltDel));
            }
            return Some(Verdict { events, own: None });
        }
        let own = match code {
            BREAK | PAUSE if !self.any(&SHIFT) => OwnKey::FullScreen,
            PAGE_UP if self.any(&SHIFT) => OwnKey::OtherSession { forward: false },
            PAGE_DOWN if self.any(&SHIFT) => OwnKey::OtherSession { forward: true },
            _ if !self.any(&SHIFT) || code.extended => return None,
            ScanCode { code: 0x21, .. } => OwnKey::FullScreen,
            ScanCode { code: 0x17 | 0x1F, .. } => OwnKey::Statistics,
            ScanCode { code: 0x32, .. } => OwnKey::Toolbar,
            ScanCode { code: 0x30, .. } => OwnKey::Files,
            ScanCode { code: 0x25, .. } => OwnKey::SystemKeys,
            ScanCode { code: 0x14, .. } => OwnKey::TextMode,
            _ => return None,
        };
        Some(Verdict { events: Vec::new(), own: (!repeat).then_some(own) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: LockKeys = LockKeys { caps: true, num: false, scroll: false };

    fn press(keys: &mut Keys, code: ScanCode, down: bool, text: Option<&str>) -> Verdict {
        let key = WindowKey {
            scan_code: code.code,
            extended: code.extended,
            down,
            repeat: false,
            text: text.map(str::to_owned),
        };
        keys.key(&key, || LOCKED)
    }

    fn strokes(verdict: &Verdict) -> Vec<(u32, bool, bool)> {
        let stroke = |event: &InputEvent| match event.event.as_ref() {
            Some(input_event::Event::Key(key)) => Some((key.scan_code, key.extended, key.down)),
            _ => None,
        };
        verdict.events.iter().filter_map(stroke).collect()
    }

    fn text(verdict: &Verdict) -> String {
        let text = |event: &InputEvent| match event.event.as_ref() {
            Some(input_event::Event::Text(text)) => Some(text.text.clone()),
            _ => None,
        };
        verdict.events.iter().filter_map(text).collect()
    }

    const A: ScanCode = ScanCode::plain(0x1E);

    #[test]
    fn locks_are_told_once_before_the_first_key_and_again_after_letting_go() {
        let mut keys = Keys::default();
        let first = press(&mut keys, A, true, None);
        assert!(matches!(
            first.events[0].event,
            Some(input_event::Event::LockState(LockState { caps_lock: true, .. }))
        ));
        assert_eq!(strokes(&first), [(0x1E, false, true)]);
        assert_eq!(press(&mut keys, A, false, None).events.len(), 1);
        assert_eq!(press(&mut keys, A, true, None).events.len(), 1);
        assert!(!keys.held.is_empty());
        keys.let_go();
        assert!(keys.held.is_empty());
        assert!(press(&mut keys, A, false, None).events.is_empty(), "it is up there already");
        assert_eq!(press(&mut keys, LOCKS[0], true, None).events.len(), 1);
        assert_eq!(press(&mut keys, A, true, None).events.len(), 2);
    }

    #[test]
    fn the_viewers_own_keys_are_not_sent_and_their_release_neither() {
        for (codes, own) in [
            (vec![CTRL[0], ALT[0], BREAK], OwnKey::FullScreen),
            (vec![CTRL[1], ALT[1], PAUSE], OwnKey::FullScreen),
            (vec![CTRL[0], ALT[0], SHIFT[1], ScanCode::plain(0x21)], OwnKey::FullScreen),
            (vec![CTRL[0], ALT[0], SHIFT[0], ScanCode::plain(0x17)], OwnKey::Statistics),
            (vec![SHIFT[0], ALT[0], CTRL[0], ScanCode::plain(0x32)], OwnKey::Toolbar),
            (vec![CTRL[0], SHIFT[0], ALT[1], ScanCode::plain(0x14)], OwnKey::TextMode),
            (vec![CTRL[0], ALT[0], SHIFT[0], PAGE_DOWN], OwnKey::OtherSession { forward: true }),
            (vec![CTRL[0], ALT[0], SHIFT[0], PAGE_UP], OwnKey::OtherSession { forward: false }),
        ] {
            let mut keys = Keys::default();
            let (last, modifiers) = codes.split_last().unwrap();
            for code in modifiers {
                assert_eq!(press(&mut keys, *code, true, None).own, None);
            }
            let verdict = press(&mut keys, *last, true, None);
            assert_eq!((verdict.own, verdict.events), (Some(own), vec![]));
            assert!(press(&mut keys, *last, false, None).events.is_empty());
            for code in modifiers {
                assert_eq!(strokes(&press(&mut keys, *code, false, None)).len(), 1);
            }
            assert!(keys.held.is_empty());
        }
        let mut keys = Keys::default();
        press(&mut keys, CTRL[0], true, None);
        assert_eq!(press(&mut keys, ScanCode::plain(0x17), true, None).own, None, "Ctrl+I is not");
    }

    #[test]
    fn ctrl_alt_end_is_ctrl_alt_del_there_with_nothing_else_down() {
        let mut keys = Keys::default();
        press(&mut keys, CTRL[0], true, None);
        press(&mut keys, ALT[0], true, None);
        let verdict = press(&mut keys, END, true, None);
        assert_eq!(strokes(&verdict), [(0x1D, false, false), (0x38, false, false)]);
        assert_eq!(verdict.events.last(), Some(&system_chord(SystemChord::CtrlAltDel)));
        for code in [END, CTRL[0], ALT[0]] {
            assert!(press(&mut keys, code, false, None).events.is_empty());
        }
    }

    #[test]
    fn text_mode_sends_what_is_written_and_shortcuts_by_place() {
        let mut keys = Keys { text_mode: true, ..Keys::default() };
        assert!(strokes(&press(&mut keys, SHIFT[0], true, None)).is_empty());
        let written = press(&mut keys, A, true, Some("Ä"));
        assert_eq!((text(&written), strokes(&written)), ("Ä".to_owned(), vec![]));
        assert!(press(&mut keys, A, false, None).events.is_empty());
        assert!(press(&mut keys, SHIFT[0], false, None).events.is_empty());
        press(&mut keys, ALT_GR, true, None);
        assert_eq!(text(&press(&mut keys, ScanCode::plain(0x12), true, Some("€"))), "€");
        press(&mut keys, ALT_GR, false, None);
        // A dead key has nothing to write yet, and is not sent by its place either.
        assert!(press(&mut keys, ScanCode::plain(0x29), true, Some("")).events.is_empty());
        assert!(press(&mut keys, ScanCode::plain(0x29), false, None).events.is_empty());
        // Ctrl+Shift+A goes as keys, with the Shift that was kept back.
        press(&mut keys, SHIFT[0], true, None);
        press(&mut keys, CTRL[0], true, None);
        let shortcut = press(&mut keys, A, true, Some("A"));
        assert_eq!(text(&shortcut), "");
        assert!(keys.held.contains(&SHIFT[0]) && keys.held.contains(&A));
        keys.let_go();
        // Keys that write nothing go by their place.
        assert_eq!(strokes(&press(&mut keys, ScanCode::extended(0x4B), true, None)).len(), 1);
    }

    #[test]
    fn a_paste_is_ctrl_and_v_and_strikes_ctrl_only_when_it_is_up_there() {
        let mut keys = Keys::default();
        let v = |down| WindowKey {
            scan_code: V.code,
            extended: false,
            down,
            repeat: false,
            text: None,
        };
        assert!(!keys.is_paste(&v(true)));
        press(&mut keys, CTRL[1], true, None);
        assert!(keys.is_paste(&v(true)) && !keys.is_paste(&v(false)));
        let strokes_of = |events| strokes(&Verdict { events, own: None });
        assert_eq!(strokes_of(keys.paste_strokes()), [(0x2F, false, true), (0x2F, false, false)]);
        press(&mut keys, SHIFT[0], true, None);
        assert!(!keys.is_paste(&v(true)), "Ctrl+Shift+V is the machine's");
        keys.let_go();
        assert_eq!(strokes_of(keys.paste_strokes()).len(), 4);
    }

    #[test]
    fn long_texts_become_several_events_and_line_ends_one() {
        let text = "ä".repeat(MAX_TYPED_TEXT + 1);
        assert_eq!(typed(&text).len(), 2);
        let lines = Verdict { events: typed("a\r\nb\rc"), own: None };
        assert_eq!(super::tests::text(&lines), "a\nb\nc");
        assert!(typed("").is_empty());
    }
}
