//! Sessions.

pub(crate) mod create;
pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod viewer_token;

use crate::error::ApiError;

fn unknown() -> ApiError {
    ApiError::not_found("session_unknown", "There is no such session.")
}
