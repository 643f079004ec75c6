//! Support codes.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{SignedIn, TestApp};

async fn new_code(admin: &SignedIn) -> Value {
    admin.client.post("/api/codes", json!({})).await.expect(StatusCode::CREATED).json()
}

#[tokio::test]
async fn a_code_is_taken_in_any_form_and_not_used_up() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let code = new_code(&admin).await;
    let text = code["code"].as_str().unwrap().to_owned();
    assert_eq!(code["link"], format!("https://help.example.com/j/{text}"));
    for form in [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('-', "")] {
        let answer = app.nobody().post("/api/codes/validate", json!({"code": form})).await;
        let answer = answer.expect(StatusCode::OK).json();
        assert_eq!(answer["technician"], "Ada Admin");
        assert_eq!(answer["company"], "Test Ltd");
        let command = answer["commands"]["linux"].as_str().unwrap();
        assert!(command.contains("--server https://help.example.com --code "), "{command}");
    }
    let listed = admin.client.get("/api/codes").await.json();
    assert_eq!(listed["items"][0]["status"], "active");
    assert_eq!(listed["items"][0]["code"], text);
}

#[tokio::test]
async fn every_code_that_opens_nothing_is_answered_alike() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let expired = new_code(&admin).await;
    let cancelled = new_code(&admin).await;
    let path = format!("/api/codes/{}/cancel", cancelled["code"].as_str().unwrap());
    app.clock.advance(Duration::from_mins(5));
    admin.client.post(&path, json!({})).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.client.post(&path, json!({})).await.code(), "code_not_active");
    app.clock.advance(Duration::from_hours(24));
    let answer = async |code: &Value| {
        let answer = app.nobody().post("/api/codes/validate", json!({"code": code})).await;
        (answer.status, answer.code(), answer.json()["message"].clone())
    };
    let unknown = answer(&json!("AAA-AAA-AAA")).await;
    assert_eq!((unknown.0, unknown.1.as_str()), (StatusCode::NOT_FOUND, "code_unknown"));
    assert_eq!(answer(&expired["code"]).await, unknown);
    assert_eq!(answer(&cancelled["code"]).await, unknown);
    for malformed in ["", "AAA", "AAA-AAA-AA0", "AAA-AAA-AAА"] {
        let (status, code, _) = answer(&json!(malformed)).await;
        assert_eq!((status, code.as_str()), (StatusCode::BAD_REQUEST, "code_malformed"));
    }
}

#[tokio::test]
async fn ten_wrong_codes_lock_the_address_and_no_other() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let code = new_code(&admin).await;
    let wrong = json!({"code": "AAA-AAA-AAA"});
    for _ in 0..10 {
        app.nobody().post("/api/codes/validate", wrong.clone()).await.expect(StatusCode::NOT_FOUND);
    }
    let good = json!({"code": code["code"]});
    app.clock.advance(Duration::from_mins(14));
    let locked = app.nobody().post("/api/codes/validate", good.clone()).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(locked.headers["retry-after"], "60");
    app.from("198.51.100.5").post("/api/codes/validate", good.clone()).await.expect(StatusCode::OK);
    app.clock.advance(Duration::from_mins(1));
    app.nobody().post("/api/codes/validate", good).await.expect(StatusCode::OK);
    let admin = app.login("admin").await;
    assert!(app.actions(&admin).await.contains(&("code.locked".into(), "refused".into())));
}

#[tokio::test]
async fn a_waiting_code_says_so_and_an_unknown_one_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let code = new_code(&admin).await;
    let status =
        async |code: &Value| app.nobody().post("/api/codes/status", json!({"code": code})).await;
    assert_eq!(status(&code["code"]).await.json()["state"], "waiting");
    assert_eq!(status(&json!("AAA-AAA-AAA")).await.code(), "code_unknown");
}

#[tokio::test]
async fn the_database_holds_no_code_and_no_token() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let code = new_code(&admin).await["code"].as_str().unwrap().to_owned();
    app.actions(&admin).await;
    let refresh = admin.cookie.split_once('=').unwrap().1.to_owned();
    for file in std::fs::read_dir(app.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [&code, &code.replace('-', ""), &refresh, &admin.access_token] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "a secret is stored in clear");
        }
    }
}
