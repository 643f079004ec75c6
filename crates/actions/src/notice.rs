//! The text of the connection notice: what a template may be, and how it is filled
//! in. Names are hostile: they are cleaned, cut, and never looked at for placeholders.

use std::ops::RangeInclusive;

use gc_proto::{MAX_NAME, MAX_NOTICE, clean_text};

/// Characters of a template at most.
pub const MAX_TEMPLATE: usize = MAX_NOTICE;
/// Lines of a template at most.
pub const MAX_LINES: usize = 6;
/// How long a notice may show, in seconds.
pub const DURATION_S: RangeInclusive<u32> = 5..=60;
/// What a template may name, without its braces.
pub const PLACEHOLDERS: [&str; 3] = ["technician_name", "company", "time"];
/// Of a tenant that has set nothing.
pub const DEFAULT_TEMPLATE: &str =
    "{{technician_name}} of {{company}} has connected to this computer at {{time}}.";

/// Names are cut to this many characters in the text.
const NAME_IN_TEXT: usize = 60;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// Nothing to show.
    #[error("the text is empty")]
    Empty,
    /// Over [`MAX_TEMPLATE`].
    #[error("the text has more than {MAX_TEMPLATE} characters")]
    TooLong,
    /// Over [`MAX_LINES`].
    #[error("the text has more than {MAX_LINES} lines")]
    TooManyLines,
    /// Control characters, or such that change the direction of writing.
    #[error("the text has characters that cannot be shown")]
    Characters,
    /// Not one of [`PLACEHOLDERS`]; cleaned and cut.
    #[error("there is no placeholder {{{{{0}}}}}")]
    Unknown(String),
    /// Braces that do not pair.
    #[error("a placeholder is not closed: write {{{{company}}}}")]
    Unpaired,
}

/// What is filled in.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Who; hostile.
    pub technician: &'a str,
    /// Of which company; hostile, may be empty.
    pub company: &'a str,
    /// The time of day at the machine.
    pub time: &'a str,
}

enum Part<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

/// Text and placeholders in turn; an error names braces that do not pair.
fn parts(template: &str) -> Result<Vec<Part<'_>>, TemplateProblem> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let (text, behind) = (&rest[..open], &rest[open + 2..]);
        if text.contains("}}") {
            return Err(TemplateProblem::Unpaired);
        }
        let close = behind.find("}}").ok_or(TemplateProblem::Unpaired)?;
        found.push(Part::Text(text));
        found.push(Part::Placeholder(behind[..close].trim()));
        rest = &behind[close + 2..];
    }
    if rest.contains("}}") {
        return Err(TemplateProblem::Unpaired);
    }
    found.push(Part::Text(rest));
    Ok(found)
}

/// Whether a template can be stored.
pub fn check_template(template: &str) -> Result<(), TemplateProblem> {
    if template.trim().is_empty() {
        return Err(TemplateProblem::Empty);
    }
    if template.chars().count() > MAX_TEMPLATE {
        return Err(TemplateProblem::TooLong);
    }
    if template.split('\n').count() > MAX_LINES {
        return Err(TemplateProblem::TooManyLines);
    }
    if template.split('\n').any(|line| clean_text(line, usize::MAX) != line) {
        return Err(TemplateProblem::Characters);
    }
    for part in parts(template)? {
        if let Part::Placeholder(name) = part
            && !PLACEHOLDERS.contains(&name)
        {
            return Err(TemplateProblem::Unknown(clean_text(name, 40)));
        }
    }
    Ok(())
}

fn name(text: &str, otherwise: &str) -> String {
    let clean = clean_text(text, MAX_NAME);
    let clean = clean.trim();
    if clean.is_empty() {
        return otherwise.to_owned();
    }
    if clean.chars().count() <= NAME_IN_TEXT {
        return clean.to_owned();
    }
    clean.chars().take(NAME_IN_TEXT - 1).chain(['…']).collect()
}

/// Fills a template in, as plain text. It comes from a relay that may not be what it
/// says: what [`check_template`] would refuse is replaced by the default.
pub fn render(template: &str, words: Words<'_>) -> String {
    let template = if check_template(template).is_ok() { template } else { DEFAULT_TEMPLATE };
    let mut text = String::new();
    for part in parts(template).unwrap_or_default() {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Placeholder("technician_name") => {
                text.push_str(&name(words.technician, "A technician"));
            }
            Part::Placeholder("company") => {
                text.push_str(&name(words.company, "the support provider"));
            }
            Part::Placeholder(_) => text.push_str(&clean_text(words.time, 20)),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { technician: "Anna", company: "Contoso", time: "14:05" };

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(check_template(DEFAULT_TEMPLATE), Ok(()));
        assert_eq!(
            render(DEFAULT_TEMPLATE, WORDS),
            "Anna of Contoso has connected to this computer at 14:05."
        );
        assert_eq!(render("{{ time }}|{{time}}\n{ok}", WORDS), "14:05|14:05\n{ok}");
    }

    #[test]
    fn templates_that_cannot_be_meant_are_refused() {
        use TemplateProblem::{Characters, Empty, TooLong, TooManyLines, Unknown, Unpaired};
        let long = "x".repeat(MAX_TEMPLATE + 1);
        for (template, problem) in [
            ("", Empty),
            (" \n ", Empty),
            (long.as_str(), TooLong),
            ("1\n2\n3\n4\n5\n6\n7", TooManyLines),
            ("a\tb", Characters),
            ("a\rb", Characters),
            ("a\u{202e}b", Characters),
            ("a\u{0}b", Characters),
            ("{{user}}", Unknown("user".into())),
            ("{{Company}}", Unknown("Company".into())),
            ("{{}}", Unknown(String::new())),
            ("{{{company}}}", Unknown("{company".into())),
            ("{{company", Unpaired),
            ("company}}", Unpaired),
            ("{{company}} }}", Unpaired),
        ] {
            assert_eq!(check_template(template), Err(problem), "{template:?}");
            assert_eq!(render(template, WORDS), render(DEFAULT_TEMPLATE, WORDS));
        }
        assert_eq!(check_template(&"ü".repeat(MAX_TEMPLATE)), Ok(()));
    }

    #[test]
    fn names_are_text_and_nothing_else() {
        let hostile = Words {
            technician: "{{company}}\u{202e}<b>\n",
            company: "\u{0}\u{200f}",
            time: "14:05",
        };
        let text = render("{{technician_name}} / {{company}}", hostile);
        assert_eq!(text, "{{company}}<b> / the support provider");
        let long = "n".repeat(1_000);
        let words = Words { technician: &long, ..WORDS };
        let text = render("{{technician_name}}", words);
        assert_eq!(text.chars().count(), NAME_IN_TEXT);
        assert!(text.ends_with('…'));
        assert_eq!(
            render("{{technician_name}}", Words { technician: " ", ..WORDS }),
            "A technician"
        );
    }
}
