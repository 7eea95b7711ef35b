//! Which layers of a file (its optional content) does a viewer not show when it opens it?

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::source::{Source, as_dictionary};

/// Expressions in expressions.
const MAX_DEPTH: usize = 16;
/// More layers than a membership names.
const MAX_MEMBERS: usize = 1000;

/// The layers that are switched off.
#[derive(Debug, Default)]
pub(super) struct HiddenLayers(HashSet<ObjectId>);

impl HiddenLayers {
    pub(super) fn of(source: &Source) -> Self {
        let properties =
            source.catalog().and_then(|catalog| source.dictionary(catalog, b"OCProperties"));
        let Some(properties) = properties else { return Self::default() };
        let Some(default) = source.dictionary(properties, b"D") else { return Self::default() };
        let identifiers = |dictionary: &Dictionary, key: &[u8]| -> Vec<ObjectId> {
            let array = source.array(dictionary, key).unwrap_or_default();
            array.iter().filter_map(|layer| layer.as_reference().ok()).collect()
        };
        let mut hidden = HashSet::new();
        if source.name(default, b"BaseState") == Some(b"OFF") {
            hidden.extend(identifiers(properties, b"OCGs"));
            for shown in identifiers(default, b"ON") {
                hidden.remove(&shown);
            }
        }
        hidden.extend(identifiers(default, b"OFF"));
        // What layers say of their own use counts where the file asks viewers to follow it.
        for automatic in source.array(default, b"AS").unwrap_or_default() {
            let Some(automatic) = as_dictionary(source.resolve(automatic)) else { continue };
            if source.name(automatic, b"Event") != Some(b"View") {
                continue;
            }
            for layer in identifiers(automatic, b"OCGs") {
                match usage(source, layer) {
                    Some(b"OFF") => {
                        hidden.insert(layer);
                    }
                    Some(b"ON") => {
                        hidden.remove(&layer);
                    }
                    _ => {}
                }
            }
        }
        hidden.retain(|layer| is_for_viewing(source, *layer));
        Self(hidden)
    }

    /// Whether content is not shown that belongs to a layer, or to a membership of several.
    pub(super) fn hides(&self, source: &Source, layer: &Object) -> bool {
        if self.0.is_empty() {
            return false;
        }
        if let Object::Reference(id) = layer
            && self.0.contains(id)
        {
            return true;
        }
        let Some(membership) = as_dictionary(source.resolve(layer)) else { return false };
        if let Some(Object::Array(expression)) = source.get(membership, b"VE") {
            return !self.holds(source, expression, 0);
        }
        let members: Vec<&Object> = match membership.get(b"OCGs") {
            Ok(member @ Object::Reference(_)) => match source.resolve(member) {
                Object::Array(members) => members.iter().take(MAX_MEMBERS).collect(),
                _ => vec![member],
            },
            Ok(Object::Array(members)) => members.iter().take(MAX_MEMBERS).collect(),
            _ => return false,
        };
        let states: Vec<bool> = members
            .into_iter()
            .filter(|member| !source.resolve(member).is_null())
            .map(|member| self.is_on(member))
            .collect();
        let shown = match source.name(membership, b"P") {
            Some(b"AllOn") => states.iter().all(|on| *on),
            Some(b"AnyOff") => states.iter().any(|on| !on),
            Some(b"AllOff") => states.iter().all(|on| !on),
            _ => states.iter().any(|on| *on),
        };
        !states.is_empty() && !shown
    }

    fn is_on(&self, layer: &Object) -> bool {
        layer.as_reference().map_or(true, |id| !self.0.contains(&id))
    }

    /// The value of a visibility expression.
    fn holds(&self, source: &Source, expression: &[Object], depth: usize) -> bool {
        let [operator, operands @ ..] = expression else { return true };
        if depth > MAX_DEPTH {
            return true;
        }
        let mut values =
            operands.iter().take(MAX_MEMBERS).map(|operand| match source.resolve(operand) {
                Object::Array(inner) => self.holds(source, inner, depth + 1),
                _ => self.is_on(operand),
            });
        match source.resolve(operator).as_name() {
            Ok(b"And") => values.all(|value| value),
            Ok(b"Or") => values.any(|value| value),
            Ok(b"Not") => values.next().is_none_or(|value| !value),
            _ => true,
        }
    }
}

/// What a layer says of itself on a screen.
fn usage(source: &Source, layer: ObjectId) -> Option<&[u8]> {
    let layer = as_dictionary(source.resolve_id(layer))?;
    let usage = source.dictionary(layer, b"Usage")?;
    source.name(source.dictionary(usage, b"View")?, b"ViewState")
}

/// Layers for designers only are not switched.
fn is_for_viewing(source: &Source, layer: ObjectId) -> bool {
    let intent =
        as_dictionary(source.resolve_id(layer)).and_then(|layer| source.get(layer, b"Intent"));
    let is_viewing = |intent: &Object| {
        source.resolve(intent).as_name().is_ok_and(|intent| intent == b"View" || intent == b"All")
    };
    match intent {
        None => true,
        Some(Object::Array(intents)) => intents.iter().any(is_viewing),
        Some(intent) => is_viewing(intent),
    }
}
