//! File names: what is left of the one that was sent, and how it goes back out.

use std::fmt::{self, Write as _};

/// The most characters a name keeps, its ending included.
const MOST_CHARACTERS: usize = 120;
/// The longest ending that is kept as one when a name is shortened.
const LONGEST_ENDING: usize = 10;
/// Names Windows keeps for devices, whatever their ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A file name that is safe to show, to store as text and to hand to any system as the name to save under.
/// It is never used as a path by this program: files are kept under their hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileName(String);

impl FileName {
    /// Makes a name of whatever was sent: the last part of a path, without control, direction and invisible
    /// characters, without characters some systems cannot store, not a device, not hidden, at most 120 characters.
    #[must_use]
    pub fn clean(raw: &str) -> Self {
        let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = last.chars().filter(|&c| !is_hidden(c)).map(storable).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        let spaced = words.join(" ");
        let bare = spaced.trim_matches(|c: char| c == '.' || c == ' ' || c == '~');
        let named = match bare {
            "" => "file".to_owned(),
            name if is_device(name) => format!("file-{name}"),
            name => name.to_owned(),
        };
        Self(shortened(&named))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ending in lower case, without its dot; empty when there is none.
    #[must_use]
    pub fn ending(&self) -> String {
        split(&self.0).map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
    }

    /// The same name with another ending.
    #[must_use]
    pub fn with_ending(&self, ending: &str) -> Self {
        let stem = split(&self.0).map_or(self.0.as_str(), |(stem, _)| stem);
        Self(shortened(&format!("{stem}.{ending}")))
    }

    /// The `Content-Disposition` that makes a browser save the file under this name and never show it in place:
    /// a plain ASCII name for the oldest, and the real one by RFC 6266 and RFC 8187 for the rest.
    #[must_use]
    pub fn content_disposition(&self) -> String {
        // '%' would be decoded by some browsers even in the plain form.
        let plain = |c: char| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';') || c == ' ' { c } else { '_' }
        };
        let mut value = String::from("attachment; filename=\"");
        value.extend(self.0.chars().map(plain));
        value.push_str("\"; filename*=UTF-8''");
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                let _ = write!(value, "%{byte:02X}");
            }
        }
        value
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters nobody sees, or that change how the others are read: "gpj.exe" must not show as "exe.jpg".
fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_ascii_whitespace())
        || matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A hyphen instead of what Windows cannot store or a shell would read.
const fn storable(c: char) -> char {
    match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' | '`' | '$' => '-',
        other => other,
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.chars().count() == 1 && rest.chars().all(|c| c.is_numeric()))
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Stem and ending; `None` when there is no dot with something on both sides, or too much to be an ending.
fn split(name: &str) -> Option<(&str, &str)> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending = !ending.is_empty() && ending.chars().count() <= LONGEST_ENDING && !ending.contains(' ');
    (is_ending && !stem.is_empty()).then_some((stem, ending))
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= MOST_CHARACTERS {
        return name.to_owned();
    }
    let (stem, ending) = split(name).unwrap_or((name, ""));
    let dot = if ending.is_empty() { "" } else { "." };
    let room = MOST_CHARACTERS - ending.chars().count() - dot.len();
    let stem: String = stem.chars().take(room).collect();
    format!("{}{dot}{ending}", stem.trim_end_matches([' ', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("MAR chart.pdf", "MAR chart.pdf")]
    #[case::up("../../etc/passwd", "passwd")]
    #[case::up_windows("..\\..\\boot.ini", "boot.ini")]
    #[case::drive("C:\\Users\\amina\\audit.docx", "audit.docx")]
    #[case::absolute("/var/www/shell.pdf", "shell.pdf")]
    #[case::only_dots("..", "file")]
    #[case::ends_in_slash("folder/", "file")]
    #[case::empty("", "file")]
    #[case::only_spaces(" \t ", "file")]
    #[case::hidden(".htaccess", "htaccess")]
    #[case::line_break("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie- x=1.pdf")]
    #[case::nul("audit.pdf\0.exe", "audit.pdf.exe")]
    #[case::escape("a\u{1b}[31mred.txt", "a[31mred.txt")]
    #[case::c1("a\u{85}\u{9b}b.txt", "ab.txt")]
    #[case::reversed("photo\u{202e}gpj.exe", "photogpj.exe")]
    #[case::isolates("a\u{2066}b\u{2069}.pdf", "ab.pdf")]
    #[case::zero_width("au\u{200b}dit\u{feff}.pdf", "audit.pdf")]
    #[case::tags("a\u{e0041}.pdf", "a.pdf")]
    #[case::signs("a<b>:\"c|d?*.csv", "a-b---c-d--.csv")]
    #[case::device("CON.pdf", "file-CON.pdf")]
    #[case::device_bare("nul", "file-nul")]
    #[case::device_number("com1.txt", "file-com1.txt")]
    #[case::device_superscript("LPT².txt", "file-LPT².txt")]
    #[case::not_a_device("console.pdf", "console.pdf")]
    #[case::trailing_dots("audit.pdf. . .", "audit.pdf")]
    #[case::spaces("  week   46  .pdf", "week 46 .pdf")]
    #[case::not_latin("отчёт за ноябрь.pdf", "отчёт за ноябрь.pdf")]
    #[case::encoded_path("%2e%2e%2fa.pdf", "%2e%2e%2fa.pdf")]
    #[case::full_width_slash("..／..／a.pdf", "／..／a.pdf")]
    fn names_are_cleaned(#[case] raw: &str, #[case] clean: &str) {
        assert_eq!(FileName::clean(raw).as_str(), clean);
        assert_eq!(FileName::clean(clean).as_str(), clean, "cleaning twice changes nothing");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = FileName::clean(&format!("{}.pdf", "é".repeat(5000)));
        assert_eq!(name.as_str().chars().count(), 120);
        assert_eq!(name.ending(), "pdf");
        assert_eq!(FileName::clean(&"x".repeat(500)).as_str().len(), 120);
        assert_eq!(FileName::clean(&format!("a.{}", "b".repeat(500))).as_str().len(), 120);
        assert_eq!(name.with_ending("jpeg").ending(), "jpeg");
    }

    #[rstest]
    #[case("Photo.JPG", "jpg")]
    #[case("photo.tar.gz", "gz")]
    #[case("photo", "")]
    #[case("photo.a b", "")]
    #[case("v1.2 final", "")]
    fn the_ending_is_the_last_one_in_lower_case(#[case] name: &str, #[case] ending: &str) {
        assert_eq!(FileName::clean(name).ending(), ending);
    }

    #[rstest]
    #[case("MAR chart.pdf", "attachment; filename=\"MAR chart.pdf\"; filename*=UTF-8''MAR%20chart.pdf")]
    #[case(
        "50% done; it's.txt",
        "attachment; filename=\"50_ done_ it's.txt\"; filename*=UTF-8''50%25%20done%3B%20it%27s.txt"
    )]
    #[case("café.pdf", "attachment; filename=\"caf_.pdf\"; filename*=UTF-8''caf%C3%A9.pdf")]
    fn the_disposition_is_one_header_value(#[case] name: &str, #[case] value: &str) {
        assert_eq!(FileName::clean(name).content_disposition(), value);
    }

    proptest::proptest! {
        #[test]
        fn whatever_was_sent_the_name_is_safe(raw in "\\PC*|.*|(\\.\\./|[\\x00-\\x1f]|com1|\\.|é){0,200}") {
            let name = FileName::clean(&raw);
            let text = name.as_str();
            proptest::prop_assert!(!text.is_empty() && text.chars().count() <= 120);
            proptest::prop_assert!(!text.contains(['/', '\\', '"']) && !text.starts_with('.') && !text.ends_with('.'));
            proptest::prop_assert!(!text.chars().any(|c| c.is_control()));
            proptest::prop_assert!(name.content_disposition().bytes().all(|b| (0x20..0x7f).contains(&b)));
            let again = FileName::clean(text);
            proptest::prop_assert_eq!(again.as_str(), text);
        }
    }
}
