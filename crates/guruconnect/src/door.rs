//! A ticket for the viewer that runs already: what is said at its door, and no more.
//!
//! Both ends are the same user's, as the platform has made sure. The viewer takes a
//! ticket of the known form for the server that it knows itself, and nothing else.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use gc_types::{LaunchTicket, Secret};

const HELLO: &str = "guruconnect viewer 1";
const TAKEN: &str = "taken";
const REFUSED: &str = "refused";
const GO: &str = "go";
const LINK: &str = "link";
const TICKET: &str = "ticket";
/// Bytes of a line.
const LONGEST: usize = 4096;

/// Where sessions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Address of the console.
    pub(crate) server: String,
    /// Trusted besides what the system trusts.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A session to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) ticket: Secret,
    /// Whoever made a link may not be whoever opens it.
    pub(crate) ask_first: bool,
}

fn line(from: &mut impl Read) -> io::Result<String> {
    let (mut read, mut byte) = (Vec::new(), [0]);
    loop {
        from.read_exact(&mut byte)?;
        if byte == [b'\n'] {
            return String::from_utf8(read).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        if read.len() == LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        read.push(byte[0]);
    }
}

fn link_of(ticket: &Secret) -> String {
    format!("guruconnect://join/{}", ticket.expose())
}

fn ca_line(ca_file: Option<&Path>) -> Option<&str> {
    ca_file.map_or(Some(""), Path::to_str).filter(|path| !path.contains('\n'))
}

/// Gives a ticket to the viewer at the other end; whether it has taken it. When it is
/// not sure that it has, it has not: it opens nothing before it heard the last word.
pub(crate) fn give(
    stream: &mut (impl Read + Write),
    place: &Place,
    wanted: &Wanted,
) -> io::Result<bool> {
    let link = link_of(&wanted.ticket);
    let Some(ca_file) = ca_line(place.ca_file.as_deref()) else { return Ok(false) };
    // What is no ticket of ours is the server's to refuse.
    if LaunchTicket::parse(&link).is_err() || place.server.contains('\n') {
        return Ok(false);
    }
    let kind = if wanted.ask_first { LINK } else { TICKET };
    let told = format!("{HELLO}\n{}\n{ca_file}\n{kind}\n{link}\n", place.server);
    stream.write_all(told.as_bytes())?;
    if line(stream)? != TAKEN {
        return Ok(false);
    }
    stream.write_all(format!("{GO}\n").as_bytes())?;
    Ok(true)
}

/// Hears what a visitor wants. `reserve` says whether there can be one more session, by
/// something that is given back where nothing comes of it.
pub(crate) fn take<R>(
    stream: &mut (impl Read + Write),
    own: &Place,
    reserve: impl FnOnce() -> Option<R>,
) -> io::Result<Option<(Wanted, R)>> {
    let heard = hear(stream, own)?;
    let both = heard.and_then(|wanted| Some((wanted, reserve()?)));
    let answer = if both.is_some() { TAKEN } else { REFUSED };
    stream.write_all(format!("{answer}\n").as_bytes())?;
    if both.is_some() && line(stream)? != GO {
        return Ok(None);
    }
    Ok(both)
}

fn hear(stream: &mut impl Read, own: &Place) -> io::Result<Option<Wanted>> {
    if line(stream)? != HELLO {
        return Ok(None);
    }
    let (server, ca_file) = (line(stream)?, line(stream)?);
    let (kind, link) = (line(stream)?, line(stream)?);
    let ask_first = match kind.as_str() {
        LINK => true,
        TICKET => false,
        _ => return Ok(None),
    };
    if server != own.server || Some(ca_file.as_str()) != ca_line(own.ca_file.as_deref()) {
        return Ok(None);
    }
    Ok(LaunchTicket::parse(&link)
        .ok()
        .map(|ticket| Wanted { ticket: ticket.secret().clone(), ask_first }))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Answers as it was told to, and keeps what it hears.
    #[derive(Default)]
    struct Script {
        says: VecDeque<u8>,
        heard: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.says.read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn script(says: &str) -> Script {
        Script { says: says.bytes().collect(), heard: Vec::new() }
    }

    fn place(ca_file: Option<&str>) -> Place {
        Place { server: "https://a.example/".to_owned(), ca_file: ca_file.map(PathBuf::from) }
    }

    fn wanted(ask_first: bool) -> Wanted {
        Wanted { ticket: Secret::new(format!("vt_{}", "0a".repeat(32))), ask_first }
    }

    #[test]
    fn what_is_given_is_taken_with_its_question() {
        for (ask_first, ca_file) in [(true, None), (false, Some("/etc/ca.pem"))] {
            let (place, wanted) = (place(ca_file), wanted(ask_first));
            let mut giver = script("taken\n");
            assert!(give(&mut giver, &place, &wanted).unwrap());
            let said = String::from_utf8(giver.heard).unwrap();
            let mut taker = script(&said);
            let (heard, reserved) = take(&mut taker, &place, || Some(7)).unwrap().unwrap();
            assert_eq!(heard.ticket.expose(), wanted.ticket.expose());
            assert_eq!((heard.ask_first, reserved), (ask_first, 7));
            assert_eq!(taker.heard, b"taken\n");
            // Another server, other certificates, no room: each is refused.
            for (own, room) in [
                (Place { server: "https://b.example/".to_owned(), ..place.clone() }, Some(1)),
                (Place { ca_file: Some("/tmp/x".into()), ..place.clone() }, Some(1)),
                (place.clone(), None),
            ] {
                let mut taker = script(&said);
                assert!(take(&mut taker, &own, || room).unwrap().is_none());
                assert_eq!(taker.heard, b"refused\n");
            }
            // Who goes before the last word has opened a process of its own.
            let before = said.strip_suffix("go\n").unwrap();
            assert!(take(&mut script(before), &place, || Some(1)).is_err());
            assert!(
                take(&mut script(&format!("{before}no\n")), &place, || Some(1)).unwrap().is_none()
            );
        }
    }

    #[test]
    fn junk_opens_nothing() {
        let good = link_of(&wanted(true).ticket);
        for junk in [
            "GET / HTTP/1.1\n\n\n\n\n",
            &format!("guruconnect viewer 2\nhttps://a.example/\n\nlink\n{good}\ngo\n"),
            &format!("{HELLO}\nhttps://a.example/\n\nopen\n{good}\ngo\n"),
            &format!("{HELLO}\nhttps://a.example/\n\nlink\n{good}?x=1\ngo\n"),
            &format!("{HELLO}\nhttps://a.example/\n\nlink\nguruconnect://run/cmd\ngo\n"),
            &format!("{HELLO}\nhttps://a.example/\n\nticket\n--server\ngo\n"),
        ] {
            let mut taker = script(junk);
            assert!(take(&mut taker, &place(None), || Some(1)).unwrap().is_none(), "{junk}");
            assert_eq!(taker.heard, b"refused\n", "{junk}");
        }
        for cut in ["", "guruconnect", &"x".repeat(10_000), "\u{fffd}"] {
            assert!(take(&mut script(cut), &place(None), || Some(1)).is_err());
        }
    }

    #[test]
    fn what_is_no_ticket_or_not_taken_is_not_given() {
        let mut junk = wanted(true);
        junk.ticket = Secret::new("x\ngo".to_owned());
        let mut other = script("taken\n");
        assert!(!give(&mut other, &place(None), &junk).unwrap());
        assert!(other.heard.is_empty());
        assert!(!give(&mut script("refused\n"), &place(None), &wanted(true)).unwrap());
        assert!(give(&mut script(""), &place(None), &wanted(true)).is_err());
    }
}
