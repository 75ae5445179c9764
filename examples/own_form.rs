//! Forms of one's own: a table as JSON lines, and a grid as one `.npy` a variable with a side file.
//!
//! A form of tables encodes rows by themselves and puts the parts behind each other; a form of grids makes a product of what a file holds
//! beside its values (`Skeleton`) and of finished chunks. Both read what they wrote, so that products are proved against their source.
//!
//! usage: cargo run --example own_form -- RUN OUT

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use gridloom::aggregate::interval::Step;
use gridloom::aggregate::reduce::Stat;
use gridloom::chunk::{Codec, Filters};
use gridloom::grid::form::{
    Chunk, Draft, Failure, Found, FoundVariable, GridForm, GridReader, GridWriter, Site,
};
use gridloom::model::element::Element;
use gridloom::pipeline::{self, Options};
use gridloom::plan::tables::{Aggregate, TableKind, Tables};
use gridloom::plan::{Format, Plan, RowMode, Selection, Settings};
use gridloom::table::Table;
use gridloom::table::form::arrow_array::cast::AsArray;
use gridloom::table::form::arrow_array::{Array, RecordBatch, types};
use gridloom::table::form::arrow_schema::DataType;
use gridloom::table::form::{Parts, TableForm, TableWriter};
use gridloom::table::read::{BATCH, Described, Description, Heading, Pairs, Reader, Rows};
use gridloom::write::{AttributeValue, Attributes, Data, Dimension, Skeleton, Values};
use serde_json::{Value, json};

/// A line of what is said of the table, then a line a row.
#[derive(Debug)]
struct JsonLines;

impl TableForm for JsonLines {
    fn name(&self) -> &'static str {
        "json_lines"
    }

    fn ending(&self) -> &'static str {
        "jsonl"
    }

    fn parts(&self) -> Parts {
        Parts::Any
    }

    fn encode(&self, _: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<(), Failure> {
        bytes.clear();
        for row in 0..rows.num_rows() {
            let mut line = serde_json::Map::new();
            for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
                line.insert(field.name().clone(), value(column.as_ref(), row)?);
            }
            serde_json::to_writer(&mut *bytes, &line)?;
            bytes.push(b'\n');
        }
        Ok(())
    }

    fn create(
        &self,
        path: &Path,
        table: &Table,
        about: &[(String, String)],
    ) -> Result<Box<dyn TableWriter>, Failure> {
        let columns: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let about: BTreeMap<&String, &String> = about.iter().map(|(key, value)| (key, value)).collect();
        let mut file = File::options().write(true).open(path)?;
        writeln!(file, "{}", json!({ "about": about, "columns": columns }))?;
        Ok(Box::new(Lines(file)))
    }

    fn expected(&self, table: &Table, about: Pairs) -> Description {
        described(table.schema.fields().iter().map(|field| field.name().clone()), about)
    }

    fn describe(&self, path: &Path) -> Result<Description, String> {
        let mut line = String::new();
        let file = File::open(path).map_err(|error| error.to_string())?;
        BufReader::new(file).read_line(&mut line).map_err(|error| error.to_string())?;
        let mut head: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let columns: Vec<String> = part(&mut head, "columns")?;
        Ok(described(columns.into_iter(), part(&mut head, "about")?))
    }

    fn open(&self, path: &Path, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let lines = BufReader::new(file).lines().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        Ok(Box::new(RowsOfLines { lines: Box::new(lines.skip(1)), heading: heading.clone() }))
    }
}

fn described(columns: impl Iterator<Item = String>, about: Pairs) -> Description {
    let columns = columns.map(|name| Described { name, ..Described::default() }).collect();
    Description { file: Some(about), columns, is_ordered: true }
}

fn part<T: serde::de::DeserializeOwned>(of: &mut Value, name: &str) -> Result<T, String> {
    serde_json::from_value(of[name].take()).map_err(|error| format!("{name}: {error}"))
}

/// A value of a column: numbers as they are, days and what is no number in JSON as texts.
fn value(column: &dyn Array, row: usize) -> Result<Value, Failure> {
    macro_rules! number {
        ($kind:ident) => {
            column.as_primitive::<types::$kind>().value(row)
        };
    }
    let float = |number: f64, text: String| if number.is_finite() { text.parse() } else { Ok(json!(text)) };
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Float32 => float(number!(Float32Type).into(), format!("{:?}", number!(Float32Type)))?,
        DataType::Float64 => float(number!(Float64Type), format!("{:?}", number!(Float64Type)))?,
        DataType::Int8 => json!(number!(Int8Type)),
        DataType::Int16 => json!(number!(Int16Type)),
        DataType::Int32 => json!(number!(Int32Type)),
        DataType::Int64 => json!(number!(Int64Type)),
        DataType::UInt8 => json!(number!(UInt8Type)),
        DataType::UInt16 => json!(number!(UInt16Type)),
        DataType::UInt32 => json!(number!(UInt32Type)),
        DataType::UInt64 => json!(number!(UInt64Type)),
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Timestamp(..) => {
            let time = chrono::DateTime::from_timestamp_millis(number!(TimestampMillisecondType));
            json!(time.ok_or("a day without a date")?.format("%Y-%m-%d").to_string())
        }
        _ => {
            let texts = column.as_dictionary::<types::Int32Type>();
            let key = usize::try_from(texts.keys().value(row))?;
            json!(texts.values().as_string::<i32>().value(key))
        }
    })
}

struct Lines(File);

impl TableWriter for Lines {
    fn add(&mut self, part: Vec<u8>) -> Result<(), Failure> {
        Ok(self.0.write_all(&part)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

struct RowsOfLines {
    lines: Box<dyn Iterator<Item = std::io::Result<String>> + Send>,
    heading: Heading,
}

impl Reader for RowsOfLines {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        for _ in 0..BATCH {
            let Some(line) = self.lines.next() else { return Ok(false) };
            let line = line.map_err(|error| error.to_string())?;
            let row: BTreeMap<String, Value> =
                serde_json::from_str(&line).map_err(|error| error.to_string())?;
            rows.begin();
            for column in self.heading.columns.iter() {
                let bits = match row.get(&column.name) {
                    None | Some(Value::Null) => None,
                    Some(Value::String(text)) => column.parse(text),
                    Some(value) => column.parse(&value.to_string()),
                };
                rows.put(&column.name, bits);
            }
        }
        Ok(true)
    }
}

/// A folder of arrays, one a variable, with a side file of names, dimensions and attributes.
#[derive(Debug)]
struct Arrays;

/// The side file.
const ABOUT: &str = "about.json";

impl GridForm for Arrays {
    fn name(&self) -> &'static str {
        "arrays"
    }

    fn is_folder(&self) -> bool {
        true
    }

    // An array is changed in place, so that its chunks are neither packed nor in another order.
    fn filters(&self, _: Codec) -> Result<Filters, String> {
        Ok(Filters { checksum: false, shuffle: false, codec: Codec::None })
    }

    fn create(
        &self,
        site: &Site<'_>,
        skeleton: &Skeleton,
        _: Filters,
    ) -> Result<Box<dyn GridWriter>, Failure> {
        let draft = site.folder()?;
        let mut variables = Vec::new();
        for variable in &skeleton.variables {
            let (element, bytes) = bytes_of(&variable.values);
            let length = |name: &String| {
                skeleton.dimensions.iter().find(|one| one.name == *name).map(|one| one.length)
            };
            let lengths: Vec<usize> = variable.dimensions.iter().filter_map(length).collect();
            let (file, start) = array(draft.path(), &variable.name, element, &lengths)?;
            file.write_all_at(&bytes, start)?;
            variables.push(about(&variable.name, element, &variable.dimensions, &variable.attributes));
        }
        let [data] = skeleton.data.as_slice() else { return Err("a folder has one variable".into()) };
        let data = data.clone();
        let (file, start) = array(draft.path(), &data.name, data.element, &data.extent)?;
        // What no chunk covers is missing.
        let size = data.element.size();
        let layer = data.element.fill()[..size].repeat(data.extent.iter().skip(1).product());
        for step in 0..data.extent[0] {
            file.write_all_at(&layer, start + (step * layer.len()) as u64)?;
        }
        variables.push(about(&data.name, data.element, &data.dimensions, &data.attributes));
        let dimensions: Vec<Value> = skeleton
            .dimensions
            .iter()
            .map(|one| json!({ "name": one.name, "length": one.length, "is_unlimited": one.is_unlimited }))
            .collect();
        let attributes: Vec<Value> = skeleton.attributes.iter().map(attribute_to_json).collect();
        let side = json!({ "dimensions": dimensions, "attributes": attributes, "variables": variables });
        std::fs::write(draft.path().join(ABOUT), serde_json::to_vec_pretty(&side)?)?;
        Ok(Box::new(ArrayWriter { draft, data, file, start }))
    }

    fn find(&self, path: &Path, _: &str, wanted: &[&str]) -> Result<Found, String> {
        let bytes = std::fs::read(path.join(ABOUT)).map_err(|error| error.to_string())?;
        let side: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let dimension = |one: &Value| {
            let length = usize::try_from(one["length"].as_u64()?).ok()?;
            let is_unlimited = one["is_unlimited"].as_bool()?;
            Some(Dimension { name: one["name"].as_str()?.to_owned(), length, is_unlimited })
        };
        let dimensions: Vec<Dimension> = list(&side["dimensions"], dimension)?;
        let length = |name: &str| dimensions.iter().find(|one| one.name == name).map(|one| one.length);
        let variable = |one: &Value| {
            let name = one["name"].as_str()?.to_owned();
            let element =
                Element::ALL.into_iter().find(|element| Some(element.name()) == one["type"].as_str())?;
            let over = one["dimensions"].as_array()?.iter().map(|name| {
                let name = name.as_str()?;
                Some((name.to_owned(), length(name)?))
            });
            let over: Vec<(String, usize)> = over.collect::<Option<_>>()?;
            let mut attributes = list(&one["attributes"], attribute_of_json).ok()?;
            // numpy has no fill values: here they are always the type's own.
            if over.len() >= 3 {
                attributes.push(("_FillValue".to_owned(), fill_of(&attributes)?));
            }
            let values = wanted.contains(&name.as_str()).then(|| doubles(path, &name, element)).flatten();
            let (chunk, element) = (Vec::new(), Some(element.name()));
            Some(FoundVariable { name, element, dimensions: over, attributes, chunk, values })
        };
        let variables = list(&side["variables"], variable)?;
        let attributes = list(&side["attributes"], attribute_of_json)?;
        Ok(Found { dimensions, attributes, variables, ..Found::default() })
    }

    fn open(&self, path: &Path, variable: &str) -> Result<Box<dyn GridReader>, String> {
        let found = self.find(path, variable, &[])?;
        let own = found.variable(variable).ok_or_else(|| format!("it has no variable {variable}"))?;
        let lengths = own.dimensions.iter().map(|(_, length)| *length).collect();
        let file = File::open(path.join(format!("{variable}.npy"))).map_err(|error| error.to_string())?;
        let start = start_of(&file).map_err(|error| error.to_string())?;
        Ok(Box::new(ArrayReader { file, start, lengths }))
    }
}

/// Begins an array: little endian, the last dimension fastest. Also tells where its values begin.
fn array(folder: &Path, name: &str, element: Element, lengths: &[usize]) -> std::io::Result<(File, u64)> {
    let kind = match element {
        Element::Float32 | Element::Float64 => 'f',
        Element::Int8 | Element::Int16 | Element::Int32 | Element::Int64 => 'i',
        _ => 'u',
    };
    let shape: String = lengths.iter().map(|length| format!("{length},")).collect();
    let size = element.size();
    let mut head = format!("{{'descr': '<{kind}{size}', 'fortran_order': False, 'shape': ({shape}), }}");
    let behind = (10 + head.len() + 1).next_multiple_of(64) - 10;
    head = format!("{head:width$}\n", width = behind - 1);
    let mut file = File::options().write(true).create_new(true).open(folder.join(format!("{name}.npy")))?;
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(head.len() as u16).to_le_bytes())?;
    file.write_all(head.as_bytes())?;
    Ok((file, 10 + head.len() as u64))
}

/// Where the values of an array begin.
fn start_of(file: &File) -> std::io::Result<u64> {
    let mut length = [0; 2];
    file.read_exact_at(&mut length, 8)?;
    Ok(10 + u64::from(u16::from_le_bytes(length)))
}

fn bytes_of(values: &Values) -> (Element, Vec<u8>) {
    match values {
        Values::Double(values) => {
            (Element::Float64, values.iter().flat_map(|one| one.to_le_bytes()).collect())
        }
        Values::Whole(values) => (Element::Int32, values.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Values::Flag(values) => (Element::Int8, values.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Values::Names(names, width) => (Element::Int8, Values::letters(names, *width)),
    }
}

/// The values of a small array.
fn doubles(folder: &Path, name: &str, element: Element) -> Option<Vec<f64>> {
    let file = File::open(folder.join(format!("{name}.npy"))).ok()?;
    let start = start_of(&file).ok()?;
    let mut bytes = vec![0; usize::try_from(file.metadata().ok()?.len().checked_sub(start)?).ok()?];
    file.read_exact_at(&mut bytes, start).ok()?;
    let values = bytes.chunks_exact(element.size());
    Some(match element {
        Element::Float64 => {
            values.map(|one| f64::from_le_bytes(one.try_into().unwrap_or_default())).collect()
        }
        Element::Int32 => {
            values.map(|one| i32::from_le_bytes(one.try_into().unwrap_or_default()).into()).collect()
        }
        Element::Int8 => {
            values.map(|one| i8::from_le_bytes(one.try_into().unwrap_or_default()).into()).collect()
        }
        _ => return None,
    })
}

fn about(name: &str, element: Element, dimensions: &[String], attributes: &Attributes) -> Value {
    let attributes: Vec<Value> = attributes.iter().map(attribute_to_json).collect();
    json!({ "name": name, "type": element.name(), "dimensions": dimensions, "attributes": attributes })
}

fn list<T>(values: &Value, of: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let values = values.as_array().into_iter().flatten();
    values.map(of).collect::<Option<_>>().ok_or_else(|| format!("{ABOUT} is damaged"))
}

fn fill_of(attributes: &Attributes) -> Option<AttributeValue> {
    attributes.iter().find(|(name, _)| name == "missing_value").map(|(_, value)| value.clone())
}

macro_rules! attributes {
    ($($kind:ident)*) => {
        fn attribute_to_json((name, value): &(String, AttributeValue)) -> Value {
            match value {
                $(AttributeValue::$kind(value) => json!({ "name": name, "type": stringify!($kind), "value": value }),)*
            }
        }

        fn attribute_of_json(one: &Value) -> Option<(String, AttributeValue)> {
            let value = match one["type"].as_str()? {
                $(stringify!($kind) => AttributeValue::$kind(serde_json::from_value(one["value"].clone()).ok()?),)*
                _ => return None,
            };
            Some((one["name"].as_str()?.to_owned(), value))
        }
    };
}

attributes! {
    Uchar Uchars Schar Schars Ushort Ushorts Short Shorts Uint Uints Int Ints Ulonglong Ulonglongs Longlong Longlongs
    Float Floats Double Doubles Str Strs
}

struct ArrayWriter {
    draft: Draft,
    data: Data,
    file: File,
    start: u64,
}

impl GridWriter for ArrayWriter {
    fn put(&mut self, chunk: Chunk<'_>) -> Result<(), Failure> {
        let Data { element, extent, chunk: shape, .. } = &self.data;
        let size = element.size();
        let [steps, rows, columns] = [shape.days, shape.rows, shape.columns].map(|length| length as usize);
        let [time, row, column] = chunk.index.map(|index| index as usize);
        let (layers, height, width) = match extent.as_slice() {
            [_, layers, height, width] => (*layers, *height, *width),
            [_, height, width] => (1, *height, *width),
            _ => return Err("a grid has three or four dimensions".into()),
        };
        // Chunks reach beyond the array where it is no multiple of their length.
        let kept = columns.min(width - column * columns);
        for (index, line) in chunk.bytes.chunks_exact(columns * size).enumerate() {
            let (step, row) = (time * steps + index / rows, row * rows + index % rows);
            if step < extent[0] && row < height {
                let place =
                    ((step * layers + chunk.layer as usize) * height + row) * width + column * columns;
                self.file.write_all_at(&line[..kept * size], self.start + (place * size) as u64)?;
            }
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Draft, Failure> {
        Ok(self.draft)
    }
}

struct ArrayReader {
    file: File,
    start: u64,
    lengths: Vec<usize>,
}

impl GridReader for ArrayReader {
    fn bytes(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>, String> {
        let (layers, height, width) = match self.lengths.as_slice() {
            [_, layers, height, width] => (*layers, *height, *width),
            [_, height, width] => (1, *height, *width),
            _ => return Err("it has neither three nor four dimensions".to_owned()),
        };
        let [steps, rows, columns] = wanted;
        let mut bytes = vec![0; steps.len() * rows.len() * columns.len() * size];
        let places = steps.flat_map(|step| rows.clone().map(move |row| (step, row)));
        for (line, (step, own)) in bytes.chunks_exact_mut((columns.len() * size).max(1)).zip(places) {
            let place = ((step * layers + row.unwrap_or(0)) * height + own) * width + columns.start;
            let read = self.file.read_exact_at(line, self.start + (place * size) as u64);
            read.map_err(|error| error.to_string())?;
        }
        Ok(bytes)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (run, out) = arguments.next().zip(arguments.next()).ok_or("usage: own_form RUN OUT")?;
    make(Path::new(&run), Path::new(&out))
}

/// What is made: grids, aggregates, yearly grids and tables in these forms.
fn settings() -> Settings {
    gridloom::grid::forms::add(&Arrays);
    gridloom::table::forms::add(&JsonLines);
    let kinds = [
        TableKind::Daily,
        TableKind::Biomass,
        TableKind::CellYear,
        TableKind::Annual,
        TableKind::Region,
        TableKind::Stats,
    ];
    let monthly = Aggregate { every: Step::Month, stat: Stat::Mean };
    let tables = Tables::default().kinds(kinds.to_vec()).aggregates(vec![monthly]);
    let tables = tables.format(Format::named("json_lines"));
    let selection = Selection::default().variables(["npp", "csoil"].map(str::to_owned).to_vec());
    let settings = Settings::default().selection(selection).rows(RowMode::Dimension).tables(Some(tables));
    settings.format(Format::named("arrays"))
}

/// Makes all products of a run in a folder, or what is left to make of them, and proves them.
///
/// # Errors
/// What could not be made, or is not what its source holds.
pub fn make(run: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let plan = Plan::new(gridloom::open(run)?, settings())?;
    let report = pipeline::grid(&plan, out, &Options::default(), &gridloom::Nobody)?;
    for file in &report.files {
        println!("{}: {} bytes", file.file, file.bytes);
    }
    prove(run, out)
}

/// Proves what was made.
///
/// # Errors
/// What is not what the run holds.
pub fn prove(run: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let settings = settings();
    let (table, limits) = (&settings.table, &settings.limits);
    let proof = gridloom::verify::verify(&gridloom::open(run)?, out, table, limits, settings.resources)?;
    if proof.differences > 0 || !proof.is_whole() {
        let first = proof.first_differences.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!("{} is not what its source holds: {first}", out.display()).into());
    }
    println!("proved against {}: {} values, {} rows", run.display(), proof.values, proof.rows);
    Ok(())
}
