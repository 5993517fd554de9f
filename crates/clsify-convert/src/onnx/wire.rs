//! The wire format of protobuf, as far as ONNX needs it: fields of numbers, bytes and messages.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>. Repeated numbers are not packed, as in files that the
//! `onnx` package writes.

/// A message: its fields one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message(Vec<u8>);

/// The type of a field, in the lowest bits of its tag.
const VARINT: u64 = 0;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

impl Message {
    /// Adds a field with a whole number; negative ones take ten bytes.
    pub(super) fn integer(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3 | VARINT);
        self.varint(value as u64);
        self
    }

    /// Adds a field with a number.
    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(field << 3 | FIXED32);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Adds a field with a text.
    pub(super) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// Adds a field with another message.
    pub(super) fn message(self, field: u64, message: &Message) -> Self {
        self.bytes(field, &message.0)
    }

    /// Adds a field with these bytes.
    pub(super) fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        let mut message = self.begin(field, bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    /// Adds the beginning of a field whose `length` bytes follow elsewhere.
    pub(super) fn begin(mut self, field: u64, length: u64) -> Self {
        self.varint(field << 3 | LENGTH);
        self.varint(length);
        self
    }

    /// The message so far.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Seven bits per byte, the lowest first; the highest bit says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the examples of protobuf's own description of the format: 150 in field 1, "testing" in field 2, the message with
    /// 150 in field 3, and -2.
    #[test]
    fn fields_are_those_of_the_description() {
        let number = Message::default().integer(1, 150);
        assert_eq!(number.as_bytes(), [0x08, 0x96, 0x01]);
        let text = Message::default().text(2, "testing");
        assert_eq!(text.as_bytes(), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        assert_eq!(Message::default().message(3, &number).as_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let negative = Message::default().integer(1, -2);
        assert_eq!(negative.as_bytes(), [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }

    /// Oracle: IEEE 754 for the number, little-endian as the description says.
    #[test]
    fn a_float_has_four_bytes_and_a_length_may_come_first() {
        assert_eq!(Message::default().float(2, 1.0).as_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
        let begun = Message::default().begin(9, 300);
        assert_eq!((begun.as_bytes(), begun.len()), (&[0x4a, 0xac, 0x02][..], 3));
    }
}
