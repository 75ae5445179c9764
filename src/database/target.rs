//! Which database: an address and the usual environment of PostgreSQL's clients.
//!
//! `postgres://[USER[:PASSWORD]@][HOST][:PORT][/DATABASE][?sslmode=…&…]`, as libpq has it, with one host. What the address
//! leaves out comes from PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGPASSFILE or `~/.pgpass`, PGSSLMODE, PGSSLROOTCERT,
//! PGSSLCERT, PGSSLKEY, PGCONNECT_TIMEOUT, PGAPPNAME and PGOPTIONS. Service files are not read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::Address;
use super::error::{DatabaseError, Result};
use super::passfile;
use crate::error::Error;

/// How a connection is protected; the words and their meaning are libpq's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// TLS as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    pub mode: Mode,
    /// A file of PEM certificates, or `system`.
    pub roots: Option<String>,
    /// Certificate and key of the client, both PEM.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Which database, as whom, and how. Neither `Debug` nor any message tells the password.
#[derive(Clone)]
pub struct Target {
    /// A host, or the folder of a socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: Option<String>,
    pub(super) tls: Tls,
    pub(super) timeout: Option<Duration>,
    pub(super) application: String,
    pub(super) options: Option<String>,
    warnings: Vec<String>,
}

impl Target {
    /// Reads an address; what it leaves out comes from the environment.
    ///
    /// # Errors
    /// [`DatabaseError::Address`] in [`Database`](crate::ErrorKind::Database), with the password blotted out.
    pub fn parse(url: &str) -> crate::Result<Self> {
        Self::parse_with(url, |name| std::env::var(name).ok())
    }

    /// The same with another environment.
    ///
    /// # Errors
    /// Those of [`Target::parse`].
    pub fn parse_with(url: &str, environment: impl Fn(&str) -> Option<String>) -> crate::Result<Self> {
        Self::resolve(url, &|name| environment(name).filter(|value| !value.is_empty()))
            .map_err(|source| Error::database(super::redacted(url), source))
    }

    fn resolve(url: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut address = Address::parse(url)?;
        let mut warnings = Vec::new();
        if address.value("password").is_some() {
            warnings.push(
                "a password in the address can be read in the list of processes and the shell's history; \
                 PGPASSWORD or ~/.pgpass keep it"
                    .to_owned(),
            );
        }
        let mut get = |key: &'static str, variable: &str| address.take(key).or_else(|| environment(variable));
        let port = match get("port", "PGPORT") {
            // Not shown: in `postgres://me:secret` it is the password that stands there.
            Some(text) => {
                text.parse().map_err(|_| DatabaseError::address("the port is not a number below 65536"))?
            }
            None => 5432,
        };
        let host = get("host", "PGHOST").unwrap_or_else(|| default_host(port));
        if host.contains(',') {
            return Err(DatabaseError::address("give one host"));
        }
        let user = get("user", "PGUSER")
            .or_else(|| ["USER", "LOGNAME"].iter().find_map(|name| environment(name)))
            .ok_or_else(|| DatabaseError::address("no user is named; give one in the address or PGUSER"))?;
        let database = get("dbname", "PGDATABASE").unwrap_or_else(|| user.clone());
        let home = environment("HOME").map(PathBuf::from);
        let mut password = get("password", "PGPASSWORD");
        let passfile = get("passfile", "PGPASSFILE").map(PathBuf::from);
        if password.is_none()
            && let Some(file) = passfile.or_else(|| Some(home.as_ref()?.join(".pgpass")))
        {
            match passfile::password(&file, &host, port, &database, &user) {
                Ok(found) => password = found,
                Err(warning) => warnings.push(warning),
            }
        }
        let tls = tls(&mut get, home.as_deref())?;
        let timeout = match get("connect_timeout", "PGCONNECT_TIMEOUT") {
            Some(text) => {
                let seconds: i64 = text
                    .parse()
                    .map_err(|_| DatabaseError::address(format!("{text:?} is not a number of seconds")))?;
                // Zero and less wait without an end, as in libpq.
                u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
            }
            None => Some(Duration::from_secs(30)),
        };
        let application =
            get("application_name", "PGAPPNAME").unwrap_or_else(|| format!("gridloom {}", crate::VERSION));
        let options = get("options", "PGOPTIONS");
        for text in [&host, &user, &database, &application].into_iter().chain(&options).chain(&password) {
            if text.contains('\0') {
                return Err(DatabaseError::address("a part of the address holds a zero byte"));
            }
        }
        Ok(Target { host, port, user, database, password, tls, timeout, application, options, warnings })
    }

    /// The address without the password: for messages and records.
    pub fn redacted(&self) -> String {
        let mut host = super::address::encode(&self.host);
        if self.host.contains(':') {
            host = format!("[{}]", self.host);
        }
        let (user, database) = (super::address::encode(&self.user), super::address::encode(&self.database));
        format!("postgres://{user}@{host}:{}/{database}", self.port)
    }

    /// What the user should know: a password that others can see, a password file that is ignored.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The folder of the socket, unless it is a host.
    pub(super) fn socket(&self) -> Option<&Path> {
        self.host.starts_with('/').then(|| Path::new(&self.host))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Target({}, {:?})", self.redacted(), self.tls)
    }
}

fn tls(get: &mut dyn FnMut(&'static str, &str) -> Option<String>, home: Option<&Path>) -> Result<Tls> {
    let of_home = |name: &str| Some(home?.join(".postgresql").join(name)).filter(|path| path.is_file());
    let roots = get("sslrootcert", "PGSSLROOTCERT")
        .or_else(|| of_home("root.crt").map(|path| path.to_string_lossy().into_owned()));
    let mode = match get("sslmode", "PGSSLMODE").as_deref() {
        Some("disable") => Mode::Disable,
        Some("allow" | "prefer") | None => Mode::Prefer,
        // As libpq: who names a root wants it to be looked at.
        Some("require") if roots.is_some() => Mode::VerifyCa,
        Some("require") => Mode::Require,
        Some("verify-ca") => Mode::VerifyCa,
        Some("verify-full") => Mode::VerifyFull,
        Some(other) => {
            return Err(DatabaseError::address(format!(
                "sslmode is {other:?}, not disable, prefer, require, verify-ca or verify-full"
            )));
        }
    };
    let certificate = get("sslcert", "PGSSLCERT").map(PathBuf::from).or_else(|| of_home("postgresql.crt"));
    let key = get("sslkey", "PGSSLKEY").map(PathBuf::from).or_else(|| of_home("postgresql.key"));
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => return Err(DatabaseError::address("sslcert is given without sslkey")),
        _ => None,
    };
    Ok(Tls { mode, roots, client })
}

/// As libpq has it: the local socket if there is one, else the loopback.
fn default_host(port: u16) -> String {
    let folders = ["/var/run/postgresql", "/tmp"];
    let found = folders.iter().find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
    found.map_or_else(|| "localhost".to_owned(), |folder| (*folder).to_owned())
}
