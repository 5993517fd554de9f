//! A reader of protobuf's wire format, written for the tests from its description.

/// A field: its number and its value.
pub(crate) type Field<'a> = (u64, Value<'a>);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Integer(u64),
    Float,
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(crate) fn integer(self) -> u64 {
        let Value::Integer(number) = self else { panic!("expected a number, got {self:?}") };
        number
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        let Value::Bytes(bytes) = self else { panic!("expected bytes, got {self:?}") };
        bytes
    }
}

/// The fields of a message, which must end with its last field.
pub(crate) fn read(mut bytes: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Value::Integer(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (own, rest) = bytes.split_at(length);
                bytes = rest;
                Value::Bytes(own)
            }
            5 => {
                bytes = &bytes[4..];
                Value::Float
            }
            other => panic!("unexpected type {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

/// The values of all fields with a number.
pub(crate) fn all<'a>(message: &'a [Field<'a>], field: u64) -> impl Iterator<Item = Value<'a>> {
    message.iter().filter(move |(number, _)| *number == field).map(|(_, value)| *value)
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            return value;
        }
    }
}
