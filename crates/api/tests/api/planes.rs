//! Every route, as nobody and with every credential of another plane.

use gc_api::{Plane, routes};
use http::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Client, TestApp};

/// What opens each route. A route that is missing here makes the test red: decide
/// on its plane, then list it.
const LISTED: &[(&str, &str, Plane)] = &[
    ("GET", "/health", Plane::Public),
    ("GET", "/health/live", Plane::Public),
    ("GET", "/health/ready", Plane::Public),
    ("GET", "/metrics", Plane::Local),
    ("GET", "/api/version", Plane::Public),
    ("GET", "/api/openapi.json", Plane::Public),
    ("GET", "/api/docs", Plane::Public),
    ("GET", "/api/settings", Plane::User),
    ("GET", "/api/settings/connection-notice", Plane::User),
    ("PUT", "/api/settings/connection-notice", Plane::User),
    ("GET", "/api/settings/files", Plane::User),
    ("PUT", "/api/settings/files", Plane::User),
    ("POST", "/api/setup", Plane::Public),
    ("POST", "/api/auth/login", Plane::Public),
    ("POST", "/api/auth/refresh", Plane::Refresh),
    ("DELETE", "/api/auth/logout", Plane::UserOrRefresh),
    ("GET", "/api/auth/me", Plane::User),
    ("POST", "/api/auth/password", Plane::User),
    ("GET", "/api/users", Plane::User),
    ("POST", "/api/users", Plane::User),
    ("GET", "/api/users/{id}", Plane::User),
    ("PATCH", "/api/users/{id}", Plane::User),
    ("DELETE", "/api/users/{id}", Plane::User),
    ("GET", "/api/machines", Plane::User),
    ("POST", "/api/machines", Plane::User),
    ("GET", "/api/machines/{id}", Plane::User),
    ("PATCH", "/api/machines/{id}", Plane::User),
    ("DELETE", "/api/machines/{id}", Plane::User),
    ("GET", "/api/machines/{id}/history", Plane::User),
    ("GET", "/api/machines/{id}/keys", Plane::User),
    ("POST", "/api/machines/{id}/keys", Plane::User),
    ("DELETE", "/api/machines/{id}/keys/{key_id}", Plane::User),
    ("GET", "/api/sessions", Plane::User),
    ("POST", "/api/sessions", Plane::User),
    ("GET", "/api/sessions/{id}", Plane::User),
    ("POST", "/api/sessions/{id}/end", Plane::User),
    ("POST", "/api/sessions/{id}/viewer-token", Plane::User),
    ("POST", "/api/sessions/{id}/viewer-ticket", Plane::User),
    ("GET", "/api/sessions/{id}/file-transfers", Plane::User),
    ("GET", "/api/file-transfers", Plane::User),
    ("GET", "/api/codes", Plane::User),
    ("POST", "/api/codes", Plane::User),
    ("POST", "/api/codes/validate", Plane::Public),
    ("POST", "/api/codes/status", Plane::Public),
    ("POST", "/api/codes/{code}/cancel", Plane::User),
    ("GET", "/api/audit", Plane::User),
    ("GET", "/api/events", Plane::User),
    ("GET", "/api/downloads/linux/guruconnect", Plane::Public),
    ("GET", "/ws/agent", Plane::Agent),
    ("GET", "/ws/viewer", Plane::Viewer),
];

fn concrete(path: &str) -> String {
    let id = "11111111-1111-4111-8111-111111111111";
    path.replace("{id}", id).replace("{key_id}", id).replace("{code}", "AAA-AAA-AAA")
}

#[test]
fn every_route_is_listed_with_its_plane() {
    let mut real: Vec<(String, &str, Plane)> = routes()
        .into_iter()
        .map(|(method, path, plane)| (method.to_string(), path, plane))
        .collect();
    let mut listed: Vec<(String, &str, Plane)> =
        LISTED.iter().map(|(method, path, plane)| ((*method).to_owned(), *path, *plane)).collect();
    real.sort();
    listed.sort();
    assert_eq!(real, listed);
}

#[tokio::test]
async fn no_route_opens_for_nobody_or_the_wrong_plane() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let machine =
        admin.client.post("/api/machines", json!({"name": "m", "consent_mode": "silent"}));
    let machine = machine.await.expect(StatusCode::CREATED).json();
    let machine = machine["id"].as_str().unwrap();
    let keys = format!("/api/machines/{machine}/keys");
    let key = admin.client.post(&keys, json!({"name": "k"}));
    let key = key.await.expect(StatusCode::CREATED).json()["secret"].as_str().unwrap().to_owned();
    let session = admin.client.post("/api/sessions", json!({"machine_id": machine})).await.json();
    let session = session["id"].as_str().unwrap();
    let viewer = admin
        .client
        .post(&format!("/api/sessions/{session}/viewer-token"), json!({"access": "control"}))
        .await
        .expect(StatusCode::CREATED)
        .json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = admin.client.post("/api/codes", json!({})).await.json();
    let code = format!("code_{}", code["code"].as_str().unwrap().replace('-', ""));
    let refresh = admin.cookie.split_once('=').unwrap().1.to_owned();

    let credentials: Vec<(&str, Vec<Plane>, Client)> = vec![
        ("nobody", vec![], app.nobody()),
        (
            "access token",
            vec![Plane::User, Plane::UserOrRefresh],
            app.nobody().bearer(&admin.access_token),
        ),
        (
            "refresh cookie",
            vec![Plane::Refresh, Plane::UserOrRefresh],
            app.nobody().cookie(&admin.cookie),
        ),
        ("refresh token as bearer", vec![], app.nobody().bearer(&refresh)),
        ("viewer token", vec![], app.nobody().bearer(&viewer)),
        ("machine key", vec![Plane::Agent], app.nobody().bearer(&key)),
        ("support code", vec![Plane::Agent], app.nobody().bearer(&code)),
        ("garbage", vec![], app.nobody().bearer("garbage")),
        (
            "two bearers",
            vec![],
            app.nobody().bearer(&admin.access_token).bearer(&admin.access_token),
        ),
        ("one megabyte", vec![], app.nobody().bearer(&"a".repeat(1 << 20))),
    ];
    for (method, path, plane) in LISTED {
        if matches!(plane, Plane::Public | Plane::Viewer) {
            continue;
        }
        for (name, opens, client) in &credentials {
            if opens.contains(plane) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let answer = client.send(method.clone(), &concrete(path), Some("{}".into())).await;
            let expected = match plane {
                Plane::Local => [StatusCode::FORBIDDEN; 2],
                // Without its header a request with no cookie is refused as well.
                Plane::Refresh | Plane::UserOrRefresh => {
                    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]
                }
                _ => [StatusCode::UNAUTHORIZED; 2],
            };
            assert!(
                expected.contains(&answer.status),
                "{method} {path} answers {} to {name}",
                answer.status
            );
            answer.code();
        }
        // A token in the address is never looked at.
        let method: Method = method.parse().unwrap();
        let target = format!("{}?access_token={}", concrete(path), admin.access_token);
        let answer = app.nobody().send(method, &target, Some("{}".into())).await;
        assert!(answer.status.is_client_error(), "{path}");
    }
    // The right plane is let in, so that the refusals above mean something.
    admin.client.get("/api/auth/me").await.expect(StatusCode::OK);
    let agent = app.nobody().bearer(&key).get("/ws/agent").await;
    assert_eq!(agent.code(), "upgrade_required");
    app.from("127.0.0.1").get("/metrics").await.expect(StatusCode::OK);
}
