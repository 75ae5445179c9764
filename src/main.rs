//! The program `gridloom`; see the library for what it does.

fn main() -> std::process::ExitCode {
    gridloom::cli::run()
}
