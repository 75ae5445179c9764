//! Why a dump could not be read.

use super::kind::Container;
use crate::words::many;

/// Why a dump could not be read. Offsets count bytes of the decompressed stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// The file has no bytes: the model was killed before it wrote them, or the disk was full.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to no container that is known.
    #[error("not a dump: the file starts with {first}")]
    UnknownContainer {
        /// The first bytes, in hexadecimal.
        first: String,
    },
    /// The compressed data is cut short or damaged.
    #[error("the {container} data is damaged: {reason}")]
    Container {
        /// What the file is compressed with.
        container: Container,
        /// What the decoder found.
        reason: String,
    },
    /// The decompressed stream is larger than [`Limits::decoded_bytes`](super::Limits::decoded_bytes).
    #[error("decodes to more than the limit of {}", many(*limit as u64, "byte"))]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The pickle holds more values than [`Limits::values`](super::Limits::values).
    #[error("holds more than the limit of {}", many(*limit as u64, "value"))]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// The pickle ends in the middle of something.
    #[error("the pickle is cut short: {wanted} more bytes wanted at byte {offset}, {available} there")]
    Truncated {
        /// Where.
        offset: usize,
        /// Bytes that an operation needs.
        wanted: u64,
        /// Bytes that are left.
        available: usize,
    },
    /// The stream does not follow the pickle protocol.
    #[error("not a valid pickle at byte {offset}: {reason}")]
    Pickle {
        /// Where.
        offset: usize,
        /// What is wrong.
        reason: PickleProblem,
    },
    /// An array in the pickle makes no sense.
    #[error("invalid array at byte {offset}: {reason}")]
    Array {
        /// Where the array's description ends.
        offset: usize,
        /// What is wrong.
        reason: ArrayProblem,
    },
    /// The pickle is sound, but does not hold what a period's or a year's dump does.
    #[error("unexpected content: {0}")]
    Content(ContentProblem),
}

/// Ways in which a pickle stream can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleProblem {
    /// A byte that is no operation of protocols 2 to 5, or one that only a live Python could follow.
    #[error("operation 0x{0:02x} is not supported")]
    Opcode(u8),
    /// A protocol that is not 2 to 5.
    #[error("protocol {0} is not supported (2 to 5 are)")]
    Protocol(u8),
    /// An operation takes more values than the stack holds.
    #[error("the stack is empty")]
    StackUnderflow,
    /// An operation needs a mark that was never set.
    #[error("no mark on the stack")]
    NoMark,
    /// A value is fetched that was never stored.
    #[error("value {0} of the memo was never stored")]
    Memo(u32),
    /// An operation is applied to a value of the wrong type.
    #[error("{0} is applied to a value of another type")]
    Operand(&'static str),
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// The stream ends without a value.
    #[error("there is no value at the end")]
    NoValue,
    /// Pickles inside of pickles, too deep.
    #[error("pickles are nested too deep")]
    Nested,
    /// Bytes are left behind the end of the pickle.
    #[error("bytes are left over after the end of the pickle")]
    LeftOver,
}

/// Ways in which an array can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    /// A data type that is not read.
    #[error("data type {0:?} is not supported")]
    DType(String),
    /// The shape is missing, negative or too large to count.
    #[error("its shape is not a tuple of sizes")]
    Shape,
    /// Shape and data disagree.
    #[error("its shape wants {wanted} bytes, the data has {actual}")]
    Length {
        /// Bytes by the shape.
        wanted: u64,
        /// Bytes there.
        actual: u64,
    },
    /// An attribute that the array needs is missing or of a wrong type.
    #[error("its {0} is missing or of a wrong type")]
    Attribute(&'static str),
}

/// Ways in which a sound pickle is not a period's or a year's dump.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentProblem {
    /// The top value, or a community, is not a dict.
    #[error("it is not a dict")]
    NotADict,
    /// More keys than any model writes.
    #[error("it has {keys} keys, more than the limit of {limit}")]
    Keys {
        /// The number of keys.
        keys: usize,
        /// The limit.
        limit: usize,
    },
    /// A key is missing.
    #[error("key {0:?} is missing")]
    MissingKey(&'static str),
    /// A key holds something else than it should.
    #[error("key {key:?} is not {wanted}")]
    KeyType {
        /// The key.
        key: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The last day comes before the first, or the span is longer than the limit.
    #[error("its days {first} to {last} are not a span of 1 to {limit} days")]
    Span {
        /// `sind`.
        first: i64,
        /// `eind`.
        last: i64,
        /// The longest that it may be, in days.
        limit: i64,
    },
    /// The calendar is not one of CF's.
    #[error("its calendar {0:?} is unknown")]
    Calendar(String),
    /// The time unit cannot be understood.
    #[error("{reason}")]
    TimeUnit {
        /// What is wrong with it; quotes the unit.
        reason: String,
    },
    /// The year is out of range.
    #[error("its year {0} is out of range")]
    Year(i64),
    /// More of something than any model writes.
    #[error("it has {count} {what}, more than the limit of {limit}")]
    TooMany {
        /// What it has.
        what: &'static str,
        /// How many; those behind the first that are too many are not counted.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A community has a number that none can have.
    #[error("community {number} is not among 0 to {last}")]
    CommunityNumber {
        /// Its number.
        number: i64,
        /// The largest number that is read.
        last: u32,
    },
    /// A key of a community has not one value for each of its strategies.
    #[error("key {key:?} has {actual} values, \"id\" has {wanted}")]
    Length {
        /// The key.
        key: &'static str,
        /// The number of strategies.
        wanted: usize,
        /// The number of values.
        actual: usize,
    },
    /// Something is wrong with one community.
    #[error("community {number}: {problem}")]
    Community {
        /// Its number.
        number: u32,
        /// What is wrong.
        problem: Box<ContentProblem>,
    },
}
