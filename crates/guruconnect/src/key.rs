//! The machine key as people hand it over.

use anyhow::{Result, bail};
use gc_types::Secret;

/// Longest one, bytes.
const LONGEST: usize = 4096;

/// A key as the console shows it. What is wrong with another text is not told in its
/// own words: it may be another secret.
pub(crate) fn parse(text: &str) -> Result<Secret> {
    let key = text.trim();
    let known = key.strip_prefix("cak_").is_some_and(|rest| !rest.is_empty());
    if !known || key.len() > LONGEST || key.contains(char::is_whitespace) {
        bail!("that is no machine key: the console shows it as cak_…");
    }
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_the_console_shows_it() {
        assert_eq!(parse("cak_abc\r\n").unwrap(), Secret::new("cak_abc"));
        for refused in ["", "cak_", "cek_abcdef", "cak_a b", "abcdef", &"cak_a".repeat(1000)] {
            let error = parse(refused).unwrap_err().to_string();
            assert!(refused.len() < 5 || !error.contains(refused), "{error}");
        }
    }
}
