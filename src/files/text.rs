//! Plain text and CSV: UTF-8 or Windows-1252, no control bytes, and no web page or script in disguise.

use std::io::Read;

use super::{FileRefusal, Trouble};

/// Beginnings of what a browser would run or show as a page, in lower case. Looked for near the start only:
/// a note may well quote a tag further down, and downloads are never shown in place anyway.
const TAGS: [&[u8]; 14] = [
    b"<!doctype",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<svg",
    b"<?xml",
    b"<?php",
    b"<iframe",
    b"<object",
    b"<embed",
    b"<style",
    b"<meta",
    b"<%@",
];

/// Whether the file as a whole is markup or a script: its first visible character opens a tag, or it begins with `#!`.
#[must_use]
pub fn is_markup(head: &[u8]) -> bool {
    let plain = plain_start(head);
    let opens_tag = matches!(plain.first_chunk::<2>(), Some([b'<', next]) if next.is_ascii_alphabetic() || b"!?/%".contains(next));
    opens_tag
        || plain.starts_with(b"#!")
        || plain.starts_with(b"%!PS")
        || mentions_markup(head.get(..1024).unwrap_or(head)) && !has_nul(head)
}

/// Whether a tag that browsers act on stands anywhere in these bytes.
#[must_use]
pub fn mentions_markup(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    TAGS.iter().any(|tag| lower.windows(tag.len()).any(|window| window == *tag))
}

/// Reads through the whole file once, in small pieces, and checks that it is text.
///
/// # Errors
/// Not text; or the disk failed.
pub fn examine<R: Read>(content: &mut R) -> Result<(), Trouble> {
    let mut utf8 = Utf8::default();
    let mut windows = true;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = content.read(&mut piece)?;
        let Some(bytes) = piece.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        if bytes.iter().any(|&byte| is_control(byte)) {
            return Err(FileRefusal::NotText.into());
        }
        utf8.feed(bytes);
        windows &= !bytes.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
        if utf8.broken && !windows {
            return Err(FileRefusal::NotText.into());
        }
    }
    if utf8.whole() || windows { Ok(()) } else { Err(FileRefusal::NotText.into()) }
}

fn has_nul(bytes: &[u8]) -> bool {
    bytes.contains(&0)
}

/// Without byte order mark and leading space.
fn plain_start(head: &[u8]) -> &[u8] {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    head.trim_ascii_start()
}

const fn is_control(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C)) || byte == 0x7F
}

/// Checks UTF-8 across the borders of pieces: at most three bytes wait for the rest of their character.
#[derive(Default)]
struct Utf8 {
    waiting: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    fn feed(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        let (first, rest) = bytes.split_at(bytes.len().min(4));
        let joined: Vec<u8> = [self.waiting.as_slice(), first].concat();
        self.waiting.clear();
        match std::str::from_utf8(&joined) {
            Ok(_) => self.check(rest),
            Err(error) if error.error_len().is_some() => self.broken = true,
            Err(error) if rest.is_empty() => self.keep(&joined, error.valid_up_to()),
            Err(error) => {
                let open = joined.get(error.valid_up_to()..).unwrap_or_default();
                let next = [open, rest].concat();
                self.check(&next);
            }
        }
    }

    fn check(&mut self, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(_) => {}
            Err(error) if error.error_len().is_some() => self.broken = true,
            Err(error) => self.keep(bytes, error.valid_up_to()),
        }
    }

    fn keep(&mut self, bytes: &[u8], from: usize) {
        self.waiting = bytes.get(from..).unwrap_or_default().to_vec();
    }

    const fn whole(&self) -> bool {
        !self.broken && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Gives out one byte at a time, or as many as asked for.
    struct Trickle<'a>(&'a [u8], usize);
    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let most = into.len().min(self.1);
            let (now, later) = self.0.split_at(most.min(self.0.len()));
            into[..now.len()].copy_from_slice(now);
            self.0 = later;
            Ok(now.len())
        }
    }

    #[rstest]
    #[case::ascii(b"Beech unit, week 46\r\n\tall signed\x0c".as_slice(), true)]
    #[case::utf8("Zoë’s audit — 21 November 🦊".as_bytes(), true)]
    #[case::bom(b"\xEF\xBB\xBFa,b\n1,2\n", true)]
    #[case::windows_1252(b"Zo\xeb\x92s audit \x96 \x8035", true)]
    #[case::nul(b"a\0b", false)]
    #[case::escape(b"a\x1b[31m", false)]
    #[case::delete(b"a\x7f", false)]
    #[case::utf16(b"\xFF\xFEa\0b\0", false)]
    #[case::neither(b"caf\x81 \xff\xfe", false)]
    #[case::half_a_character(b"caf\xc3\x8f \xf0\x9f\x81", false)]
    fn text_is_utf8_or_windows_1252_without_control_bytes(#[case] bytes: &[u8], #[case] fine: bool) {
        for step in [1, 2, 3, 5, 1000] {
            assert_eq!(examine(&mut Trickle(bytes, step)).is_ok(), fine, "in steps of {step}");
        }
    }

    #[rstest]
    #[case::page(b"<html><body>".as_slice(), true)]
    #[case::doctype(b" \n\t<!DOCTYPE html>", true)]
    #[case::bom_svg(b"\xEF\xBB\xBF<svg onload=alert(1)>", true)]
    #[case::xml(b"<?xml version=\"1.0\"?>", true)]
    #[case::any_tag(b"<x onclick=1>", true)]
    #[case::comment(b"<!-- a -->", true)]
    #[case::later(b"name,note\n1,<ScRiPt>alert(1)</script>", true)]
    #[case::shell(b"#!/bin/sh\n", true)]
    #[case::php(b"a\n<?php system($_GET[0]);", true)]
    #[case::less_than(b"< 5 minutes late\n", false)]
    #[case::heart(b"<3 well done", false)]
    #[case::number_sign(b"# notes\n", false)]
    #[case::plain(b"temperature <30 and >20", false)]
    fn pages_and_scripts_are_seen(#[case] head: &[u8], #[case] markup: bool) {
        assert_eq!(is_markup(head), markup);
    }
}
