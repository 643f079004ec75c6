//! Managed machines.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod update;

use crate::error::ApiError;
use crate::json::person_text;

pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("machine_unknown", "There is no such machine.")
}

/// Tags: at most 32 of at most 64 characters, each once.
fn tags(tags: Vec<String>) -> Result<Vec<String>, ApiError> {
    if tags.len() > 32 {
        return Err(ApiError::bad_request("A machine has at most 32 tags."));
    }
    let mut clean =
        tags.iter().map(|tag| person_text(tag, "tags", 1..=64)).collect::<Result<Vec<_>, _>>()?;
    clean.sort();
    clean.dedup();
    Ok(clean)
}

/// A label that may be empty.
fn label(text: &str, field: &'static str) -> Result<String, ApiError> {
    person_text(text, field, 0..=100)
}
