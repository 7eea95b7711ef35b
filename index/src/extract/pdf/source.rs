//! Which objects does the file hold, and what is in its streams?
//!
//! Everything is looked up through here: references are followed with a bound, streams are unpacked with a bound, and a
//! file whose structure is broken is mended as far as it goes.

use std::borrow::Cow;
use std::collections::HashSet;

use lopdf::xref::XrefRecovery;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream};

use super::inflate::inflate;
use super::{font, lock, number};

/// What one stream may unpack to.
pub(super) const MAX_STREAM_BYTES: usize = 64 << 20;
/// A longer document is cut.
pub(super) const MAX_PAGES: usize = 50_000;
/// Page trees are a few levels deep; deeper is hostile.
const MAX_TREE_DEPTH: usize = 64;
/// A reference that leads on for longer leads nowhere.
const MAX_REFERENCES: usize = 16;

/// How often a packed stream that is too large is halved until what is left of it is not: packed twice, it may become a
/// million times as large.
const HALVINGS: usize = 20;

/// What a file without a header gets.
const HEADER: &[u8] = b"%PDF-1.4\n";

/// Why a file can't be opened at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    Password,
    Damaged,
}

#[derive(Debug)]
pub(super) struct Source {
    document: Document,
    /// The table of objects was made by looking for them, and the file's end is not there.
    cut_off: bool,
}

/// A page with what it inherits from the page tree.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageNode<'a> {
    pub(super) id: Option<ObjectId>,
    pub(super) dictionary: Option<&'a Dictionary>,
    pub(super) resources: Option<&'a Dictionary>,
    pub(super) media_box: Option<&'a Object>,
    pub(super) crop_box: Option<&'a Object>,
    pub(super) rotation: Option<&'a Object>,
}

impl Source {
    pub(super) fn open(bytes: &[u8]) -> Result<Self, Unopened> {
        let mut best = open_locked(bytes, load(bytes, false), false)?;
        let is_rebuilt =
            |document: &Document| document.xref_recovery == Some(XrefRecovery::Reconstructed);
        let mut rebuilt_table = best.as_ref().is_none_or(is_rebuilt);
        if !best.as_ref().is_some_and(has_page_tree) {
            rebuilt_table = true;
            let mut rebuilt = open_locked(bytes, load(bytes, true), true)?.filter(has_page_tree);
            if rebuilt.is_none() {
                let mended = with_trailer(bytes);
                rebuilt = open_locked(&mended, load(&mended, true), true)?;
            }
            // A rebuilt file replaces what was read only where it gives more.
            let objects = |document: &Option<Document>| {
                document.as_ref().map_or(0, |document| document.objects.len())
            };
            if rebuilt.as_ref().is_some_and(has_page_tree) || objects(&rebuilt) > objects(&best) {
                best = rebuilt;
            }
        }
        let tail = bytes.get(bytes.len().saturating_sub(2048)..).unwrap_or_default();
        let cut_off = rebuilt_table && !tail.windows(5).any(|window| window == b"%%EOF");
        let mut document = best.ok_or(Unopened::Damaged)?;
        fill_unmeasured(&mut document, bytes);
        Ok(Self { document, cut_off })
    }

    /// Whether something of the file is missing: its end, or pages that its page tree counts.
    pub(super) fn is_damaged(&self, pages: usize) -> bool {
        let root = self.catalog().and_then(|catalog| self.dictionary(catalog, b"Pages"));
        let counted = root.and_then(|root| self.number(root, b"Count")).map_or(0, number::whole);
        let is_bound = pages >= MAX_PAGES;
        self.cut_off
            || pages == 0
            || !is_bound && usize::try_from(counted).is_ok_and(|counted| counted > pages)
    }

    /// Follows references; null for what is not there.
    pub(super) fn resolve<'a>(&'a self, object: &'a Object) -> &'a Object {
        let mut object = object;
        for _ in 0..MAX_REFERENCES {
            let Object::Reference(id) = object else { return object };
            match self.document.objects.get(id) {
                Some(target) => object = target,
                None => return &Object::Null,
            }
        }
        &Object::Null
    }

    /// As [`Source::resolve`], for the object of a number.
    pub(super) fn resolve_id(&self, id: ObjectId) -> &Object {
        self.document.objects.get(&id).map_or(&Object::Null, |object| self.resolve(object))
    }

    /// The value of a key, references followed; none where it is missing or null.
    pub(super) fn get<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
        let object = self.resolve(dictionary.get(key).ok()?);
        (!object.is_null()).then_some(object)
    }

    /// As [`Source::get`], for a dictionary or a stream's dictionary.
    pub(super) fn dictionary<'a>(
        &'a self,
        dictionary: &'a Dictionary,
        key: &[u8],
    ) -> Option<&'a Dictionary> {
        as_dictionary(self.get(dictionary, key)?)
    }

    pub(super) fn array<'a>(
        &'a self,
        dictionary: &'a Dictionary,
        key: &[u8],
    ) -> Option<&'a [Object]> {
        self.get(dictionary, key)?.as_array().ok().map(Vec::as_slice)
    }

    pub(super) fn number(&self, dictionary: &Dictionary, key: &[u8]) -> Option<f32> {
        as_number(self.get(dictionary, key)?)
    }

    pub(super) fn name<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
        self.get(dictionary, key)?.as_name().ok()
    }

    /// The numbers of an array, references followed; what is no number counts as 0.
    pub(super) fn numbers(&self, objects: &[Object]) -> Vec<f32> {
        objects.iter().map(|object| as_number(self.resolve(object)).unwrap_or_default()).collect()
    }

    /// A text string of the document, decoded.
    pub(super) fn text(&self, dictionary: &Dictionary, key: &[u8]) -> Option<String> {
        text_string(self.get(dictionary, key)?)
    }

    pub(super) fn catalog(&self) -> Option<&Dictionary> {
        self.dictionary(&self.document.trailer, b"Root").filter(|root| root.has(b"Pages")).or_else(
            || {
                self.document
                    .objects
                    .values()
                    .filter_map(as_dictionary)
                    .find(|object| object.has_type(b"Catalog"))
            },
        )
    }

    pub(super) fn information(&self) -> Option<&Dictionary> {
        self.dictionary(&self.document.trailer, b"Info")
    }

    /// What a stream unpacks to, as far as the bound; empty where it can't be unpacked.
    pub(super) fn data<'a>(&'a self, stream: &'a Stream) -> Cow<'a, [u8]> {
        self.data_and_cut(stream).0
    }

    /// As [`Source::data`], and whether there is more than the bound.
    pub(super) fn data_and_cut<'a>(&'a self, stream: &'a Stream) -> (Cow<'a, [u8]>, bool) {
        let Some(filter) = stream
            .dict
            .get(b"Filter")
            .ok()
            .map(|filter| self.resolve(filter))
            .filter(|filter| !filter.is_null())
        else {
            let data = stream.content.get(..MAX_STREAM_BYTES).unwrap_or(&stream.content);
            return (Cow::Borrowed(data), data.len() < stream.content.len());
        };
        let parameters =
            stream.dict.get(b"DecodeParms").ok().map(|parameters| self.resolve(parameters));
        if is_deflated(filter) && parameters.is_none_or(Object::is_null) {
            let (data, cut) = inflate(&stream.content, MAX_STREAM_BYTES);
            return (Cow::Owned(data), cut);
        }
        let is_plain = match stream.dict.get(b"Filter") {
            Ok(Object::Name(name)) => full_filter_name(name) == name.as_slice(),
            Ok(Object::Array(names)) => names.iter().all(|name| matches!(name, Object::Name(name) if full_filter_name(name) == name.as_slice() && name != b"Crypt")),
            _ => false,
        };
        let plain_parameters = match stream.dict.get(b"DecodeParms") {
            Ok(Object::Reference(_)) => false,
            Ok(Object::Array(parameters)) => {
                !parameters.iter().any(|parameter| matches!(parameter, Object::Reference(_)))
            }
            _ => true,
        };
        let (data, cut) = if is_plain && plain_parameters {
            unpacked(stream)
        } else {
            unpacked(&self.with_direct_filters(stream, filter))
        };
        (Cow::Owned(data), cut)
    }

    /// Whether a reader that believes the widths of every font would be busy for good.
    pub(super) fn has_endless_widths(&self) -> bool {
        let is_endless = |font: &Dictionary| {
            [(b"W".as_slice(), 1), (b"W2", 3)].into_iter().any(|(key, numbers)| {
                self.array(font, key).is_some_and(|widths| font::is_endless(self, widths, numbers))
            })
        };
        self.document.objects.values().filter_map(as_dictionary).any(|object| {
            let inner = self.array(object, b"DescendantFonts").unwrap_or_default();
            is_endless(object) || inner.iter().filter_map(as_dictionary).any(is_endless)
        })
    }

    /// The pages in order, with what they inherit. Loops in the tree and what is no page are left out.
    pub(super) fn pages(&self) -> Vec<PageNode<'_>> {
        let mut pages = Vec::new();
        let mut seen = HashSet::new();
        // Nodes that are still to be read, the next one last.
        let mut waiting: Vec<(&Object, PageNode<'_>, usize)> = Vec::new();
        if let Some(root) = self.catalog().and_then(|catalog| catalog.get(b"Pages").ok()) {
            waiting.push((root, PageNode::default(), 0));
        }
        while let Some((object, inherited, depth)) = waiting.pop() {
            if pages.len() >= MAX_PAGES {
                break;
            }
            let id = object.as_reference().ok();
            if depth > MAX_TREE_DEPTH || id.is_some_and(|id| !seen.insert(id)) {
                continue;
            }
            let Some(dictionary) = as_dictionary(self.resolve(object)) else { continue };
            let node = PageNode {
                id,
                dictionary: Some(dictionary),
                resources: self.dictionary(dictionary, b"Resources").or(inherited.resources),
                media_box: self.get(dictionary, b"MediaBox").or(inherited.media_box),
                crop_box: self.get(dictionary, b"CropBox").or(inherited.crop_box),
                rotation: self.get(dictionary, b"Rotate").or(inherited.rotation),
            };
            match self.array(dictionary, b"Kids") {
                Some(kids) if !dictionary.has_type(b"Page") => {
                    waiting.extend(
                        kids.iter().rev().take(MAX_PAGES).map(|kid| (kid, node, depth + 1)),
                    );
                }
                _ if dictionary.has_type(b"Pages") => {}
                _ => pages.push(node),
            }
        }
        if pages.is_empty() {
            pages = self.stray_pages();
        }
        pages
    }

    /// The pages that no tree leads to, in the order of their numbers.
    fn stray_pages(&self) -> Vec<PageNode<'_>> {
        let pages = self.document.objects.iter().filter_map(|(id, object)| {
            let dictionary =
                as_dictionary(object).filter(|dictionary| dictionary.has_type(b"Page"))?;
            Some(PageNode {
                id: Some(*id),
                dictionary: Some(dictionary),
                resources: self.dictionary(dictionary, b"Resources"),
                media_box: self.get(dictionary, b"MediaBox"),
                crop_box: self.get(dictionary, b"CropBox"),
                rotation: self.get(dictionary, b"Rotate"),
            })
        });
        pages.take(MAX_PAGES).collect()
    }

    /// The stream with its filters written as lopdf wants them: direct, by their full names, without encryption marks.
    fn with_direct_filters(&self, stream: &Stream, filter: &Object) -> Stream {
        let filters: Vec<&Object> = match filter {
            Object::Array(filters) => filters.iter().map(|filter| self.resolve(filter)).collect(),
            other => vec![other],
        };
        let parameters = stream
            .dict
            .get(b"DecodeParms")
            .map_or(&Object::Null, |parameters| self.resolve(parameters));
        let parameters: Vec<Object> = match parameters {
            Object::Array(parameters) => {
                parameters.iter().map(|parameter| self.resolve(parameter).clone()).collect()
            }
            other => vec![other.clone()],
        };
        let mut names = Vec::new();
        let mut kept = Vec::new();
        for (index, filter) in filters.into_iter().enumerate() {
            let Ok(name) = filter.as_name() else { continue };
            if name != b"Crypt" {
                names.push(Object::Name(full_filter_name(name).to_vec()));
                kept.push(parameters.get(index).cloned().unwrap_or(Object::Null));
            }
        }
        let mut dictionary = Dictionary::new();
        if !names.is_empty() {
            dictionary.set("Filter", Object::Array(names));
            dictionary.set("DecodeParms", Object::Array(kept));
        }
        Stream::new(dictionary, stream.content.clone())
    }
}

/// Whether deflate is the one filter.
fn is_deflated(filter: &Object) -> bool {
    let name = match filter {
        Object::Array(filters) => match filters.as_slice() {
            [only] => only,
            _ => return false,
        },
        name => name,
    };
    name.as_name().is_ok_and(|name| full_filter_name(name) == b"FlateDecode")
}

/// What a stream unpacks to, as far as the bound, and whether there is more.
fn unpacked(stream: &Stream) -> (Vec<u8>, bool) {
    let mut part = None;
    for _ in 0..HALVINGS {
        let stream = part.as_ref().unwrap_or(stream);
        match stream.decompressed_content_with_limit(MAX_STREAM_BYTES) {
            Ok(data) => return (data, part.is_some()),
            Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded {
                ..
            })) => {}
            Err(_) => break,
        }
        let half = stream.content.get(..stream.content.len() / 2).unwrap_or_default();
        part = Some(Stream::new(stream.dict.clone(), half.to_vec()));
    }
    (Vec::new(), part.is_some())
}

pub(super) fn as_dictionary(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dictionary) => Some(dictionary),
        Object::Stream(stream) => Some(&stream.dict),
        _ => None,
    }
}

pub(super) fn as_number(object: &Object) -> Option<f32> {
    match object {
        Object::Integer(value) => Some(number::real(*value)),
        Object::Real(value) if value.is_finite() => Some(*value),
        _ => None,
    }
}

/// A text string: UTF-16 or UTF-8 by its mark, else `PDFDocEncoding`.
pub(super) fn text_string(object: &Object) -> Option<String> {
    let Object::String(bytes, _) = object else { return None };
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
    };
    match bytes.as_slice() {
        [0xfe, 0xff, rest @ ..] => Some(units(rest, u16::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => Some(units(rest, u16::from_le_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => Some(String::from_utf8_lossy(rest).into_owned()),
        // Many programs write UTF-8 without its mark; text in other encodings is hardly ever UTF-8 by chance.
        _ if !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        _ => lopdf::decode_text_string(object)
            .ok()
            .or_else(|| Some(String::from_utf8_lossy(bytes).into_owned())),
    }
}

/// Where the file's header is.
fn header(bytes: &[u8]) -> Option<usize> {
    bytes.windows(5).take(1 << 20).position(|window| window == b"%PDF-")
}

fn load(bytes: &[u8], rebuild: bool) -> lopdf::Result<Document> {
    let options = LoadOptions {
        filter: Some(without_pictures),
        max_decompressed_size: Some(MAX_STREAM_BYTES),
        force_reconstruct: rebuild,
        ..LoadOptions::default()
    };
    // Without a header lopdf does not begin.
    if header(bytes).is_some() {
        Document::load_mem_with_options(bytes, options)
    } else {
        let mut headed = HEADER.to_vec();
        headed.extend_from_slice(bytes);
        Document::load_mem_with_options(&headed, LoadOptions { force_reconstruct: true, ..options })
    }
}

/// Empties pictures and attached files while loading: they are most of many files, and no text is read from them. One
/// byte stays, since an empty stream would be read again.
#[expect(clippy::unnecessary_wraps, reason = "the shape that lopdf asks for")]
fn without_pictures(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let Object::Stream(stream) = object else { return Some((id, object.clone())) };
    let is_picture =
        matches!(stream.dict.get(b"Subtype"), Ok(Object::Name(name)) if name == b"Image");
    if is_picture || stream.dict.has_type(b"EmbeddedFile") {
        stream.content = vec![b'\n'];
    }
    // Streams lie outside object streams, and there the returned object is not looked at.
    Some((id, Object::Null))
}

/// Gives streams that do not say their length what stands between their keywords.
fn fill_unmeasured(document: &mut Document, bytes: &[u8]) {
    // Places count from the file's header, or from the one that was put in front of it.
    let header = header(bytes);
    for object in document.objects.values_mut() {
        let Object::Stream(stream) = object else { continue };
        let unmeasured = stream.content.is_empty() && stream.dict.get(b"Length").is_err();
        let place = |start: usize| match header {
            Some(header) => header.checked_add(start),
            None => start.checked_sub(HEADER.len()),
        };
        let Some((before, data)) = stream
            .start_position
            .filter(|_| unmeasured)
            .and_then(place)
            .and_then(|start| bytes.split_at_checked(start))
        else {
            continue;
        };
        if !before.trim_ascii_end().ends_with(b"stream") {
            continue;
        }
        let end = data.windows(9).take(MAX_STREAM_BYTES).position(|window| window == b"endstream");
        let data = end.and_then(|end| data.get(..end)).unwrap_or_default();
        stream.set_content(data.trim_ascii_end().to_vec());
    }
}

fn is_password(error: &lopdf::Error) -> bool {
    matches!(error, lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_))
}

/// What was loaded of a file, its lock taken off where that needs no password; nothing where it could not be loaded.
fn open_locked(
    bytes: &[u8],
    loaded: lopdf::Result<Document>,
    rebuild: bool,
) -> Result<Option<Document>, Unopened> {
    match loaded {
        Ok(document) if !is_locked(&document) => Ok(Some(document)),
        Err(error) if !is_password(&error) => Ok(None),
        _ => load(&lock::masked(bytes), rebuild).ok().map(lock::unlock).transpose(),
    }
}

fn is_locked(document: &Document) -> bool {
    document.trailer.has(b"Encrypt") && !document.was_encrypted()
}

fn has_page_tree(document: &Document) -> bool {
    let kids = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Pages", document))
        .and_then(Object::as_dict)
        .and_then(|root| root.get_deref(b"Kids", document))
        .and_then(Object::as_array);
    kids.is_ok_and(|kids| {
        kids.iter()
            .any(|kid| document.dereference(kid).is_ok_and(|(_, kid)| as_dictionary(kid).is_some()))
    })
}

/// The file with a trailer at its end that names the last catalog in it, or any object, so that lopdf begins to look.
fn with_trailer(bytes: &[u8]) -> Vec<u8> {
    let is_catalog = |window: &[u8]| window == b"/Catalog";
    let place = bytes.windows(8).rposition(is_catalog).unwrap_or(bytes.len());
    let before = bytes.get(..place).unwrap_or_default();
    let number = before
        .windows(4)
        .rposition(|window| window == b" obj")
        .and_then(|end| before.get(..end))
        .and_then(|head| {
            let head = head.get(head.len().saturating_sub(20)..)?;
            let words: Vec<&[u8]> =
                head.split(|byte| !byte.is_ascii_digit()).filter(|word| !word.is_empty()).collect();
            let [.., number, _generation] = words.as_slice() else { return None };
            std::str::from_utf8(number).ok()?.parse::<u32>().ok()
        })
        .unwrap_or(1);
    let mut mended = bytes.to_vec();
    mended.extend_from_slice(
        format!("\nendstream\nendobj\ntrailer\n<< /Size 1000000 /Root {number} 0 R >>\nstartxref\n0\n%%EOF\n").as_bytes(),
    );
    mended
}

fn full_filter_name(name: &[u8]) -> &[u8] {
    match name {
        b"Fl" => b"FlateDecode",
        b"LZW" => b"LZWDecode",
        b"A85" => b"ASCII85Decode",
        b"AHx" => b"ASCIIHexDecode",
        b"RL" => b"RunLengthDecode",
        other => other,
    }
}
