//! Units of work, and how tasks share them.

use crate::error::{Argument, Error, Result};
use crate::run::survey::Span;

use super::{Plan, Unit};

/// The share of one task in the work: number `index` of `count`, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// The task's number.
    pub index: u32,
    /// The number of tasks.
    pub count: u32,
}

impl Share {
    /// All of the work.
    pub const ALL: Share = Share { index: 0, count: 1 };

    /// More tasks than this are taken for a mistake.
    pub const MOST: u32 = 9_999;

    /// Reads `I/N`, with I from 0 to N − 1, or `auto`: what Slurm says of a task of a job array.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::selection(Argument::Share, text, reason);
        if text == "auto" {
            return Self::of_slurm(|name| std::env::var(name).ok()?.trim().parse().ok()).map_err(wrong);
        }
        let parts =
            text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((index, count)) if index < count && count <= Self::MOST => Ok(Share { index, count }),
            Some((_, count)) if count > Self::MOST => {
                Err(wrong(&format!("{count} tasks are more than the limit of {}", Self::MOST)))
            }
            _ => Err(wrong("wants I/N with I from 0 to N - 1, or auto")),
        }
    }

    /// The share by Slurm's variables. From `--array=3,7` nothing can be told of the tasks that are not there.
    fn of_slurm(variable: impl Fn(&str) -> Option<u32>) -> std::result::Result<Self, &'static str> {
        let id = variable("SLURM_ARRAY_TASK_ID")
            .ok_or("there is no SLURM_ARRAY_TASK_ID; outside of a job array give I/N")?;
        let count =
            variable("SLURM_ARRAY_TASK_COUNT").ok_or("there is no SLURM_ARRAY_TASK_COUNT; give I/N")?;
        let first = variable("SLURM_ARRAY_TASK_MIN").unwrap_or(0);
        let last = variable("SLURM_ARRAY_TASK_MAX").unwrap_or(first + count.saturating_sub(1));
        let holes =
            "is for arrays that start at 0 or 1 and have no holes; give I/N, N as in the first submission";
        if first > 1 || last.checked_sub(first) != count.checked_sub(1) {
            return Err(holes);
        }
        let index = id.checked_sub(first).ok_or(holes)?;
        if index < count && count <= Self::MOST { Ok(Share { index, count }) } else { Err(holes) }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A tile in a period: what one task does all of.
struct Job {
    tile: usize,
    period: usize,
    /// Days of all its cells together.
    work: i64,
}

/// Which task does a tile in a period. Depends on the plan alone, never on what is done already, so that all tasks
/// agree whenever they start.
pub(crate) fn tasks(plan: &Plan, count: u32) -> Vec<Vec<u32>> {
    let mut of = vec![vec![0; plan.periods.len()]; plan.tiles.len()];
    let mut loads = vec![0; count.max(1) as usize];
    for job in jobs(plan) {
        // Largest first, each to the task that has least: the longest task is at most a third longer than it must be.
        let least =
            (0..loads.len()).min_by_key(|&task| loads.get(task).copied().unwrap_or(i64::MAX)).unwrap_or(0);
        if let (Some(load), Some(task)) =
            (loads.get_mut(least), of.get_mut(job.tile).and_then(|periods| periods.get_mut(job.period)))
        {
            *load += job.work;
            *task = least as u32;
        }
    }
    of
}

fn jobs(plan: &Plan) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (tile, cells) in plan.tiles.iter().enumerate() {
        for (period, span) in plan.periods.iter().enumerate() {
            let dumps = cells.cells.clone().filter(|&cell| plan.has_dump(cell, period)).count();
            if dumps > 0 {
                jobs.push(Job { tile, period, work: dumps as i64 * span.days() });
            }
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.work));
    jobs
}

pub(super) fn units(plan: &Plan, share: Share, is_done: impl Fn(usize, usize) -> bool) -> Vec<Unit> {
    let tasks = if share == Share::ALL { Vec::new() } else { tasks(plan, share.count) };
    let mut units = Vec::new();
    for (tile_index, tile) in plan.tiles.iter().enumerate() {
        for (period_index, period) in plan.periods.iter().enumerate() {
            let task =
                tasks.get(tile_index).and_then(|periods| periods.get(period_index)).copied().unwrap_or(0);
            if task != share.index {
                continue;
            }
            let there: Vec<u32> = tile
                .cells
                .clone()
                .filter(|&cell| plan.has_dump(cell, period_index))
                .map(|cell| cell as u32)
                .collect();
            let left: Vec<u32> =
                there.iter().copied().filter(|&cell| !is_done(cell as usize, period_index)).collect();
            let group = plan.memory.cells_at_once(period.days() as u64, left.len()).max(1);
            for cells in left.chunks(group) {
                let is_whole = cells.len() == there.len();
                units.push(Unit { tile: tile_index, period: period_index, cells: cells.to_vec(), is_whole });
            }
        }
    }
    // Large ones first, so that no thread is left alone with one at the end.
    let days = |unit: &Unit| plan.periods.get(unit.period).map_or(0, Span::days);
    units.sort_by_key(|unit| std::cmp::Reverse(unit.cells.len() as i64 * days(unit)));
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read() {
        assert_eq!(Share::parse("3/16").expect("a share"), Share { index: 3, count: 16 });
        for text in ["", "3", "16/16", "-1/2", "1/0", "a/b", "1/2/3", "0/100000"] {
            assert!(Share::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn arrays_of_slurm_start_at_0_or_1_and_have_no_holes() {
        let slurm = |id: u32, min: u32, max: u32, count: u32| {
            Share::of_slurm(|name| match name {
                "SLURM_ARRAY_TASK_ID" => Some(id),
                "SLURM_ARRAY_TASK_MIN" => Some(min),
                "SLURM_ARRAY_TASK_MAX" => Some(max),
                "SLURM_ARRAY_TASK_COUNT" => Some(count),
                _ => None,
            })
        };
        assert_eq!(slurm(0, 0, 15, 16), Ok(Share { index: 0, count: 16 }));
        assert_eq!(slurm(5, 1, 8, 8), Ok(Share { index: 4, count: 8 }));
        for (id, min, max, count) in [(3, 3, 7, 2), (3, 3, 3, 1), (0, 0, 14, 8), (9, 0, 3, 4)] {
            assert!(slurm(id, min, max, count).is_err(), "{id} of {min} to {max}");
        }
        assert!(Share::of_slurm(|_| None).is_err());
    }
}
