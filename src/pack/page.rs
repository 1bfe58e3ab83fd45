//! A paper as a page that opens without a server, a network or a script: its style stands in it, and its links lead inside the
//! pack.

use askama::Template;

use crate::report::{Block, Paper};

/// The style of every page of a pack.
const STYLE: &str = include_str!("page.css");
/// What such a page may load, should it be opened in a browser: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

#[derive(Template)]
#[template(source = "{{ title }}", ext = "html")]
struct Title<'a> {
    title: &'a str,
}

#[derive(Template)]
#[template(path = "pack/page.html")]
struct Body<'a> {
    paper: &'a Paper,
    up: &'a str,
}

/// Draws a paper; `up` leads back to the start, and is empty on the start page itself.
///
/// # Errors
/// The template cannot be drawn, which no paper makes it.
pub fn draw(paper: &Paper, up: &str) -> Result<String, askama::Error> {
    let body = Body { paper, up }.render()?;
    let title = Title { title: &paper.title }.render()?;
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ))
}
