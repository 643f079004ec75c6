//! Signing in and out.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use gc_api::PasswordCost;
use http::StatusCode;
use serde_json::json;

use crate::harness::{PASSWORD, TestApp, next_piece};

/// How many hashes run at a time is proven beside the code; this is what people
/// notice.
#[tokio::test]
async fn a_crowd_signing_in_is_answered_wholly_and_holds_up_nobody_else() {
    let app = TestApp::with_cost(PasswordCost::default()).await;
    let admin = app.admin().await;
    let crowd = FuturesUnordered::new();
    for number in 0..200 {
        let client = app.from(&format!("198.51.100.{number}"));
        crowd.push(async move {
            let body = json!({"username": "admin", "password": PASSWORD});
            client.post("/api/auth/login", body).await
        });
    }
    let mut crowd = crowd;
    let mut answers = Vec::new();
    // The first answer shows that the hashes are under way.
    answers.push(crowd.next().await.unwrap());
    let health = async {
        for path in ["/health/live", "/health", "/api/version"] {
            app.nobody().get(path).await.expect(StatusCode::OK);
        }
        admin.client.get("/api/auth/me").await.expect(StatusCode::OK);
    };
    let mut health = std::pin::pin!(health);
    loop {
        tokio::select! {
            biased;
            () = &mut health => break,
            answer = crowd.next() => match answer {
                Some(answer) => answers.push(answer),
                None => panic!("the server's health was answered last"),
            },
        }
    }
    assert!(answers.len() < 200, "somebody was still waiting");
    while let Some(answer) = crowd.next().await {
        answers.push(answer);
    }
    let of = |status| answers.iter().filter(|answer| answer.status == status).count();
    let (signed_in, told_to_wait) = (of(StatusCode::OK), of(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(signed_in + told_to_wait, 200);
    assert!(signed_in >= 64, "{signed_in}");
    for refused in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(refused.code(), "unavailable");
    }
    app.from("203.0.113.9")
        .post("/api/auth/login", json!({"username": "admin", "password": PASSWORD}))
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn unknown_user_and_wrong_password_are_answered_alike() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let try_with = async |name: &str, address: &str| {
        let body = json!({"username": name, "password": "not the password"});
        let answer = app.from(address).post("/api/auth/login", body).await;
        assert_eq!(answer.code(), "login_failed");
        (answer.status, answer.json()["message"].clone())
    };
    let wrong = try_with("admin", "198.51.100.1").await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong, try_with("nobody", "198.51.100.2").await);
    let events = app.actions(&admin).await;
    let refused = ("login".to_owned(), "refused".to_owned());
    assert_eq!(events.iter().filter(|event| **event == refused).count(), 2);
}

#[tokio::test]
async fn the_ninth_login_of_a_minute_from_one_address_waits() {
    let app = TestApp::new().await;
    let body = json!({"username": "x", "password": "y"});
    for _ in 0..8 {
        app.nobody().post("/api/auth/login", body.clone()).await.expect(StatusCode::UNAUTHORIZED);
    }
    let ninth = app.nobody().post("/api/auth/login", body.clone()).await;
    assert_eq!(
        (ninth.status, ninth.code().as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "rate_limited")
    );
    assert!(ninth.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    app.from("198.51.100.3")
        .post("/api/auth/login", body.clone())
        .await
        .expect(StatusCode::UNAUTHORIZED);
    app.clock.advance(Duration::from_mins(1));
    app.nobody().post("/api/auth/login", body).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_refresh_cookie_rotates_and_its_reuse_ends_the_login() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let refresh =
        async |cookie: &str| app.nobody().cookie(cookie).post("/api/auth/refresh", json!({})).await;
    assert!(admin.cookie.starts_with("__Host-gc_refresh="));
    let second = refresh(&admin.cookie).await.expect(StatusCode::OK);
    let second = app.signed_in(&second);
    assert_ne!(second.cookie, admin.cookie);
    second.client.get("/api/auth/me").await.expect(StatusCode::OK);

    refresh(&admin.cookie).await.expect(StatusCode::UNAUTHORIZED);
    refresh(&second.cookie).await.expect(StatusCode::UNAUTHORIZED);
    second.client.get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
    let again = app.login("admin").await;
    assert!(app.actions(&again).await.contains(&("refresh.reused".into(), "refused".into())));
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let plain = app.nobody().header("cookie", &admin.cookie);
    assert_eq!(plain.post("/api/auth/refresh", json!({})).await.code(), "cross_site");
    assert_eq!(plain.delete("/api/auth/logout").await.code(), "cross_site");
    let foreign = app.nobody().cookie(&admin.cookie).header("origin", "https://evil.example");
    assert_eq!(foreign.post("/api/auth/refresh", json!({})).await.code(), "cross_site");
    app.nobody().cookie(&admin.cookie).get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
    let own = app.nobody().cookie(&admin.cookie).header("origin", "https://help.example.com");
    own.post("/api/auth/refresh", json!({})).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn logout_ends_every_use_of_the_login_for_good() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let other = app.login("admin").await;
    let mut events = admin.client.stream("/api/events").await;
    assert_eq!(next_piece(&mut events).await.as_deref(), Some(": connected\n\n"));
    let out = admin.client.delete("/api/auth/logout").await.expect(StatusCode::NO_CONTENT);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    while next_piece(&mut events).await.is_some() {}

    let app = app.restart().await;
    let stale = app.nobody().bearer(&admin.access_token);
    stale.get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
    let cookie = app.nobody().cookie(&admin.cookie);
    cookie.post("/api/auth/refresh", json!({})).await.expect(StatusCode::UNAUTHORIZED);
    let other = app.nobody().bearer(&other.access_token);
    other.get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_access_token_lasts_ten_minutes() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.clock.advance(Duration::from_secs(599));
    admin.client.get("/api/auth/me").await.expect(StatusCode::OK);
    app.clock.advance(Duration::from_secs(1));
    admin.client.get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn set_up_works_once_and_is_gone_under_every_spelling() {
    let app = TestApp::new().await;
    let old = app.app.setup_link().await.unwrap().unwrap();
    let body = |token: &str| json!({"token": token, "username": "root", "display_name": "Root", "password": PASSWORD});
    let token = |link: &str| link.split_once('#').unwrap().1.to_owned();
    let link = app.app.setup_link().await.unwrap().unwrap();
    assert!(link.starts_with("https://help.example.com/setup#"));
    for wrong in [token(&old), "x".into(), String::new()] {
        let answer = app.nobody().post("/api/setup", body(&wrong)).await;
        assert_eq!(answer.code(), "setup_token_wrong");
    }
    assert_eq!(app.nobody().get("/api/version").await.json()["setup_required"], true);
    app.nobody().post("/api/setup", body(&token(&link))).await.expect(StatusCode::CREATED);
    assert_eq!(app.nobody().get("/api/version").await.json()["setup_required"], false);
    assert_eq!(app.app.setup_link().await.unwrap(), None);

    for path in [
        "/api/setup",
        "/api/setup/",
        "//api/setup",
        "/api//setup",
        "/API/setup",
        "/Api/Setup",
        "/api/setup/x",
        "/api/%73etup",
        "/api/./setup",
        "/api/x/../setup",
        "/%2e/api/setup",
        "/api/setup%2f",
        "/api/setup;a=b",
        "/api/setup.json",
    ] {
        let answer = app.from("198.51.100.7").post(path, body(&token(&link))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.code(), "not_found", "{path}");
    }
}

#[tokio::test]
async fn a_changed_password_ends_the_other_logins() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let other = app.login("admin").await;
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        admin.client.post("/api/auth/password", body).await
    };
    assert_eq!(change("wrong", "another long password").await.code(), "wrong_password");
    assert_eq!(change(PASSWORD, "short").await.code(), "password_length");
    change(PASSWORD, "another long password").await.expect(StatusCode::NO_CONTENT);
    admin.client.get("/api/auth/me").await.expect(StatusCode::OK);
    other.client.get("/api/auth/me").await.expect(StatusCode::UNAUTHORIZED);
    for _ in 0..2 {
        change("wrong", "x").await.expect(StatusCode::FORBIDDEN);
    }
    change("wrong", "x").await.expect(StatusCode::TOO_MANY_REQUESTS);
}
