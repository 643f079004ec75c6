//! Which keys and buttons each participant holds.

use gc_proto::v2::Button;

use crate::ScanCode;

/// Number of a participant within its session, as in the record header.
pub type Participant = u16;

/// Something that can be held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// A key of the board.
    Key(ScanCode),
    /// A button of the pointer.
    Button(Button),
}

impl Control {
    // Letters up before the chord's modifiers, or Ctrl+A would end as a typed "a";
    // buttons between them, so that a drag ends with the modifiers it was made with.
    fn release_rank(self) -> u8 {
        match self {
            Self::Key(key) if key.is_modifier() => 2,
            Self::Button(_) => 1,
            Self::Key(_) => 0,
        }
    }
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Inject it.
    Inject,
    /// The participant holds it already: the repeat of its own keyboard. Systems
    /// that repeat by themselves ignore it.
    Repeat,
    /// Nothing to do: down while somebody else holds it, or up while nobody, or
    /// somebody else, holds it.
    Ignore,
}

/// Keys and buttons that are down, and who holds them. Every way a participant can
/// stop being in control ends in [`release`](Self::release), so nothing stays down.
#[derive(Debug, Default)]
pub struct HeldInput {
    // In the order of pressing. A board has about a hundred keys and a participant
    // two hands, so a list is as fast as a map.
    held: Vec<(Participant, Control)>,
}

impl HeldInput {
    /// More than any board has; further presses are ignored, so a peer cannot make
    /// the list grow.
    const LIMIT: usize = 256;

    /// A participant presses or releases something.
    pub fn apply(&mut self, who: Participant, what: Control, down: bool) -> Action {
        let own = self.held.iter().position(|held| *held == (who, what));
        match (own, down) {
            (Some(_), true) => Action::Repeat,
            (None, false) => Action::Ignore,
            (None, true) => {
                if self.held.len() >= Self::LIMIT {
                    return Action::Ignore;
                }
                let others = self.is_held(what);
                self.held.push((who, what));
                if others { Action::Ignore } else { Action::Inject }
            }
            (Some(index), false) => {
                self.held.remove(index);
                if self.is_held(what) { Action::Ignore } else { Action::Inject }
            }
        }
    }

    /// The participant left, lost the focus, control or its link. Returns what to
    /// release now, in order: keys, then buttons, then modifiers, the last pressed
    /// first. What somebody else holds too stays down.
    #[must_use = "what is not injected stays down"]
    pub fn release(&mut self, who: Participant) -> Vec<Control> {
        let (own, others) = self.held.drain(..).partition(|held| held.0 == who);
        self.held = others;
        let up = in_order(own);
        up.into_iter().filter(|control| !self.is_held(*control)).collect()
    }

    /// The session ends or the agent stops: everything goes up.
    #[must_use = "what is not injected stays down"]
    pub fn release_all(&mut self) -> Vec<Control> {
        in_order(std::mem::take(&mut self.held))
    }

    /// Whether anybody holds it.
    pub fn is_held(&self, what: Control) -> bool {
        self.held.iter().any(|held| held.1 == what)
    }

    /// Whether nothing is down.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

fn in_order(held: Vec<(Participant, Control)>) -> Vec<Control> {
    let mut up: Vec<Control> = Vec::with_capacity(held.len());
    for (_, control) in held.into_iter().rev() {
        if !up.contains(&control) {
            up.push(control);
        }
    }
    // Stable: within a rank the order of pressing stays reversed.
    up.sort_by_key(|control| control.release_rank());
    up
}

#[cfg(test)]
mod tests {
    use super::*;

    const CTRL: Control = Control::Key(ScanCode::plain(0x1D));
    const SHIFT: Control = Control::Key(ScanCode::plain(0x2A));
    const A: Control = Control::Key(ScanCode::plain(0x1E));
    const B: Control = Control::Key(ScanCode::plain(0x30));
    const LEFT: Control = Control::Button(Button::Left);

    fn press(held: &mut HeldInput, who: Participant, keys: &[Control]) {
        for key in keys {
            held.apply(who, *key, true);
        }
    }

    #[test]
    fn a_press_and_its_release_are_injected_once() {
        let mut held = HeldInput::default();
        assert_eq!(held.apply(1, A, true), Action::Inject);
        assert_eq!(held.apply(1, A, true), Action::Repeat);
        assert_eq!(held.apply(1, A, false), Action::Inject);
        assert_eq!(held.apply(1, A, false), Action::Ignore);
        assert!(held.is_empty());
    }

    #[test]
    fn a_release_of_what_was_never_down_is_ignored() {
        let mut held = HeldInput::default();
        assert_eq!(held.apply(1, LEFT, false), Action::Ignore);
        press(&mut held, 1, &[CTRL]);
        assert_eq!(held.apply(2, CTRL, false), Action::Ignore);
        assert!(held.is_held(CTRL));
    }

    #[test]
    fn leaving_releases_letters_then_buttons_then_modifiers() {
        let mut held = HeldInput::default();
        press(&mut held, 1, &[CTRL, SHIFT, A, LEFT, B]);
        assert_eq!(held.release(1), [B, A, LEFT, SHIFT, CTRL]);
        assert_eq!(held.release(1), []);
        // The key-up that was still on its way comes too late to matter.
        assert_eq!(held.apply(1, CTRL, false), Action::Ignore);
    }

    #[test]
    fn what_two_hold_goes_up_with_the_last() {
        let mut held = HeldInput::default();
        assert_eq!(held.apply(1, CTRL, true), Action::Inject);
        assert_eq!(held.apply(2, CTRL, true), Action::Ignore);
        press(&mut held, 1, &[A]);
        assert_eq!(held.release(1), [A]);
        assert_eq!(held.apply(2, CTRL, false), Action::Inject);
        assert!(held.is_empty());
    }

    #[test]
    fn the_end_releases_everything_once() {
        let mut held = HeldInput::default();
        press(&mut held, 1, &[CTRL, A]);
        press(&mut held, 2, &[CTRL, LEFT]);
        assert_eq!(held.release_all(), [A, LEFT, CTRL]);
        assert!(held.is_empty());
    }

    /// Whatever participants do, the keys that the system sees down are exactly
    /// those that somebody holds, and none when all have left.
    #[test]
    fn the_system_and_the_list_agree_after_any_input() {
        let seed = 0x5EED_u64;
        println!("seed {seed}");
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let controls = [CTRL, SHIFT, A, B, LEFT];
        let mut held = HeldInput::default();
        let mut system: Vec<Control> = Vec::new();
        for _ in 0..20_000 {
            let who = random(3) as Participant;
            if random(50) == 0 {
                for control in held.release(who) {
                    let before = system.len();
                    system.retain(|down| *down != control);
                    assert_eq!(system.len() + 1, before, "released what was not down");
                }
            } else {
                let control = controls[random(5) as usize];
                let down = random(2) == 0;
                if held.apply(who, control, down) == Action::Inject {
                    assert_eq!(system.contains(&control), !down, "pressed or released twice");
                    if down {
                        system.push(control);
                    } else {
                        system.retain(|other| *other != control);
                    }
                }
            }
            for control in controls {
                assert_eq!(system.contains(&control), held.is_held(control));
            }
        }
        for who in 0..3 {
            for control in held.release(who) {
                system.retain(|down| *down != control);
            }
        }
        assert_eq!(system, []);
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let mut held = HeldInput::default();
        for who in 0..100 {
            for code in 1..=0x7F {
                held.apply(who, Control::Key(ScanCode::plain(code)), true);
            }
        }
        assert_eq!(held.held.len(), HeldInput::LIMIT);
        // One release for each distinct key, whoever holds it.
        assert_eq!(held.release_all().len(), 0x7F);
    }
}
