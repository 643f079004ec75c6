//! What a client is told when something is not done. Causes go to the log.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use gc_policy::Denial;
use gc_storage::StorageError;
use gc_types::CorrelationId;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::password::PasswordError;

/// The envelope of every error.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// Stable name.
    #[schema(example = "forbidden")]
    pub error_code: String,
    /// Sentence for people.
    pub message: String,
    /// Also in the header `X-Correlation-Id` and in the server's log.
    pub correlation_id: CorrelationId,
}

/// An answer other than success. Becomes an [`ErrorBody`] at the edge, which knows
/// the correlation id.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) retry_after: Option<Duration>,
    /// An audit event was written already.
    pub(crate) noted: bool,
    /// For the log only.
    pub(crate) cause: Option<String>,
}

impl ApiError {
    pub(crate) const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message: Cow::Borrowed(message),
            retry_after: None,
            noted: false,
            cause: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..Self::new(StatusCode::BAD_REQUEST, "bad_request", "") }
    }

    pub(crate) const fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Sign in first: the credential is missing, not valid here, or no longer valid.",
        )
    }

    pub(crate) const fn not_found(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) const fn conflict(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(crate) fn limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "Too many attempts from this address. Wait a little and try again.",
            )
        }
    }

    pub(crate) fn unavailable(cause: impl ToString) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(2)),
            cause: Some(cause.to_string()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The server cannot do this at the moment. Try again in a few seconds.",
            )
        }
    }

    pub(crate) fn internal(cause: impl ToString) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong in the server. Its log has more under the correlation id.",
            )
        }
    }

    pub(crate) const fn noted(mut self) -> Self {
        self.noted = true;
        self
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Conflict => {
                Self::conflict("conflict", "Something like it exists already.")
            }
            StorageError::Corrupt(_) => Self::internal(error),
            other => Self::unavailable(other),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::unavailable(error),
            PasswordError::Failed => Self::internal(error),
        }
    }
}

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::OwnAccount => Self::conflict(
                "cannot_change_self",
                "Nobody can demote, disable or remove their own account.",
            ),
            Denial::LastAdmin => Self::conflict(
                "last_admin",
                "This is the last administrator who can sign in. Make another one first.",
            ),
            Denial::Permission(_) | Denial::NotAdmin | Denial::BeyondOwn => Self {
                message: Cow::Owned(format!("You may not do this: {denial}.")),
                ..Self::new(StatusCode::FORBIDDEN, "forbidden", "")
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}
