//! Declarative partitions: which ones rows need, and making them.
//!
//! A partition is made as a table of its own and then attached, which locks out nobody who loads; a transaction that has rows
//! of the same table in flight would otherwise wait for others like it, and they for it. It is made in a transaction of its
//! own, on a connection of its own: a partition without rows harms nobody.

use std::collections::HashSet;

use arrow_array::ArrayRef;
use postgres::Client;

use super::Target;
use super::error::{DatabaseError, Doing, Result};
use super::sql::{self, Table};

/// Makes partitions for all connections of a process; the load's lock keeps other processes away.
#[derive(Default)]
pub(super) struct Maker {
    client: Option<Client>,
    /// Partitions that are there, by name.
    known: HashSet<String>,
}

impl Maker {
    /// Makes those that are missing for a column of rows.
    pub fn make(&mut self, target: &Target, schema: &str, table: &Table, array: &ArrayRef) -> Result<()> {
        let Some(partitioning) = &table.partitioning else { return Ok(()) };
        let refuse = |reason| DatabaseError::value(&table.name, &partitioning.column, reason);
        for bucket in partitioning.buckets(array).map_err(refuse)? {
            let name = format!("{}{}", table.name, partitioning.suffix(bucket));
            if self.known.contains(&name) {
                continue;
            }
            let bounds =
                partitioning.bounds(bucket).ok_or_else(|| refuse("this is beyond what can be divided"))?;
            if self.client.as_ref().is_none_or(Client::is_closed) {
                self.client = Some(super::connect::open(target)?);
            }
            if let Some(client) = &mut self.client {
                attach(client, schema, table, &name, &bounds)?;
            }
            self.known.insert(name);
        }
        Ok(())
    }
}

fn attach(client: &mut Client, schema: &str, table: &Table, partition: &str, bounds: &str) -> Result<()> {
    let doing = || format!("make the partition {partition}");
    let mut transaction = client.transaction().doing(doing)?;
    let there = transaction
        .query_opt(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid \
             AND i.inhparent = pg_catalog.to_regclass($3)) \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2",
            &[&schema, &partition, &table.qualified],
        )
        .doing(doing)?;
    match there.map(|row| row.try_get(0)).transpose().doing(doing)? {
        Some(true) => return Ok(()),
        Some(false) => {
            return Err(DatabaseError::schema(&table.name, format!("{partition} is a table of its own")));
        }
        None => {}
    }
    let (parent, child) = (&table.qualified, format!("{}.{}", sql::name(schema), sql::name(partition)));
    let made = transaction.batch_execute(&format!(
        "CREATE TABLE {child} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED); \
         ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES {bounds}"
    ));
    if let Err(error) = &made
        && error.code() == Some(&postgres::error::SqlState::INVALID_OBJECT_DEFINITION)
    {
        let reason = error.as_db_error().map_or_else(String::new, |error| error.message().to_owned());
        return Err(DatabaseError::schema(&table.name, format!("it is divided in another way: {reason}")));
    }
    made.doing(doing)?;
    transaction.commit().doing(doing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Float32Array, Float64Array, TimestampMillisecondArray};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn names(by: By, array: ArrayRef) -> Vec<(String, String)> {
        let partitioning = Partitioning { column: "c".to_owned(), at: 0, by };
        let buckets = partitioning.buckets(&array).expect("buckets");
        let told = |bucket| (partitioning.suffix(bucket), partitioning.bounds(bucket).expect("bounds"));
        buckets.into_iter().map(told).collect()
    }

    fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, bounds)| (name.to_owned(), bounds.to_owned())).collect()
    }

    #[test]
    fn partitions_have_names_and_bounds() {
        let days: ArrayRef = Arc::new(Date32Array::from(vec![0, 364, 365, -1, -719_163]));
        assert_eq!(
            names(By::YearOfDate, Arc::clone(&days)),
            told(&[
                ("_0000", "FROM ('0001-01-01 BC') TO ('0001-01-01')"),
                ("_1969", "FROM ('1969-01-01') TO ('1970-01-01')"),
                ("_1970", "FROM ('1970-01-01') TO ('1971-01-01')"),
                ("_1971", "FROM ('1971-01-01') TO ('1972-01-01')"),
            ])
        );
        let december: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![-1]));
        assert_eq!(
            names(By::MonthOfDate, december),
            told(&[("_1969_12", "FROM ('1969-12-01') TO ('1970-01-01')")])
        );
        let latitudes: ArrayRef = Arc::new(Float64Array::from(vec![-0.25, 0.0, 9.75, -90.0]));
        assert_eq!(
            names(By::Band { degrees: 10 }, latitudes),
            told(&[
                ("_lat_m90", "FROM (-90) TO (-80)"),
                ("_lat_m10", "FROM (-10) TO (0)"),
                ("_lat_00", "FROM (0) TO (10)")
            ])
        );
        let partitioning = Partitioning { column: "c".to_owned(), at: 0, by: By::Band { degrees: 10 } };
        for latitude in [f32::NAN, f32::INFINITY, -90.5] {
            assert!(
                partitioning.buckets(&(Arc::new(Float32Array::from(vec![latitude])) as ArrayRef)).is_err()
            );
        }
    }

    proptest! {
        /// A day lies within the partition it is given, and names are never too long.
        #[test]
        fn a_day_is_in_its_partition(days in proptest::collection::vec(-2_000_000i32..2_000_000, 1..60), months: bool) {
            let by = if months { By::MonthOfDate } else { By::YearOfDate };
            let partitioning = Partitioning { column: "c".to_owned(), at: 0, by };
            let array: ArrayRef = Arc::new(Date32Array::from(days.clone()));
            let buckets = partitioning.buckets(&array).expect("buckets");
            for bucket in &buckets {
                prop_assert!(partitioning.suffix(*bucket).len() <= SUFFIX);
            }
            for day in days {
                let within = |bucket: &&Bucket| {
                    let first = |bucket| super::days(partitioning.first_day(bucket).expect("a day"));
                    (first(**bucket)..first(**bucket + 1)).contains(&i64::from(day))
                };
                prop_assert_eq!(buckets.iter().filter(within).count(), 1);
            }
        }
    }
}
