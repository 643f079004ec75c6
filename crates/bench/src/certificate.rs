//! A certificate for 127.0.0.1 and an authority that lives as long as the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

/// Files for the server and the agent, and what clients trust.
pub(crate) struct Certificates {
    /// Certificate of the server and of the authority, PEM.
    pub(crate) chain: PathBuf,
    /// Key of the server, PEM.
    pub(crate) key: PathBuf,
    /// Certificate of the authority, PEM.
    pub(crate) authority: PathBuf,
    /// The same.
    pub(crate) trusted: CertificateDer<'static>,
}

impl Certificates {
    /// Makes them in a folder.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = parameters.self_signed(&authority_key)?;
        let issuer = Issuer::new(parameters, authority_key);

        let key = KeyPair::generate()?;
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let server = CertificateParams::new(names)?.signed_by(&key, &issuer)?;

        let made = Self {
            chain: folder.join("server.pem"),
            key: folder.join("server-key.pem"),
            authority: folder.join("authority.pem"),
            trusted: authority.der().clone(),
        };
        std::fs::write(&made.chain, server.pem() + &authority.pem())?;
        std::fs::write(&made.key, key.serialize_pem())?;
        std::fs::write(&made.authority, authority.pem())?;
        Ok(made)
    }

    /// For clients that trust the authority alone.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_of_use_to_a_client() {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path()).unwrap();
        assert!(made.client().is_ok());
        assert_eq!(std::fs::read_to_string(made.chain).unwrap().matches("BEGIN CERT").count(), 2);
    }
}
