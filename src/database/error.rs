//! Why a database could not be loaded.

use std::error::Error as _;

use postgres::error::SqlState;

use crate::error::{Reason, Trouble};

/// Why a database could not be loaded. No message ever holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The address of the database cannot be understood.
    #[error("{reason}")]
    Address {
        /// What is wrong with it.
        reason: Reason,
    },
    /// A certificate, key or password file cannot be used.
    #[error("{file}: {reason}")]
    Credentials {
        /// The file, or what stands for it.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The server cannot be reached, refused something, or is gone.
    #[error("cannot {action}: {reason}")]
    Server {
        /// What was tried.
        action: String,
        /// What the server said, or the connection.
        reason: String,
        /// The server's SQLSTATE, where it spoke.
        code: Option<String>,
        /// Whether the connection is gone. What was committed stays.
        lost: bool,
    },
    /// A table is not as the load needs it, or cannot be made so.
    #[error("the table {table} does not fit: {}", differences.join("; "))]
    Schema {
        /// The table.
        table: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// The schema holds the rows of another load.
    #[error("the schema {schema} holds another load: {load}")]
    HoldsAnother {
        /// The schema.
        schema: String,
        /// Which load.
        load: String,
    },
    /// Another process loads into the schema.
    #[error("another process loads into the schema {schema}: {owner}")]
    Locked {
        /// The schema.
        schema: String,
        /// Who, as far as the server tells.
        owner: String,
    },
    /// A value has no place in its column.
    #[error("{table}, column {column}: {reason}")]
    Value {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong.
        reason: String,
    },
    /// The calls came in an order that makes no sense.
    #[error("{reason}")]
    Misuse {
        /// What was not done before.
        reason: &'static str,
    },
}

impl crate::Error {
    /// What went wrong with the database of an address, in which no password is.
    pub(crate) fn database(target: String, source: DatabaseError) -> Self {
        let (hint, is_usage) = (source.hint(), source.is_usage());
        Trouble::Database { target, source: Box::new(source), hint, is_usage }.into()
    }
}

impl DatabaseError {
    pub(super) fn address(reason: impl Into<Reason>) -> Self {
        DatabaseError::Address { reason: reason.into() }
    }

    pub(super) fn schema(table: &str, difference: impl Into<String>) -> Self {
        DatabaseError::Schema { table: table.to_owned(), differences: vec![difference.into()] }
    }

    pub(super) fn value(table: &str, column: &str, reason: impl Into<String>) -> Self {
        DatabaseError::Value { table: table.to_owned(), column: column.to_owned(), reason: reason.into() }
    }

    pub(super) fn server(action: impl Into<String>, error: &postgres::Error) -> Self {
        DatabaseError::Server {
            action: action.into(),
            reason: reason(error),
            code: error.code().map(|code| code.code().to_owned()),
            lost: is_lost(error),
        }
    }

    /// Whether the connection is gone; whatever was committed before stays, and the same load continues behind it.
    pub fn is_lost(&self) -> bool {
        matches!(self, DatabaseError::Server { lost: true, .. })
    }

    /// Whether what was asked for is wrong, and not the server.
    pub fn is_usage(&self) -> bool {
        use DatabaseError::{Address, HoldsAnother, Schema};
        matches!(self, Address { .. } | HoldsAnother { .. } | Schema { .. })
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            DatabaseError::Address { .. } => {
                "an address is postgres://USER@HOST:PORT/DATABASE; the password comes from PGPASSWORD or ~/.pgpass".into()
            }
            DatabaseError::Server { lost: true, .. } => {
                "once the server answers, the same load continues".into()
            }
            DatabaseError::Server { code, .. } => match code.as_deref()? {
                "28P01" | "28000" => {
                    "give the password in PGPASSWORD or ~/.pgpass; the server's pg_hba.conf decides who may connect".into()
                }
                "3D000" => "make the database with `createdb`, or name another one in the address".into(),
                "42501" => "ask the database's owner for the right, or choose a schema of your own".into(),
                "53100" => "make room on the server's disk; the same load continues".into(),
                "53300" => "use fewer threads, each takes a connection; the same load continues".into(),
                "55P03" => "another session holds the table; when it is done, the same load continues".into(),
                "40001" | "40P01" | "53200" => "the same load continues".into(),
                "23505" => "the tables hold rows that this load did not write; load afresh or into another schema".into(),
                _ => return None,
            },
            DatabaseError::Schema { .. } => {
                "choose another schema; a fresh load replaces tables that gridloom made itself".into()
            }
            DatabaseError::HoldsAnother { .. } => {
                "choose another schema, or load afresh to replace what is there".into()
            }
            DatabaseError::Locked { .. } => "wait for it, or choose another schema".into(),
            _ => return None,
        })
    }
}

fn is_lost(error: &postgres::Error) -> bool {
    const GONE: [SqlState; 3] =
        [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    match error.code() {
        Some(code) => GONE.contains(code) || code.code().starts_with("08"),
        None => {
            let mut cause = error.source();
            while let Some(error) = cause {
                if let Some(io) = error.downcast_ref::<std::io::Error>() {
                    // What TLS refuses comes as one of these two.
                    use std::io::ErrorKind::{InvalidData, InvalidInput};
                    return !matches!(io.kind(), InvalidData | InvalidInput);
                }
                cause = error.source();
            }
            error.is_closed()
        }
    }
}

/// The server's own words, or the whole chain of causes.
fn reason(error: &postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return match error.detail() {
            Some(detail) => format!("{} ({detail})", error.message()),
            None => error.message().to_owned(),
        };
    }
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    reason
}

/// What the functions of this module give each other; the database is named at the border.
pub(super) type Result<T> = std::result::Result<T, DatabaseError>;

/// Says what was tried when the server refuses it.
pub(super) trait Doing<T> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for std::result::Result<T, postgres::Error> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| DatabaseError::server(action(), &error))
    }
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
                Some(error) => DatabaseError::server(action(), error),
                None => DatabaseError::Server {
                    action: action(),
                    reason: error.to_string(),
                    code: None,
                    lost: true,
                },
            }
        })
    }
}
