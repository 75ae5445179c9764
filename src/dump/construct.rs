//! The allow-list: what a pickle may build beyond lists, dicts and the like.
//!
//! numpy's arrays, scalars and data types (module names of numpy 1 and 2), joblib's array wrapper, and a few of
//! Python's own containers. Every other class becomes an inert record ([`Object`]).

use std::ops::Range;
use std::sync::Arc;

use super::dtype::{DType, Field, Scalar};
use super::error::{ArrayProblem, DumpError};
use super::pickle::Machine;
use super::value::{ArrayNode, Bytes, Id, Node, Object, ObjectArray, Order};

/// More fields than this, nested ones included, and a structured type is refused.
const MAX_FIELDS: usize = 1024;
/// As numpy 2.
const MAX_DIMENSIONS: usize = 64;

/// Constructors that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    NewObject,
    DType,
    Scalar,
    Reconstruct,
    FromBuffer,
    JoblibArray,
    Encode,
    Bytes,
    Sequence,
    Set,
    Dict,
}

fn known((module, name): (&str, &str)) -> Option<Known> {
    Some(match (module, name) {
        ("copyreg" | "copy_reg", "_reconstructor" | "__newobj__") => Known::NewObject,
        ("numpy", "dtype") => Known::DType,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Known::Scalar,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Known::Reconstruct,
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Known::FromBuffer,
        ("joblib.numpy_pickle", "NumpyArrayWrapper") => Known::JoblibArray,
        ("_codecs", "encode") => Known::Encode,
        ("builtins" | "__builtin__", "bytes" | "bytearray") => Known::Bytes,
        ("builtins" | "__builtin__", "list" | "tuple") => Known::Sequence,
        ("builtins" | "__builtin__", "set" | "frozenset") => Known::Set,
        ("collections", "OrderedDict" | "defaultdict" | "Counter") | ("builtins" | "__builtin__", "dict") => {
            Known::Dict
        }
        _ => return None,
    })
}

impl Machine<'_> {
    fn known_of(&self, class: Id) -> Option<Known> {
        self.global_of(class).and_then(known)
    }

    fn array_error(&self, reason: ArrayProblem) -> DumpError {
        DumpError::Array { offset: self.stream.position, reason }
    }

    fn items_of(&self, id: Id) -> &[Id] {
        match self.node(id) {
            Node::Tuple(items) => items,
            Node::List(items) | Node::Set(items) => items,
            _ => &[],
        }
    }

    fn item(&self, id: Id, index: usize) -> Option<Id> {
        self.items_of(id).get(index).copied()
    }

    fn bytes_of(&self, id: Id) -> Option<Bytes> {
        match self.node(id) {
            Node::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    fn shape_of(&self, id: Id) -> Option<Box<[usize]>> {
        let items = match self.node(id) {
            Node::Tuple(_) | Node::List(_) => self.items_of(id),
            _ => return None,
        };
        if items.len() > MAX_DIMENSIONS {
            return None;
        }
        items
            .iter()
            .map(|&item| match self.node(item) {
                Node::Int(size) => usize::try_from(*size).ok(),
                _ => None,
            })
            .collect()
    }

    /// A data type, or a class of numpy's that stands for one.
    fn dtype_of(&self, id: Id) -> Option<Arc<DType>> {
        match self.node(id) {
            Node::DType(dtype) => Some(dtype.clone()),
            _ => None,
        }
    }

    /// Copies the items of a container; paid for, because a pickle can name one container many times.
    fn copied_items(&mut self, id: Id) -> Result<Vec<Id>, DumpError> {
        let items = self.items_of(id).to_vec();
        self.charge(items.len() * size_of::<Id>())?;
        Ok(items)
    }

    /// What applying a class or function to its arguments makes.
    pub(super) fn construct(&mut self, callable: Id, arguments: Id) -> Result<Id, DumpError> {
        let first = self.item(arguments, 0);
        let known = self.known_of(callable);
        let callable = if known == Some(Known::NewObject) { first.unwrap_or(callable) } else { callable };
        let node = match known {
            Some(Known::DType) => {
                let text = first.and_then(|id| self.text_of(id)).unwrap_or_default();
                let dtype = DType::parse(text).ok_or_else(|| {
                    self.array_error(ArrayProblem::DType(text.chars().take(40).collect()))
                })?;
                Some(Node::DType(Arc::new(dtype)))
            }
            Some(Known::Scalar) => {
                let dtype = first.and_then(|id| self.dtype_of(id));
                let data = self.item(arguments, 1).and_then(|id| self.bytes_of(id));
                match (dtype, data) {
                    (Some(dtype), Some(data)) => Some(self.array(dtype, Box::default(), Order::C, data)?),
                    // A scalar of objects holds a value instead of bytes.
                    (Some(dtype), None) if dtype.has_objects() => None,
                    _ => return Err(self.array_error(ArrayProblem::Attribute("data"))),
                }
            }
            Some(Known::FromBuffer) => {
                let attribute = |name| ArrayProblem::Attribute(name);
                let data = first.and_then(|id| self.bytes_of(id));
                let dtype = self.item(arguments, 1).and_then(|id| self.dtype_of(id));
                let shape = self.item(arguments, 2).and_then(|id| self.shape_of(id));
                let order = self.item(arguments, 3).and_then(|id| self.text_of(id));
                let data = data.ok_or_else(|| self.array_error(attribute("data")))?;
                let dtype = dtype.ok_or_else(|| self.array_error(attribute("dtype")))?;
                let shape = shape.ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
                let order = if order == Some("F") { Order::Fortran } else { Order::C };
                Some(self.array(dtype, shape, order, data)?)
            }
            Some(Known::Encode) => match first.and_then(|id| self.text_of(id)) {
                Some(text) => {
                    self.charge(text.len())?;
                    let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
                    latin.map(|bytes| Node::Bytes(Bytes::Own(bytes.into())))
                }
                None => None,
            },
            Some(Known::Bytes) => match first.map(|id| self.node(id)) {
                None => Some(Node::Bytes(Bytes::Place(0..0))),
                Some(Node::Bytes(bytes)) => Some(Node::Bytes(bytes.clone())),
                Some(_) => None,
            },
            Some(Known::Sequence) => Some(Node::List(match first {
                Some(id) => self.copied_items(id)?,
                None => Vec::new(),
            })),
            Some(Known::Set) => Some(Node::Set(match first {
                Some(id) => self.copied_items(id)?,
                None => Vec::new(),
            })),
            Some(Known::Dict) => Some(Node::Dict(Vec::new())),
            // These two are complete only with their state.
            Some(Known::Reconstruct | Known::JoblibArray | Known::NewObject) | None => None,
        };
        let node = node.unwrap_or_else(|| {
            Node::Object(Box::new(Object {
                class: callable,
                arguments,
                state: None,
                items: Vec::new(),
                entries: Vec::new(),
            }))
        });
        self.add(node)
    }

    /// Gives state to a value of a known class; `None` where the class is not known.
    pub(super) fn build_known(
        &mut self,
        target: Id,
        state: Id,
        depth: u32,
    ) -> Result<Option<Id>, DumpError> {
        let class = match self.node(target) {
            Node::DType(dtype) => {
                let dtype = dtype.clone();
                return self.dtype_state(&dtype, state).map(Some);
            }
            Node::Object(object) => object.class,
            _ => return Ok(None),
        };
        match self.known_of(class) {
            Some(Known::Reconstruct) => {
                let node = self.reconstructed(state)?;
                self.replace(target, node);
                Ok(Some(target))
            }
            Some(Known::JoblibArray) => {
                let node = self.joblib_array(state, depth)?;
                self.replace(target, node);
                Ok(Some(target))
            }
            _ => Ok(None),
        }
    }

    /// Puts a finished value where its unfinished form was: the memo already names that place.
    fn replace(&mut self, id: Id, node: Node) {
        if let Some(slot) = self.nodes.get_mut(id as usize) {
            *slot = node;
        }
    }

    /// numpy's dtype state: (version, byte order, subtype, names, fields, size, alignment, flags, …).
    fn dtype_state(&mut self, dtype: &DType, state: Id) -> Result<Id, DumpError> {
        let order = self.item(state, 1).and_then(|id| self.text_of(id));
        let mut dtype = DType { big_endian: order == Some(">"), ..dtype.clone() };
        if let Some(names) = self.item(state, 3)
            && matches!(self.node(names), Node::Tuple(_))
        {
            let fields = self.item(state, 4);
            let (fields, bytes) = self.fields(names, fields)?;
            self.charge(bytes)?;
            let end = fields.iter().map(|field| field.offset.saturating_add(field.dtype.size)).max();
            if end.unwrap_or(0) > dtype.size {
                return Err(self.array_error(ArrayProblem::Attribute("itemsize")));
            }
            dtype.scalar = Scalar::Record(fields);
            if dtype.field_count() > MAX_FIELDS {
                return Err(self.array_error(ArrayProblem::DType("a record of too many fields".into())));
            }
        } else if let Some(subtype) = self.item(state, 2)
            && matches!(self.node(subtype), Node::Tuple(_))
        {
            return Err(self.array_error(ArrayProblem::DType("an array inside of a record".into())));
        }
        // A new value, because the plain type may be shared.
        self.add(Node::DType(Arc::new(dtype)))
    }

    /// The fields of a structured type, and what they take.
    fn fields(&self, names: Id, fields: Option<Id>) -> Result<(Vec<Field>, usize), DumpError> {
        let wrong = || self.array_error(ArrayProblem::Attribute("fields"));
        let entries = match fields.map(|id| self.node(id)) {
            Some(Node::Dict(entries)) => entries,
            _ => return Err(wrong()),
        };
        let names = self.items_of(names);
        if names.len() > MAX_FIELDS || entries.len() > MAX_FIELDS {
            return Err(self.array_error(ArrayProblem::DType("a record of too many fields".into())));
        }
        let mut bytes = 0;
        let mut result = Vec::with_capacity(names.len());
        for &name in names {
            let name = self.text_of(name).filter(|name| name.len() <= 256).ok_or_else(wrong)?;
            let description = entries.iter().find(|&&(key, _)| self.text_of(key) == Some(name));
            let description = description.map(|&(_, value)| value).ok_or_else(wrong)?;
            let dtype = self.item(description, 0).and_then(|id| self.dtype_of(id)).ok_or_else(wrong)?;
            let offset = match self.item(description, 1).map(|id| self.node(id)) {
                Some(Node::Int(offset)) => usize::try_from(*offset).map_err(|_| wrong())?,
                _ => return Err(wrong()),
            };
            bytes += name.len() + size_of::<Field>();
            result.push(Field { name: name.to_owned(), dtype, offset });
        }
        Ok((result, bytes))
    }

    /// numpy's array state: (version, shape, dtype, is Fortran, data or list of objects).
    fn reconstructed(&mut self, state: Id) -> Result<Node, DumpError> {
        let shape = self.item(state, 1).and_then(|id| self.shape_of(id));
        let shape = shape.ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let dtype = self.item(state, 2).and_then(|id| self.dtype_of(id));
        let dtype = dtype.ok_or_else(|| self.array_error(ArrayProblem::Attribute("dtype")))?;
        let fortran = matches!(self.item(state, 3).map(|id| self.node(id)), Some(Node::Bool(true)));
        let order = if fortran { Order::Fortran } else { Order::C };
        let data = self.item(state, 4).ok_or_else(|| self.array_error(ArrayProblem::Attribute("data")))?;
        if dtype.scalar == Scalar::Object {
            return self.object_array(shape, order, data);
        }
        let data =
            self.bytes_of(data).ok_or_else(|| self.array_error(ArrayProblem::Attribute("data")))?;
        self.array(dtype, shape, order, data)
    }

    fn object_array(&mut self, shape: Box<[usize]>, order: Order, items: Id) -> Result<Node, DumpError> {
        let items = self.copied_items(items)?;
        let wanted = count(&shape, 1).ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        if wanted != items.len() {
            let (wanted, actual) = (wanted as u64, items.len() as u64);
            return Err(self.array_error(ArrayProblem::Length { wanted, actual }));
        }
        self.charge(shape.len() * size_of::<usize>())?;
        Ok(Node::ObjectArray(Box::new(ObjectArray { shape, order, items: items.into() })))
    }

    /// An array over bytes that are there, if their number is what shape and type want.
    fn array(
        &mut self,
        dtype: Arc<DType>,
        shape: Box<[usize]>,
        order: Order,
        data: Bytes,
    ) -> Result<Node, DumpError> {
        if dtype.has_objects() {
            return Err(self.array_error(ArrayProblem::DType(dtype.to_string())));
        }
        let wanted = count(&shape, dtype.size).ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let actual = data.get(self.stream.bytes()).len();
        if wanted != actual {
            let (wanted, actual) = (wanted as u64, actual as u64);
            return Err(self.array_error(ArrayProblem::Length { wanted, actual }));
        }
        self.charge(shape.len() * size_of::<usize>())?;
        Ok(Node::Array(Box::new(ArrayNode { dtype, shape, order, data })))
    }

    /// The array whose bytes stand in the stream behind its wrapper, as `NumpyArrayWrapper.read` of joblib reads it.
    fn joblib_array(&mut self, state: Id, depth: u32) -> Result<Node, DumpError> {
        let attribute = |machine: &Self, name: &str| match machine.node(state) {
            Node::Dict(entries) => entries
                .iter()
                .rev()
                .find(|&&(key, _)| machine.text_of(key) == Some(name))
                .map(|&(_, value)| value),
            _ => None,
        };
        let missing = |machine: &Self, name| machine.array_error(ArrayProblem::Attribute(name));
        let shape = attribute(self, "shape").and_then(|id| self.shape_of(id));
        let shape = shape.ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let dtype = attribute(self, "dtype").and_then(|id| self.dtype_of(id));
        let dtype = dtype.ok_or_else(|| missing(self, "dtype"))?;
        let order = match attribute(self, "order").and_then(|id| self.text_of(id)) {
            Some("F") => Order::Fortran,
            Some("C") => Order::C,
            _ => return Err(missing(self, "order")),
        };
        if dtype.has_objects() {
            // An array of objects is a pickle of its own in place of the bytes.
            let id = self.run(depth + 1)?;
            return match self.nodes.get_mut(id as usize) {
                Some(Node::ObjectArray(array)) if array.shape == shape => {
                    let (shape, order) = (array.shape.clone(), array.order);
                    let items = std::mem::take(&mut array.items);
                    Ok(Node::ObjectArray(Box::new(ObjectArray { shape, order, items })))
                }
                _ => Err(missing(self, "objects")),
            };
        }
        if let Some(alignment) = attribute(self, "numpy_array_alignment_bytes")
            && matches!(self.node(alignment), Node::Int(_))
        {
            let padding = self.stream.u8()?;
            self.stream.take(u64::from(padding))?;
        }
        let wanted = count(&shape, dtype.size).ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let place: Range<usize> = self.stream.take(wanted as u64)?;
        self.array(dtype, shape, order, Bytes::Place(place))
    }
}

/// The bytes of an array; `None` where they cannot be counted.
fn count(shape: &[usize], size: usize) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(size, |bytes, &length| bytes.checked_mul(length))
}
