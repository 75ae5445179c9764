//! What is published of outputs: in each form that settings name a file an output, or a store of all that share their steps.

use crate::chunk::Shape;
use crate::error::{Argument, Error, Result};
use crate::plan::{Format, Output, Plan};

use super::form::GridForm;
use super::forms;

/// A file, or a folder of files, that is published as a whole.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Product {
    /// Its form.
    pub form: &'static dyn GridForm,
    /// Its name.
    pub file: String,
    /// The outputs in it, by their places in the list that was asked for. One of a form that is no store.
    pub parts: Vec<usize>,
    /// Whether its chunks are those of maps.
    pub is_map: bool,
}

impl Product {
    /// The shape of its chunks of an output.
    pub fn chunk(&self, output: &Output) -> Shape {
        output.map.filter(|_| self.is_map).map_or(output.chunk, |map| map.chunk)
    }
}

/// Names of the products of an output: of its stem, and whether it is the one of maps.
fn stems(output: &Output, stem: &str) -> Vec<(String, bool)> {
    match output.map {
        None => vec![(stem.to_owned(), false)],
        Some(map) if map.is_only => vec![(stem.to_owned(), true)],
        Some(_) => vec![(stem.to_owned(), false), (format!("{stem}_map"), true)],
    }
}

/// The products of a plan's outputs, where it makes them.
///
/// # Errors
/// Those of [`products`].
pub fn of_plan(plan: &Plan) -> Result<Vec<Product>> {
    match plan.settings().grids {
        true => products(&plan.settings().formats, &plan.outputs().iter().collect::<Vec<_>>()),
        false => Ok(Vec::new()),
    }
}

/// The products of outputs, form by form, and in the order of outputs.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there is no such form, or where two products have the same name.
pub fn products(formats: &[Format], outputs: &[&Output]) -> Result<Vec<Product>> {
    let mut products: Vec<Product> = Vec::new();
    for form in forms::chosen(formats)? {
        let first = products.len();
        for (index, output) in outputs.iter().enumerate() {
            let stem = if form.is_store() { &output.store } else { &output.file };
            for (stem, is_map) in stems(output, stem) {
                let file = format!("{stem}.{}", form.ending());
                let own = products.get_mut(first..).unwrap_or_default();
                match own.iter_mut().find(|product| product.file == file) {
                    Some(product) if form.is_store() => product.parts.push(index),
                    _ => products.push(Product { form, file, parts: vec![index], is_map }),
                }
            }
        }
    }
    let of =
        |product: &Product| product.parts.first().and_then(|&index| outputs.get(index)).map(|one| &one.name);
    for (index, product) in products.iter().enumerate() {
        if let Some(other) = products.iter().take(index).find(|other| other.file == product.file) {
            let names = [of(other), of(product)].map(|name| name.map_or("", String::as_str));
            let reason = format!("{} and {} would both be {}", names[0], names[1], product.file);
            return Err(Error::selection(Argument::Name, &product.file, reason));
        }
    }
    Ok(products)
}
