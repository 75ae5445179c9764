//! A chunk in memory, laid out as it will be compressed.

use crate::model::element::Element;

use super::{Filters, Shape, fletcher};

/// Bytes of the checksum that older files have behind the data.
const CHECKSUM: usize = 4;

/// A chunk of one element type. Byte `b` of element `e` is at `e * element_step + b * byte_step`: shuffled or not.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    size: usize,
    elements: usize,
    /// Elements a day.
    row: usize,
    /// Bytes of a checksum behind the data, which is shuffled with them; 0 where there is none.
    checksum: usize,
    element_step: usize,
    byte_step: usize,
}

impl Buffer {
    /// Makes the buffer a chunk of this shape, all of it fill values. Memory is used again.
    pub fn reset(&mut self, element: Element, shape: Shape, filters: Filters) {
        self.lay_out(element, shape, filters);
        let fill = element.fill();
        if self.is_shuffled() {
            for (plane, value) in self.bytes.chunks_mut(self.byte_step).zip(fill) {
                plane.fill(value);
            }
        } else {
            for value in self.bytes.chunks_exact_mut(self.size) {
                value.copy_from_slice(&fill[..self.size]);
            }
        }
    }

    /// Makes the buffer room for a chunk that is decoded into [`Buffer::bytes_mut`].
    pub fn lay_out(&mut self, element: Element, shape: Shape, filters: Filters) {
        self.lay_out_with(0, element, shape, filters);
    }

    /// The same of a chunk whose filters are in the order in which netCDF-C declares them, as in gridloom's first files: the checksum is of the
    /// values, and shuffled and compressed with them.
    #[cfg(any(feature = "netcdf", test))]
    pub(crate) fn lay_out_checked(&mut self, element: Element, shape: Shape, filters: Filters) {
        self.lay_out_with(CHECKSUM, element, shape, filters);
    }

    fn lay_out_with(&mut self, checksum: usize, element: Element, shape: Shape, filters: Filters) {
        let elements = shape.elements();
        self.size = element.size();
        self.elements = elements;
        self.row = shape.cells();
        self.checksum = checksum;
        let data = elements * self.size;
        // The shuffle filter sees the checksum as further elements, as far as it fills some.
        let shuffled = (data + self.checksum) / self.size;
        (self.element_step, self.byte_step) =
            if filters.shuffle && self.size > 1 { (1, shuffled) } else { (self.size, 1) };
        self.bytes.resize(data + self.checksum, 0);
    }

    /// Writes a series: `values` are little-endian elements, put at the element `first` and every `step` elements from
    /// there. No element may be written twice, and none lies behind the last.
    pub fn place(&mut self, first: usize, step: usize, values: &[u8]) {
        match (self.size, self.element_step) {
            (4, 1) => self.place_shuffled::<4>(first, step, values),
            (8, 1) => self.place_shuffled::<8>(first, step, values),
            (2, 1) => self.place_shuffled::<2>(first, step, values),
            _ => self.place_whole(first, step, values),
        }
    }

    fn is_shuffled(&self) -> bool {
        self.size > 1 && self.element_step == 1
    }

    fn place_whole(&mut self, first: usize, step: usize, values: &[u8]) {
        for (index, value) in values.chunks_exact(self.size).enumerate() {
            let start = (first + index * step) * self.size;
            if let Some(target) = self.bytes.get_mut(start..start + self.size) {
                target.copy_from_slice(value);
            }
        }
    }

    fn place_shuffled<const N: usize>(&mut self, first: usize, step: usize, values: &[u8]) {
        let (values, _) = values.as_chunks::<N>();
        let mut planes = self.bytes.chunks_mut(self.byte_step);
        // Each plane from the first element on; all are equally long, so that one bounds check serves all bytes.
        let mut planes: [&mut [u8]; N] = std::array::from_fn(|_| {
            planes.next().and_then(|plane| plane.get_mut(first..)).unwrap_or_default()
        });
        for (index, value) in values.iter().enumerate() {
            let at = index * step;
            for (plane, byte) in planes.iter_mut().zip(value) {
                if at < plane.len() {
                    plane[at] = *byte;
                }
            }
        }
    }

    /// Takes the values of another chunk of the same form wherever this one has none.
    pub fn overlay(&mut self, other: &Buffer, element: Element) {
        let fill = element.fill();
        for element in 0..self.elements {
            let mut bytes =
                (0..self.size).map(|byte| element * self.element_step + byte * self.byte_step).zip(fill);
            if bytes.all(|(at, fill)| self.bytes.get(at) == Some(&fill)) {
                for byte in 0..self.size {
                    let at = element * self.element_step + byte * self.byte_step;
                    if let (Some(target), Some(value)) = (self.bytes.get_mut(at), other.bytes.get(at)) {
                        *target = *value;
                    }
                }
            }
        }
    }

    /// Whether the checksum behind the data is right, where there is one.
    pub fn is_sound(&self) -> bool {
        if self.checksum == 0 {
            return true;
        }
        let stored: [u8; CHECKSUM] =
            std::array::from_fn(|index| self.bytes.get(self.checksum_byte(index)).copied().unwrap_or(0));
        u32::from_le_bytes(stored) == self.checksum()
    }

    fn checksum(&self) -> u32 {
        if self.is_shuffled() {
            fletcher::of_planes(&self.bytes, self.byte_step, self.elements, self.size)
        } else {
            fletcher::of_bytes(self.bytes.get(..self.elements * self.size).unwrap_or_default())
        }
    }

    /// Where a byte of the checksum is. Bytes that do not fill an element stay behind the shuffled ones.
    fn checksum_byte(&self, index: usize) -> usize {
        let position = self.elements * self.size + index;
        let (element, byte) = (position / self.size, position % self.size);
        let shuffled = self.bytes.len() / self.size;
        if element < shuffled { element * self.element_step + byte * self.byte_step } else { position }
    }

    /// Values in their order, little endian, from one on; fewer at the end.
    #[cfg(feature = "netcdf")]
    pub(crate) fn values(&self, first: usize, count: usize) -> Vec<u8> {
        let count = count.min(self.elements.saturating_sub(first));
        if !self.is_shuffled() {
            let range = first * self.size..(first + count) * self.size;
            return self.bytes.get(range).unwrap_or_default().to_vec();
        }
        let mut values = vec![0; count * self.size];
        for byte in 0..self.size {
            let start = byte * self.byte_step + first;
            let plane = self.bytes.get(start..start + count).unwrap_or_default();
            for (value, byte) in values.iter_mut().skip(byte).step_by(self.size).zip(plane) {
                *value = *byte;
            }
        }
        values
    }

    /// The chunk as the codec sees it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, to be decoded into.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Bytes from a value to that of the next day.
    pub fn row_bytes(&self) -> usize {
        self.row * self.element_step
    }

    /// Bytes that hold the same byte of all elements.
    pub fn plane_bytes(&self) -> usize {
        if self.is_shuffled() { self.byte_step } else { self.bytes.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Codec;
    use super::*;
    use proptest::prelude::*;

    /// What HDF5's filters make of plain data: checksum, if it comes first, then shuffle.
    fn filtered(data: &[u8], size: usize, shuffle: bool, checksum: bool) -> Vec<u8> {
        let mut bytes = data.to_vec();
        if checksum {
            bytes.extend_from_slice(&fletcher::of_bytes(data).to_le_bytes());
        }
        let elements = bytes.len() / size;
        if !shuffle || size == 1 || elements < 2 {
            return bytes;
        }
        let mut result = Vec::new();
        for byte in 0..size {
            result.extend((0..elements).map(|element| bytes[element * size + byte]));
        }
        result.extend_from_slice(&bytes[elements * size..]);
        result
    }

    /// Two chunks that were each taken for complete, of other cells, make the one that has both.
    #[test]
    fn chunks_of_different_cells_lie_over_each_other() {
        for (element, shuffle) in
            [(Element::Float32, true), (Element::Float64, false), (Element::UInt8, true)]
        {
            let shape = Shape { days: 50, rows: 1, columns: 3 };
            let values: Vec<u8> = (0..50 * element.size()).map(|n| (n % 100) as u8).collect();
            let with = |cells: &[usize]| {
                let mut chunk = Buffer::default();
                chunk.reset(element, shape, Filters { shuffle, ..Filters::netcdf(Codec::None) });
                cells.iter().for_each(|&cell| chunk.place(cell, 3, &values));
                chunk
            };
            let mut chunk = with(&[0]);
            chunk.overlay(&with(&[2]), element);
            assert_eq!(chunk.bytes(), with(&[0, 2]).bytes());
        }
    }

    proptest! {
        #[test]
        fn a_placed_chunk_is_what_the_filters_would_make(
            element in prop::sample::select(vec![
                Element::Float32, Element::Float64, Element::Int16, Element::UInt8, Element::Int64
            ]),
            days in 1usize..700,
            cells in 1usize..6,
            skip in 0usize..6,
            shuffle in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let size = element.size();
            let mut plain: Vec<u8> =
                element.fill_bytes().iter().copied().cycle().take(days * cells * size).collect();
            let mut buffer = Buffer::default();
            let shape = Shape { days: days as u32, rows: 1, columns: cells as u32 };
            buffer.reset(element, shape, Filters { shuffle, ..Filters::netcdf(Codec::None) });
            let mut state = seed | 1;
            for cell in (0..cells).filter(|&cell| cell != skip) {
                let mut values = vec![0; days * size];
                for byte in &mut values {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    *byte = (state >> 56) as u8;
                }
                for (day, value) in values.chunks_exact(size).enumerate() {
                    let at = (day * cells + cell) * size;
                    plain[at..at + size].copy_from_slice(value);
                }
                buffer.place(cell, cells, &values);
            }
            prop_assert_eq!(buffer.bytes(), &filtered(&plain, size, shuffle, false)[..]);
            let checked = filtered(&plain, size, shuffle, true);
            buffer.lay_out_checked(element, shape, Filters { shuffle, ..Filters::netcdf(Codec::None) });
            buffer.bytes_mut().copy_from_slice(&checked);
            prop_assert!(buffer.is_sound());
            buffer.bytes_mut()[seed as usize % checked.len()] ^= 1;
            prop_assert!(!buffer.is_sound());
        }
    }
}
