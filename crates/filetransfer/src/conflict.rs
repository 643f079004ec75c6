//! What to do when a name is taken.

use gc_proto::v2;

/// What to do when a name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictRule {
    /// Ask the technician.
    Ask,
    /// Keep both: `name (2).ext`.
    Rename,
    /// Keep what is there.
    Skip,
    /// Replace what is there.
    Overwrite,
}

impl ConflictRule {
    /// From its value on the wire; asking harms nothing.
    pub const fn from_wire(rule: v2::ConflictRule) -> Self {
        match rule {
            v2::ConflictRule::Unspecified | v2::ConflictRule::Ask => Self::Ask,
            v2::ConflictRule::Rename => Self::Rename,
            v2::ConflictRule::Skip => Self::Skip,
            v2::ConflictRule::Overwrite => Self::Overwrite,
        }
    }

    /// To its value on the wire.
    pub const fn to_wire(self) -> v2::ConflictRule {
        match self {
            Self::Ask => v2::ConflictRule::Ask,
            Self::Rename => v2::ConflictRule::Rename,
            Self::Skip => v2::ConflictRule::Skip,
            Self::Overwrite => v2::ConflictRule::Overwrite,
        }
    }
}
