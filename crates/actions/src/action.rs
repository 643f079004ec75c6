//! What a machine can be told to do.

use gc_proto::v2::MachineAction;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Press Ctrl+Alt+Del.
    CtrlAltDel,
    /// Lock the machine.
    Lock,
    /// Turn a state on or off.
    Turn(Switch),
    /// Ask the user for administrator rights.
    Elevate,
    /// Lock the machine when the session ends.
    LockAtEnd,
}

/// What stays on until it is turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Switch {
    /// The machine's own keyboard and mouse do nothing.
    BlockInput,
    /// The machine's own monitors are black.
    BlankScreen,
}

impl Switch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::BlockInput, Self::BlankScreen];
}

impl Action {
    /// All of them, in the order in which viewers list them.
    pub const ALL: [Self; 6] = [
        Self::CtrlAltDel,
        Self::Lock,
        Self::Turn(Switch::BlockInput),
        Self::Turn(Switch::BlankScreen),
        Self::Elevate,
        Self::LockAtEnd,
    ];

    /// Stable name, for the audit and the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CtrlAltDel => "ctrl_alt_del",
            Self::Lock => "lock",
            Self::Turn(Switch::BlockInput) => "block_input",
            Self::Turn(Switch::BlankScreen) => "blank_screen",
            Self::Elevate => "elevate",
            Self::LockAtEnd => "lock_at_end",
        }
    }

    /// Whether a request says "on" or "off".
    pub const fn is_state(self) -> bool {
        matches!(self, Self::Turn(_) | Self::LockAtEnd)
    }

    /// To its value on the wire.
    pub const fn to_wire(self) -> MachineAction {
        match self {
            Self::CtrlAltDel => MachineAction::CtrlAltDel,
            Self::Lock => MachineAction::Lock,
            Self::Turn(Switch::BlockInput) => MachineAction::BlockInput,
            Self::Turn(Switch::BlankScreen) => MachineAction::BlankScreen,
            Self::Elevate => MachineAction::Elevate,
            Self::LockAtEnd => MachineAction::LockAtEnd,
        }
    }

    /// From its value on the wire; `None` for what nobody here knows.
    pub const fn from_wire(action: MachineAction) -> Option<Self> {
        match action {
            MachineAction::Unspecified => None,
            MachineAction::CtrlAltDel => Some(Self::CtrlAltDel),
            MachineAction::Lock => Some(Self::Lock),
            MachineAction::BlockInput => Some(Self::Turn(Switch::BlockInput)),
            MachineAction::BlankScreen => Some(Self::Turn(Switch::BlankScreen)),
            MachineAction::Elevate => Some(Self::Elevate),
            MachineAction::LockAtEnd => Some(Self::LockAtEnd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_a_name_and_a_number_of_its_own() {
        let mut names: Vec<&str> = Action::ALL.map(Action::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::from_wire(action.to_wire()), Some(action));
        }
        assert_eq!(Action::from_wire(MachineAction::Unspecified), None);
    }
}
