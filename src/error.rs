//! What can go wrong, where, and what to do about it.

mod argument;
mod cure;
mod kind;
mod new;
mod trouble;
mod verdict;

use std::path::Path;

use crate::model::grid::Cell;

pub use argument::{Argument, Reason};
pub use cure::Cure;
pub use kind::ErrorKind;
pub(crate) use trouble::Trouble;
#[cfg(feature = "netcdf")]
pub(crate) use verdict::Verdict;

/// The library's error: what kind it is of, where it is, and what can be done about it. Its message and those of its causes
/// ([`source`](std::error::Error::source)) are for people; programs ask for its [`kind`](Error::kind).
///
/// ```
/// use gridloom::ErrorKind;
///
/// let error = gridloom::open("no/such/run").expect_err("it is not there");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.kind().id(), "gridloom::not_found");
/// assert_eq!(error.path(), Some(std::path::Path::new("no/such/run")));
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Trouble>);

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Error(Box::new(trouble))
    }
}

impl Error {
    /// What kind it is of.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// The file or folder that it is about, where it is about one: of two, the one that is in the way.
    pub fn path(&self) -> Option<&Path> {
        self.0.path()
    }

    /// The cell that it is about, where it is about one.
    pub fn cell(&self) -> Option<Cell> {
        self.0.cell()
    }

    /// The period that it is about, where it is about one: of two, the one that is in the way.
    pub fn period(&self) -> Option<u32> {
        self.0.period()
    }

    /// The variable that it is about, where it is about one.
    pub fn variable(&self) -> Option<&str> {
        self.0.variable()
    }

    /// What was wrong with what was asked for, where that is what is wrong.
    pub fn argument(&self) -> Option<Argument> {
        self.0.argument()
    }

    /// What can be done about it.
    pub fn cure(&self) -> Option<Cure> {
        Cure::of(&self.0)
    }

    /// The cure in the library's words.
    pub fn hint(&self) -> Option<String> {
        self.cure().map(|cure| cure.to_string())
    }

    /// The message without those of its causes, with arguments by other names than the library's.
    pub fn told(&self, name: impl Fn(Argument) -> &'static str) -> String {
        self.0.told(name)
    }

    /// The message with those of its causes, for a line in which nothing else names them.
    pub fn in_full(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// All that is known of it.
    #[cfg(feature = "figures")]
    pub(crate) fn trouble(&self) -> &Trouble {
        &self.0
    }

    /// The same about another argument, where it is about one: for what is asked for under two names.
    pub(crate) fn renamed(self, from: Argument, to: Argument) -> Self {
        match *self.0 {
            Trouble::Selection { argument, value, reason } if argument == from => {
                Trouble::Selection { argument: to, value, reason }.into()
            }
            other => other.into(),
        }
    }

    /// The same with what its reason is about, where it is about a request.
    pub(crate) fn about(self, words: String) -> Self {
        match *self.0 {
            Trouble::Selection { argument, value, reason } => {
                Trouble::Selection { argument, value, reason: reason.after(words) }.into()
            }
            other => other.into(),
        }
    }

    /// All that is known of it.
    pub(crate) fn into_trouble(self) -> Trouble {
        *self.0
    }
}

/// Why a form of files refuses something. An error of the system may be among its causes.
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "forms alone meet it"))]
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;
