//! Which of the 256 colours comes nearest, and can still be read?

/// The parts of the colours in the cube that begins at 16.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Where the fixed colours begin, and the greys behind their cube.
const FIXED: u8 = 16;
const GREYS: u8 = 232;

/// What WCAG 2 asks of text.
const READABLE: f64 = 4.5;

/// The number of the nearest fixed colour; of those that can be read on the one `behind`, where that is given.
pub(super) fn nearest(wanted: [u8; 3], behind: Option<[u8; 3]>) -> u8 {
    let distance = |index: &u8| -> u32 {
        let parts = colour(*index).into_iter().zip(wanted);
        parts.map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    let mut candidates: Vec<u8> = (FIXED..=u8::MAX).collect();
    candidates.sort_by_key(distance);
    let is_readable =
        |index: &u8| behind.is_none_or(|behind| contrast(colour(*index), behind) >= READABLE);
    let readable = candidates.iter().copied().find(is_readable);
    readable.or(candidates.first().copied()).unwrap_or(FIXED)
}

/// Red, green and blue of a fixed colour.
pub(super) fn colour(index: u8) -> [u8; 3] {
    if index >= GREYS {
        return [8 + 10 * (index - GREYS); 3];
    }
    let place = usize::from(index.saturating_sub(FIXED));
    [place / 36, place / 6 % 6, place % 6].map(|part| CUBE.get(part).copied().unwrap_or_default())
}

/// Of the relative luminances of two colours, as WCAG 2 defines it.
pub(super) fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_colours_are_those_of_xterm() {
        assert_eq!(colour(16), [0, 0, 0]);
        assert_eq!(colour(67), [95, 135, 175]);
        assert_eq!(colour(231), [255, 255, 255]);
        assert_eq!(colour(232), [8, 8, 8]);
        assert_eq!(colour(255), [238, 238, 238]);
    }

    #[test]
    fn the_nearest_is_taken_that_can_be_read() {
        assert_eq!(nearest([96, 134, 176], None), 67);
        assert_eq!(nearest([17, 19, 18], None), 233);
        assert!(contrast(colour(67), [0x2e, 0x34, 0x40]) < 4.5);
        let readable = nearest([96, 134, 176], Some([0x2e, 0x34, 0x40]));
        assert!(contrast(colour(readable), [0x2e, 0x34, 0x40]) >= 4.5);
    }
}
