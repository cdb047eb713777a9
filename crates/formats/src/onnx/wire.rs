//! The wire format of protocol buffers, as far as writing needs it.
//!
//! ```text
//! field    = key value,  key = number·8 + kind, a varint
//! kind 0   a varint: 7 bits a byte, the lowest first, the top bit set where another byte follows
//! kind 2   a length as varint, and so many bytes: text, raw numbers, another message
//! kind 5   four bytes, little-endian: f32
//! ```
//!
//! A crate for it would bring four others, for a writer of this size; our tests read what is written here with `prost`.

/// A message as far as it is written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    /// A whole number; negative ones take ten bytes.
    pub fn int(mut self, field: u32, value: i64) -> Message {
        self.key(field, 0);
        self.varint(value as u64);
        self
    }

    /// A number.
    pub fn float(mut self, field: u32, value: f32) -> Message {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Bytes.
    pub fn bytes(mut self, field: u32, value: &[u8]) -> Message {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// Text.
    pub fn text(self, field: u32, value: &str) -> Message {
        self.bytes(field, value.as_bytes())
    }

    /// A message inside this one.
    pub fn message(self, field: u32, value: &Message) -> Message {
        self.bytes(field, &value.0)
    }

    /// One field for each of the values.
    pub fn each<T>(self, values: &[T], field: impl FnMut(Message, &T) -> Message) -> Message {
        values.iter().fold(self, field)
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_format_says() {
        // 300 and -1 are the examples of the format's own description.
        assert_eq!(Message::default().int(1, 150).finish(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().int(1, 300).finish(), [0x08, 0xac, 0x02]);
        let minus = Message::default().int(1, -1).finish();
        assert_eq!(minus, [8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        assert_eq!(Message::default().text(2, "testing").finish()[..3], [0x12, 7, b't']);
        assert_eq!(Message::default().float(16, 1.0).finish(), [0x85, 0x01, 0, 0, 0x80, 0x3f]);
        let inside = Message::default().message(3, &Message::default().int(1, 150));
        assert_eq!(inside.finish(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }
}
