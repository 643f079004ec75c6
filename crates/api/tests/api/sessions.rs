//! Sessions without sockets: opening, consent, tokens, ending.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::harness::{SignedIn, TestApp};

async fn session(admin: &SignedIn, consent: &str) -> (String, String) {
    let machine = json!({"name": "pc", "consent_mode": consent});
    let machine = admin.client.post("/api/machines", machine).await.json();
    let machine = machine["id"].as_str().unwrap().to_owned();
    let made = admin.client.post("/api/sessions", json!({"machine_id": machine, "ticket": "T-1"}));
    let made = made.await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["kind"], &made["is_managed"]), (&json!("unattended"), &json!(true)));
    (machine, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_machine_has_one_live_session_also_while_offline() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (machine, id) = session(&admin, "silent").await;
    let again = admin.client.post("/api/sessions", json!({"machine_id": machine})).await;
    assert_eq!(again.expect(StatusCode::OK).json()["id"], id);
    let end = format!("/api/sessions/{id}/end");
    admin.client.post(&end, json!({"note": "done"})).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.client.post(&end, json!({})).await.code(), "session_ended");
    let ended = admin.client.get(&format!("/api/sessions/{id}")).await.json();
    assert_eq!(
        (&ended["state"], &ended["end_cause"]["code"]),
        (&json!("ended"), &json!("ended_by_technician"))
    );
    let new = admin.client.post("/api/sessions", json!({"machine_id": machine})).await;
    let new = new.expect(StatusCode::CREATED).json();
    assert_ne!(new["id"], id);
    let live = admin.client.get("/api/sessions?state=live").await.json();
    assert_eq!(live["items"].as_array().unwrap().len(), 1);
    let gone = admin.client.get("/api/sessions?state=ended").await.json();
    assert_eq!(gone["items"][0]["id"], id);
}

#[tokio::test]
async fn a_grant_about_to_end_is_replaced() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (machine, id) = session(&admin, "silent").await;
    app.clock.advance(Duration::from_mins(23 * 60 + 1));
    let admin = app.login("admin").await;
    let new = admin.client.post("/api/sessions", json!({"machine_id": machine})).await;
    assert_ne!(new.expect(StatusCode::CREATED).json()["id"], id);
    let old = admin.client.get(&format!("/api/sessions/{id}")).await.json();
    assert_eq!(old["end_cause"]["code"], "superseded");
}

#[tokio::test]
async fn a_viewer_token_needs_consent_rights_and_a_live_session() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let token = async |who: &SignedIn, id: &str, access: &str| {
        who.client
            .post(&format!("/api/sessions/{id}/viewer-token"), json!({"access": access}))
            .await
    };
    let (_, asked) = session(&admin, "ask").await;
    let pending = token(&admin, &asked, "control").await;
    assert_eq!(
        (pending.status, pending.code().as_str()),
        (StatusCode::CONFLICT, "consent_pending")
    );
    let (_, silent) = session(&admin, "silent").await;
    let made = token(&admin, &silent, "control").await.expect(StatusCode::CREATED).json();
    assert!(made["expires_in_s"].as_u64().unwrap() <= 300);
    let viewer = app.user(&admin, "vera", "viewer").await;
    assert_eq!(token(&viewer, &silent, "control").await.code(), "forbidden");
    token(&viewer, &silent, "view_only").await.expect(StatusCode::CREATED);
    let end = viewer.client.post(&format!("/api/sessions/{silent}/end"), json!({})).await;
    end.expect(StatusCode::FORBIDDEN);
    let unknown = token(&admin, "11111111-1111-4111-8111-111111111111", "control").await;
    assert_eq!(unknown.code(), "session_unknown");
    admin.client.post(&format!("/api/sessions/{silent}/end"), json!({})).await;
    assert_eq!(token(&admin, &silent, "control").await.code(), "session_ended");
}

#[tokio::test]
async fn a_live_session_outlives_the_process() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (machine, id) = session(&admin, "silent").await;
    let app = app.restart().await;
    let admin = app.nobody().bearer(&admin.access_token);
    let machine = admin.get(&format!("/api/machines/{machine}")).await.json();
    assert_eq!(machine["session"]["id"], id);
}
