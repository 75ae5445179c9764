//! Made-up cells in steps of any length.

use std::sync::Arc;

use gridloom::model::calendar::Calendar;
use gridloom::model::element::Element;
use gridloom::model::fault::Refusal;
use gridloom::model::grid::{Cell, Grid, Lattice};
use gridloom::model::time_unit::TimeUnit;
use gridloom::model::variables::VariableTable;
use gridloom::run::{Listing, Run, RunCell};
use gridloom::source::stamp::Stamp;
use gridloom::source::{CellSource, Content, Desk, Item, Part, Reading, Series, Wanted};

/// Two periods of so many steps each, the second behind the first.
#[derive(Debug, Clone)]
pub struct Sensors {
    pub unit: TimeUnit,
    pub first: i64,
    pub steps: [i64; 2],
    /// Steps between the two periods.
    pub gap: i64,
    pub grid: Grid,
    pub cells: Vec<Cell>,
    /// What is known of `level` beside its values.
    pub units: Option<&'static str>,
    /// What is added to all values.
    pub more: f32,
}

impl Sensors {
    /// Of a unit's text and a length.
    pub fn new(units: &str, calendar: Calendar, step: &str, first: i64, steps: [i64; 2]) -> Self {
        let step = step.parse().expect("a step");
        Sensors {
            unit: TimeUnit::of_steps(units, calendar, Some(step)).expect("a unit"),
            first,
            steps,
            gap: 0,
            grid: Grid::from_resolution(0.5).expect("half a degree"),
            cells: [(50, 400), (50, 401), (52, 398)].map(|(row, column)| Cell { row, column }).to_vec(),
            units: None,
            more: 0.0,
        }
    }

    /// What a cell measures in a step, counted by the unit: a value, or NaN.
    pub fn value(cell: Cell, step: i64) -> f32 {
        let number = (i64::from(cell.row) * 31 + i64::from(cell.column) * 7 + step * 13).rem_euclid(101);
        if number == 100 { f32::NAN } else { number as f32 * 0.25 - 3.0 }
    }

    /// The grid and its cells as JSON.
    pub fn place(&self) -> String {
        let globe = Lattice { north: 90.0, west: -180.0, height: 0.5, width: 0.5, projection: None };
        let Lattice { north, west, height, width, projection } =
            self.grid.lattice().copied().unwrap_or(globe);
        let cells: Vec<[u32; 2]> = self.cells.iter().map(|cell| [cell.row, cell.column]).collect();
        let projection =
            projection.map_or("null".to_owned(), |projection| format!("{:?}", projection.text()));
        format!(
            r#"{{"north":{north:?},"west":{west:?},"height":{height:?},"width":{width:?},"projection":{projection},"cells":{cells:?}}}"#
        )
    }

    /// The run.
    pub fn run(&self) -> Run {
        let cell = |&cell| RunCell { cell, periods: vec![1, 2], years: Vec::new() };
        let listing = Listing {
            kind: "sensors".to_owned(),
            path: std::env::current_dir().expect("a folder"),
            name: "sensors".to_owned(),
            grid: self.grid,
            cells: self.cells.iter().map(cell).collect(),
            ignored: Vec::new(),
            faults: Vec::new(),
        };
        Run::new(listing, Arc::new(self.clone()))
    }
}

impl CellSource for Sensors {
    fn kind(&self) -> &'static str {
        "sensors"
    }

    fn name_of(&self, part: Part) -> String {
        format!("{part:?}")
    }

    fn variables(&self) -> Option<VariableTable> {
        let text = format!(
            "[variables.level]\nlong_name = \"Water level\"\nunits = {:?}\ncell_method = \"mean\"\n",
            self.units?
        );
        Some(VariableTable::from_toml(&text).expect("a table"))
    }

    fn has(&self, item: Item) -> bool {
        matches!(item.part, Part::Period(1 | 2))
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        known.digest == stamp(item.cell).digest
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        _: Wanted<'_>,
        _: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        let [one, two] = self.steps;
        let (first, count) = if number == 1 { (self.first, one) } else { (self.first + one + self.gap, two) };
        let values: Vec<u8> = (first..first + count)
            .flat_map(|step| (Self::value(cell, step) + self.more).to_le_bytes())
            .collect();
        let codes: Vec<u8> =
            (first..first + count).flat_map(|step| (step as i16).to_be_bytes().into_iter().rev()).collect();
        let mut content = Content::new(self.unit.clone(), first, first + count - 1);
        content.push("level", Series::of_days(Element::Float32, &values).expect("whole values"));
        content.push("code", Series::of_days(Element::Int16, &codes).expect("whole values"));
        let bytes = Some((values.len() + codes.len()) as u64);
        let result = take(&content);
        Reading { stamp: Some(stamp(cell)), read: bytes, decoded: bytes, container: None, result }
    }
}

fn stamp(cell: Cell) -> Stamp {
    let digest = u64::from(cell.row) << 32 | u64::from(cell.column);
    Stamp { bytes: 1, modified: 0, is_settled: true, digest }
}
