//! Requests over plain sockets, and what happens to those that are too large.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{Answer, Server, program};

#[path = "../../src/settings/table.rs"]
mod table;

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

/// Sends `head` and a blank line, and reads what comes.
pub(crate) fn ask(port: u16, head: &str) -> Answer {
    let mut stream = connect(port);
    // A server that has had enough may close before all is sent.
    let _ = stream.write_all(format!("{head}\r\n\r\n").as_bytes());
    Answer::read(stream)
}

pub(crate) fn get(port: u16, path: &str) -> Answer {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close"))
}

/// Posts as whoever holds `token`, or as nobody.
pub(crate) fn post(port: u16, path: &str, token: &str, body: &Value) -> Value {
    let body = body.to_string();
    let sent = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer \
         {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(port);
    stream.write_all(sent.as_bytes()).unwrap();
    let answer = Answer::read(stream);
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
    answer.json()
}

/// Makes the first administrator; the access token.
pub(crate) fn set_up(port: u16, ready: &Value) -> String {
    let link = ready["setup_link"].as_str().unwrap();
    let body = json!({"token": link.split_once('#').unwrap().1, "username": "admin",
                      "display_name": "Ada Admin", "password": "correct horse battery"});
    post(port, "/api/setup", "", &body)["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_without_settings_answers_this_machine_in_plain() {
    let folder = tempfile::tempdir().unwrap();
    let (server, port, ready) = Server::start(folder.path(), &[]);
    assert_eq!(ready["address"], format!("http://127.0.0.1:{port}"));
    let health = get(port, "/health/ready");
    assert_eq!((health.status, health.json()), (200, json!({"status": "ok"})));
    assert_eq!(health.header("strict-transport-security"), None);
    assert_eq!(get(port, "/api/version").json()["setup_required"], true);
    set_up(port, &ready);
    assert_eq!(get(port, "/api/version").json()["setup_required"], false);
    server.stop();
}

#[test]
fn a_head_that_is_too_large_is_answered_with_431() {
    let folder = tempfile::tempdir().unwrap();
    let (server, port, _) = Server::start(folder.path(), &[]);
    let head = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close";
    let mut many = head.to_owned();
    for number in 0..100 {
        write!(many, "\r\nX-Number-{number}: 1").unwrap();
    }
    let long = format!("{head}\r\nX-Long: {}", "a".repeat(20_000));
    let token = format!("{head}\r\nAuthorization: Bearer {}", "a".repeat(1_000_000));
    for (what, head) in [("many", &many), ("long", &long), ("token", &token)] {
        let answer = ask(port, head);
        // What was not read may reset the connection before its answer is read.
        let cut = what == "token" && answer.text.is_empty();
        assert!(answer.status == 431 || cut, "{what}: {}", answer.text);
        assert_eq!(get(port, "/health").status, 200, "others are served after {what}");
    }
    server.stop();
}

#[test]
fn help_names_every_setting() {
    let output = program(&[]).arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in table::TABLE {
        for text in [setting.name, setting.meaning, setting.default] {
            assert!(help.contains(text), "{text}");
        }
    }
    assert!(help.contains(table::help().trim_end()), "{help}");
}
