//! HDF5: a dataset a column, in the groups `data`, `coordinates`, `time` and `metadata`.
//!
//! All datasets have one dimension, the rows, in the same order. Missing values are the fill value, which is also an
//! attribute; texts are whole numbers, with the texts they stand for in a dataset of `metadata`.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMillisecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field};
use hdf5_metno::types::{OwnedDynValue, VarLenUnicode};
use hdf5_metno::{Dataset, File, Group, H5Type};

use super::columns::DAY;
use super::feather;
use super::form::{Failure, Parts, TableForm, TableWriter};
use super::groups::group_of;
use super::read::{self, Description, Heading, Pairs, Reader};
use super::schema::Table;
use super::schema::is_moment;

type Result<T> = hdf5_metno::Result<T>;

/// HDF5 with a dataset a column.
#[derive(Debug)]
pub(super) struct Hdf5;

impl TableForm for Hdf5 {
    fn name(&self) -> &'static str {
        "hdf5"
    }

    fn ending(&self) -> &'static str {
        "h5"
    }

    fn parts(&self) -> Parts {
        Parts::Rows
    }

    fn open_bytes(&self, table: &Table) -> u64 {
        cache_bytes(table) as u64
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn has_partitions(&self) -> bool {
        false
    }

    fn is_hdf5(&self) -> bool {
        true
    }

    // The library encodes, behind its lock, when the file is written.
    fn encode(&self, _: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> std::result::Result<(), Failure> {
        Ok(feather::write_rows(rows, bytes)?)
    }

    fn create(
        &self,
        path: &Path,
        table: &Table,
        about: &[(String, String)],
    ) -> std::result::Result<Box<dyn TableWriter>, Failure> {
        Ok(Box::new(Writer::create(path, table, about)?))
    }

    fn expected(&self, table: &Table, about: Pairs) -> Description {
        read::hdf5::expected(table, about)
    }

    fn describe(&self, path: &Path) -> std::result::Result<Description, String> {
        read::hdf5::describe(path)
    }

    fn open(
        &self,
        path: &Path,
        heading: &Heading,
        skip: u64,
    ) -> std::result::Result<Box<dyn Reader>, String> {
        read::hdf5::rows(path, heading, skip)
    }
}

impl TableWriter for Writer {
    fn add(&mut self, part: Vec<u8>) -> std::result::Result<(), Failure> {
        for rows in feather::read_rows(&part)? {
            self.append(&rows)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> std::result::Result<(), Failure> {
        Ok(self.close()?)
    }
}

/// Values of a chunk.
const CHUNK: usize = 1 << 16;
/// Bytes of the chunks of all columns that are being filled, of values of eight bytes: with more columns than that
/// many, chunks have fewer values.
const FILLED: usize = 64 << 20;
/// Places of chunks that are being filled: of a column it is one, or two of small values.
const SLOTS: usize = 7;

/// Values of a chunk of a table.
fn chunk_rows(table: &Table) -> usize {
    let columns = table.schema.fields().len().max(1);
    CHUNK.min((FILLED / (8 * columns)).next_power_of_two() / 2).max(1 << 10)
}

/// Bytes of the chunks that are being filled.
fn cache_bytes(table: &Table) -> usize {
    8 * chunk_rows(table) * table.schema.fields().len()
}

/// A file that rows are added to.
struct Writer {
    file: File,
    datasets: Vec<Dataset>,
    rows: usize,
}

impl Writer {
    fn create(path: &Path, table: &Table, metadata: &[(String, String)]) -> Result<Self> {
        // Groups of later forms have the time in them when they were made.
        // A chunk a column: by default it is up to 8 MiB, which is most of a long table of many columns. Chunks that are
        // full are written first.
        let chunk = chunk_rows(table);
        let file = File::with_options()
            .with_fapl(|access| access.libver_earliest().chunk_cache(SLOTS, 8 * chunk, 1.0))
            .create(path)?;
        let groups = ["data", "coordinates", "time", "metadata"].map(|name| file.create_group(name));
        let [data, coordinates, time, about] = groups;
        let (data, coordinates, time, about) = (data?, coordinates?, time?, about?);
        for (key, value) in metadata {
            put_text(&about, key, value)?;
        }
        put_text(&about, "columns", &names(table))?;
        let mut datasets = Vec::new();
        for (field, texts) in table.schema.fields().iter().zip(&table.texts) {
            let group = match group_of(field.name()) {
                "coordinates" => &coordinates,
                "time" => &time,
                _ => &data,
            };
            let dataset = create(group, field, chunk)?;
            // In an order of their own, which those of a field have not.
            for (key, value) in field.metadata().iter().collect::<BTreeMap<_, _>>() {
                put_text(&dataset, key, value)?;
            }
            if let Some(texts) = texts {
                let values: std::result::Result<Vec<VarLenUnicode>, _> =
                    texts.values.iter().map(|text| text.unwrap_or_default().parse()).collect();
                let values = values.map_err(|error| hdf5_metno::Error::from(format!("{error:?}")))?;
                about.new_dataset_builder().with_data(&values).create(field.name().as_str())?;
                put_text(&dataset, "texts", &format!("/metadata/{}", field.name()))?;
            }
            datasets.push(dataset);
        }
        Ok(Writer { file, datasets, rows: 0 })
    }

    /// Adds rows.
    fn append(&mut self, rows: &RecordBatch) -> Result<()> {
        let range = self.rows..self.rows + rows.num_rows();
        let fields = rows.schema_ref().fields();
        for ((dataset, array), field) in self.datasets.iter().zip(rows.columns()).zip(fields) {
            dataset.resize(range.end)?;
            write(dataset, field, array.as_ref(), range.clone())?;
        }
        self.rows = range.end;
        Ok(())
    }

    fn close(self) -> Result<()> {
        self.file.flush()?;
        drop(self.datasets);
        self.file.close()
    }
}

fn names(table: &Table) -> String {
    let names: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.join(",")
}

fn put_text(place: &hdf5_metno::Location, name: &str, text: &str) -> Result<()> {
    let text: VarLenUnicode =
        text.parse().map_err(|error| hdf5_metno::Error::from(format!("{name}: {error:?}")))?;
    place.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&text)
}

fn create(group: &Group, field: &Field, chunk: usize) -> Result<Dataset> {
    fn of<T: H5Type + Copy + Default + Into<OwnedDynValue>>(
        group: &Group,
        name: &str,
        fill: Option<T>,
        chunk: usize,
    ) -> Result<Dataset> {
        let builder = group.new_dataset::<T>().fill_value(fill.unwrap_or_default());
        let dataset = builder.shape(0..).chunk(chunk).shuffle().deflate(4).create(name)?;
        if let Some(fill) = fill {
            dataset.new_attr::<T>().create("_FillValue")?.write_scalar(&fill)?;
        }
        Ok(dataset)
    }
    let name = field.name().as_str();
    macro_rules! of {
        ($number:ty, $fill:expr) => {
            of::<$number>(group, name, field.is_nullable().then_some($fill), chunk)
        };
    }
    match field.data_type() {
        DataType::Float32 => of!(f32, 1e20),
        DataType::Float64 => of!(f64, 1e20),
        DataType::Int8 | DataType::Boolean => of!(i8, i8::MIN),
        DataType::Int16 => of!(i16, i16::MIN),
        DataType::Int64 => of!(i64, i64::MIN),
        DataType::UInt8 => of!(u8, u8::MAX),
        DataType::UInt16 => of!(u16, u16::MAX),
        DataType::UInt32 => of!(u32, u32::MAX),
        DataType::UInt64 => of!(u64, u64::MAX),
        DataType::Timestamp(..) if is_moment(field) => {
            let dataset = of::<i64>(group, name, None, chunk)?;
            put_text(&dataset, "units", "milliseconds since 1970-01-01")?;
            Ok(dataset)
        }
        DataType::Timestamp(..) => {
            let dataset = of::<i32>(group, name, None, chunk)?;
            put_text(&dataset, "units", "days since 1970-01-01")?;
            Ok(dataset)
        }
        // Keys of texts.
        _ => of!(i32, i32::MIN),
    }
}

fn write(dataset: &Dataset, field: &Field, array: &dyn Array, range: std::ops::Range<usize>) -> Result<()> {
    fn put<A>(
        dataset: &Dataset,
        array: &dyn Array,
        range: std::ops::Range<usize>,
        fill: A::Native,
    ) -> Result<()>
    where
        A: ArrowPrimitiveType,
        A::Native: H5Type,
    {
        let array = array.as_primitive::<A>();
        let values: Vec<A::Native> = array.iter().map(|value| value.unwrap_or(fill)).collect();
        dataset.write_slice(&values, range)
    }
    match array.data_type() {
        DataType::Float32 => put::<Float32Type>(dataset, array, range, 1e20),
        DataType::Float64 => put::<Float64Type>(dataset, array, range, 1e20),
        DataType::Int8 => put::<Int8Type>(dataset, array, range, i8::MIN),
        DataType::Int16 => put::<Int16Type>(dataset, array, range, i16::MIN),
        DataType::Int32 => put::<Int32Type>(dataset, array, range, i32::MIN),
        DataType::Int64 => put::<Int64Type>(dataset, array, range, i64::MIN),
        DataType::UInt8 => put::<UInt8Type>(dataset, array, range, u8::MAX),
        DataType::UInt16 => put::<UInt16Type>(dataset, array, range, u16::MAX),
        DataType::UInt32 => put::<UInt32Type>(dataset, array, range, u32::MAX),
        DataType::UInt64 => put::<UInt64Type>(dataset, array, range, u64::MAX),
        DataType::Timestamp(..) if is_moment(field) => {
            dataset.write_slice(array.as_primitive::<TimestampMillisecondType>().values(), range)
        }
        DataType::Timestamp(..) => {
            let days = array.as_primitive::<TimestampMillisecondType>().values();
            let days: Vec<i32> = days.iter().map(|&time| time.div_euclid(DAY) as i32).collect();
            dataset.write_slice(&days, range)
        }
        DataType::Boolean => {
            let values: Vec<i8> =
                array.as_boolean().iter().map(|value| value.map_or(i8::MIN, i8::from)).collect();
            dataset.write_slice(&values, range)
        }
        _ => put::<Int32Type>(dataset, array.as_dictionary::<Int32Type>().keys(), range, i32::MIN),
    }
}
