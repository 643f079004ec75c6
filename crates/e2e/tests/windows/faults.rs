//! What stands between a Windows machine and its server: each says what to do. A managed
//! agent goes on trying; the one-time program ends, since somebody waits in front of it.
//! Wine cannot trust a certificate file, so that certificates of a wrong day or name are
//! tried elsewhere.

use std::io::{Read, Write};
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Keyboard, Programs, Server, ServerOptions};

use crate::consent::PATIENCE;
use crate::office::Office;

/// Waits until the log of a managed agent says this twice.
fn agent_says(office: &Office, server: &str, word: &str) -> Result<()> {
    let (_, key) = office.rest.add_machine("Windows without a link", "silent")?;
    let mut agent = office.wine.agent(server, &key)?;
    let said = office
        .wine
        .desktop()
        .wait_until(word, |_| Ok(agent.process.log().matches(word).count() >= 2));
    let log = agent.process.log();
    agent.process.kill()?;
    said.with_context(|| format!("agent log:\n{log}"))
}

/// The one-time program ends with the sentence.
fn user_is_told(office: &Office, server: &str, word: &str) -> Result<()> {
    let code = office.rest.add_code()?;
    let arguments = ["--server", server, "--code", &code];
    let mut agent = office.wine.support(office.wine.program(), &arguments)?;
    let exit = agent.process.wait(PATIENCE)?;
    let log = agent.process.log();
    ensure!(exit == Some(3) && log.contains(word), "it ended with {exit:?}:\n{log}");
    Ok(())
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told() -> Result<()> {
    const WORD: &str = "a proxy may be inspecting the line";
    let office = Office::start(Keyboard::AMERICAN)?;
    let folder = office.folder().join("unknown");
    std::fs::create_dir_all(&folder)?;
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&chain, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let environment = vec![
        ("CONNECT_TLS_CERT".to_owned(), chain.display().to_string()),
        ("CONNECT_TLS_KEY".to_owned(), key.display().to_string()),
    ];
    let options = ServerOptions { environment, ..ServerOptions::default() };
    let server = Server::start(&Programs::beside_this()?, &folder, options)?;
    agent_says(&office, server.address(), WORD)?;
    user_is_told(&office, server.address(), WORD)
}

#[test]
fn a_sign_in_page_in_place_of_the_server_is_told() -> Result<()> {
    const WORD: &str = "a proxy or sign-in page answered";
    let office = Office::start(Keyboard::AMERICAN)?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = format!("http://{}", listener.local_addr()?);
    // Ends with the test program.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let page = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsign in";
            // Who asks may be gone.
            let _ = stream.read(&mut [0; 4096]).and_then(|_| stream.write_all(page));
        }
    });
    agent_says(&office, &address, WORD)?;
    user_is_told(&office, &address, WORD)
}
