//! What holds for every request.

use http::{Method, StatusCode};
use serde_json::json;

use crate::harness::{PASSWORD, TestApp};

#[tokio::test]
async fn every_answer_is_hardened() {
    let app = TestApp::new().await;
    for path in ["/health", "/api/nothing", "/", "/api/docs", "/j/ABC"] {
        let headers = app.nobody().get(path).await.headers;
        let csp = headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "connect-src 'self' wss://help.example.com;",
        ] {
            assert!(csp.contains(part), "{path}: {csp}");
        }
        // The decoder of tiles is WebAssembly; nothing else is let in that way.
        assert!(csp.contains("script-src 'self' 'wasm-unsafe-eval';"), "{csp}");
        assert!(!csp.replace("'wasm-unsafe-eval'", "").contains("unsafe"), "{csp}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        assert!(
            headers.contains_key("x-correlation-id") && headers.contains_key("permissions-policy")
        );
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_foreign_host_is_misdirected() {
    let app = TestApp::new().await;
    for (host, known) in [
        ("help.example.com", true),
        ("HELP.example.com:443", true),
        ("127.0.0.1:8080", true),
        ("localhost", true),
        ("[::1]:1", true),
        ("evil.example", false),
        ("help.example.com.evil.example", false),
        ("help.example.com@evil.example", false),
        ("", false),
    ] {
        let answer = app.nobody().header("host", host).get("/health/live").await;
        let expected = if known { StatusCode::OK } else { StatusCode::MISDIRECTED_REQUEST };
        assert_eq!(answer.status, expected, "{host}");
    }
    let two = app.nobody().header("host", "help.example.com").header("host", "evil.example");
    two.get("/health/live").await.expect(StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let app = TestApp::new().await;
    let body = json!({"username": "x", "password": "y"});
    let login = async |peer: &str, forwarded: &str| {
        let client = app.from(peer).header("x-forwarded-for", forwarded);
        client.post("/api/auth/login", body.clone()).await.status
    };
    for number in 0..8 {
        login("203.0.113.1", &format!("198.51.100.{number}")).await;
    }
    assert_eq!(login("203.0.113.1", "198.51.100.99").await, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..8 {
        login("10.0.0.1", "1.2.3.4, 198.51.100.200").await;
    }
    assert_eq!(login("10.0.0.1", "9.9.9.9, 198.51.100.200").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(login("10.0.0.1", "198.51.100.201").await, StatusCode::UNAUTHORIZED);
    let metrics = app.from("127.0.0.1").header("x-forwarded-for", "198.51.100.1");
    metrics.get("/metrics").await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn bad_requests_have_the_envelope() {
    let app = TestApp::new().await;
    let post = async |media: &str, body: String| {
        let client = app.nobody().header("content-type", media);
        client.send(Method::POST, "/api/auth/login", Some(body)).await
    };
    let broken = post("application/json", "{\"username\":".into()).await;
    assert_eq!((broken.status, broken.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"));
    let secret = format!("{{\"username\":\"a\",\"password\":\"{PASSWORD}\",\"x\":1}}");
    let unknown = post("application/json", secret).await.expect(StatusCode::BAD_REQUEST);
    assert!(!unknown.text.contains(PASSWORD));
    let form = post("application/x-www-form-urlencoded", "username=a".into()).await;
    assert_eq!(form.code(), "unsupported_media_type");
    let text = post("text/plain", "{}".into()).await;
    assert_eq!(text.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = format!("{{\"username\":\"{}\"}}", "a".repeat(100_000));
    let large = post("application/json", large).await;
    assert_eq!((large.status, large.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let method = app.nobody().send(Method::PUT, "/api/auth/login", None).await;
    assert_eq!(method.code(), "method_not_allowed");
    assert_eq!(app.nobody().get("/api/nothing").await.code(), "not_found");
    assert_eq!(app.nobody().get("/machines").await.code(), "console_not_built");
}

#[tokio::test]
async fn a_download_is_an_attachment_and_its_absence_a_sentence() {
    let app = TestApp::new().await;
    let path = "/api/downloads/linux/guruconnect";
    assert_eq!(app.nobody().get(path).await.code(), "download_missing");
    std::fs::write(app.folder().join("guruconnect"), "program").unwrap();
    let answer = app.nobody().get(path).await.expect(StatusCode::OK);
    assert_eq!(answer.text, "program");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"guruconnect\"");
    assert_eq!(answer.headers["content-length"], "7");
}
