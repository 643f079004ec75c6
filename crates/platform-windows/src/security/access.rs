//! Reads security descriptors in their text form (SDDL), so that the judgement about
//! them is the same on every system, and tested on each.

/// `NT AUTHORITY\SYSTEM`.
pub const LOCAL_SYSTEM: &str = "S-1-5-18";
/// `BUILTIN\Administrators`.
pub const ADMINISTRATORS: &str = "S-1-5-32-544";
/// `NT SERVICE\TrustedInstaller`.
pub const TRUSTED_INSTALLER: &str =
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

/// What stands for everybody in the answer of [`strangers`].
const EVERYBODY: &str = "everybody (no list of rights)";

/// Short names that Windows writes instead of the numbers.
fn long_name(sid: &str) -> &str {
    match sid {
        "SY" => LOCAL_SYSTEM,
        "BA" => ADMINISTRATORS,
        other => other,
    }
}

/// A part of the text: "O", "G", "D" or "S", up to the next one.
fn part(sddl: &str, letter: char) -> Option<&str> {
    let mut depth = 0;
    let mut start = None;
    let bytes = sddl.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b':' if depth == 0 && index > 0 => {
                if let Some(start) = start {
                    return sddl.get(start..index - 1);
                }
                if bytes[index - 1] == letter as u8 {
                    start = Some(index + 1);
                }
            }
            _ => {}
        }
    }
    start.and_then(|start| sddl.get(start..))
}

/// Who owns the object or is given any right to it, other than `trusted` (SIDs as
/// numbers). Empty means that only those have access. What cannot be read counts as a
/// stranger: this decides whether a secret may lie there.
pub fn strangers(sddl: &str, trusted: &[&str]) -> Vec<String> {
    let known = |sid: &str| trusted.contains(&long_name(sid));
    let mut found = Vec::new();
    match part(sddl, 'O') {
        Some(owner) if known(owner) => {}
        Some(owner) => found.push(format!("owner {owner}")),
        None => found.push("an unknown owner".to_owned()),
    }
    let Some(list) = part(sddl, 'D').filter(|list| !list.contains("NO_ACCESS_CONTROL")) else {
        found.push(EVERYBODY.to_owned());
        return found;
    };
    for entry in list.split('(').skip(1) {
        let entry = entry.split(')').next().unwrap_or_default();
        let fields: Vec<&str> = entry.split(';').collect();
        match fields.as_slice() {
            // Denials take away.
            ["D", ..] => {}
            ["A", _, _, _, _, sid] if known(sid) => {}
            ["A", _, _, _, _, sid] => found.push((*sid).to_owned()),
            _ => found.push(format!("({entry})")),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED: &[&str] = &[LOCAL_SYSTEM, ADMINISTRATORS];

    #[test]
    fn system_and_administrators_alone_are_no_strangers() {
        for sddl in [
            "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
            "O:SYD:(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)",
            "O:BAG:S-1-5-21-0-0-0-513D:P(D;;FA;;;WD)(A;;FA;;;SY)",
            "O:BAD:P",
        ] {
            assert_eq!(strangers(sddl, TRUSTED), Vec::<String>::new(), "{sddl}");
        }
    }

    #[test]
    fn whoever_else_has_a_right_is_named() {
        let found = |sddl| strangers(sddl, TRUSTED);
        assert_eq!(found("O:BAD:(A;;FA;;;SY)(A;OICI;0x1200a9;;;BU)"), ["BU"]);
        assert_eq!(found("O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;SY)"), ["owner S-1-5-21-1-2-3-1001"]);
        assert_eq!(found("O:BAD:(A;OICIIO;GA;;;CO)(A;;FA;;;WD)"), ["CO", "WD"]);
    }

    #[test]
    fn no_list_is_everybody_and_what_is_not_understood_is_not_trusted() {
        let found = |sddl| strangers(sddl, TRUSTED);
        assert_eq!(found("O:BAG:SY"), [EVERYBODY]);
        assert_eq!(found("O:BAD:NO_ACCESS_CONTROL"), [EVERYBODY]);
        assert_eq!(found("O:BAD:(XA;;FA;;;SY;(1 == 1))"), ["(XA;;FA;;;SY;)", "(1 == 1)"]);
        assert_eq!(found("D:P(A;;FA;;;SY)"), ["an unknown owner"]);
        assert_eq!(found(""), ["an unknown owner", EVERYBODY]);
        assert_eq!(found("O:BAD:(A;;FA;;;BA"), Vec::<String>::new());
    }
}
