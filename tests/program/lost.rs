//! Whatever of a run is missing or damaged is named, with an exit status of its own, and nothing that was published is lost by it.

mod asked;
mod cells;
mod empty;
mod empty_grids;
mod empty_proven;
mod empty_years;
mod less;
mod periods;
mod years;

use gridloom::model::fault::Fault;
use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable};
use gridloom_testkit::files;
use gridloom_testkit::program;

use crate::work;

/// Four cells, four periods of 30 days.
fn model() -> Model {
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(2))];
    let periods = [(0, 30), (30, 30), (60, 30), (90, 30)];
    Model::new(&[(160, 230), (160, 231), (161, 230), (161, 232)], &periods, variables)
}

/// What the program said and how it ended.
struct Outcome {
    code: Option<i32>,
    out: String,
    talk: String,
}

/// Gives a command of the program; `RUN` and `OUT` stand for the folders.
fn gridloom(folder: &Folder, arguments: &str) -> Outcome {
    let mut command = program::command();
    for argument in arguments.split(' ') {
        let argument = argument.replace("RUN", &folder.run().to_string_lossy());
        command.arg(argument.replace("OUT", &folder.out().to_string_lossy()));
    }
    let output = command.output().expect("the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { code: output.status.code(), out: text(&output.stdout), talk: text(&output.stderr) }
}

fn report(folder: &Folder) -> serde_json::Value {
    files::report(&folder.out())
}

/// Grids by the program. HDF5's files would be inherited, with their locks, by programs that other tests start if this process made them.
fn grid(folder: &Folder, options: &str) -> Made {
    let Outcome { code, talk, .. } = gridloom(folder, format!("grid RUN -o OUT {options}").trim_end());
    assert!(matches!(code, Some(0 | 3)), "{talk}");
    let json = report(folder);
    let faults = serde_json::from_value(json["faults"].clone()).expect("faults");
    let made = Made { faults, lost: json["lost_periods"].as_array().expect("a list").clone(), json };
    assert_eq!(code, Some(if made.faults.is_empty() { 0 } else { 3 }), "{talk}");
    made
}

/// What a report says.
struct Made {
    faults: Vec<Fault>,
    lost: Vec<serde_json::Value>,
    json: serde_json::Value,
}

impl Made {
    /// The only lost period: number, first and last day, words.
    fn lost(&self) -> (u64, Option<&str>, Option<&str>, &str) {
        let [lost] = &self.lost[..] else { panic!("{:?}", self.lost) };
        let number = lost["period"].as_u64().expect("a number");
        (number, lost["start"].as_str(), lost["end"].as_str(), lost["message"].as_str().expect("words"))
    }
}
