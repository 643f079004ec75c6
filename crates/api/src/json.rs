//! Request bodies, paths and queries whose refusals have the envelope.

use std::time::Duration;

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Bytes of a request body at most.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// A body must have come within this.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A JSON body. Its media type must say so: a form of a foreign page cannot.
pub(crate) struct Input<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be sent as application/json.",
            ));
        }
        let body = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state));
        let body = body.await.map_err(|_| {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "timed_out", "The body came too slowly.")
        })?;
        let body = body.map_err(|rejection: BytesRejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    "The request is larger than 64 KiB.",
                )
            } else {
                ApiError::bad_request("The body broke off.")
            }
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            // Position only: the text of the error can quote a password.
            ApiError::bad_request(format!(
                "The body is not the JSON that this address takes (line {}, column {}).",
                error.line(),
                error.column()
            ))
        })
    }
}

/// Parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| ApiError::not_found("not_found", "There is nothing at this address."))
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|_| ApiError::bad_request("The query has a value that is not taken here."))
    }
}

/// 201 with a body.
pub(crate) struct Created<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, axum::Json(self.0)).into_response()
    }
}

/// Text that people typed: trimmed, without control characters, within a length.
pub(crate) fn person_text(
    text: &str,
    field: &'static str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<String, ApiError> {
    let clean = gc_proto::clean_text(text.trim(), usize::MAX);
    if clean == text.trim() && length.contains(&clean.chars().count()) {
        return Ok(clean);
    }
    Err(ApiError {
        code: "invalid_field",
        ..ApiError::bad_request(format!(
            "The field {field} must have {} to {} characters and no control characters.",
            length.start(),
            length.end()
        ))
    })
}
