//! The two sockets.

pub(crate) mod agent;
pub(crate) mod viewer;

use axum::extract::FromRequestParts;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use gc_relay::ports::PeerInfo;
use http::StatusCode;
use http::request::Parts;

use crate::edge::Client;
use crate::error::ApiError;

fn peer(client: &Client) -> PeerInfo {
    PeerInfo { address: client.address, correlation: client.correlation }
}

/// An upgrade whose refusals have the envelope.
pub(crate) struct Upgrade(WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // RFC 6455, section 4.1: the nonce is 16 bytes in base64.
        let key = parts.headers.get("sec-websocket-key").map(http::HeaderValue::len);
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let upgrade = upgrade.map_err(|rejection: WebSocketUpgradeRejection| {
            use axum::response::IntoResponse;
            let status = rejection.into_response().status();
            let status = if status == StatusCode::UPGRADE_REQUIRED {
                status
            } else {
                StatusCode::BAD_REQUEST
            };
            ApiError::new(
                status,
                "upgrade_required",
                "This address takes WebSocket upgrades (RFC 6455, version 13) only.",
            )
        })?;
        if key != Some(24) {
            return Err(ApiError::bad_request("The WebSocket key has the wrong length."));
        }
        Ok(Self(upgrade))
    }
}
