//! Cursor paging: a page and where the next one starts.

use std::fmt;
use std::str::FromStr;

/// Rows of one page at most.
pub const MAX_PAGE: u32 = 200;

/// Rows, and the cursor of the next page when there may be one.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where to go on.
    pub next: Option<Cursor>,
}

/// Place after a row: its sort key and id. Opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sort key.
    pub key: String,
    /// Id, among rows of the same key.
    pub id: String,
}

/// Text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct CursorError;

impl Cursor {
    /// The sort key as a number, for lists ordered by time.
    pub(crate) fn number(&self) -> i64 {
        self.key.parse().unwrap_or(0)
    }
}

impl fmt::Display for Cursor {
    /// Hexadecimal, so that it needs no escaping in a query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in format!("{}\n{}", self.id, self.key).bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > 4096 || !text.len().is_multiple_of(2) || !text.is_ascii() {
            return Err(CursorError);
        }
        let bytes = text
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                std::str::from_utf8(pair)
                    .ok()
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                    .ok_or(CursorError)
            })
            .collect::<Result<Vec<u8>, _>>()?;
        let plain = String::from_utf8(bytes).map_err(|_| CursorError)?;
        let (id, key) = plain.split_once('\n').ok_or(CursorError)?;
        Ok(Self { key: key.to_owned(), id: id.to_owned() })
    }
}

/// Cuts a result of `limit + 1` rows to a page.
pub(crate) fn page<T>(
    mut items: Vec<T>,
    limit: u32,
    cursor: impl Fn(&T) -> (String, String),
) -> Page<T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next =
        more.then(|| items.last().map(&cursor)).flatten().map(|(key, id)| Cursor { key, id });
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = Cursor { key: "büro\n2".into(), id: "abc".into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["zz", "0", "61", "ff0a"] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let cut = |rows: Vec<u32>| page(rows, 2, |row| (row.to_string(), String::new())).next;
        assert_eq!(cut(vec![1, 2]), None);
        assert_eq!(cut(vec![1, 2, 3]).map(|cursor| cursor.key), Some("2".into()));
    }
}
