//! The link by which a browser starts the program: `guruconnect://join/{ticket}`.
//!
//! A link comes from any page or mail there is. It carries a ticket that says nothing by
//! itself and can be redeemed once, shortly, at the server that the program already
//! knows; no address, no setting, no command. What is not exactly of this shape is
//! refused, never repaired.

use std::fmt;

use crate::Secret;

/// The scheme that the program registers.
pub const LAUNCH_SCHEME: &str = "guruconnect";

const PREFIX: &str = "guruconnect://";
const VERB: &str = "join";
/// Of a ticket, characters: 24 to 64 bytes as base64url without padding.
const SHORTEST: usize = 32;
const LONGEST: usize = 86;
const LONGEST_LINK: usize = PREFIX.len() + VERB.len() + 1 + LONGEST;

/// A ticket out of a link. It is a credential for as long as it lives, so it prints as
/// nothing.
#[derive(Clone)]
pub struct LaunchTicket(Secret);

/// Why something is not a link of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LaunchLinkError {
    /// Not exactly one argument. A quotation mark in a link makes several of it.
    #[error("the link is not one argument but {0}")]
    Arguments(usize),
    /// Longer than any link.
    #[error("the link is too long")]
    TooLong,
    /// It does not begin with `guruconnect://`.
    #[error("the link is not one of guruconnect://")]
    Scheme,
    /// Something else than `join/` and a ticket is asked for.
    #[error("the link asks for something that links cannot do")]
    Verb,
    /// The ticket has less than 32 or more than 86 characters.
    #[error("the ticket in the link is too short or too long")]
    TicketLength,
    /// The ticket has a character that is not a letter, a digit, `-` or `_`.
    #[error("the ticket in the link has a character that cannot be part of it")]
    TicketCharacter,
}

impl LaunchTicket {
    /// Takes a link apart. Nothing is trimmed, decoded or put into lower case.
    pub fn parse(link: &str) -> Result<Self, LaunchLinkError> {
        if link.len() > LONGEST_LINK {
            return Err(LaunchLinkError::TooLong);
        }
        let rest = link.strip_prefix(PREFIX).ok_or(LaunchLinkError::Scheme)?;
        let (verb, ticket) = rest.split_once('/').ok_or(LaunchLinkError::Verb)?;
        if verb != VERB {
            return Err(LaunchLinkError::Verb);
        }
        if !ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(LaunchLinkError::TicketCharacter);
        }
        if !(SHORTEST..=LONGEST).contains(&ticket.len()) {
            return Err(LaunchLinkError::TicketLength);
        }
        Ok(Self(Secret::new(ticket.to_owned())))
    }

    /// The same for all that stands after `launch` on a command line. Windows puts a
    /// link between quotation marks as it is; one that has some itself becomes several
    /// arguments, and may look like options.
    pub fn from_arguments<S: AsRef<str>>(
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self, LaunchLinkError> {
        let arguments: Vec<S> = arguments.into_iter().collect();
        match arguments.as_slice() {
            [link] => Self::parse(link.as_ref()),
            other => Err(LaunchLinkError::Arguments(other.len())),
        }
    }

    /// The ticket, for the server alone.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for LaunchTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LaunchTicket(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entropy, SeededEntropy};

    fn ticket(length: usize) -> String {
        "Aa0-_".chars().cycle().take(length).collect()
    }

    fn refused(link: &str) -> LaunchLinkError {
        LaunchTicket::parse(link).unwrap_err()
    }

    #[test]
    fn a_ticket_of_each_length_is_taken_as_it_stands() {
        for length in SHORTEST..=LONGEST {
            let ticket = ticket(length);
            let parsed = LaunchTicket::parse(&format!("guruconnect://join/{ticket}")).unwrap();
            assert_eq!(parsed.secret().expose(), ticket);
            assert!(!format!("{parsed:?}").contains(&ticket));
        }
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        use LaunchLinkError::{Scheme, TicketCharacter, TicketLength, TooLong, Verb};
        let t = ticket(43);
        for (link, why) in [
            (String::new(), Scheme),
            (t.clone(), Scheme),
            (format!("guruconnect:join/{t}"), Scheme),
            (format!("GuruConnect://join/{t}"), Scheme),
            (format!(" guruconnect://join/{t}"), Scheme),
            (format!("https://join/{t}"), Scheme),
            (format!("--server=guruconnect://join/{t}"), Scheme),
            (format!("guruconnect://{t}"), Verb),
            (format!("guruconnect://install/{t}"), Verb),
            (format!("guruconnect://JOIN/{t}"), Verb),
            (format!("guruconnect:///join/{t}"), Verb),
            (format!("guruconnect://u@join/{t}"), Verb),
            (format!("guruconnect://join:443/{t}"), Verb),
            ("guruconnect://join".to_owned(), Verb),
            (format!("guruconnect://join/{t}/"), TicketCharacter),
            (format!("guruconnect://join//{t}"), TicketCharacter),
            (format!("guruconnect://join/{t}?server=evil.example"), TicketCharacter),
            (format!("guruconnect://join/{t}#x"), TicketCharacter),
            (format!("guruconnect://join/{t} --code"), TicketCharacter),
            (format!("guruconnect://join/{t}\" --code \"x"), TicketCharacter),
            (format!("guruconnect://join/%41{t}"), TicketCharacter),
            (format!("guruconnect://join/../{t}"), TicketCharacter),
            (format!("guruconnect://join/{t}\n"), TicketCharacter),
            (format!("guruconnect://join/{t}="), TicketCharacter),
            (format!("guruconnect://join/А{t}"), TicketCharacter),
            ("guruconnect://join/".to_owned(), TicketLength),
            (format!("guruconnect://join/{}", ticket(31)), TicketLength),
            (format!("guruconnect://join/{}", ticket(87)), TooLong),
            (format!("guruconnect://join/{}", ticket(1_000_000)), TooLong),
        ] {
            assert_eq!(refused(&link), why, "{link}");
        }
    }

    #[test]
    fn a_command_line_has_one_link_and_nothing_else() {
        let link = format!("guruconnect://join/{}", ticket(43));
        assert!(LaunchTicket::from_arguments([&link]).is_ok());
        let none: [&str; 0] = [];
        let error = LaunchTicket::from_arguments(none).unwrap_err();
        assert_eq!(error, LaunchLinkError::Arguments(0));
        for more in [["x", link.as_str()], [link.as_str(), "--server=evil.example"]] {
            let error = LaunchTicket::from_arguments(more).unwrap_err();
            assert_eq!(error, LaunchLinkError::Arguments(2));
        }
    }

    /// Says the same in another way: byte by byte.
    fn is_right(link: &[u8]) -> bool {
        let head = b"guruconnect://join/";
        let allowed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        link.len() >= head.len() + 32
            && link.len() <= head.len() + 86
            && link.iter().enumerate().all(|(at, byte)| match head.get(at) {
                Some(expected) => byte == expected,
                None => allowed.contains(byte),
            })
    }

    #[test]
    fn whatever_is_changed_in_a_link_only_links_pass() {
        let seed = 0x6C69_6E6B;
        println!("seed {seed}");
        let entropy = SeededEntropy::new(seed);
        let draw = |below: usize| {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            u32::from_le_bytes(bytes) as usize % below
        };
        let spice: Vec<char> = "aZ09-_/:?#%&=+\"' \\.@\0\n\t~|<>é\u{202E}А０".chars().collect();
        let (mut passed, mut failed) = (0, 0);
        for _ in 0..50_000 {
            let mut link: Vec<char> =
                format!("guruconnect://join/{}", ticket(draw(90))).chars().collect();
            for _ in 0..draw(3) {
                let at = draw(link.len());
                match draw(4) {
                    0 => link[at] = spice[draw(spice.len())],
                    1 => link.insert(at, spice[draw(spice.len())]),
                    2 => drop(link.remove(at)),
                    _ => link.swap(at, 0),
                }
            }
            let link: String = link.into_iter().collect();
            let parsed = LaunchTicket::parse(&link);
            assert_eq!(parsed.is_ok(), is_right(link.as_bytes()), "{link:?}");
            if let Ok(ticket) = parsed {
                assert!(link.ends_with(ticket.secret().expose()));
                passed += 1;
            } else {
                failed += 1;
            }
        }
        assert!(passed > 5_000 && failed > 5_000, "{passed} {failed}");
    }
}
