//! Users, roles and permissions.

use http::StatusCode;
use serde_json::json;

use crate::harness::{PASSWORD, TestApp};

#[tokio::test]
async fn nobody_changes_their_own_rights() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let own = format!("/api/users/{}", admin.id);
    for change in [json!({"role": "viewer"}), json!({"disabled": true})] {
        let answer = admin.client.patch(&own, change).await.expect(StatusCode::CONFLICT);
        assert_eq!(answer.code(), "cannot_change_self");
    }
    let answer = admin.client.delete(&own).await.expect(StatusCode::CONFLICT);
    assert_eq!(answer.code(), "cannot_change_self");
    let renamed = admin.client.patch(&own, json!({"display_name": "A. Admin"})).await;
    assert_eq!(renamed.expect(StatusCode::OK).json()["display_name"], "A. Admin");
}

#[tokio::test]
async fn a_demotion_and_a_removal_take_effect_at_once() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let operator = app.user(&admin, "olga", "operator").await;
    operator.client.post("/api/codes", json!({})).await.expect(StatusCode::CREATED);
    let path = format!("/api/users/{}", operator.id);
    admin.client.patch(&path, json!({"role": "viewer"})).await.expect(StatusCode::OK);
    let refused = operator.client.post("/api/codes", json!({})).await;
    assert_eq!(refused.expect(StatusCode::FORBIDDEN).code(), "forbidden");
    admin.client.patch(&path, json!({"disabled": true})).await.expect(StatusCode::OK);
    operator.client.get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
    let body = json!({"username": "olga", "password": PASSWORD});
    let login = app.from("198.51.100.4").post("/api/auth/login", body).await;
    assert_eq!(login.code(), "login_failed");
    admin.client.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.client.get(&path).await.code(), "user_unknown");
}

#[tokio::test]
async fn a_manager_of_users_makes_no_administrator() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let manager = app.user(&admin, "mona", "operator").await;
    let path = format!("/api/users/{}", manager.id);
    let given = json!({"permissions": ["manage_users"]});
    admin.client.patch(&path, given).await.expect(StatusCode::OK);
    let new = json!({"username": "evil", "display_name": "Evil", "role": "admin",
                     "permissions": [], "password": PASSWORD});
    let answer = manager.client.post("/api/users", new).await;
    // The change of rights has not ended the login, only its sockets.
    assert_eq!(answer.expect(StatusCode::FORBIDDEN).code(), "forbidden");
    let password = json!({"password": "taken over, sadly"});
    let answer = manager.client.patch(&format!("/api/users/{}", admin.id), password).await;
    assert_eq!(answer.expect(StatusCode::FORBIDDEN).code(), "forbidden");
}

#[tokio::test]
async fn names_are_unique_whatever_their_case() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let new = json!({"username": "ADMIN", "display_name": "x", "role": "viewer",
                     "permissions": [], "password": PASSWORD});
    assert_eq!(admin.client.post("/api/users", new).await.code(), "username_taken");
    let list = admin.client.get("/api/users").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["next_cursor"], json!(null));
}

#[tokio::test]
async fn roles_see_what_is_theirs() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let viewer = app.user(&admin, "vera", "viewer").await;
    let end_user = app.user(&admin, "eve", "end_user").await;
    for (path, viewer_sees) in [
        ("/api/machines", true),
        ("/api/sessions", true),
        ("/api/audit", true),
        ("/api/codes", false),
        ("/api/users", false),
        ("/api/settings", false),
    ] {
        let expected = if viewer_sees { StatusCode::OK } else { StatusCode::FORBIDDEN };
        viewer.client.get(path).await.expect(expected);
        end_user.client.get(path).await.expect(StatusCode::FORBIDDEN);
        admin.client.get(path).await.expect(StatusCode::OK);
    }
    let events = app.actions(&admin).await;
    assert!(events.contains(&("request.refused".into(), "refused".into())));
}
