//! Opening a connection, and how a session of gridloom is set.

use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};

use super::error::{DatabaseError, Doing, Result};
use super::target::{Mode, Target};
use super::tls;

/// A server's limits on waiting would end a load in the middle of its work; waiting for another session's lock shall end,
/// though.
const SETTINGS: &str = "SELECT pg_catalog.set_config(s.name, v.value, false) FROM pg_catalog.pg_settings s JOIN (VALUES \
    ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'), \
    ('idle_session_timeout', '0'), ('lock_timeout', '60s'), ('standard_conforming_strings', 'on'), \
    ('default_transaction_isolation', 'read committed'), ('default_transaction_read_only', 'off'), \
    ('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '6') \
    ) v (name, value) ON v.name = s.name";

/// Lets the server notice soon that a client was killed while it works for it. Not every server can.
const WATCH: &str = "SELECT pg_catalog.set_config(name, '5s', false) FROM pg_catalog.pg_settings \
    WHERE name = 'client_connection_check_interval'";

pub(super) fn open(target: &Target) -> Result<Client> {
    let mut client = connect(target)?;
    client.simple_query(SETTINGS).doing(|| "prepare the session".to_owned())?;
    // Without it a killed load only holds its lock a little longer.
    let _ = client.simple_query(WATCH);
    Ok(client)
}

fn connect(target: &Target) -> Result<Client> {
    let fail = |error| refused(target, &error);
    let mut config = config(target);
    if target.socket().is_some() || target.tls.mode == Mode::Disable {
        return config.ssl_mode(SslMode::Disable).connect(NoTls).map_err(fail);
    }
    let connector = tls::connector(&target.tls)?;
    if target.tls.mode != Mode::Prefer {
        return config.ssl_mode(SslMode::Require).connect(connector).map_err(fail);
    }
    match config.ssl_mode(SslMode::Prefer).connect(connector) {
        // Who only prefers TLS does without where the two cannot agree.
        Err(error) if error.to_string().starts_with("error performing TLS handshake") => {
            config.ssl_mode(SslMode::Disable).connect(NoTls).map_err(|_| fail(error))
        }
        other => other.map_err(fail),
    }
}

fn config(target: &Target) -> Config {
    let mut config = Config::new();
    match target.socket() {
        Some(folder) => config.host_path(folder),
        None => config.host(&target.host),
    };
    config.port(target.port).user(&target.user).dbname(&target.database);
    config.application_name(&target.application);
    if let Some(password) = &target.password {
        config.password(password);
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    if let Some(timeout) = target.timeout {
        config.connect_timeout(timeout);
    }
    // A server that is gone without a word shall be noticed.
    config.keepalives_idle(Duration::from_secs(60)).keepalives_interval(Duration::from_secs(10));
    config.keepalives_retries(6).tcp_user_timeout(Duration::from_secs(120));
    config
}

/// What went wrong, with what was found odd about passwords.
fn refused(target: &Target, error: &postgres::Error) -> DatabaseError {
    let mut refused = DatabaseError::server("connect", error);
    if let DatabaseError::Server { reason, code, .. } = &mut refused {
        let missing = target.password.is_none() && reason.contains("password missing");
        if missing {
            *code = Some("28P01".to_owned());
        }
        if missing || code.as_deref().is_some_and(|code| code.starts_with("28")) {
            for warning in target.warnings().iter().filter(|warning| warning.contains("ignored")) {
                *reason = format!("{reason}; {warning}");
            }
        }
    }
    refused
}
