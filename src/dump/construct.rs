//! The allow-list: what a pickle may build beyond lists, dicts and the like.
//!
//! numpy's arrays, masked or not, scalars and data types (module names of numpy 1 and 2), joblib's array wrapper, and a few of
//! Python's own containers. Every other class becomes an inert record ([`Object`]).

use std::ops::Range;
use std::sync::Arc;

use super::array;
use super::dtype::{DType, Field, Scalar};
use super::error::{ArrayProblem, DumpError};
use super::machine::Machine;
use super::masked;
use super::value::{ArrayNode, Bytes, Id, Node, Object, ObjectArray, Order};

/// More fields than this, nested ones included, and a structured type is refused.
const MAX_FIELDS: usize = 1024;
/// Records inside of records, which are walked and dropped by recursion.
const MAX_DEPTH: usize = 32;
/// As numpy 2.
const MAX_DIMENSIONS: usize = 64;
/// No name of a field, type or attribute is longer; a longer text is not even looked at.
const MAX_WORD: usize = 256;
/// More attributes than an array's wrapper can have.
const MAX_ATTRIBUTES: usize = 64;

/// Constructors that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    NewObject,
    DType,
    Scalar,
    Reconstruct,
    ReconstructMasked,
    FromBuffer,
    JoblibArray,
    Encode,
    Bytes,
    List,
    Tuple,
    Set,
    Dict,
}

fn known((module, name): (&str, &str)) -> Option<Known> {
    Some(match (module, name) {
        ("copyreg" | "copy_reg", "_reconstructor" | "__newobj__") => Known::NewObject,
        ("numpy", "dtype") => Known::DType,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Known::Scalar,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Known::Reconstruct,
        ("numpy.ma.core", "_mareconstruct") => Known::ReconstructMasked,
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Known::FromBuffer,
        ("joblib.numpy_pickle", "NumpyArrayWrapper") => Known::JoblibArray,
        ("_codecs", "encode") => Known::Encode,
        ("builtins" | "__builtin__", "bytes" | "bytearray") => Known::Bytes,
        ("builtins" | "__builtin__", "list") => Known::List,
        ("builtins" | "__builtin__", "tuple") => Known::Tuple,
        ("builtins" | "__builtin__", "set" | "frozenset") => Known::Set,
        ("collections", "OrderedDict" | "defaultdict" | "Counter") | ("builtins" | "__builtin__", "dict") => {
            Known::Dict
        }
        _ => return None,
    })
}

impl<'a> Machine<'a> {
    fn known_of(&self, class: Id) -> Option<Known> {
        match self.node(class) {
            Node::Global(global) if global.module.len().max(global.name.len()) <= MAX_WORD => {
                known((self.text_at(&global.module)?, self.text_at(&global.name)?))
            }
            _ => None,
        }
    }

    /// A short text.
    fn word_of(&self, id: Id) -> Option<&'a str> {
        match self.node(id) {
            Node::Text(range) if range.len() <= MAX_WORD => self.text_at(range),
            _ => None,
        }
    }

    fn order_of(&self, id: Id) -> Option<Order> {
        match self.word_of(id)? {
            "C" => Some(Order::C),
            "F" => Some(Order::Fortran),
            _ => None,
        }
    }

    fn array_error(&self, reason: ArrayProblem) -> DumpError {
        DumpError::Array { offset: self.stream.position, reason }
    }

    /// The items of a list, tuple or set.
    fn container_of(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(items) => Some(items),
            Node::List(items) | Node::Set(items) => Some(items),
            _ => None,
        }
    }

    fn items_of(&self, id: Id) -> &[Id] {
        self.container_of(id).unwrap_or_default()
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

    /// Copies the items of a container, if it is one; paid for, because a pickle can name one container many times.
    fn copied_items(&mut self, id: Id) -> Result<Option<Vec<Id>>, DumpError> {
        let items = self.container_of(id).map(<[Id]>::to_vec);
        self.charge(items.as_ref().map_or(0, Vec::len) * size_of::<Id>())?;
        Ok(items)
    }

    /// What applying a class or function to its arguments makes.
    pub(super) fn construct(&mut self, callable: Id, arguments: Id) -> Result<Id, DumpError> {
        let first = self.item(arguments, 0);
        let known = self.known_of(callable);
        let callable = if known == Some(Known::NewObject) { first.unwrap_or(callable) } else { callable };
        let node = match known {
            Some(Known::DType) => {
                let text = first.and_then(|id| self.word_of(id)).unwrap_or_default();
                let dtype = DType::parse(text)
                    .ok_or_else(|| self.array_error(ArrayProblem::DType(text.chars().take(40).collect())))?;
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
                let order = self.item(arguments, 3).and_then(|id| self.order_of(id));
                let data = data.ok_or_else(|| self.array_error(attribute("data")))?;
                let dtype = dtype.ok_or_else(|| self.array_error(attribute("dtype")))?;
                let shape = shape.ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
                // numpy has an order `K`, too: an array whose dimensions were swapped in another way.
                let order = order.ok_or_else(|| self.array_error(attribute("order")))?;
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
            Some(known @ (Known::List | Known::Tuple | Known::Set)) => {
                let items = match first {
                    Some(id) => self.copied_items(id)?,
                    None => Some(Vec::new()),
                };
                items.map(|items| match known {
                    Known::List => Node::List(items),
                    Known::Tuple => Node::Tuple(items.into()),
                    _ => Node::Set(items),
                })
            }
            Some(Known::Dict) => match first.map(|id| self.node(id)) {
                // What a defaultdict calls for a missing key is of no use here.
                None | Some(Node::None | Node::Global(_)) => Some(Node::Dict(Vec::new())),
                Some(Node::Dict(entries)) => {
                    let entries = entries.clone();
                    self.charge(entries.len() * size_of::<(Id, Id)>())?;
                    Some(Node::Dict(entries))
                }
                Some(_) => None,
            },
            // These are complete only with their state.
            Some(Known::Reconstruct | Known::ReconstructMasked | Known::JoblibArray | Known::NewObject)
            | None => None,
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

    /// What a value of a known class becomes with its state; `None` where the class is not known.
    pub(super) fn built(&mut self, target: Id, state: Id, depth: u32) -> Result<Option<Node>, DumpError> {
        let class = match self.node(target) {
            Node::DType(dtype) => {
                let dtype = dtype.clone();
                return self.dtype_state(&dtype, state).map(Some);
            }
            Node::Object(object) => object.class,
            _ => return Ok(None),
        };
        match self.known_of(class) {
            Some(Known::Reconstruct) => self.reconstructed(state).map(Some),
            Some(Known::ReconstructMasked) => self.masked(state).map(Some),
            Some(Known::JoblibArray) => self.joblib_array(state, depth).map(Some),
            _ => Ok(None),
        }
    }

    /// numpy's dtype state: (version, byte order, subtype, names, fields, size, alignment, flags, …).
    fn dtype_state(&mut self, dtype: &DType, state: Id) -> Result<Node, DumpError> {
        if matches!(&dtype.scalar, Scalar::Record(fields) if !fields.is_empty()) {
            return Err(self.array_error(ArrayProblem::DType("a record that is described twice".into())));
        }
        let order = self.item(state, 1).and_then(|id| self.word_of(id));
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
            if dtype.depth() > MAX_DEPTH || dtype.field_count() > MAX_FIELDS {
                return Err(self.array_error(ArrayProblem::DType("a record of too many fields".into())));
            }
        } else if let Some(subtype) = self.item(state, 2)
            && matches!(self.node(subtype), Node::Tuple(_))
        {
            // An array inside of a record: bytes that are not read, unless objects are among them.
            let base = self.item(subtype, 0).and_then(|id| self.dtype_of(id));
            if base.is_none_or(|base| base.has_objects()) {
                return Err(self.array_error(ArrayProblem::DType("an array inside of a record".into())));
            }
        }
        Ok(Node::DType(Arc::new(dtype)))
    }

    /// The fields of a structured type, and what is to be paid for them.
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
        // Finding each name looks at every entry.
        let mut bytes = names.len() * entries.len();
        let mut result = Vec::with_capacity(names.len());
        for &name in names {
            let name = self.word_of(name).ok_or_else(wrong)?;
            let description = entries.iter().find(|&&(key, _)| self.word_of(key) == Some(name));
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
        let data = self.bytes_of(data).ok_or_else(|| self.array_error(ArrayProblem::Attribute("data")))?;
        self.array(dtype, shape, order, data)
    }

    fn object_array(&mut self, shape: Box<[usize]>, order: Order, items: Id) -> Result<Node, DumpError> {
        let items = self.copied_items(items)?;
        let items = items.ok_or_else(|| self.array_error(ArrayProblem::Attribute("data")))?;
        self.check_length(&shape, 1, items.len())?;
        self.charge(shape.len() * size_of::<usize>())?;
        Ok(Node::ObjectArray(Box::new(ObjectArray { shape, order, items: items.into() })))
    }

    fn check_length(&self, shape: &[usize], size: usize, actual: usize) -> Result<(), DumpError> {
        let wanted = array::byte_count(shape, size).ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        if wanted == actual {
            return Ok(());
        }
        let (wanted, actual) = (wanted as u64, actual as u64);
        Err(self.array_error(ArrayProblem::Length { wanted, actual }))
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
        self.check_length(&shape, dtype.size, data.get(self.stream.bytes()).len())?;
        // The fields were walked, here and above.
        self.charge(shape.len() * size_of::<usize>() + dtype.field_count())?;
        Ok(Node::Array(Box::new(ArrayNode { dtype, shape, order, data, mask: None })))
    }

    /// numpy's state of a masked array: that of an array, the mask's bytes, and the fill value, which does not matter.
    fn masked(&mut self, state: Id) -> Result<Node, DumpError> {
        let mut node = self.reconstructed(state)?;
        let Node::Array(array) = &mut node else { return Ok(node) };
        // A record has a mask of records.
        if matches!(array.dtype.scalar, Scalar::Record(_)) {
            return Ok(node);
        }
        let mask = self.item(state, 5).and_then(|id| self.bytes_of(id));
        let mask = mask.ok_or_else(|| self.array_error(ArrayProblem::Attribute("mask")))?;
        let places = mask.get(self.stream.bytes());
        self.check_length(&array.shape, 1, places.len())?;
        if places.iter().any(|&place| place != 0) {
            self.charge(array.data.get(self.stream.bytes()).len())?;
            let data = array.data.get(self.stream.bytes());
            array.data = Bytes::Own(masked::fill(&array.dtype, data, mask.get(self.stream.bytes())).into());
            array.mask = Some(mask);
        }
        Ok(node)
    }

    /// The array whose bytes stand in the stream behind its wrapper, as `NumpyArrayWrapper.read` of joblib reads it.
    fn joblib_array(&mut self, state: Id, depth: u32) -> Result<Node, DumpError> {
        let attribute = |machine: &Self, name: &str| match machine.node(state) {
            Node::Dict(entries) if entries.len() <= MAX_ATTRIBUTES => entries
                .iter()
                .rev()
                .find(|&&(key, _)| machine.word_of(key) == Some(name))
                .map(|&(_, value)| value),
            _ => None,
        };
        let missing = |machine: &Self, name| machine.array_error(ArrayProblem::Attribute(name));
        let shape = attribute(self, "shape").and_then(|id| self.shape_of(id));
        let shape = shape.ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let dtype = attribute(self, "dtype").and_then(|id| self.dtype_of(id));
        let dtype = dtype.ok_or_else(|| missing(self, "dtype"))?;
        let order = attribute(self, "order").and_then(|id| self.order_of(id));
        let order = order.ok_or_else(|| missing(self, "order"))?;
        if dtype.has_objects() {
            // An array of objects is a pickle of its own in place of the bytes.
            let id = self.run(depth + 1)?;
            return match self.nodes.get_mut(id as usize) {
                Some(Node::ObjectArray(array)) if array.shape == shape => {
                    let (order, items) = (array.order, std::mem::take(&mut array.items));
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
        let wanted =
            array::byte_count(&shape, dtype.size).ok_or_else(|| self.array_error(ArrayProblem::Shape))?;
        let place: Range<usize> = self.stream.take(wanted as u64)?;
        self.array(dtype, shape, order, Bytes::Place(place))
    }
}
