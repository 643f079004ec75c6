//! The connection notice of a tenant.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{SignedIn, TestApp};

const PATH: &str = "/api/settings/connection-notice";

fn notice() -> Value {
    json!({
        "enabled": true,
        "template": "{{technician_name}} ({{company}}) {{time}}",
        "duration_s": 30,
        "position": "top_left",
        "dismissible": false,
    })
}

async fn put(who: &SignedIn, body: &Value) -> crate::harness::Answer {
    who.client.send(Method::PUT, PATH, Some(body.to_string())).await
}

#[tokio::test]
async fn what_is_set_is_what_is_read_and_is_written_down() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let first = admin.client.get(PATH).await.expect(StatusCode::OK).json();
    assert_eq!(first["current"], first["default"], "as delivered");
    assert_eq!(first["current"]["enabled"], true);
    assert_eq!(first["placeholders"], json!(["technician_name", "company", "time"]));

    let answer = put(&admin, &notice()).await.expect(StatusCode::OK).json();
    assert_eq!(answer["current"], notice());
    let read = admin.client.get(PATH).await.json();
    assert_eq!((&read["current"], &read["default"]), (&notice(), &first["default"]));

    let mut off = notice();
    off["enabled"] = false.into();
    put(&admin, &off).await.expect(StatusCode::OK);
    assert_eq!(admin.client.get(PATH).await.json()["current"], off);

    app.app.flush().await;
    let events = admin.client.get("/api/audit?action=settings.changed").await.json();
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["detail"]["enabled"], false, "the newest first");
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_and_changes_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    put(&admin, &notice()).await.expect(StatusCode::OK);
    let long = "x".repeat(301);
    for (field, values) in [
        (
            "template",
            vec![
                json!(""),
                json!(" \n"),
                json!(long),
                json!("1\n2\n3\n4\n5\n6\n7"),
                json!("a\u{202e}b"),
                json!("a\u{0}b"),
                json!("{{user}}"),
                json!("{{company"),
            ],
        ),
        ("duration_s", vec![json!(0), json!(4), json!(61), json!(u32::MAX)]),
    ] {
        for value in values {
            let mut bad = notice();
            bad[field] = value.clone();
            let answer = put(&admin, &bad).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field} {value}");
            assert_eq!(answer.code(), "invalid_field", "{field} {value}");
        }
    }
    for (field, value) in [
        ("duration_s", json!(-1)),
        ("duration_s", json!("30")),
        ("position", json!("middle")),
        ("enabled", json!("yes")),
        ("tenant_id", json!("x")),
    ] {
        let mut bad = notice();
        bad[field] = value;
        assert_eq!(put(&admin, &bad).await.code(), "bad_request", "{field}");
    }
    assert_eq!(admin.client.get(PATH).await.json()["current"], notice());
}

#[tokio::test]
async fn only_administrators_see_and_set_it() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for role in ["operator", "viewer", "end_user"] {
        let other = app.user(&admin, role, role).await;
        other.client.get(PATH).await.expect(StatusCode::FORBIDDEN);
        put(&other, &notice()).await.expect(StatusCode::FORBIDDEN);
    }
    let unchanged = admin.client.get(PATH).await.json();
    assert_eq!(unchanged["current"], unchanged["default"]);
}
