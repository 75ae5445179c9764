//! What a configuration says that cannot all be done, found before any work.

use gridloom::model::grid::Bounds;

use super::Config;

impl Config {
    /// # Errors
    /// The first thing that is wrong, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, bounds) in &self.regions {
            region(name, *bounds)?;
        }
        for (name, text) in &self.attributes {
            let reason = |reason| format!("[attributes]: {name:?}: {reason}");
            gridloom::profile::check_attribute(name, text).map_err(reason)?;
        }
        if let Some(grid) = &self.grid {
            if let (Some(deflate), Some(zstd)) = (grid.deflate, grid.zstd) {
                return Err(format!(
                    "[grid]: deflate = {deflate} and zstd = {zstd} exclude each other; leave one out"
                ));
            }
            if let (Some(chunk), Some(layout)) = (grid.chunk, grid.layout) {
                let layout = layout.name();
                return Err(format!(
                    "[grid]: chunk = {chunk:?} and layout = {layout:?} exclude each other; leave one out"
                ));
            }
            let levels = [("deflate", grid.deflate, 12), ("zstd", grid.zstd, 22)];
            for (key, level, last) in levels {
                if let Some(level) = level.filter(|level| !(1..=last).contains(level)) {
                    return Err(format!("[grid]: {key} = {level}: levels are 1 to {last}"));
                }
            }
            if let Some(threads) = grid.threads.filter(|threads| !(1..=4096).contains(threads)) {
                return Err(format!("[grid]: threads = {threads}: 1 to 4096 threads can work"));
            }
            if let Some(memory) = &grid.memory
                && gridloom::plan::resources::parse_size(memory).is_none()
            {
                return Err(format!(
                    "[grid]: memory = {memory:?}: wants a size such as \"512MiB\" or \"2GiB\", below 1000000TB"
                ));
            }
        }
        if let Some(tables) = &self.tables {
            tables.check().map_err(|reason| format!("[tables]: {reason}"))?;
        }
        let mut seen = Vec::new();
        for one in &self.aggregates {
            if seen.contains(&one) {
                let (stat, every) = (one.stat.name(), one.every.name());
                return Err(format!("[[aggregates]]: every = {every:?} with stat = {stat:?} is there twice"));
            }
            seen.push(one);
        }
        Ok(())
    }
}

fn region(name: &str, bounds: Bounds) -> Result<(), String> {
    if name == "all" {
        return Err(
            "[regions.all]: `all` is the name of all selected cells; give the box another name".to_owned()
        );
    }
    if name.trim().is_empty() || name.contains(',') || name.chars().any(char::is_control) {
        let reason = "a region's name has letters, no commas, and no control characters";
        return Err(format!("[regions.{name:?}]: {reason}"));
    }
    let Bounds { north, south, west, east } = bounds;
    if ![north, south].iter().all(|edge| (-90.0..=90.0).contains(edge)) || north < south {
        return Err(format!(
            "[regions.{name}]: north = {north} and south = {south}: latitudes are -90 to 90, and the north is the greater"
        ));
    }
    if ![west, east].iter().all(|edge| (-360.0..=360.0).contains(edge)) {
        return Err(format!("[regions.{name}]: west = {west} and east = {east}: longitudes are -360 to 360"));
    }
    Ok(())
}

/// What a reader of TOML says, with the nearest of the names that it would have taken.
pub(super) fn explain(message: &str) -> String {
    let quoted =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    for line in message.lines() {
        let Some((found, known)) = line.split_once(", expected ") else { continue };
        let (found, known) = (quoted(found), quoted(known));
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let near = found.last().and_then(|found| gridloom::plan::selection::nearest(found, &names));
        if let Some(near) = near {
            return format!("{}; did you mean `{near}`?", message.trim_end());
        }
    }
    message.to_owned()
}
