//! Which versions of the protocol this program speaks.

use crate::v2::VersionRange;

/// The version of the messages in `proto/guruconnect/v2`.
pub const PROTOCOL_VERSION: u32 = 2;

/// What goes into a hello.
pub const SUPPORTED_VERSIONS: VersionRange =
    VersionRange { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };

/// The highest version both ranges hold; `None` when they do not meet.
pub fn negotiate(ours: &VersionRange, theirs: &VersionRange) -> Option<u32> {
    let highest = ours.max.min(theirs.max);
    (theirs.min <= theirs.max && highest >= ours.min && highest >= theirs.min).then_some(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_the_highest_common_version() {
        let range = |min, max| VersionRange { min, max };
        assert_eq!(negotiate(&range(2, 4), &range(3, 9)), Some(4));
        assert_eq!(negotiate(&range(2, 2), &range(1, 2)), Some(2));
        assert_eq!(negotiate(&range(2, 2), &range(3, 9)), None);
        assert_eq!(negotiate(&range(2, 4), &range(4, 2)), None);
    }
}
