//! Built-in TLS, and taking up a renewed certificate without a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::Signal;
use tokio_rustls::TlsAcceptor;

const LOOK: Duration = Duration::from_secs(30);

/// The certificate in use.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("CONNECT_TLS_CERT: {} cannot be read", certificate.display()))?;
    anyhow::ensure!(
        !chain.is_empty(),
        "CONNECT_TLS_CERT: {} holds no certificate",
        certificate.display()
    );
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("CONNECT_TLS_KEY: {} cannot be read", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("CONNECT_TLS_KEY is not the key of CONNECT_TLS_CERT")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl Tls {
    /// Reads certificate and key.
    pub(crate) fn load(certificate: PathBuf, key: PathBuf) -> Result<Arc<Self>> {
        let current = RwLock::new(load(&certificate, &key)?);
        Ok(Arc::new(Self { certificate, key, current }))
    }

    /// For the next handshake.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }

    fn changed(&self) -> Option<(SystemTime, SystemTime)> {
        let time = |path: &Path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
        Some((time(&self.certificate)?, time(&self.key)?))
    }

    /// Reads both files again, and keeps what it has when they do not fit.
    pub(crate) fn reload(&self) -> Result<()> {
        let config = load(&self.certificate, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Looks for renewed files until the process ends; at once on a hang-up, which
    /// is what renewal programs send.
    pub(crate) async fn watch(self: Arc<Self>, mut hang_up: Signal) {
        let mut seen = self.changed();
        loop {
            let told = tokio::select! {
                received = hang_up.recv() => received.is_some(),
                () = tokio::time::sleep(LOOK) => false,
            };
            let now = self.changed();
            if !told && (now.is_none() || now == seen) {
                continue;
            }
            seen = now;
            match self.reload() {
                Ok(()) => tracing::info!("certificate taken up anew"),
                Err(error) => tracing::error!("renewed certificate not taken: {error:#}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use rcgen::{CertificateParams, KeyPair};
    use tokio::signal::unix::{SignalKind, signal};

    use super::*;

    /// Writes a certificate and its key, as old as `age` says.
    fn write(folder: &Path, age: Duration) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let files = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        for path in [&files.0, &files.1] {
            let written = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
            File::options().write(true).open(path).unwrap().set_modified(written - age).unwrap();
        }
        files
    }

    #[tokio::test(start_paused = true)]
    async fn changed_files_are_taken_up_without_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), Duration::from_hours(2));
        let tls = Tls::load(certificate, key).unwrap();
        let current = || tls.current.read().unwrap().clone();
        let hang_up = signal(SignalKind::hangup()).unwrap();
        gc_runtime::spawn("certificate", tls.clone().watch(hang_up));
        let old = current();
        tokio::time::sleep(LOOK * 3).await;
        assert!(Arc::ptr_eq(&old, &current()), "read again without need");

        write(folder.path(), Duration::from_hours(1));
        tokio::time::sleep(LOOK * 2).await;
        let renewed = current();
        assert!(!Arc::ptr_eq(&old, &renewed));

        std::fs::write(folder.path().join("key.pem"), "half a k").unwrap();
        tokio::time::sleep(LOOK * 2).await;
        assert!(Arc::ptr_eq(&renewed, &current()), "a broken file replaced a good one");
        std::fs::remove_file(folder.path().join("key.pem")).unwrap();
        tokio::time::sleep(LOOK * 2).await;
        assert!(Arc::ptr_eq(&renewed, &current()));
    }
}
