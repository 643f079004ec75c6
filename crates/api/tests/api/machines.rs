//! Machines and their keys.

use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{SignedIn, TestApp};

async fn machine(admin: &SignedIn, name: &str) -> String {
    let body =
        json!({"name": name, "company": "Büro GmbH", "site": "Köln", "tags": ["b", "a", "b"]});
    let made = admin.client.post("/api/machines", body).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["tags"], json!(["a", "b"]));
    assert_eq!(made["consent_mode"], "ask");
    assert_eq!(made["online"], false);
    made["id"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_are_paged_searched_and_never_trip_over_wildcards() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for name in ["pc-1", "PC-2", "pc-3", "100%_real"] {
        machine(&admin, name).await;
    }
    let first = admin.client.get("/api/machines?limit=3").await.json();
    assert_eq!(names(&first), ["100%_real", "pc-1", "PC-2"]);
    let next = format!("/api/machines?limit=3&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = admin.client.get(&next).await.json();
    assert_eq!((names(&second), &second["next_cursor"]), (vec!["pc-3"], &json!(null)));
    for (query, found) in
        [("PC", 3), ("pc%20k%C3%B6ln", 3), ("pc%20nowhere", 0), ("%25_", 1), ("_", 1)]
    {
        let list = admin.client.get(&format!("/api/machines?q={query}")).await.json();
        assert_eq!(names(&list).len(), found, "{query}");
    }
    for bad in ["limit=0", "limit=201", "limit=x", "cursor=zz", "q=a+b+c+d+e+f"] {
        let answer = admin.client.get(&format!("/api/machines?{bad}")).await;
        assert_eq!(answer.code(), "bad_request", "{bad}");
    }
}

#[tokio::test]
async fn a_machine_is_changed_removed_and_remembered() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let id = machine(&admin, "pc").await;
    let path = format!("/api/machines/{id}");
    let changed =
        admin.client.patch(&path, json!({"name": "desk", "consent_mode": "notify"})).await;
    let changed = changed.expect(StatusCode::OK).json();
    assert_eq!((&changed["name"], &changed["site"]), (&json!("desk"), &json!("Köln")));
    let hostile = admin.client.patch(&path, json!({"name": "a\u{202e}b"})).await;
    assert_eq!(hostile.code(), "invalid_field");
    admin.client.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.client.get(&path).await.code(), "machine_unknown");
    app.app.flush().await;
    let history = admin.client.get(&format!("{path}/history")).await.json();
    let actions: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["machine.removed", "machine.changed", "machine.created"]);
}

#[tokio::test]
async fn a_key_is_shown_once_and_worth_nothing_once_revoked() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let id = machine(&admin, "pc").await;
    let path = format!("/api/machines/{id}/keys");
    let made =
        admin.client.post(&path, json!({"name": "first"})).await.expect(StatusCode::CREATED).json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 68);
    assert_eq!(made["key"]["prefix"], secret[4..12]);
    let listed = admin.client.get(&path).await;
    assert!(!listed.text.contains(&secret[4..]));
    let agent = async |key: &str| app.nobody().bearer(key).get("/ws/agent").await.status;
    assert_eq!(agent(&secret).await, StatusCode::BAD_REQUEST, "let in, but no upgrade");
    for bad in [&secret[..67], &secret.to_uppercase(), &format!("x{secret}"), &secret[4..]] {
        assert_eq!(agent(bad).await, StatusCode::UNAUTHORIZED, "{bad}");
    }
    let key = format!("{path}/{}", made["key"]["id"].as_str().unwrap());
    admin.client.delete(&key).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(agent(&secret).await, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.client.delete(&key).await.code(), "key_unknown");
}

#[tokio::test]
async fn operators_join_but_do_not_manage_machines() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let id = machine(&admin, "pc").await;
    let operator = app.user(&admin, "olga", "operator").await;
    let body = json!({"name": "x"});
    operator.client.post("/api/machines", body.clone()).await.expect(StatusCode::FORBIDDEN);
    let keys = format!("/api/machines/{id}/keys");
    operator.client.post(&keys, body).await.expect(StatusCode::FORBIDDEN);
    operator.client.get(&keys).await.expect(StatusCode::FORBIDDEN);
    operator.client.get(&format!("/api/machines/{id}")).await.expect(StatusCode::OK);
}
