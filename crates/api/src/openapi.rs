//! The OpenAPI 3.1 document, generated from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::routes::{
    audit, auth, codes, downloads, events, file_transfers, keys, machines, sessions, settings,
    sockets, status, users,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "GuruConnect",
        description = "Remote support: REST interface of the server. Ids are UUIDs, times are \
                       Unix milliseconds. Every error has the body ErrorBody and the header \
                       X-Correlation-Id.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    modifiers(&Planes),
    paths(
        status::health::health, status::health::live, status::health::ready,
        status::metrics::metrics, status::version::version,
        status::docs::openapi, status::docs::docs,
        settings::settings, settings::files::get, settings::files::put,
        settings::connection_notice::get, settings::connection_notice::put,
        auth::setup::setup, auth::login::login, auth::refresh::refresh, auth::logout::logout,
        auth::me::me, auth::password::password,
        users::list::list, users::create::create, users::get::get, users::update::update,
        users::delete::delete,
        machines::list::list, machines::create::create, machines::get::get,
        machines::update::update, machines::delete::delete, machines::history::history,
        keys::list::list, keys::create::create, keys::revoke::revoke,
        sessions::list::list, sessions::create::create, sessions::get::get, sessions::end::end,
        sessions::viewer_token::viewer_token, sessions::viewer_ticket::viewer_ticket,
        codes::list::list, codes::create::create, codes::cancel::cancel,
        codes::validate::validate, codes::status::status,
        file_transfers::list, file_transfers::of_session,
        audit::audit, events::events, downloads::linux,
        sockets::agent::agent, sockets::viewer::viewer,
    )
)]
struct Document;

/// Names the credentials that operations ask for.
struct Planes;

impl Modify for Planes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |format: &str| {
            let scheme =
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format).build();
            SecurityScheme::Http(scheme)
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("access_token", bearer("JWT"));
        components.add_security_scheme("agent_key", bearer("cak_, code_ or resume_"));
        components.add_security_scheme(
            "refresh_cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-gc_refresh"))),
        );
        // The version is the contract's, not the build's: the committed document
        // would change with every release otherwise.
        document.info.version = "1".into();
    }
}

/// The document as JSON, in a stable order.
pub fn document() -> String {
    // Only a map with keys that are no text could fail.
    let mut json = Document::openapi().to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}
