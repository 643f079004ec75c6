//! Command lines that cannot be read in two ways.

use std::ffi::{OsStr, OsString};

/// Writes an argument so that `CommandLineToArgvW` and the C runtime read it back
/// (Microsoft, "Parsing C++ command-line arguments"): backslashes mean themselves
/// except before a quotation mark.
fn quoted(argument: &str) -> String {
    let mut text = String::from('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                text.extend(std::iter::repeat_n('\\', 2 * backslashes + 1));
                backslashes = 0;
                text.push('"');
            }
            other => {
                text.extend(std::iter::repeat_n('\\', backslashes));
                backslashes = 0;
                text.push(other);
            }
        }
    }
    text.extend(std::iter::repeat_n('\\', 2 * backslashes));
    text.push('"');
    text
}

/// The command line that starts `program`, every part in quotation marks: without them
/// Windows would try `C:\Program.exe` first for a path with spaces. A path cannot hold
/// a quotation mark itself.
pub fn command_line(program: &OsStr, arguments: &[String]) -> OsString {
    let mut line = OsString::from("\"");
    line.push(program);
    line.push("\"");
    if !arguments.is_empty() {
        line.push(" ");
        line.push(argument_line(arguments));
    }
    line
}

/// The arguments alone.
pub(crate) fn argument_line(arguments: &[String]) -> String {
    arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let line = command_line(OsStr::new(r"C:\Program Files\G C\g.exe"), &arguments);
        line.into_string().unwrap()
    }

    #[test]
    fn the_program_and_every_argument_stand_in_quotation_marks() {
        assert_eq!(line(&[]), r#""C:\Program Files\G C\g.exe""#);
        assert_eq!(line(&["service-run", ""]), r#""C:\Program Files\G C\g.exe" "service-run" """#);
    }

    #[test]
    fn quotation_marks_and_backslashes_come_back_as_they_were() {
        assert_eq!(line(&[r#"say "hi""#]), r#""C:\Program Files\G C\g.exe" "say \"hi\"""#);
        assert_eq!(line(&[r"C:\a b\"]), r#""C:\Program Files\G C\g.exe" "C:\a b\\""#);
        assert_eq!(line(&[r#"\\"x"#]), r#""C:\Program Files\G C\g.exe" "\\\\\"x""#);
    }
}
