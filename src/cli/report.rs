//! Writing a report as a PDF from the keyboard.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use throughline::config::Config;
use throughline::database;
use throughline::domain::figure::Month;
use throughline::error::AppError;
use throughline::workflow::report;

use super::{say, state};

/// Which report, and where it goes.
#[derive(Debug, Args)]
pub struct Asked {
    /// The provider's part of the address.
    #[arg(long, value_name = "SLUG")]
    provider: String,
    /// The month, like 2026-10.
    #[arg(long, value_parser = month)]
    month: Month,
    /// One service, by its part of the address; the whole provider when left out.
    #[arg(long, value_name = "SLUG")]
    service: Option<String>,
    /// The file to write; one that is there is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn month(text: &str) -> Result<Month, String> {
    Month::from_text(text).ok_or_else(|| "give a month like 2026-10".to_owned())
}

/// Writes it.
///
/// # Errors
/// A sentence for the person at the keyboard.
pub async fn write(config: Config, asked: Asked) -> Result<()> {
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let read = report::for_operator(&state, &asked.provider, asked.service.as_deref(), asked.month).await;
    opened.close().await;
    let report = read.map_err(|error| match error {
        AppError::BadRequest(sentence) => anyhow!(sentence),
        other => anyhow!("the report could not be read: {other:?}"),
    })?;
    let pdf = state.press.pdf(report.paper()).await?;
    let out = &asked.out;
    std::fs::write(out, pdf)
        .with_context(|| format!("The report could not be written to {}", out.display()))?;
    let head = &report.mark.head;
    say(&format!(
        "{} is written. It can be checked by line {} of the trail, whose hash is {}.",
        out.display(),
        head.seq,
        head.hash
    ));
    Ok(())
}
