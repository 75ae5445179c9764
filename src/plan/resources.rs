//! What the machine, its container and the batch system allow.

use std::path::Path;

use crate::builder::setters;

/// Threads and memory that a run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resources {
    /// Threads that work at the same time.
    pub threads: usize,
    /// Bytes of memory that are planned with.
    pub memory: u64,
}

setters!(Resources { threads: usize, memory: u64 });

impl Resources {
    /// So many threads and bytes, whatever there is.
    pub const fn new(threads: usize, memory: u64) -> Self {
        Resources { threads, memory }
    }

    /// What there is: the threads of the allocation, and half of the memory that is free, at most 512 MiB a thread.
    ///
    /// Looks at SLURM_CPUS_PER_TASK, SLURM_MEM_PER_NODE and SLURM_MEM_PER_CPU, the limits of the process's control
    /// groups and of its address space, and what the system says is available.
    pub fn detect() -> Self {
        let threads = variable("SLURM_CPUS_PER_TASK").map_or(usize::MAX, |cpus| cpus as usize);
        let there = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = threads.min(there).max(1);
        let slurm = match (variable("SLURM_MEM_PER_NODE"), variable("SLURM_MEM_PER_CPU")) {
            // Slurm counts in MiB; 0 means the whole node.
            (Some(node), _) if node > 0 => Some(node << 20),
            (_, Some(cpu)) if cpu > 0 => Some((cpu << 20) * threads as u64),
            _ => None,
        };
        let allowed = [slurm, control_group(), available(), address_space()].into_iter().flatten().min();
        let memory = allowed.map_or(1 << 30, |bytes| bytes / 2).min((threads as u64) << 29);
        Resources { threads, memory: memory.max(64 << 20) }
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

/// What a limit on the process's own memory (`ulimit -v`) leaves.
pub fn address_space() -> Option<u64> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current?;
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0);
    Some(limit.saturating_sub(pages.saturating_mul(rustix::param::page_size() as u64)))
}

/// `MemAvailable` of /proc/meminfo.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// What the tightest control group above the process leaves, in version 2 or 1 of the interface.
fn control_group() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, limit, usage) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max", "memory.current"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
            _ => continue,
        };
        // Inside of a container the path may not be visible; the root of the mount then is the group itself.
        let mut folder = Path::new(root).join(path.trim_start_matches('/'));
        while folder.starts_with(root) {
            let number = |name: &str| {
                std::fs::read_to_string(folder.join(name))
                    .ok()
                    .and_then(|text| text.trim().parse::<u64>().ok())
            };
            if let Some(limit) = number(limit) {
                // The page cache counts as used, but gives way: half of the limit is always counted as free.
                limits.push(limit.saturating_sub(number(usage).unwrap_or(0)).max(limit / 2));
            }
            if !folder.pop() {
                break;
            }
        }
    }
    limits.into_iter().min()
}

/// Reads a size such as `512MiB`, `2GiB`, `1.5G` or `800000000`.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1024.0 * 1024.0,
        "mb" => 1e6,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "gb" => 1e9,
        "t" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "tb" => 1e12,
        _ => return None,
    };
    let bytes = number * factor;
    (bytes.is_finite() && (0.0..1e18).contains(&bytes)).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        for (text, bytes) in
            [("512MiB", 512 << 20), ("2GiB", 2 << 30), ("1.5G", 3 << 29), ("10 kB", 10_000), ("7", 7)]
        {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1e9", "5 parsecs", "1..2", "99999999T"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn some_threads_and_memory_are_always_found() {
        let found = Resources::detect();
        assert!(found.threads >= 1 && found.memory >= 64 << 20);
    }
}
