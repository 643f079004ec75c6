//! Who has control, and who waits for it.

use gc_proto::v2::ControlVerb;

/// Control of a session: at most one participant has it, and it changes hands
/// only by the word of who has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Control {
    holder: Option<u16>,
    /// In the order in which they asked.
    asking: Vec<u16>,
}

/// What a verb led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Somebody else, or nobody, has control now.
    Holder,
    /// Only who waits changed.
    Asking,
    /// Nothing: it was already so.
    None,
    /// The participant may not do that.
    Refused,
}

impl Control {
    pub(crate) const fn holder(&self) -> Option<u16> {
        self.holder
    }

    pub(crate) fn asks(&self, participant: u16) -> bool {
        self.asking.contains(&participant)
    }

    /// Somebody who may control came: control that nobody has is theirs.
    pub(crate) fn offer(&mut self, participant: u16) -> Change {
        if self.holder.is_some() {
            return Change::None;
        }
        self.holder = Some(participant);
        Change::Holder
    }

    /// Carries a verb out; `may_control` tells of any participant whether it is
    /// there and has the right.
    pub(crate) fn act(
        &mut self,
        actor: u16,
        verb: ControlVerb,
        other: u16,
        may_control: impl Fn(u16) -> bool,
    ) -> Change {
        let holds = self.holder == Some(actor);
        match verb {
            ControlVerb::Unspecified => Change::Refused,
            ControlVerb::Ask if !may_control(actor) => Change::Refused,
            ControlVerb::Ask if holds || self.asks(actor) => Change::None,
            ControlVerb::Ask => match self.offer(actor) {
                Change::None => {
                    self.asking.push(actor);
                    Change::Asking
                }
                change => change,
            },
            ControlVerb::Give if !holds || !may_control(other) => Change::Refused,
            ControlVerb::Give if other == actor => Change::None,
            ControlVerb::Give => {
                self.asking.retain(|p| *p != other);
                self.holder = Some(other);
                Change::Holder
            }
            ControlVerb::Refuse if !holds => Change::Refused,
            ControlVerb::Refuse => self.withdraw(other),
            ControlVerb::Release if holds => self.free(),
            ControlVerb::Release => self.withdraw(actor),
        }
    }

    /// A participant is gone, or lost the right.
    pub(crate) fn leave(&mut self, participant: u16) -> Change {
        let waited = self.withdraw(participant);
        if self.holder == Some(participant) { self.free() } else { waited }
    }

    fn withdraw(&mut self, participant: u16) -> Change {
        let before = self.asking.len();
        self.asking.retain(|p| *p != participant);
        if self.asking.len() == before { Change::None } else { Change::Asking }
    }

    /// Control goes to who has waited longest, else to nobody.
    fn free(&mut self) -> Change {
        self.holder = (!self.asking.is_empty()).then(|| self.asking.remove(0));
        Change::Holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(control: &mut Control, actor: u16, verb: ControlVerb, other: u16) -> Change {
        control.act(actor, verb, other, |p| p <= 3)
    }

    #[test]
    fn control_changes_hands_only_by_the_word_of_who_has_it() {
        let mut control = Control::default();
        assert_eq!(act(&mut control, 1, ControlVerb::Ask, 0), Change::Holder);
        assert_eq!(act(&mut control, 2, ControlVerb::Ask, 0), Change::Asking);
        assert_eq!(act(&mut control, 2, ControlVerb::Give, 2), Change::Refused);
        assert_eq!(act(&mut control, 2, ControlVerb::Refuse, 2), Change::Refused);
        assert_eq!(control.holder(), Some(1));
        assert_eq!(act(&mut control, 1, ControlVerb::Refuse, 2), Change::Asking);
        assert!(!control.asks(2));
        assert_eq!(act(&mut control, 1, ControlVerb::Give, 9), Change::Refused, "no right");
        assert_eq!(act(&mut control, 1, ControlVerb::Give, 2), Change::Holder);
        assert_eq!(control.holder(), Some(2));
    }

    #[test]
    fn freed_control_goes_to_who_waited_longest() {
        let mut control = Control::default();
        for participant in [1, 3, 2] {
            act(&mut control, participant, ControlVerb::Ask, 0);
        }
        assert_eq!(control.leave(1), Change::Holder);
        assert_eq!(control.holder(), Some(3));
        assert_eq!(act(&mut control, 3, ControlVerb::Release, 0), Change::Holder);
        assert_eq!(control.holder(), Some(2));
        assert_eq!(control.leave(2), Change::Holder);
        assert_eq!(control.holder(), None);
        assert_eq!(act(&mut control, 9, ControlVerb::Ask, 0), Change::Refused);
    }
}
