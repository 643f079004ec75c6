//! Rules for files, and what became of them.

use http::StatusCode;
use serde_json::json;

use crate::harness::TestApp;

#[tokio::test]
async fn rules_are_cleaned_kept_and_for_administrators_only() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let open = admin.client.get("/api/settings/files").await.expect(StatusCode::OK).json();
    assert_eq!(
        open,
        json!({"upload": true, "download": true, "max_file_bytes": null,
            "allowed_extensions": [], "blocked_extensions": []})
    );
    let rules = json!({"upload": true, "download": false, "max_file_bytes": 1_000,
        "allowed_extensions": [" .TXT ", "pdf", "txt"], "blocked_extensions": ["Exe"]});
    let put = |body| {
        admin.client.send(http::Method::PUT, "/api/settings/files", Some(json!(body).to_string()))
    };
    let kept = put(rules).await.expect(StatusCode::OK).json();
    assert_eq!(kept["allowed_extensions"], json!(["pdf", "txt"]));
    assert_eq!(kept["blocked_extensions"], json!(["exe"]));
    let again = admin.client.get("/api/settings/files").await.json();
    assert_eq!(again, kept);
    for wrong in [
        json!({"upload": true, "download": true, "max_file_bytes": 0,
            "allowed_extensions": [], "blocked_extensions": []}),
        json!({"upload": true, "download": true, "max_file_bytes": null,
            "allowed_extensions": ["../x"], "blocked_extensions": []}),
        json!({"upload": true, "download": true, "max_file_bytes": null,
            "allowed_extensions": [], "blocked_extensions": vec!["a"; 257]}),
    ] {
        let answer = put(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.code(), "invalid_field");
    }
    app.app.flush().await;
    let events = admin.client.get("/api/audit?action=settings.changed").await.json();
    assert_eq!(events["items"][0]["target_id"], "files");
}

#[tokio::test]
async fn lists_of_files_take_only_what_they_know() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let list = admin.client.get("/api/file-transfers?direction=upload&outcome=denied&q=a%25").await;
    assert_eq!(list.expect(StatusCode::OK).json()["items"], json!([]));
    let wrong = admin.client.get("/api/file-transfers?direction=sideways").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let long = format!("/api/file-transfers?q={}", "a".repeat(201));
    assert_eq!(admin.client.get(&long).await.status, StatusCode::BAD_REQUEST);
}
