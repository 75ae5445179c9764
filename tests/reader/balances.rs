//! What the table of variables says of units and meanings, tried on dumps that the model itself wrote: balances close,
//! and values are in the range that their units allow.
//!
//! Days of a cell without a living plant are left out. Exceptions would be fertilised days, a nutrient cycle that is off,
//! and communities that die within a period, of which these runs have none but those that die at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gridloom::caete;
use gridloom::caete::CommunityYear;
use gridloom::dump::{Dump, Limits};
use gridloom::model::calendar::Date;
use gridloom::model::time_unit::TimeUnit;
use gridloom_testkit::{files, here};

/// The daily series of a cell over periods that follow each other: rows of values by key.
struct Cell {
    name: String,
    unit: TimeUnit,
    first: i64,
    series: BTreeMap<String, Vec<Vec<f64>>>,
    years: Vec<CommunityYear>,
}

impl Cell {
    fn row(&self, key: &str, row: usize) -> &[f64] {
        &self.series[key][row - 1]
    }

    fn of(&self, key: &str) -> &[f64] {
        self.row(key, 1)
    }

    /// The sum of some rows on each day.
    fn sum(&self, terms: &[(&str, std::ops::RangeInclusive<usize>)]) -> Vec<f64> {
        let rows = terms.iter().flat_map(|(key, rows)| rows.clone().map(|row| self.row(key, row)));
        let mut total = vec![0.0; self.days()];
        rows.for_each(|row| total.iter_mut().zip(row).for_each(|(total, value)| *total += value));
        total
    }

    fn days(&self) -> usize {
        self.of("npp").len()
    }

    /// Whether plants live on a day and on the one before.
    fn lives(&self, day: usize) -> bool {
        let lives = |day: usize| self.of("ls")[day] > 0.0 && self.of("npp")[day].is_finite();
        lives(day) && (day == 0 || lives(day - 1))
    }

    /// Days on which the number of living communities may change: no plants, then or on the day before.
    fn steps(&self) -> impl Iterator<Item = usize> + '_ {
        (1..self.days()).filter(|&day| self.lives(day))
    }

    fn day_of(&self, year: i32, month: u8, day: u8) -> Option<usize> {
        let number = self.unit.first_on(Date { year, month, day })? - self.first;
        usize::try_from(number).ok().filter(|&number| number < self.days())
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Cells of the sample and of the real runs, each contiguous stretch of periods by itself.
fn cells() -> Vec<Cell> {
    let real = here::real_runs().into_iter();
    let runs: Vec<PathBuf> =
        real.flat_map(|folder| ["k34_region", "meta_cell"].map(|run| folder.join(run))).collect();
    let mut folders: Vec<PathBuf> = Vec::new();
    for run in runs {
        let mut dumps = files::files_below(&run, "spin");
        dumps.iter_mut().for_each(|path| {
            path.pop();
        });
        dumps.dedup();
        folders.extend(dumps);
    }
    folders.iter().flat_map(|folder| stretches(folder)).collect()
}

fn stretches(folder: &Path) -> Vec<Cell> {
    let years = files::files_below(folder, "metacommunity_")
        .into_iter()
        .filter_map(|path| CommunityYear::read(Dump::open(&path, &Limits::default()).ok()?.root()).ok());
    let years: Vec<CommunityYear> = years.collect();
    let mut cells: Vec<Cell> = Vec::new();
    for path in files::files_below(folder, "spin") {
        let Ok(dump) = Dump::open(&path, &Limits::default()) else { continue };
        let period = caete::period(dump.root()).expect("a period");
        let mut series: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
        for (key, values) in period.all_series().filter(|(_, values)| values.days() == period.days()) {
            let (rows, days, size) = (values.rows(), values.days(), values.size());
            let number = |bytes: &[u8]| match size {
                4 => f64::from(f32::from_le_bytes(bytes.try_into().expect("4 bytes"))),
                _ => f64::from_le_bytes(bytes.try_into().expect("8 bytes")),
            };
            let row = |row| {
                let (first, step) = values.layout(row);
                (0..days).map(|day| number(&values.data()[first + day * step..][..size])).collect()
            };
            series.insert(key.to_owned(), (0..rows).map(row).collect());
        }
        let first = period.first_day();
        match cells
            .last_mut()
            .filter(|cell| cell.first + cell.days() as i64 == first && cell.unit == *period.unit())
        {
            Some(cell) => {
                for (key, rows) in series {
                    let known = cell.series.get_mut(&key).expect("the same keys");
                    known.iter_mut().zip(rows).for_each(|(known, row)| known.extend(row));
                }
            }
            None => {
                let name = path.display().to_string();
                cells.push(Cell { name, unit: period.unit().clone(), first, series, years: years.clone() });
            }
        }
    }
    cells
}

/// The largest of what a check finds on all days, with its place.
#[derive(Default)]
struct Worst {
    value: f64,
    place: String,
    count: usize,
}

impl Worst {
    fn see(&mut self, value: f64, cell: &Cell, day: usize) {
        self.count += 1;
        if value > self.value || value.is_nan() {
            self.value = value;
            self.place = format!("{}, day {day} of {}", cell.name, cell.days());
        }
    }

    fn assert(&self, what: &str, tolerance: f64) {
        if here::real_runs().is_none() {
            return;
        }
        println!("{what}: {:.3e} of {tolerance:.0e}, {} values", self.value, self.count);
        assert!(self.count > 0, "{what}: nothing was tried");
        assert!(self.value <= tolerance, "{what}: {} at {}", self.value, self.place);
    }
}

fn daily(what: &str, tolerance: f64, error: impl Fn(&Cell, usize) -> f64) {
    let mut worst = Worst::default();
    for cell in &cells() {
        cell.steps().for_each(|day| worst.see(error(cell, day), cell, day));
    }
    worst.assert(what, tolerance);
}

/// A pool changes by what goes in and out. `terms` are those of the pool, `fluxes` in, `losses` out.
type Terms<'a> = &'a [(&'a str, std::ops::RangeInclusive<usize>)];

fn balance(what: &str, tolerance: f64, pool: Terms<'_>, fluxes: Terms<'_>, losses: Terms<'_>) {
    let mut worst = Worst::default();
    for cell in &cells() {
        let (pool, gains, losses) = (cell.sum(pool), cell.sum(fluxes), cell.sum(losses));
        for day in cell.steps() {
            worst.see((pool[day] - pool[day - 1] - gains[day] + losses[day]).abs(), cell, day);
        }
    }
    worst.assert(what, tolerance);
}

#[test]
fn carbon_in_the_soil() {
    let gains: Terms<'_> = &[("litter_l", 1..=1), ("cwd", 1..=1), ("litter_fr", 1..=1)];
    balance("carbon", 1e-3, &[("csoil", 1..=4)], gains, &[("hresp", 1..=1)]);
}

#[test]
fn nutrients_in_the_soil() {
    let nitrogen: Terms<'_> = &[("snc", 1..=4), ("inorg_n", 1..=1), ("sorbed_n", 1..=1), ("nmin", 1..=1)];
    balance("nitrogen", 4e-5, nitrogen, &[("lnc", 1..=3)], &[("nupt", 1..=2)]);
    let phosphorus: Terms<'_> = &[("snc", 5..=8), ("inorg_p", 1..=1), ("sorbed_p", 1..=1), ("pmin", 1..=1)];
    balance("phosphorus", 2e-5, phosphorus, &[("lnc", 4..=6)], &[("pupt", 1..=3)]);
}

#[test]
fn inorganic_nutrients_have_fixed_shares() {
    let shares = |parts: [f64; 3], wanted: [f64; 3]| {
        let total: f64 = parts.iter().sum();
        let errors =
            parts.iter().zip(wanted).map(|(part, wanted)| (part / (total * wanted / 100.0) - 1.0).abs());
        errors.fold(0.0, f64::max)
    };
    daily("shares of nitrogen", 5e-7, |cell, day| {
        shares([cell.of("nmin")[day], cell.of("sorbed_n")[day], cell.of("inorg_n")[day]], [10.0, 25.0, 65.0])
    });
    daily("shares of phosphorus", 5e-7, |cell, day| {
        let sorbed = cell.of("sorbed_p")[day] + cell.row("pupt", 2)[day];
        shares([cell.of("pmin")[day], sorbed, cell.of("inorg_p")[day]], [3.0, 25.0, 72.0])
    });
}

#[test]
fn respiration_and_what_it_leaves() {
    daily("rg of the day before", 2e-5, |cell, day| {
        (cell.of("rg")[day] - 0.25e-3 * cell.of("rnpp")[day - 1]).abs()
    });
    daily("aresp has rm and rg", 1e-6, |cell, day| {
        cell.of("rm")[day] + cell.of("rg")[day] - cell.of("aresp")[day]
    });
    daily("cdef is not below 0", 0.0, |cell, day| -cell.of("cdef")[day]);
    daily("cdef in kg a year", 1e-6, |cell, day| {
        let unpaid = cell.of("npp")[day] - cell.of("photo")[day] + cell.of("rm")[day] + cell.of("rg")[day];
        cell.of("cdef")[day] - unpaid
    });
    daily("npp is not above photo", 1e-6, |cell, day| cell.of("npp")[day] - cell.of("photo")[day]);
}

/// Most days have no storage respiration to pay: then all that is not paid for is in `cdef`.
#[test]
fn cdef_has_the_unit_of_npp() {
    if here::real_runs().is_none() {
        return;
    }
    let mut ratios: Vec<f64> = Vec::new();
    for cell in &cells() {
        for day in cell.steps() {
            let unpaid =
                cell.of("npp")[day] - cell.of("photo")[day] + cell.of("rm")[day] + cell.of("rg")[day];
            ratios.push(cell.of("cdef")[day] / unpaid);
        }
    }
    ratios.retain(|ratio| ratio.is_finite());
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    assert!((median - 1.0).abs() < 1e-3, "{median}");
}

#[test]
fn water_is_not_lost() {
    daily("water", 1e-4, |cell, day| {
        let wsoil = cell.of("wsoil");
        -(wsoil[day] - wsoil[day - 1] + cell.of("evapm")[day] + cell.of("runom")[day])
    });
}

/// Sums of the year end on its day 365: 365 days, and 366 after a leap year.
#[test]
fn yearly_sums_and_their_window() {
    let mut worst = Worst::default();
    for cell in &cells() {
        for year in &cell.years {
            let before = year.year - 1;
            let first =
                if is_leap(before) { cell.day_of(before, 12, 31) } else { cell.day_of(year.year, 1, 1) };
            let last = if is_leap(year.year) { (12, 30) } else { (12, 31) };
            let (Some(first), Some(last)) = (first, cell.day_of(year.year, last.0, last.1)) else { continue };
            let living = year.communities.len();
            // Masked communities, and those that died, are not in the sums of all days.
            if living == 0 || (first..=last).any(|day| !cell.lives(day)) || living != year.mask.len() {
                continue;
            }
            for (key, sum) in [("rnpp", year.totals.anpp), ("c_cost", year.totals.uptake_costs)] {
                let expected: f64 = cell.of(key)[first..=last].iter().sum();
                // The model divides by the number of communities plus one.
                let mean = sum * (living + 1) as f64 / living as f64;
                worst.see((mean / expected - 1.0).abs(), cell, last);
            }
        }
    }
    worst.assert("anpp and uptake_costs", 1e-5);
}

#[test]
fn communities_add_up() {
    let (mut pools, mut indices, mut totals, mut strategies) =
        (Worst::default(), Worst::default(), Worst::default(), Worst::default());
    for cell in &cells() {
        for year in &cell.years {
            let day = if is_leap(year.year) {
                cell.day_of(year.year, 12, 30)
            } else {
                cell.day_of(year.year, 12, 31)
            };
            if let Some(day) = day.filter(|&day| cell.lives(day)) {
                let ids: usize = year.communities.iter().map(|community| community.ids.len()).sum();
                strategies.see((cell.of("ls")[day] - ids as f64).abs(), cell, day);
            }
            let mut sums = [0.0; 3];
            for community in &year.communities {
                let own = [
                    (&community.vp_cleaf, community.cleaf),
                    (&community.vp_croot, community.croot),
                    (&community.vp_cwood, community.cwood),
                ];
                for ((values, total), sum) in own.into_iter().zip(&mut sums) {
                    let weighted: f64 =
                        values.iter().zip(&community.vp_ocp).map(|(value, share)| value * share).sum();
                    pools.see((weighted - total).abs(), cell, 0);
                    *sum += total;
                }
                let shares = || community.vp_ocp.iter().filter(|&&share| share > 0.0);
                let entropy = -shares().map(|share| share * share.ln()).sum::<f64>();
                let count = community.ids.len() as f64;
                let (of, diversity, evenness) =
                    (community.shannon_entropy, community.shannon_diversity, community.shannon_evenness);
                let wanted = [
                    (entropy, of),
                    (1.0, diversity.map(|value| value / entropy.exp())),
                    (entropy / count.ln(), evenness),
                ];
                for (wanted, found) in wanted.into_iter().filter(|_| count > 1.0) {
                    indices.see((wanted - found.unwrap_or(f64::NAN)).abs(), cell, 0);
                }
            }
            let living = year.communities.len() as f64;
            for (sum, total) in
                sums.into_iter().zip([year.totals.cleaf, year.totals.croot, year.totals.cwood])
            {
                totals.see((sum / (living + 1.0) - total).abs(), cell, 0);
            }
        }
    }
    pools.assert("pools times occupation", 2e-5);
    indices.assert("Shannon's indices", 1e-12);
    totals.assert("totals", 1e-12);
    strategies.assert("strategies on day 365", 0.0);
}

/// What living cells hold: key, and least and greatest of all rows. A unit that is wrong by a factor is outside.
const RANGES: [(&str, f64, f64); 37] = [
    ("tsoil", 23.5, 33.9),
    ("photo", 0.0, 3.79),
    ("aresp", 0.77, 2.24),
    ("npp", 0.0, 2.01),
    ("rm", 0.76, 2.21),
    ("rg", 0.0, 8.6e-4),
    ("cdef", 0.0, 1.88),
    ("rnpp", 0.0, 3.42),
    ("hresp", 0.61, 2.75),
    ("c_cost", 0.02, 3.55),
    ("litter_l", 0.59, 1.7),
    ("cwd", 0.26, 0.73),
    ("litter_fr", 0.04, 0.17),
    ("lnc", 7e-5, 9e-3),
    ("nupt", 0.0, 0.078),
    ("pupt", 0.0, 0.006),
    ("csoil", 10.0, 5799.0),
    ("snc", 0.007, 26.0),
    ("inorg_n", 5.4, 133.0),
    ("sorbed_n", 2.1, 51.0),
    ("nmin", 0.8, 20.0),
    ("inorg_p", 32.0, 73.0),
    ("sorbed_p", 11.0, 25.0),
    ("pmin", 1.3, 3.1),
    ("storage_pool", 0.0, 3.5),
    ("evapm", 1.9, 6.5),
    ("runom", 0.0, 603.0),
    ("wsoil", 23.0, 562.0),
    ("lai", 5.1, 14.0),
    ("rcm", 2040.0, 274_667.0),
    ("f5", 0.0, 0.95),
    ("wue", 0.0, 0.087),
    ("cue", 0.0, 0.56),
    ("vcmax", 3.6e-5, 4.7e-5),
    ("specific_la", 0.0053, 0.006),
    ("ls", 30.0, 315.0),
    ("emaxm", 0.0, 0.0),
];

#[test]
fn values_are_in_range() {
    let table = gridloom::model::variables::VariableTable::caete();
    assert!(table.keys().all(|key| RANGES.iter().any(|(known, ..)| *known == key)));
    let mut outside: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for cell in &cells() {
        for (key, low, high) in RANGES.iter().filter(|(key, ..)| *key != "emaxm") {
            for row in &cell.series[*key] {
                for day in (0..cell.days()).filter(|&day| cell.lives(day)) {
                    // The numbers above are rounded.
                    if !(low * 0.9 - 1e-9..=high * 1.1).contains(&row[day]) {
                        let seen = outside.entry(key).or_insert((f64::MAX, f64::MIN));
                        *seen = (seen.0.min(row[day]), seen.1.max(row[day]));
                    }
                }
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn standard_names_are_of_the_kind_of_the_units() {
    let Some(python) = here::python() else { return };
    let script = files::project("tests/python/check_standard_names.py");
    let table = files::project("src/model/caete.toml");
    let output = std::process::Command::new(python).arg(script).arg(table).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
