//! The library as Python sees it: thin, since what a program could want of it is the library's own. `gridloom/` makes it pleasant.
//!
//! Settings come in, and reports go out, as JSON; values as NumPy arrays that Python owns. All work is done on threads of its own, without
//! the interpreter's lock (`work`).

mod archives;
mod arrays;
mod change;
mod errors;
mod evaluate;
mod gridded;
mod make;
mod mapped;
mod record_file;
mod references;
mod scenarios;
mod schema;
mod settings;
mod source;
mod table;
mod view;
mod work;

use pyo3::prelude::*;

/// The native part of gridloom.
#[pymodule(gil_used = false)]
mod _gridloom {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::archives::{archive_of, drop_of_archive, extend_archive, repack_archive};
    #[pymodule_export]
    use super::arrays::{ArrayFile, repack_arrays};
    #[pymodule_export]
    use super::evaluate::evaluate;
    #[pymodule_export]
    use super::gridded::Grid;
    #[pymodule_export]
    use super::make::{
        check, freeze, grid, load, picture, publish, report, status, tables_of_grids, verify, verify_loaded,
    };
    #[pymodule_export]
    use super::record_file::RecordFile;
    #[pymodule_export]
    use super::references::references;
    #[pymodule_export]
    use super::scenarios::{load_several, several};
    #[pymodule_export]
    use super::source::{Source, kind_of, look_through};
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::view::View;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("VERSION", gridloom::VERSION)?;
        module.add("ERROR_KINDS", super::errors::kinds())
    }
}

/// A text of JSON.
fn json<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| errors::bug(error.to_string()))
}
