//! The program `gridloom`; see the library for what it does.

#![warn(clippy::print_stdout, clippy::print_stderr)]

fn main() -> std::process::ExitCode {
    gridloom::cli::run()
}
