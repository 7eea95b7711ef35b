//! What is in a deflated stream, as far as it goes?
//!
//! Damaged files end in the middle of a stream, or have a wrong byte in it; what comes before can be read. Decoders that
//! unpack in large pieces lose the piece in which the damage lies, which is most pages' whole text.

use flate2::{Decompress, FlushDecompress, Status};

/// How much room is made at a time.
const ROOM: usize = 64 << 10;

/// What `bytes` unpack to, `limit` bytes at most, and whether there would be more.
pub(super) fn inflate(bytes: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let whole = unpack(bytes, Kind::Zlib, bytes.len(), limit);
    if whole.sound {
        return (whole.output, whole.cut);
    }
    // Byte by byte, so that everything before the damage comes out; then without the head, which may be the damage.
    let before = unpack(bytes, Kind::Zlib, 1, limit);
    if !before.output.is_empty() {
        return (before.output, before.cut);
    }
    let headless = unpack(bytes.get(2..).unwrap_or_default(), Kind::Raw, 1, limit);
    (headless.output, headless.cut)
}

#[derive(Clone, Copy)]
enum Kind {
    Zlib,
    Raw,
}

struct Unpacked {
    output: Vec<u8>,
    /// There is more than the limit.
    cut: bool,
    /// It came to its end, or to the limit, or to where the bytes end, without a mistake.
    sound: bool,
}

/// Unpacks `step` bytes at a time.
fn unpack(bytes: &[u8], kind: Kind, step: usize, limit: usize) -> Unpacked {
    let mut decoder = Decompress::new(matches!(kind, Kind::Zlib));
    let mut output = Vec::new();
    for piece in bytes.chunks(step.max(1)) {
        let mut rest = piece;
        loop {
            if output.len() >= limit {
                return Unpacked { output, cut: true, sound: true };
            }
            if output.capacity() == output.len() {
                output.reserve_exact(ROOM.max(output.len()).min(limit - output.len()));
            }
            let (taken, made) = (decoder.total_in(), output.len());
            let status = decoder.decompress_vec(rest, &mut output, FlushDecompress::None);
            let taken = usize::try_from(decoder.total_in() - taken).unwrap_or(usize::MAX);
            rest = rest.get(taken..).unwrap_or_default();
            match status {
                Ok(Status::StreamEnd) => return Unpacked { output, cut: false, sound: true },
                Ok(Status::Ok | Status::BufError) => {
                    let has_room = output.len() < output.capacity();
                    if has_room && (rest.is_empty() || taken == 0 && output.len() == made) {
                        break;
                    }
                }
                Err(_) => return Unpacked { output, cut: false, sound: false },
            }
        }
    }
    Unpacked { output, cut: false, sound: true }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn text() -> Vec<u8> {
        (0..2000).flat_map(|number| format!("({number}) Tj ").into_bytes()).collect()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_out_up_to_the_limit() {
        let text = text();
        assert_eq!(inflate(&packed(&text), LIMIT), (text.clone(), false));
        assert_eq!(inflate(&packed(&text), 100), (text[..100].to_vec(), true));
        assert_eq!(inflate(&packed(&vec![7; 300_000]), LIMIT), (vec![7; 300_000], false));
        assert_eq!(inflate(&[], LIMIT), (Vec::new(), false));
    }

    #[test]
    fn what_stands_before_the_damage_comes_out() {
        let text = text();
        let packed = packed(&text);
        let (cut, _) = inflate(&packed[..packed.len() / 2], LIMIT);
        assert!(cut.len() > text.len() / 3 && text.starts_with(&cut), "{}", cut.len());
        // A wrong checksum costs nothing.
        let mut wrong = packed.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(inflate(&wrong, LIMIT).0, text);
        // From a wrong byte on, nothing can be trusted; before it, everything.
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 40].fill(0xff);
        let (read, _) = inflate(&damaged, LIMIT);
        let right = read.iter().zip(&text).take_while(|(one, other)| one == other).count();
        assert!(right > text.len() / 3, "{right}");
    }

    #[test]
    fn a_wrong_head_is_passed_over() {
        let text = text();
        let mut encoder = DeflateEncoder::new(vec![0, 0], Compression::best());
        encoder.write_all(&text).unwrap();
        assert_eq!(inflate(&encoder.finish().unwrap(), LIMIT).0, text);
    }
}
