//! Letters and how wide they are: text is shaped with the typeface that lies in the program, never with one of the system, so
//! that the same paper is the same everywhere. The typeface is read for a paper and let go with it.

use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph, Tag};
use rustybuzz::{Direction, ShapePlan, UnicodeBuffer, Variation, script};

/// Figtree 2.002, a variable typeface with Latin letters (SIL Open Font License 1.1, fonts/figtree.LICENCE.txt): the one of the pages,
/// from the folder ofl/figtree of google/fonts at a4a0debf, which the package fontpkg-figtree 2.2 carries.
static FIGTREE: &[u8] = include_bytes!("fonts/figtree.ttf");
/// What stands for a letter that the typeface does not have; the letter itself is kept beside it for whoever copies the text.
const UNKNOWN: char = '?';
/// The thickness of ordinary and of bold letters.
const WEIGHTS: [f32; 2] = [400.0, 650.0];

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    /// Points.
    pub size: f32,
    pub bold: bool,
    /// Red, green, blue.
    pub colour: (u8, u8, u8),
}

impl Style {
    pub const fn new(size: f32, colour: (u8, u8, u8)) -> Self {
        Self { size, bold: false, colour }
    }

    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// From one line to the next.
    pub fn leading(self) -> f32 {
        self.size * 1.38
    }
}

/// The typeface in one thickness.
struct Face {
    font: Font,
    shape: rustybuzz::Face<'static>,
    /// How Latin letters are put beside one another; made once, since making it takes longer than using it.
    plan: ShapePlan,
    unknown: Option<(u32, i32)>,
}

impl Face {
    fn new(weight: f32) -> Option<Self> {
        let font = Font::new_variable(Data::from(FIGTREE.to_vec()), 0, &[(Tag::new(b"wght"), weight)])?;
        let mut shape = rustybuzz::Face::from_slice(FIGTREE, 0)?;
        shape.set_variations(&[Variation {
            tag: rustybuzz::ttf_parser::Tag::from_bytes(b"wght"),
            value: weight,
        }]);
        let plan = ShapePlan::new(&shape, Direction::LeftToRight, Some(script::LATIN), None, &[]);
        let unknown = shape
            .glyph_index(UNKNOWN)
            .map(|id| (u32::from(id.0), shape.glyph_hor_advance(id).map_or(500, i32::from)));
        Some(Self { font, shape, plan, unknown })
    }
}

/// Both thicknesses.
pub(super) struct Letters {
    faces: [Face; 2],
}

impl Letters {
    /// Reads the typeface; none when it is not one, which a test would have shown.
    pub fn read() -> Option<Self> {
        let [ordinary, bold] = WEIGHTS;
        Some(Self { faces: [Face::new(ordinary)?, Face::new(bold)?] })
    }

    fn face(&self, style: Style) -> &Face {
        let [ordinary, bold] = &self.faces;
        if style.bold { bold } else { ordinary }
    }

    pub fn font(&self, style: Style) -> Font {
        self.face(style).font.clone()
    }

    /// The letters of one line, from left to right.
    pub fn shaped(&self, text: &str, style: Style) -> Vec<KrillaGlyph> {
        let face = self.face(style);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.set_script(script::LATIN);
        let shaped = rustybuzz::shape_with_plan(&face.shape, &face.plan, buffer);
        #[expect(clippy::cast_precision_loss, reason = "units of a typeface, some thousands")]
        let em = |units: i32| units as f32 / face.font.units_per_em();
        let (infos, places) = (shaped.glyph_infos(), shaped.glyph_positions());
        // letters that melt into one share a place; each goes on to the next one
        let (mut ends, mut next) = (Vec::with_capacity(infos.len()), (text.len(), text.len()));
        for info in infos.iter().rev() {
            let start = info.cluster as usize;
            next = if start == next.0 { next } else { (start, next.0) };
            ends.push(next);
        }
        let each = infos.iter().zip(places).zip(ends.iter().rev()).map(|((info, place), (start, end))| {
            let (id, advance) = match (info.glyph_id, face.unknown) {
                (0, Some(unknown)) => unknown,
                (id, _) => (id, place.x_advance),
            };
            let (x, y) = (em(place.x_offset), em(place.y_offset));
            KrillaGlyph::new(GlyphId::new(id), em(advance), x, y, 0.0, *start..*end, None)
        });
        each.collect()
    }

    /// How wide a line is, in points.
    pub fn width(&self, text: &str, style: Style) -> f32 {
        self.shaped(text, style).iter().map(|glyph| glyph.x_advance).sum::<f32>() * style.size
    }

    /// Breaks a text into lines of at most `width` points: at spaces, within a word that is wider, and where it breaks itself.
    pub fn wrapped(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let text = plain(text);
        let space = self.width(" ", style);
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let (mut line, mut reach) = (String::new(), 0.0);
            for word in paragraph.split_whitespace().flat_map(|word| self.parts(word, style, width)) {
                let wide = self.width(&word, style);
                if !line.is_empty() && reach + space + wide > width {
                    lines.push(std::mem::take(&mut line));
                    reach = 0.0;
                }
                if !line.is_empty() {
                    line.push(' ');
                    reach += space;
                }
                line.push_str(&word);
                reach += wide;
            }
            lines.push(line);
        }
        while lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// A word, or the parts of one that is wider than a line.
    fn parts(&self, word: &str, style: Style, width: f32) -> Vec<String> {
        if word.len() < 12 {
            return vec![word.to_owned()];
        }
        let (mut parts, mut from, mut reach) = (Vec::new(), 0, 0.0);
        for glyph in self.shaped(word, style) {
            let (wide, at) = (glyph.x_advance * style.size, glyph.text_range.start);
            if at > from && reach + wide > width {
                parts.extend(word.get(from..at).map(str::to_owned));
                (from, reach) = (at, 0.0);
            }
            reach += wide;
        }
        parts.extend(word.get(from..).map(str::to_owned));
        parts
    }
}

/// A text without what no paper shows: control characters, marks that turn the direction of text round, and codepoints that
/// are none.
fn plain(text: &str) -> String {
    let kept = |c: &char| {
        let turns = matches!(*c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        let none = matches!(u32::from(*c) & 0xFFFF, 0xFFFE | 0xFFFF) || ('\u{FDD0}'..='\u{FDEF}').contains(c);
        *c == '\n' || !(c.is_control() || turns || none)
    };
    text.replace("\r\n", "\n").replace('\t', " ").chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::new(10.0, (0, 0, 0));

    #[test]
    fn lines_are_as_wide_as_they_may_be_and_lose_no_word() {
        let letters = Letters::read().unwrap();
        let text = "Three residents of Beech unit had no review date on their falls risk assessment, and one had none at all";
        let lines = letters.wrapped(text, STYLE, 150.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
        for line in &lines {
            assert!(letters.width(line, STYLE) <= 151.0, "{line}");
        }
        assert!(letters.width("WWW", STYLE) > letters.width("iii", STYLE));
        assert!(letters.width("word", STYLE.bold()) > letters.width("word", STYLE));
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_and_line_breaks_are_kept() {
        let letters = Letters::read().unwrap();
        let hash = "3fa9".repeat(16);
        let lines = letters.wrapped(&hash, STYLE, 120.0);
        assert!(lines.len() > 2 && lines.concat() == hash, "{lines:?}");
        assert_eq!(letters.wrapped("one\r\n\r\ntwo\n\n", STYLE, 120.0), ["one", "", "two"]);
        assert_eq!(letters.wrapped("", STYLE, 120.0), [""]);
    }

    #[test]
    fn what_cannot_be_drawn_is_a_question_mark_and_what_plays_tricks_is_gone() {
        let letters = Letters::read().unwrap();
        let (known, unknown) = (letters.shaped("?", STYLE), letters.shaped("中", STYLE));
        assert_eq!(known[0].glyph_id, unknown[0].glyph_id);
        assert_eq!(plain("a\u{0}b\u{202E}c\u{FEFF}d\u{FFFE}e\tf\u{7}"), "abcde f");
        for glyph in letters.shaped("Łódź – 12½ % €", STYLE) {
            assert_ne!(glyph.glyph_id.to_u32(), 0);
        }
    }
}
