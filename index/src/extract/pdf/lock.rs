//! How is a file opened whose encryption asks for no password, but not as lopdf expects it?
//!
//! Other readers open files whose `/Encrypt` leads nowhere, encrypts nothing, stands in the trailer itself, or counts its
//! key in other units; lopdf takes them for locked. Here the file is read as if it were plain, the encryption
//! dictionary is put right, and then its objects are decrypted one by one.

use std::collections::HashMap;

use lopdf::encryption::decrypt_object;
use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Document, EncryptionState, Object, ObjectStream};

use super::source::{MAX_STREAM_BYTES, Unopened};

/// The key in the trailer, and a name of the same length that means nothing.
const KEY: &[u8] = b"/Encrypt";
const MASKED_KEY: &[u8] = b"/Uncrypt";
/// A reference that leads on for longer leads nowhere.
const MAX_REFERENCES: usize = 16;

/// The file with other names in place of the key that says that it is encrypted.
pub(super) fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut masked = bytes.to_vec();
    let mut rest = masked.as_mut_slice();
    while let Some(place) = rest.windows(KEY.len()).position(|window| window == KEY) {
        let (_, found) = rest.split_at_mut(place);
        let (key, after) = found.split_at_mut(KEY.len());
        // Longer names begin with it.
        if !after.first().is_some_and(u8::is_ascii_alphanumeric) {
            key.copy_from_slice(MASKED_KEY);
        }
        rest = after;
    }
    masked
}

/// Decrypts what was loaded from a [`masked`] file, where that takes no password.
pub(super) fn unlock(mut document: Document) -> Result<Document, Unopened> {
    let Some(key) = MASKED_KEY.get(1..) else { return Ok(document) };
    let Some(lock) = document.trailer.remove(key) else { return Ok(document) };
    let Some(encryption) = dictionary(&document, &lock) else { return Ok(document) };
    if is_empty(&encryption) {
        return Ok(document);
    }
    if let Object::Reference(id) = lock {
        document.objects.remove(&id);
    }
    let id = (document.max_id.saturating_add(1), 0);
    document.objects.insert(id, Object::Dictionary(put_right(encryption)));
    document.trailer.set("Encrypt", Object::Reference(id));
    put_identifier_right(&mut document);
    let state = document
        .authenticate_raw_password(b"")
        .and_then(|()| EncryptionState::decode(&document, b""));
    let Ok(state) = state else { return Err(Unopened::Password) };
    document.objects.remove(&id);
    document.trailer.remove(b"Encrypt");
    for (id, object) in &mut document.objects {
        // What can't be decrypted stays as it is: one broken object is not the file.
        let _: Result<(), _> = decrypt_object(&state, *id, object);
    }
    add_packed_objects(&mut document);
    document.encryption_state = Some(state);
    Ok(document)
}

fn resolved<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    let mut object = object;
    for _ in 0..MAX_REFERENCES {
        let Object::Reference(id) = object else { return object };
        object = document.objects.get(id).unwrap_or(&Object::Null);
    }
    &Object::Null
}

/// The encryption dictionary with its values in place.
fn dictionary(document: &Document, lock: &Object) -> Option<Dictionary> {
    let Object::Dictionary(encryption) = resolved(document, lock) else { return None };
    let mut direct = Dictionary::new();
    for (key, value) in encryption {
        direct.set(key.clone(), resolved(document, value).clone());
    }
    Some(direct)
}

fn number(encryption: &Dictionary, key: &[u8]) -> Option<i64> {
    encryption.get(key).and_then(Object::as_i64).ok()
}

/// Whether the dictionary encrypts neither streams nor strings: nothing at all, or attached files only.
fn is_empty(encryption: &Dictionary) -> bool {
    let is_identity = |key: &[u8]| match encryption.get(key).and_then(Object::as_name) {
        Ok(name) => name == b"Identity",
        Err(_) => true,
    };
    let has_filters = number(encryption, b"V").is_some_and(|version| version >= 4);
    !encryption.has(b"Filter") && !encryption.has(b"V")
        || has_filters && is_identity(b"StmF") && is_identity(b"StrF")
}

/// The dictionary as lopdf wants it: keys counted in bits, by the version; hashes without what was added to fill them.
fn put_right(mut encryption: Dictionary) -> Dictionary {
    let version = number(&encryption, b"V").unwrap_or(1);
    let length = match (version, number(&encryption, b"Length")) {
        (1, _) => 40,
        (4, _) => 128,
        (5.., _) => 256,
        // Some count bytes.
        (_, Some(bytes @ 5..=16)) => bytes * 8,
        (_, Some(bits @ 40..=128)) => bits / 8 * 8,
        (_, _) => 40,
    };
    encryption.set("V", version);
    encryption.set("Length", length);
    let hash_length =
        if number(&encryption, b"R").is_some_and(|revision| revision >= 5) { 48 } else { 32 };
    for key in [b"O".as_slice(), b"U"] {
        if let Ok(Object::String(hash, _)) = encryption.get_mut(key) {
            hash.resize(hash_length, 0);
        }
    }
    if let Ok(Object::Dictionary(filters)) = encryption.get_mut(b"CF") {
        for (_, filter) in filters.iter_mut() {
            let Object::Dictionary(filter) = filter else { continue };
            if filter.get(b"CFM").and_then(Object::as_name).is_ok_and(|method| method == b"None") {
                filter.set("CFM", Object::Name(b"Identity".to_vec()));
            }
        }
    }
    encryption
}

/// The key is made with the file's identifier; a file that has none counts as one with an empty one.
fn put_identifier_right(document: &mut Document) {
    let first = document
        .trailer
        .get(b"ID")
        .ok()
        .map(|identifiers| resolved(document, identifiers))
        .and_then(|identifiers| identifiers.as_array().ok()?.first())
        .map(|first| resolved(document, first))
        .and_then(|first| first.as_str().ok())
        .unwrap_or_default()
        .to_vec();
    document.trailer.set("ID", vec![Object::string_literal(first)]);
}

/// Adds the objects that are packed in streams: those could not be unpacked before they were decrypted.
fn add_packed_objects(document: &mut Document) {
    // By the number of the stream: the objects that the file takes from it.
    let mut wanted: HashMap<u32, Vec<u32>> = HashMap::new();
    for (number, entry) in &document.reference_table.entries {
        if let XrefEntry::Compressed { container, .. } = entry {
            wanted.entry(*container).or_default().push(*number);
        }
    }
    let mut packed = Vec::new();
    for ((container, _), object) in &document.objects {
        let (Object::Stream(stream), Some(numbers)) = (object, wanted.get(container)) else {
            continue;
        };
        let Ok(mut unpacked) = ObjectStream::new_with_limit(stream, Some(MAX_STREAM_BYTES)) else {
            continue;
        };
        packed.extend(numbers.iter().filter_map(|number| {
            let id = (*number, 0);
            Some((id, unpacked.objects.remove(&id)?))
        }));
    }
    document.objects.extend(packed);
}
