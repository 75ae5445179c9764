//! TLS as libpq's sslmode has it, by rustls.
//!
//! `require` encrypts and looks at nothing. `verify-ca` wants a chain to a root, `verify-full` the server's name in the
//! certificate as well, which has to be among its subjectAltNames. Roots are those of sslrootcert, else
//! `~/.postgresql/root.crt`, else the system's. A certificate that stands among the roots itself is trusted for what it is,
//! even where it calls itself an authority, as `openssl req -x509` makes them.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{DatabaseError, Result};
use super::target::{Mode, Tls};

/// What makes TLS connections; reads certificates and keys.
pub(super) fn connector(tls: &Tls) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let trust = match tls.mode {
        Mode::Disable | Mode::Prefer | Mode::Require => None,
        Mode::VerifyCa | Mode::VerifyFull => Some(Trust::new(tls)?),
    };
    let verifier = Verifier { trust, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| credentials("TLS", &error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match &tls.client {
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key_der =
                PrivateKeyDer::from_pem_file(key).map_err(|error| credentials(key.display(), &error))?;
            builder
                .with_client_auth_cert(chain, key_der)
                .map_err(|error| credentials(key.display(), &error))?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn credentials(file: impl ToString, reason: &impl ToString) -> DatabaseError {
    DatabaseError::Credentials { file: file.to_string(), reason: reason.to_string() }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let fail = |error| credentials(file.display(), &error);
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(fail)?
        .collect::<std::result::Result<_, _>>()
        .map_err(fail)?;
    match found.is_empty() {
        true => Err(credentials(file.display(), &"it holds no certificate in PEM")),
        false => Ok(found),
    }
}

/// Whom to trust, and whether the name has to be right.
#[derive(Debug)]
struct Trust {
    roots: RootCertStore,
    /// The certificates of a file that the user named.
    own: Vec<CertificateDer<'static>>,
    names: bool,
}

impl Trust {
    fn new(tls: &Tls) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let own = match tls.roots.as_deref() {
            None | Some("system") => {
                let system = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(system.certs);
                Vec::new()
            }
            Some(file) => {
                let own = certificates(Path::new(file))?;
                roots.add_parsable_certificates(own.iter().cloned());
                own
            }
        };
        if roots.is_empty() {
            let file = tls.roots.as_deref().unwrap_or("the system's certificates");
            return Err(credentials(file, &"there is no root to trust; name one by PGSSLROOTCERT"));
        }
        Ok(Trust { roots, own, names: tls.mode == Mode::VerifyFull })
    }
}

fn is_outdated(error: &rustls::Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}

#[derive(Debug)]
struct Verifier {
    trust: Option<Trust>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        let parsed = ParsedCertificate::try_from(server)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &trust.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        );
        match chain {
            // webpki lets no authority be a server, and no server its own root; but the user named this very certificate.
            Err(error) if trust.own.contains(server) && !is_outdated(&error) => {}
            other => other?,
        }
        if trust.names {
            verify_server_name(&parsed, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
