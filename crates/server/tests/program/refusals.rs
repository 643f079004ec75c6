//! What stops the start: one sentence each, and an exit code that says whose
//! business it is.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::process::{Server, program, run, wait_for};

/// The sentence, which must be all there is.
#[track_caller]
fn sentence(log: &str) -> &str {
    let line = log.strip_suffix('\n').unwrap_or(log);
    assert!(!line.contains('\n'), "more than a sentence: {log}");
    let sentence = line.strip_prefix("guruconnect-server: ").unwrap_or_else(|| panic!("{log}"));
    assert!(sentence.ends_with('.'), "{log}");
    sentence
}

#[test]
fn a_wrong_setting_ends_with_2_and_a_sentence_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("CONNECT_LISTEN", "8080"),
        ("CONNECT_LISTEN", "0.0.0.0:0"),
        ("CONNECT_TLS_KEY", "key.pem"),
        ("CONNECT_PUBLIC_URL", "http://help.example.com"),
        ("CONNECT_BEHIND_PROXY", "perhaps"),
        ("CONNECT_TRUSTED_PROXIES", "everyone"),
        ("CONNECT_MAX_CONNECTIONS", "-1"),
        ("DATABASE_URL", "mysql://user:hunter2hunter2@host/database"),
        ("JWT_SECRET", "hunter2hunter2"),
        ("RUST_LOG", "gc_relay=loudly"),
    ] {
        let (code, log) = run(folder.path(), &[(name, value)]);
        assert_eq!(code, 2, "{name}: {log}");
        let named = if name == "CONNECT_TLS_KEY" { "CONNECT_TLS_CERT" } else { name };
        assert!(sentence(&log).starts_with(named), "{name}: {log}");
        assert!(!log.contains("hunter2"), "{name}: {log}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing was made before the settings were checked");
}

#[test]
fn an_unknown_option_ends_with_2() {
    let output = program(&[]).arg("--frobnicate").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("--frobnicate"), "{log}");
}

#[test]
fn a_taken_port_ends_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, log) = run(folder.path(), &[("CONNECT_LISTEN", &address)]);
    assert_eq!(code, 1);
    assert!(sentence(&log).starts_with(&format!("the address {address} cannot")), "{log}");
}

fn refused_folder(data: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (code, log) = run(folder.path(), &[("CONNECT_DATA_DIR", data.to_str().unwrap())]);
    assert_eq!(code, 1, "{log}");
    let sentence = sentence(&log).to_owned();
    assert!(sentence.contains(data.to_str().unwrap()), "{sentence}");
    sentence
}

/// None of these depends on who runs the test: permissions would not stop root.
#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(refused_folder(file.path()).contains("cannot be"));
    assert!(refused_folder(&file.path().join("data")).contains("cannot be made"));

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".write-probe")).unwrap();
    assert!(refused_folder(folder.path()).contains("cannot be written"));
}

/// `/dev/full` is Linux's disk that is always full.
#[test]
fn a_full_disk_is_said_to_be_full() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/dev/full", folder.path().join(".write-probe")).unwrap();
    assert!(refused_folder(folder.path()).contains("is full"));

    // A database on a disk of its own, which is full.
    let folder = tempfile::tempdir().unwrap();
    symlink("/dev/full", folder.path().join("guruconnect.db")).unwrap();
    let data = folder.path().to_str().unwrap();
    let (code, log) = run(folder.path(), &[("CONNECT_DATA_DIR", data), ("RUST_LOG", "off")]);
    assert_eq!(code, 1);
    assert!(sentence(&log).starts_with("the database cannot be used"), "{log}");
}

#[test]
fn a_cut_secret_is_refused_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (server, ..) = Server::start(folder.path(), &[]);
    server.stop();
    let secret = folder.path().join("data/jwt_secret");
    let whole = std::fs::read_to_string(&secret).unwrap();
    std::fs::write(&secret, &whole[..10]).unwrap();
    let (code, log) = run(folder.path(), &[]);
    assert_eq!(code, 1);
    assert!(sentence(&log).contains("too short"), "{log}");
    assert!(!log.contains(&whole[..10]), "{log}");
    std::fs::write(&secret, &whole).unwrap();
    let (server, ..) = Server::start(folder.path(), &[]);
    wait_for("the log", || server.log().contains("listening").then_some(()));
    assert!(!server.log().contains(&whole));
    server.stop();
}
