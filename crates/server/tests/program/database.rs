//! Databases that are too new, or not there yet.

use std::io;
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use sqlx::{AnyConnection, Connection as _};

use crate::process::{Server, run, wait_for};
use crate::requests::get;

fn change(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = AnyConnection::connect(url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (server, ..) = Server::start(folder.path(), &[]);
    server.stop();
    let url = format!("sqlite://{}", folder.path().join("data/guruconnect.db").display());
    change(
        &url,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99990101000000, 'from the future', TRUE, x'00', 0)",
    );
    let (code, log) = run(folder.path(), &[("RUST_LOG", "off")]);
    assert_eq!(code, 1);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("newer") && log.contains("99990101000000"), "{log}");
    change(&url, "DELETE FROM _sqlx_migrations WHERE version = 99990101000000");
    let (server, ..) = Server::start(folder.path(), &[]);
    server.stop();
}

#[test]
fn a_file_that_is_no_database_ends_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let file = folder.path().join("data/guruconnect.db");
    let text = "this is no database, and long enough to be looked at. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let (code, log) = run(folder.path(), &[("RUST_LOG", "off")]);
    assert_eq!(code, 1);
    assert!(log.starts_with("guruconnect-server: the database cannot be used"), "{log}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "it was not touched");
}

/// A port of this machine on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_waiting(server: &Server, port: u16) {
    server.logged("the database cannot be reached");
    let (live, ready) = (get(port, "/health/live"), get(port, "/health/ready"));
    assert_eq!((live.status, ready.status), (200, 503), "{}", ready.text);
    assert_eq!(ready.json()["error_code"], "starting");
    assert!(ready.header("retry-after").is_some());
    assert_eq!(get(port, "/api/version").status, 503);
    assert!(!server.is_ready());
}

#[test]
fn a_server_waits_for_its_postgresql_and_can_be_stopped_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://guru:hunter2hunter2@127.0.0.1:{}/guru", closed_port());
    let mut server = Server::launch(folder.path(), &[("DATABASE_URL", &url)]);
    is_waiting(&server, server.listening());
    wait_for("a second try", || {
        (server.log().matches("the database cannot be reached").count() > 1).then_some(())
    });
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(!server.log().contains("hunter2"), "{}", server.log());
}

/// Passes every connection on.
fn forward(listener: TcpListener, to: String) {
    std::thread::spawn(move || {
        for inward in listener.incoming() {
            let (Ok(inward), Ok(outward)) = (inward, TcpStream::connect(&to)) else { return };
            let copy = |mut from: TcpStream, mut to: TcpStream| {
                std::thread::spawn(move || io::copy(&mut from, &mut to));
            };
            copy(inward.try_clone().unwrap(), outward.try_clone().unwrap());
            copy(outward, inward);
        }
    });
}

/// Needs a PostgreSQL server on TCP; without one there is nothing to come up.
#[test]
fn a_server_is_ready_once_its_postgresql_has_come_up() {
    let Some(control) = gc_runtime::env("GURUCONNECT_TEST_POSTGRES") else { return };
    let (user, rest) = control.rsplit_once('@').unwrap_or(("postgres://postgres", &control));
    let (real, _) = rest.split_once('/').unwrap();
    let port = closed_port();
    let database = format!("gc_start_{}_{port}", std::process::id());
    change(&control, &format!("CREATE DATABASE {database}"));
    let url = format!("{user}@127.0.0.1:{port}/{database}");
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::launch(folder.path(), &[("DATABASE_URL", &url)]);
    let own = server.listening();
    is_waiting(&server, own);
    forward(TcpListener::bind(("127.0.0.1", port)).unwrap(), real.to_owned());
    server.ready();
    assert_eq!(get(own, "/health/ready").status, 200);
    server.stop();
    change(&control, &format!("DROP DATABASE {database} WITH (FORCE)"));
}
