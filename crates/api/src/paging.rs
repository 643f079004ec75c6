//! `limit` and `cursor` of lists.

use gc_storage::{Cursor, MAX_PAGE, Page};

use crate::error::ApiError;
use crate::fleet::List;

const DEFAULT: u32 = 50;

/// Checked `limit` and `cursor`.
pub(crate) fn paging(
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<(u32, Option<Cursor>), ApiError> {
    let limit = limit.unwrap_or(DEFAULT);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(ApiError::bad_request("The limit must lie between 1 and 200."));
    }
    let cursor = cursor
        .map(|text| {
            text.parse().map_err(|_| ApiError::bad_request("The cursor is not of this list."))
        })
        .transpose()?;
    Ok((limit, cursor))
}

/// A page as sent.
pub(crate) fn list<R, T>(page: Page<R>, make: impl FnMut(R) -> T) -> List<T> {
    List {
        items: page.items.into_iter().map(make).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
    }
}
