//! The colours of `static/app.css` against WCAG 2.2: tools that look at pages miss some pairs, so all are computed here.

use std::collections::HashMap;

const CSS: &str = include_str!("../../static/app.css");

/// Text on its ground: at least 4.5 to 1.
const TEXT: &[(&str, &str)] = &[
    ("--ink", "--paper"),
    ("--ink", "--card"),
    ("--ink", "--sunk"),
    ("--ink", "--brand-tint"),
    ("--ink-2", "--paper"),
    ("--ink-2", "--card"),
    ("--ink-2", "--sunk"),
    ("--link", "--paper"),
    ("--link", "--card"),
    ("--link", "--sunk"),
    ("--link-hover", "--paper"),
    ("--link-hover", "--card"),
    ("--link-hover", "--sunk"),
    ("--late", "--late-bg"),
    ("--soon", "--soon-bg"),
    ("--open", "--open-bg"),
    ("--wait", "--wait-bg"),
    ("--done", "--done-bg"),
    ("--mute", "--mute-bg"),
    ("--back", "--back-bg"),
    ("--good", "--good-bg"),
    ("--ink", "--late-bg"),
    ("--ink", "--done-bg"),
    ("--press-ink", "--press"),
    ("--press-ink", "--press-hover"),
    ("--govuk-error-colour", "--card"),
    ("--govuk-error-colour", "--paper"),
    ("--govuk-success-colour", "--card"),
    ("--govuk-focus-text-colour", "--govuk-focus-colour"),
    ("--spc-target", "--card"),
    ("--ink", "--h1"),
    ("--ink", "--h2"),
    ("--h-mid", "--h3"),
    ("--h-high", "--h4"),
    ("--h-top", "--h5"),
    ("--bar-ink", "--brand-deep"),
    ("--bar-ink-2", "--brand-deep"),
];

/// Shapes that mean something on their ground: at least 3 to 1.
const SHAPES: &[(&str, &str)] = &[
    ("--line-strong", "--card"),
    ("--line-strong", "--paper"),
    ("--brand", "--card"),
    ("--brand", "--paper"),
    ("--ok", "--card"),
    ("--ok", "--done-bg"),
    ("--ok-ink", "--ok"),
    ("--press", "--card"),
    ("--press", "--paper"),
    ("--edge-late", "--card"),
    ("--edge-wait", "--card"),
    ("--edge-back", "--card"),
    ("--thread", "--brand-deep"),
    ("--spc-good", "--card"),
    ("--spc-bad", "--card"),
    ("--spc-neutral", "--card"),
    ("--spc-common", "--card"),
];

type Tokens = HashMap<String, String>;

/// The custom properties of one block: from the first `{` after `start` to its `}`.
fn block(start: &str) -> Tokens {
    let from = CSS.find(start).unwrap_or_else(|| panic!("{start} is not in app.css"));
    let body = CSS[from + start.len()..].split('}').next().unwrap();
    let mut text = String::new();
    for (index, piece) in body.split("/*").enumerate() {
        text.push_str(if index == 0 { piece } else { piece.split("*/").nth(1).unwrap_or("") });
    }
    text.split(';')
        .filter_map(|line| line.trim().split_once(':'))
        .filter(|(name, _)| name.starts_with("--"))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn schemes() -> [(&'static str, Tokens); 2] {
    let light = block(":root{");
    let mut dark = light.clone();
    dark.extend(block("@media screen and (prefers-color-scheme:dark){:root{"));
    [("light", light), ("dark", dark)]
}

fn colour(tokens: &Tokens, name: &str) -> [f64; 3] {
    let value = tokens.get(name).unwrap_or_else(|| panic!("{name} is not a token"));
    if let Some(other) = value.strip_prefix("var(").and_then(|rest| rest.strip_suffix(')')) {
        return colour(tokens, other);
    }
    let hex = value.strip_prefix('#').unwrap_or_else(|| panic!("{name} is {value}, not a colour"));
    let wide: String =
        if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    assert_eq!(wide.len(), 6, "{name} is {value}");
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&wide[at..at + 2], 16).unwrap()) / 255.0)
}

fn luminance(rgb: [f64; 3]) -> f64 {
    let [r, g, b] = rgb.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_measure_itself_is_right() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    let grey = [f64::from(0x76) / 255.0; 3];
    assert!((contrast(grey, [1.0; 3]) - 4.54).abs() < 0.01, "#767676 on white");
}

#[test]
fn text_and_shapes_can_be_seen_in_both_schemes() {
    let mut wrong = Vec::new();
    for (scheme, tokens) in schemes() {
        for (pairs, least) in [(TEXT, 4.5), (SHAPES, 3.0)] {
            for (front, ground) in pairs {
                let ratio = contrast(colour(&tokens, front), colour(&tokens, ground));
                if ratio < least {
                    wrong.push(format!("{scheme}: {front} on {ground} is {ratio:.2}, needs {least}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_state_colour_is_looked_at() {
    for (scheme, tokens) in schemes() {
        for name in tokens.keys().filter(|name| name.ends_with("-bg")) {
            assert!(TEXT.iter().any(|(_, ground)| ground == name), "{scheme}: {name} is not in the table");
        }
    }
}
