//! What goes over the pipe to a child and back?
//!
//! Four bytes of length, little endian, then a message in postcard. The two sides are the same file, so that a message
//! needs no version beside the first one's.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message that is taken; a page of a million words with their boxes is shorter. A child that was taken over
/// by its document can't make its parent take more.
const LIMIT: u32 = 64 << 20;

/// Sends a message.
pub(super) fn write(pipe: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let mut bytes: Vec<u8> = bytes;
    let length = u32::try_from(bytes.len() - 4).ok().filter(|length| *length <= LIMIT);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    if let Some(head) = bytes.first_chunk_mut() {
        *head = length.to_le_bytes();
    }
    pipe.write_all(&bytes)?;
    pipe.flush()
}

/// Takes the next message; none when the other side closed the pipe.
pub(super) fn read<M: DeserializeOwned>(pipe: &mut impl Read) -> io::Result<Option<M>> {
    let mut head = [0; 4];
    match pipe.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(head);
    if length > LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    pipe.take(u64::from(length)).read_to_end(&mut bytes)?;
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mut pipe = Vec::new();
        write(&mut pipe, &("page", 7_u32)).unwrap();
        write(&mut pipe, &("", 0_u32)).unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(read::<(String, u32)>(&mut pipe).unwrap(), Some(("page".to_owned(), 7)));
        assert_eq!(read::<(String, u32)>(&mut pipe).unwrap(), Some((String::new(), 0)));
        assert_eq!(read::<(String, u32)>(&mut pipe).unwrap(), None);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_kept() {
        assert!(read::<String>(&mut [255, 255, 255, 255, 1].as_slice()).is_err());
    }
}
