//! Built-in TLS with a certificate of the test's own.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustix::process::Signal;
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;

use crate::process::{Answer, Server, wait_for};
use crate::requests::{ask, connect};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    client: Arc<ClientConfig>,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { issuer: Issuer::new(parameters, key), client: Arc::new(client) }
    }

    /// Writes a new certificate of 127.0.0.1 and its key into `folder`.
    fn write(&self, folder: &Path) -> CertificateDer<'static> {
        let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join("certificate.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    /// Asks over TLS; the answer and the certificate that was shown.
    fn get(&self, port: u16, path: &str) -> (Answer, CertificateDer<'static>) {
        let name = "127.0.0.1".try_into().unwrap();
        let tls = ClientConnection::new(Arc::clone(&self.client), name).unwrap();
        let mut stream: StreamOwned<_, TcpStream> = StreamOwned::new(tls, connect(port));
        let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let answer = Answer::read(&mut stream);
        let shown = stream.conn.peer_certificates().unwrap()[0].clone().into_owned();
        (answer, shown)
    }
}

fn start(folder: &Path) -> (Server, u16) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let settings = [
        ("CONNECT_TLS_CERT", certificate.to_str().unwrap()),
        ("CONNECT_TLS_KEY", key.to_str().unwrap()),
    ];
    let (server, port, ready) = Server::start(folder, &settings);
    assert_eq!(ready["address"], format!("https://127.0.0.1:{port}"));
    (server, port)
}

#[test]
fn https_is_answered_and_asks_browsers_to_stay_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let own = authority.write(folder.path());
    let (server, port) = start(folder.path());
    for path in ["/health", "/", "/api/nothing"] {
        let (answer, shown) = authority.get(port, path);
        assert_eq!(shown, own);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
    assert_eq!(authority.get(port, "/health").0.status, 200);

    let plain = ask(port, "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close");
    assert!(!plain.text.contains("HTTP/1.1"), "answered in clear: {}", plain.text);
    assert_eq!(authority.get(port, "/health").0.status, 200, "and goes on");
    server.stop();
}

#[test]
fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let old = authority.write(folder.path());
    let (server, port) = start(folder.path());
    assert_eq!(authority.get(port, "/health").1, old);

    let key = std::fs::read_to_string(folder.path().join("key.pem")).unwrap();
    std::fs::write(folder.path().join("key.pem"), &key[..key.len() / 2]).unwrap();
    server.signal(Signal::HUP);
    server.logged("renewed certificate not taken");
    let (answer, shown) = authority.get(port, "/health");
    assert_eq!((answer.status, shown), (200, old));

    let new = authority.write(folder.path());
    server.signal(Signal::HUP);
    wait_for("the new certificate", || {
        let (answer, shown) = authority.get(port, "/health");
        assert_eq!(answer.status, 200);
        (shown == new).then_some(())
    });
    server.stop();
}

#[test]
fn a_certificate_that_does_not_fit_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let certificate = folder.path().join("certificate.pem");
    let certificate = certificate.to_str().unwrap();
    let stray = folder.path().join("stray.pem");
    std::fs::write(&stray, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    for (certificate, key, named) in [
        (certificate, stray.to_str().unwrap(), "CONNECT_TLS_KEY"),
        (certificate, "missing.pem", "CONNECT_TLS_KEY"),
        ("missing.pem", stray.to_str().unwrap(), "CONNECT_TLS_CERT"),
        (stray.to_str().unwrap(), stray.to_str().unwrap(), "CONNECT_TLS_CERT"),
    ] {
        let settings = [("CONNECT_TLS_CERT", certificate), ("CONNECT_TLS_KEY", key)];
        let (code, log) = crate::process::run(folder.path(), &settings);
        assert_eq!(code, 1, "{log}");
        assert!(log.starts_with(&format!("guruconnect-server: {named}")), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    }
}
