//! From settings to a picture: what is to be read, and what is drawn when it has been.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::draw::axes;
use crate::draw::scene::Scene;
use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, Found, in_folder};

use super::data::gather::{FieldId, Gather, Gathered};
use super::data::periods;
use super::spec::Spec;

type Draw = Box<dyn FnOnce(&Gathered) -> Result<Scene> + Send>;

/// A figure whose inputs are known, but not read.
pub struct Draft {
    /// The grids that it is made of.
    pub(super) fields: Vec<Arc<Field>>,
    /// Files that are not grids: tables, reports.
    pub(super) files: Vec<PathBuf>,
    /// What was chosen for the user.
    choices: Vec<String>,
    draw: Draw,
}

impl Draft {
    pub(super) fn new(
        fields: Vec<Arc<Field>>,
        draw: impl FnOnce(&Gathered) -> Result<Scene> + Send + 'static,
    ) -> Self {
        Draft { fields, files: Vec::new(), choices: Vec::new(), draw: Box::new(draw) }
    }

    pub(super) fn of_files(
        files: Vec<PathBuf>,
        draw: impl FnOnce(&Gathered) -> Result<Scene> + Send + 'static,
    ) -> Self {
        Draft { fields: Vec::new(), files, choices: Vec::new(), draw: Box::new(draw) }
    }

    /// With what was chosen for the user.
    pub(super) fn with_choices(self, choices: Vec<String>) -> Self {
        Draft { choices, ..self }
    }

    /// What was chosen among several files that fit, in words.
    pub fn choices(&self) -> &[String] {
        &self.choices
    }

    /// All files that it is made of, each once.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.fields.iter().map(|field| field.path.clone()).collect();
        paths.extend(self.files.iter().cloned());
        paths.sort();
        paths.dedup();
        paths
    }

    /// Draws it, of what was gathered. The inputs' digests are part of the picture.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where nothing is left to draw; [`Io`](crate::ErrorKind::Io) where an input cannot be read any more.
    pub fn draw(self, spec: &Spec, gathered: &Gathered) -> Result<Scene> {
        let inputs = self.inputs();
        let fields = self.fields;
        for field in &fields {
            gathered.check(&field.path)?;
        }
        let mut scene = (self.draw)(gathered)?;
        let mut origin = vec![("Software".to_owned(), format!("gridloom {}", crate::VERSION))];
        for path in &inputs {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut words = format!("{name} {}", gathered.digest(path)?);
            let field = fields.iter().find(|field| field.path == *path);
            let made_of = field
                .and_then(|field| field.attributes.iter().find(|(name, _)| *name == "gridloom_input_digest"));
            if let Some((_, digest)) = made_of {
                words.push_str(&format!(" (made of {digest})"));
            }
            origin.push(("Source".to_owned(), words));
        }
        origin.push(("Settings".to_owned(), spec.words()));
        scene.origin = origin;
        let y = scene.height;
        axes::footer(&mut scene, y, spec.caption.as_deref(), spec.corner.unwrap_or(false));
        scene.origin.extend(scene.map_frame.map(|map| ("frame".to_owned(), map.words())));
        Ok(scene)
    }
}

impl Spec {
    /// The settings as they stand in pictures: of paths only the names, so that a picture does not depend on where files are.
    pub(super) fn words(&self) -> String {
        let name = |path: &PathBuf| PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
        let mut named = self.clone();
        named.inputs = self.inputs.iter().map(name).collect();
        named.difference = self.difference.as_ref().map(name);
        named.reference = self.reference.as_ref().map(name);
        named.mask = self.mask.as_ref().map(name);
        named.after = self.after.as_ref().map(name);
        serde_json::to_string(&named).unwrap_or_default()
    }
}

/// A grid that a figure is made of.
pub(super) struct DrawnGrid {
    pub id: FieldId,
    pub field: Arc<Field>,
}

impl DrawnGrid {
    /// The grid of one of the inputs and variables. There may be one input of several variables.
    pub fn open(spec: &Spec, gather: &mut Gather, input: usize, variable: usize) -> Result<DrawnGrid> {
        let path = spec.inputs.get(input).or(spec.inputs.first());
        let path = path
            .ok_or_else(|| Error::selection(Argument::File, "", "is needed: a grid, or a folder of grids"))?;
        DrawnGrid::of(gather, path, spec.variables.get(variable).map(String::as_str))
    }

    pub fn of(gather: &mut Gather, path: &Path, variable: Option<&str>) -> Result<DrawnGrid> {
        if periods::is_table(path) {
            return Err(periods::refuse_table(path));
        }
        let (path, variable) = match path.is_dir() {
            true => {
                let Found { path, variable, choice } = in_folder(path, variable)?;
                choice.into_iter().for_each(|choice| gather.chose(choice));
                (path, variable)
            }
            false => (path.to_owned(), variable.map(str::to_owned)),
        };
        let (id, field) = gather.field(&path, variable.as_deref())?;
        Ok(DrawnGrid { id, field })
    }
}

/// The one input: a file, or one of a name in a folder.
pub(super) fn one_file(spec: &Spec, name: &str) -> Result<PathBuf> {
    let [path] = spec.inputs.as_slice() else {
        return Err(Error::selection(
            Argument::File,
            "",
            format!("wants one: {name}, or the folder that holds it"),
        ));
    };
    Ok(if path.is_dir() { path.join(name) } else { path.clone() })
}
