//! Groups: links in the object header (§IV.A.2.g), in the order in which they were made.

use super::attribute::Attribute;
use super::header::{self, Header};
use super::{Fields, NONE, Problem, Result};

/// A group: attributes, and names of objects with their addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub attributes: Vec<Attribute>,
    pub links: Vec<(String, u64)>,
}

impl Group {
    pub fn encode(&self) -> Result<Vec<u8>> {
        self.put(Header::default(), &[0, 1], 2)
    }

    /// As netCDF-C makes groups, to which it can add.
    #[cfg(feature = "netcdf")]
    pub fn encode_indexed(&self) -> Result<Vec<u8>> {
        self.put(Header::indexed(), &[0, 3], 3)
    }

    /// What links have beside them would be at so many addresses, if they did not stand in the header.
    fn put(&self, mut header: Header, flags: &[u8], addresses: usize) -> Result<Vec<u8>> {
        let mut info = flags.to_vec();
        info.extend_from_slice(&(self.links.len() as u64).to_le_bytes());
        info.extend_from_slice(&NONE.to_le_bytes().repeat(addresses));
        header.message(header::LINK_INFO, false, &info)?;
        header.message(header::GROUP_INFO, true, &[0, 0])?;
        for (index, (name, address)) in self.links.iter().enumerate() {
            let length = u8::try_from(name.len())
                .map_err(|_| Problem::new(format!("the name {name:?} is longer than 255 bytes")))?;
            // The order is there, and names of one byte's length.
            let mut link = vec![1, if name.is_ascii() { 0x04 } else { 0x14 }];
            link.extend_from_slice(&(index as u64).to_le_bytes());
            // Of other names the character set is said: UTF-8.
            link.extend_from_slice(if name.is_ascii() { &[] } else { &[1] });
            link.push(length);
            link.extend_from_slice(name.as_bytes());
            link.extend_from_slice(&address.to_le_bytes());
            header.message(header::LINK, false, &link)?;
        }
        header.attributes(&self.attributes)?;
        Ok(header.finish())
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut group = Group::default();
        let mut is_group = false;
        for (kind, body) in header::messages(bytes)? {
            match kind {
                header::LINK_INFO => {
                    is_group = true;
                    let mut fields = Fields(body);
                    fields.require(&[0, 1], "a group")?;
                    fields.number(8)?;
                    if fields.number(8)? != NONE {
                        return Err(Problem::new("a group was changed by another program"));
                    }
                }
                header::LINK => {
                    let mut fields = Fields(body);
                    fields.require(&[1], "a link")?;
                    let says_letters = match fields.byte()? {
                        0x04 => false,
                        0x14 => true,
                        _ => return Err(Problem::new("a link is of another kind than those of names")),
                    };
                    fields.number(8)?;
                    // Which letters it has is seen by the name itself; earlier versions never said it.
                    if says_letters {
                        fields.byte()?;
                    }
                    let length = fields.byte()?;
                    let name = std::str::from_utf8(fields.take(usize::from(length))?)
                        .map_err(|_| Problem::new("a name is not UTF-8"))?;
                    group.links.push((name.to_owned(), fields.number(8)?));
                }
                header::ATTRIBUTE => group.attributes.push(Attribute::decode(body)?),
                _ => {}
            }
        }
        if is_group { Ok(group) } else { Err(Problem::new("it is not a group")) }
    }

    /// The address of an object.
    pub fn find(&self, name: &str) -> Option<u64> {
        self.links.iter().find(|(known, _)| known == name).map(|&(_, address)| address)
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name)?.as_text()
    }
}
