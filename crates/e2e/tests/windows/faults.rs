//! What stands between a Windows machine and its server: each says what to do, and the
//! agent goes on trying.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Keyboard, Process, Programs, Server, ServerOptions};

use crate::consent::PATIENCE;
use crate::office::Office;

/// Who vouches for servers, and for how long.
struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Result<Self> {
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new())?;
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        let key = rcgen::KeyPair::generate()?;
        let pem = parameters.self_signed(&key)?.pem();
        Ok(Self { issuer: rcgen::Issuer::new(parameters, key), pem })
    }

    /// A server for 127.0.0.1 that shows a certificate of this name, of today or of 2001.
    fn server(&self, folder: &Path, name: &str, today: bool) -> Result<Server> {
        std::fs::create_dir_all(folder)?;
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()])?;
        if !today {
            parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        let key = rcgen::KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?.pem();
        let file = |name: &str, text: &str| -> Result<String> {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        let environment = vec![
            ("CONNECT_TLS_CERT".to_owned(), file("chain.pem", &certificate)?),
            ("CONNECT_TLS_KEY".to_owned(), file("key.pem", &key.serialize_pem())?),
        ];
        let options = ServerOptions { environment, ..ServerOptions::default() };
        Server::start(&Programs::beside_this()?, folder, options)
    }
}

/// Starts an agent that cannot get through, and waits until its log says this, twice: it
/// goes on trying.
fn agent_says(office: &Office, server: &str, authority: &Authority, word: &str) -> Result<()> {
    let file = office.folder().join("authority.pem");
    std::fs::write(&file, &authority.pem)?;
    let (_, key) = office.rest.add_machine("Windows without a link", "silent")?;
    let mut command = office.wine.command("wine");
    command.arg(office.wine.program()).args(["agent", "--server", server]);
    command.env("GURUCONNECT_KEY", key);
    command.env("GURUCONNECT_CA_FILE", format!("Z:{}", file.display()).replace('/', "\\"));
    let mut agent = Process::start("agent-without-link", &mut command, office.folder())?;
    let said = office.wine.desktop().wait_until(word, |_| {
        let log = agent.log();
        Ok(log.matches(word).count() >= 2)
    });
    let log = agent.log();
    agent.kill()?;
    said.with_context(|| format!("agent log:\n{log}"))?;
    ensure!(!log.contains("panicked"), "{log}");
    Ok(())
}

#[test]
fn certificates_that_are_not_in_order_say_what_to_do() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let (ours, theirs) = (Authority::new()?, Authority::new()?);
    let folder = |name: &str| office.folder().join(name);
    let expired = ours.server(&folder("expired"), "127.0.0.1", false)?;
    agent_says(&office, expired.address(), &ours, "check this machine's date and time")?;
    let unknown = theirs.server(&folder("unknown"), "127.0.0.1", true)?;
    agent_says(&office, unknown.address(), &ours, "a proxy may be inspecting the line")?;
    user_is_told(&office, unknown.address(), "a proxy may be inspecting the line")?;
    let other = ours.server(&folder("other"), "other.example", true)?;
    agent_says(&office, other.address(), &ours, "is for another name")
}

/// The one-time program ends with the sentence: somebody waits in front of it.
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
fn a_sign_in_page_in_place_of_the_server_is_told() -> Result<()> {
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
    let authority = Authority::new()?;
    agent_says(&office, &address, &authority, "a proxy or sign-in page answered")?;
    user_is_told(&office, &address, "a proxy or sign-in page answered")
}
