//! Descriptions of what models leave behind, shipped as data.

use crate::model::variables::VariableTable;
use crate::records::description::Description;

/// A description that others are laid over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    text: &'static str,
}

/// All presets.
pub const PRESETS: [Preset; 6] = [
    Preset {
        name: "lpj-guess",
        about: "tables of LPJ-GUESS (*.out)",
        text: include_str!("presets/lpj-guess.toml"),
    },
    Preset { name: "vic", about: "VIC's files of a cell, as text", text: include_str!("presets/vic.toml") },
    Preset {
        name: "vic-binary",
        about: "VIC's files of a cell, binary",
        text: include_str!("presets/vic-binary.toml"),
    },
    Preset { name: "lpjml", about: "LPJmL's output with its JSON", text: include_str!("presets/lpjml.toml") },
    Preset {
        name: "caete-csv",
        about: "CAETE's files of a cell and period, as CSV",
        text: include_str!("presets/caete-csv.toml"),
    },
    Preset {
        name: "milan",
        about: "days of a city's activity by grid square",
        text: include_str!("presets/milan.toml"),
    },
];

/// The tables of a preset's file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Description,
    #[serde(default)]
    variables: toml::Table,
    #[serde(default)]
    model: toml::Table,
}

impl Preset {
    /// The preset of a name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The names of all presets.
    pub fn names() -> Vec<&'static str> {
        PRESETS.iter().map(|preset| preset.name).collect()
    }

    /// The text that it is shipped as.
    pub fn text(&self) -> &'static str {
        self.text
    }

    fn file(&self) -> Option<File> {
        toml::from_str(self.text).ok()
    }

    /// What it says of files. A test proves that its text can be read.
    pub(super) fn description(&self) -> Description {
        self.file().map(|file| file.source).unwrap_or_default()
    }

    /// The dimension that columns are along in most of its tables.
    pub(super) fn along(&self) -> Option<String> {
        self.description().values.along
    }

    /// Names and units of its variables.
    pub fn variables(&self) -> VariableTable {
        if self.name == "caete-csv" {
            return VariableTable::caete();
        }
        let Some(File { variables, model, .. }) = self.file() else { return VariableTable::default() };
        let mut table = toml::Table::new();
        table.insert("variables".to_owned(), variables.into());
        table.insert("model".to_owned(), model.into());
        VariableTable::from_toml(&table.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_can_be_read() {
        for preset in &PRESETS {
            let file: File = toml::from_str(preset.text).expect(preset.name);
            assert_eq!(file.source.preset, None, "{}", preset.name);
            assert!(!file.source.files.is_empty(), "{}", preset.name);
            let mut table = toml::Table::new();
            table.insert("variables".to_owned(), file.variables.clone().into());
            table.insert("model".to_owned(), file.model.clone().into());
            VariableTable::from_toml(&table.to_string()).expect(preset.name);
            let whole = Description::of_preset(preset.name, &[]).expect(preset.name);
            let (text, cell, time) = (whole.text.clone(), whole.cell.clone(), whole.time.clone());
            assert_eq!((text, cell, time), (file.source.text, file.source.cell, file.source.time));
            // Written down and read again it is the same.
            assert_eq!(Description::from_toml(&whole.to_toml()), Ok(whole), "{}", preset.name);
        }
        let lai = Description::of_preset("lpj-guess", &[]).expect("a preset").variables();
        assert_eq!(lai.get("lai").and_then(|lai| lai.units.as_deref()), Some("1"));
        assert_eq!(lai.model().name.as_deref(), Some("LPJ-GUESS"));
    }
}
