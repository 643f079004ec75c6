//! What the windows say. One place, so that all systems say the same.

use std::time::Duration;

use gc_platform::{ConsentAnswer, ConsentRequest};
use gc_proto::{MAX_NAME, clean_text};

/// Title of the consent prompt.
pub const CONSENT_TITLE: &str = "GuruConnect: allow remote support?";
/// Title of the bar.
pub const BAR_TITLE: &str = "GuruConnect: remote support is connected";
/// Title of the code window.
pub const CODE_TITLE: &str = "GuruConnect remote support";
/// Title of a notice.
pub const NOTICE_TITLE: &str = "GuruConnect: connection notice";
/// The button that ends a session.
pub const STOP: &str = "Stop";

pub(crate) const CONSENT_HEADING: &str = "Allow remote support?";
pub(crate) const VIEW_ONLY_NOTE: &str = "With View only, this person can look and do nothing else.";
pub(crate) const WORRIED: &str = "You can end this at any time: press Stop in the bar that stays \
    at the top of your screen. If you did not ask for help, or do not know this person, choose \
    Decline.";

/// A name as it may be shown; "Someone" where there is none.
pub(crate) fn person(name: &str) -> String {
    let name = clean_text(name, MAX_NAME);
    if name.trim().is_empty() { "Someone".to_owned() } else { name }
}

/// " of {company}", or nothing.
pub(crate) fn of(company: &str) -> String {
    let company = clean_text(company, MAX_NAME);
    if company.trim().is_empty() { String::new() } else { format!(" of {company}") }
}

/// What is allowed: the line above, and the points.
pub(crate) fn what_is_allowed(control: bool) -> (&'static str, &'static [&'static str]) {
    if control {
        (
            "If you allow it, this person can",
            &[
                "see everything on your screen",
                "use your mouse and keyboard",
                "copy and paste between their computer and yours",
            ],
        )
    } else {
        (
            "If you allow it, this person",
            &["sees everything on your screen", "cannot use your mouse or keyboard"],
        )
    }
}

/// The buttons of the prompt, from left to right.
pub(crate) fn answers(control: bool) -> &'static [(&'static str, ConsentAnswer)] {
    if control {
        &[
            ("Allow", ConsentAnswer::Allow),
            ("View only", ConsentAnswer::ViewOnly),
            ("Decline", ConsentAnswer::Decline),
        ]
    } else {
        &[("Allow viewing", ConsentAnswer::Allow), ("Decline", ConsentAnswer::Decline)]
    }
}

/// The whole prompt as text, for a screen reader.
pub fn consent_spoken(request: &ConsentRequest) -> String {
    let (lead, points) = what_is_allowed(request.control);
    let mut text = format!(
        "{CONSENT_HEADING} {}{}. {lead}: {}. ",
        person(&request.technician),
        of(&request.company),
        points.join("; ")
    );
    if request.control {
        text.push_str(VIEW_ONLY_NOTE);
        text.push(' ');
    }
    text.push_str(WORRIED);
    text
}

/// "Anna, Ben and Carl of Contoso are connected".
pub fn connected(names: &[String], company: &str) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| clean_text(name, MAX_NAME))
        .filter(|name| !name.trim().is_empty())
        .collect();
    let of = of(company);
    match names.as_slice() {
        [] => format!("Remote support{of}"),
        [one] => format!("{one}{of} is connected"),
        [first @ .., last] => format!("{} and {last}{of} are connected", first.join(", ")),
    }
}

/// Hours and minutes. Not seconds: the bar is part of the picture that is sent, and a
/// session at rest is to cost nothing.
pub fn hours_and_minutes(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// "2 technicians connected".
pub fn technicians(count: usize) -> String {
    match count {
        0 => "Nobody is connected".to_owned(),
        1 => "1 technician is connected".to_owned(),
        more => format!("{more} technicians are connected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_right_for_any_number() {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        for (who, company, expected) in [
            (names(&["Anna"]), "Contoso", "Anna of Contoso is connected"),
            (names(&["Anna", "Ben"]), "", "Anna and Ben are connected"),
            (names(&["A", "B", "C"]), "X", "A, B and C of X are connected"),
            (names(&[]), "Contoso", "Remote support of Contoso"),
            (names(&["\u{202E}Eve\n"]), "", "Eve is connected"),
        ] {
            assert_eq!(connected(&who, company), expected);
        }
        assert_eq!(technicians(0), "Nobody is connected");
        assert_eq!(technicians(1), "1 technician is connected");
        assert_eq!(technicians(3), "3 technicians are connected");
    }

    #[test]
    fn time_is_hours_and_minutes() {
        let shown: Vec<_> = [0, 59, 60, 252, 3600, 36_610, 446_400]
            .map(Duration::from_secs)
            .into_iter()
            .map(hours_and_minutes)
            .collect();
        assert_eq!(shown, ["00:00", "00:00", "00:01", "00:04", "01:00", "10:10", "124:00"]);
    }

    #[test]
    fn a_screen_reader_hears_who_and_what() {
        let mut request = ConsentRequest {
            technician: "Anna\u{202E}".to_owned(),
            company: "Contoso".to_owned(),
            control: true,
            timeout: Duration::from_mins(1),
        };
        let spoken = consent_spoken(&request);
        assert!(spoken.contains("Anna of Contoso") && spoken.contains("mouse and keyboard"));
        request.control = false;
        request.technician = " \n".to_owned();
        let spoken = consent_spoken(&request);
        assert!(spoken.contains("Someone of Contoso") && !spoken.contains("View only"));
    }
}
