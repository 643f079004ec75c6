//! The agent plane: machine keys, support codes and resume tokens.

use axum::extract::FromRequestParts;
use gc_relay::ports::AgentCredential;
use gc_types::SupportCode;
use http::HeaderMap;
use http::request::Parts;

use crate::codes::{CodeRefusal, find_usable};
use crate::edge::Client;
use crate::error::ApiError;
use crate::planes::guard::bearer;
use crate::secrets::{fingerprint, is_secret};
use crate::state::App;

pub(crate) const KEY_PREFIX: &str = "cak_";
pub(crate) const RESUME_PREFIX: &str = "resume_";
const CODE_PREFIX: &str = "code_";

/// An agent whose credential was good a moment ago.
#[derive(Debug, Clone)]
pub(crate) struct AgentAccess(pub(crate) AgentCredential);

pub(super) async fn verify(
    app: &App,
    client: &Client,
    headers: &HeaderMap,
) -> Result<AgentAccess, ApiError> {
    let token = bearer(headers).ok_or_else(ApiError::unauthenticated)?;
    let credential = if let Some(code) = token.strip_prefix(CODE_PREFIX) {
        let code: SupportCode = code.parse().map_err(|_| ApiError::unauthenticated())?;
        find_usable(app, client, code).await.map_err(|refusal| match refusal {
            CodeRefusal::Unknown => ApiError::unauthenticated(),
            CodeRefusal::Other(error) => error,
        })?;
        AgentCredential::SupportCode(code)
    } else if is_secret(token, RESUME_PREFIX) {
        let session = app.storage.session_by_resume(&fingerprint(token)).await?;
        AgentCredential::Resume { session: session.ok_or_else(ApiError::unauthenticated)?.id }
    } else if is_secret(token, KEY_PREFIX) {
        let owner = app.storage.key_owner(&fingerprint(token)).await?;
        let owner = owner.ok_or_else(ApiError::unauthenticated)?;
        AgentCredential::Machine { key: owner.key, machine: owner.machine, tenant: owner.tenant }
    } else {
        return Err(ApiError::unauthenticated());
    };
    Ok(AgentAccess(credential))
}

impl<S: Sync> FromRequestParts<S> for AgentAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthenticated)
    }
}
