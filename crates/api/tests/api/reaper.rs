//! Sessions of machines that stay away end by themselves, and no others.

use std::time::Duration;

use gc_api::Reaper;
use gc_proto::v2;
use gc_proto::v2::link_message::Body;
use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Client, TestApp};
use crate::sockets::{agent_hello, bearer_socket, join, managed, viewer_token};

async fn session(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/sessions/{id}")).await.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn only_a_managed_session_that_nobody_used_for_ten_minutes_is_reaped() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, away, _) = managed(&admin).await;
    let (_, watched, _) = managed(&admin).await;
    let (_, online, key) = managed(&admin).await;
    let viewer = join(server, &viewer_token(&admin, &watched).await).await;
    let viewer = viewer.unwrap_or_else(|code| panic!("{code}"));
    let mut agent = bearer_socket(server, key["secret"].as_str().unwrap()).await.unwrap();
    agent.say(agent_hello(v2::AgentMode::Managed)).await;
    assert!(matches!(agent.next().await, Ok(Body::Welcome(_))));

    // A guest who came with a code and has gone: the support grace ends that one,
    // never the reaper.
    let code = admin.client.post("/api/codes", json!({})).await.json();
    let bearer = format!("code_{}", code["code"].as_str().unwrap().replace('-', ""));
    let mut guest = bearer_socket(server, &bearer).await.unwrap();
    guest.say(agent_hello(v2::AgentMode::Support)).await;
    assert!(matches!(guest.next().await, Ok(Body::Welcome(_))));
    let codes = admin.client.get("/api/codes").await.json();
    let attended = codes["items"][0]["session_id"].as_str().unwrap().to_owned();
    drop(guest);
    app.offline(&attended).await;

    let mut reaper = Reaper::new(app.app.clone());
    reaper.sweep().await.unwrap();
    app.clock.advance(Duration::from_mins(10) - Duration::from_millis(1));
    reaper.sweep().await.unwrap();
    let admin = app.login("admin").await;
    assert_eq!(session(&admin.client, &away).await["end_cause"], Value::Null);
    app.clock.advance(Duration::from_millis(1));
    reaper.sweep().await.unwrap();
    let ended = session(&admin.client, &away).await;
    assert_eq!((&ended["state"], &ended["end_cause"]["code"]), (&json!("ended"), &json!("reaped")));
    app.clock.advance(Duration::from_hours(1));
    reaper.sweep().await.unwrap();
    let admin = app.login("admin").await;
    for used in [&watched, &online, &attended] {
        assert_eq!(session(&admin.client, used).await["end_cause"], Value::Null);
    }

    // Time counts from when the last one has left.
    drop((viewer, agent));
    app.offline(&online).await;
    app.unwatched(&watched).await;
    reaper.sweep().await.unwrap();
    app.clock.advance(Duration::from_mins(10));
    reaper.sweep().await.unwrap();
    let admin = app.login("admin").await;
    for left in [&watched, &online] {
        assert_eq!(session(&admin.client, left).await["end_cause"]["code"], "reaped");
    }
    assert_eq!(session(&admin.client, &attended).await["end_cause"], Value::Null);
    let reaped = |(action, outcome): &(String, String)| {
        (action.as_str(), outcome.as_str()) == ("session.ended", "ok")
    };
    assert_eq!(app.actions(&admin).await.iter().filter(|event| reaped(event)).count(), 3);
}

#[tokio::test]
async fn a_machine_that_comes_back_in_time_keeps_its_session() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, id, key) = managed(&admin).await;
    let mut reaper = Reaper::new(app.app.clone());
    reaper.sweep().await.unwrap();
    app.clock.advance(Duration::from_mins(9));
    let mut agent = bearer_socket(server, key["secret"].as_str().unwrap()).await.unwrap();
    agent.say(agent_hello(v2::AgentMode::Managed)).await;
    assert!(matches!(agent.next().await, Ok(Body::Welcome(_))));
    assert!(matches!(agent.next().await, Ok(Body::SessionOffer(_))));
    reaper.sweep().await.unwrap();
    drop(agent);
    app.offline(&id).await;
    reaper.sweep().await.unwrap();
    app.clock.advance(Duration::from_mins(9));
    reaper.sweep().await.unwrap();
    let admin = app.login("admin").await;
    assert_eq!(session(&admin.client, &id).await["end_cause"], Value::Null);
}
