//! Trust: the system's roots and one's own.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::error::{ConnectError, RootsError};

/// TLS 1.2 and 1.3 with the system's roots and those of a PEM file.
pub(crate) fn config(extra_roots: Option<&Path>) -> Result<Arc<ClientConfig>, RootsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a system certificate cannot be used");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = extra_roots {
        for certificate in roots_of(path)? {
            roots.add(certificate).map_err(|error| RootsError::File {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        }
    }
    if roots.is_empty() {
        return Err(RootsError::Empty);
    }
    Ok(Arc::new(builder()?.with_root_certificates(roots).with_no_client_auth()))
}

/// TLS 1.2 and 1.3 with the judgement of an operating system.
pub(crate) fn verified_by(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Arc<ClientConfig>, RootsError> {
    let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, RootsError> {
    Ok(ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?)
}

/// What all links encrypt with.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates in a PEM file; at least one.
pub fn roots_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, RootsError> {
    let failed = |reason: String| RootsError::File { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("it holds no certificate".into()));
    }
    Ok(certificates)
}

/// What a failed handshake means for people.
pub(crate) fn explain(error: std::io::Error) -> ConnectError {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return ConnectError::Broken(error);
    };
    match tls {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => ConnectError::CertificateTime,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                ConnectError::CertificateName
            }
            _ => ConnectError::CertificateUntrusted,
        },
        // Whoever answered does not speak TLS.
        rustls::Error::InvalidMessage(_) => ConnectError::Intercepted,
        other => ConnectError::Tls(other.to_string()),
    }
}
