//! A square picture for a telephone's camera, drawn here: nothing of it leaves the program for another one to draw.

use askama::Template;
use fast_qr::QRBuilder;

/// The light border a camera needs around it, in modules.
const BORDER: usize = 4;

/// The picture of a text.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/qr.html")]
pub struct Qr {
    side: usize,
    label: &'static str,
    ink: String,
}

impl askama::filters::HtmlSafe for Qr {}

impl Qr {
    /// The picture of `text`; `None` when it is too long for one.
    #[must_use]
    pub fn of(text: &str, label: &'static str) -> Option<Self> {
        let code = QRBuilder::new(text).build().ok()?;
        let mut ink = String::new();
        for (y, row) in code.data.chunks(code.size).take(code.size).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, module)| module.value()) {
                ink.push_str(&format!("M{} {}h1v1h-1z", x + BORDER, y + BORDER));
            }
        }
        Some(Self { side: code.size + 2 * BORDER, label, ink })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners_and_a_border() {
        let qr = Qr::of("otpauth://totp/Throughline:amara?secret=GEZDGNBVGY3TQOJQ", "Picture").unwrap();
        let at = |x: usize, y: usize| qr.ink.contains(&format!("M{x} {y}h1"));
        let last = qr.side - BORDER - 1;
        for (x, y) in [(BORDER, BORDER), (last, BORDER), (BORDER, last)] {
            assert!(at(x, y), "{x} {y}");
        }
        assert!(!at(BORDER + 1, BORDER + 1) && !at(0, 0) && !at(last + 1, BORDER));
        assert!(qr.to_string().starts_with("<svg class=\"qr\" viewBox=\"0 0 "));
        assert!(Qr::of(&"x".repeat(5_000), "Picture").is_none());
    }
}
