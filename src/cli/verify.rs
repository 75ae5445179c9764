//! `gridloom verify`.

use crate::plan::Resources;
use crate::run::Run;
use crate::verify;

use super::Exit;
use super::args::VerifyArguments;
use super::config::{self, Config};
use super::show;

pub(super) fn run(arguments: &VerifyArguments) -> anyhow::Result<Exit> {
    let config = Config::read(arguments.config.config.as_deref())?;
    let run = Run::open(&arguments.run, config.grid()?)?;
    let limits = config::limits(&arguments.limits);
    let result =
        verify::verify(&run, &arguments.output, &config.table_or_default(), &limits, Resources::detect())?;
    if arguments.talk.json {
        show::json(&result)?;
    }
    if !arguments.talk.quiet {
        show::faults(&result.faults);
        for path in &result.not_listed {
            eprintln!("note: {path} is not in report.json and was passed over");
        }
        if !result.not_compared.is_empty() {
            let count = result.not_compared.len();
            eprintln!("note: {count} tables and aggregates were passed over; only daily grids are compared");
        }
    }
    for difference in &result.first_differences {
        eprintln!("differs: {difference}");
    }
    if !arguments.talk.quiet {
        eprintln!(
            "{} files, {} dumps: {} values ({} NaN, masked), {} masked places, {} coordinates compared; {} differ",
            result.files,
            show::number(result.dumps),
            show::number(result.values),
            show::number(result.nan),
            show::number(result.masked),
            show::number(result.coordinates),
            show::number(result.differences)
        );
    }
    Ok(if result.differences > 0 { Exit::Different } else { Exit::Complete })
}
