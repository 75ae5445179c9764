//! Everything that the program says. Talk on stderr never fails the work, whatever becomes of stderr; results on stdout tell
//! when they cannot be written. Foreign text is made printable here, once.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

use gridloom::printable::{Screened, Style, message};

/// Says a line on stderr, as `eprintln!` does, but for whom nobody listens to.
macro_rules! tell {
    ($($words:tt)*) => { $crate::talk::say(format_args!($($words)*)) };
}
pub(super) use tell;

/// Says a line on stderr. What stderr cannot take is lost: a full disk under a log does not stop the work.
pub(super) fn say(words: fmt::Arguments<'_>) {
    let mut line = message(&words.to_string());
    line.push('\n');
    // In one piece, so that lines of processes that share a log do not mix.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Stdout, whose errors say that they are its.
pub(super) struct Stdout(StdoutLock<'static>);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(unwritten)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(unwritten)
    }
}

/// Where data goes, byte for byte. To be flushed.
pub(super) fn data() -> BufWriter<Stdout> {
    BufWriter::new(Stdout(io::stdout().lock()))
}

/// Where results for people go: on stdout, made printable.
pub(super) type Text = Screened<BufWriter<Stdout>>;

/// Results for people. To be finished with [`finish`].
pub(super) fn text() -> Text {
    Screened::new(data(), Style::Text)
}

/// Results for programs. To be finished with [`finish`].
pub(super) fn json() -> Text {
    Screened::new(data(), Style::Json)
}

/// Brings out what was written. A reader who has gone, as `head` does, has all that it wanted.
///
/// # Errors
/// What else the system says, as where the disk under stdout is full.
pub(super) fn finish(mut out: impl Write, written: io::Result<()>) -> io::Result<()> {
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// That stdout could not be written.
fn unwritten(error: io::Error) -> io::Error {
    match error.kind() {
        // What writers try again.
        ErrorKind::Interrupted => error,
        kind => io::Error::new(kind, format!("cannot write to stdout: {error}")),
    }
}
