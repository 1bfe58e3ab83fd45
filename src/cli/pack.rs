//! Making an evidence pack from the keyboard, and checking one.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::NaiveDate;
use clap::Args;
use throughline::config::Config;
use throughline::database;
use throughline::domain::pack::Choice;
use throughline::domain::redaction::Naming;
use throughline::domain::text_enum::TextEnum as _;
use throughline::domain::topic::Theme;
use throughline::error::AppError;
use throughline::files::ContentHash;
use throughline::pack::verify::verify;
use throughline::workflow::pack::{self, Operated};
use tokio::io::AsyncWriteExt as _;

use super::{say, state};

/// Which pack, and where it goes.
#[derive(Debug, Args)]
pub struct Asked {
    /// The provider's part of the address.
    #[arg(long, value_name = "SLUG")]
    provider: String,
    /// What it is for; it stands on the pack.
    #[arg(long, value_name = "WORDS")]
    purpose: String,
    /// A service, by its part of the address; may be given several times. All services when left out.
    #[arg(long = "service", value_name = "SLUG")]
    services: Vec<String>,
    /// Only what was found from this day on, like 2026-05-01.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Only what was found until this day.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// Only this theme, like safeguarding; may be given several times.
    #[arg(long = "theme", value_name = "THEME", value_parser = theme)]
    themes: Vec<Theme>,
    /// Only these findings, like F-0012,F-0014.
    #[arg(long, value_name = "REFERENCES", default_value = "")]
    findings: String,
    /// Name members; without this they are told by their job titles.
    #[arg(long)]
    names: bool,
    /// The file to write; one that is there is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn theme(text: &str) -> Result<Theme, String> {
    let known: Vec<&str> = Theme::ALL.iter().map(|theme| theme.as_str()).collect();
    Theme::from_text(text).ok_or_else(|| format!("give one of: {}", known.join(", ")))
}

/// Makes it.
///
/// # Errors
/// A sentence for the person at the keyboard.
pub async fn write(config: Config, asked: Asked) -> Result<()> {
    let findings = pack::findings_typed(&asked.findings).map_err(|sentence| anyhow!("{sentence}."))?;
    let naming = if asked.names { Naming::Names } else { Naming::Titles };
    let choice = Choice {
        purpose: asked.purpose,
        services: Vec::new(),
        from: asked.from,
        to: asked.to,
        themes: asked.themes,
        findings,
        naming,
        withheld: Vec::new(),
    };
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let wanted = Operated { services: asked.services, choice };
    let made = pack::for_operator(&state, &asked.provider, wanted).await;
    opened.close().await;
    let (provider, pack) = made.map_err(|error| match error {
        AppError::BadRequest(sentence) => anyhow!(sentence),
        other => anyhow!("the pack could not be made: {other:?}"),
    })?;
    let Some(made) = pack.made else {
        bail!("{}.", pack.failed_because.unwrap_or_else(|| "The pack could not be made".into()));
    };
    let hash = ContentHash::try_from(made.sha256.as_slice())?;
    let stored = state
        .evidence
        .open(provider, hash)
        .await?
        .ok_or_else(|| anyhow!("the file of the pack is not in the store"))?;
    let mut content = stored.content;
    let lost = || format!("The pack could not be written to {}", asked.out.display());
    let mut out = tokio::fs::File::create(&asked.out).await.with_context(lost)?;
    while let Some(piece) = futures_util::StreamExt::next(&mut content).await {
        out.write_all(&piece?).await.with_context(lost)?;
    }
    out.flush().await.with_context(lost)?;
    say(&format!(
        "{} is written: {} files, {} lines of the trail.",
        asked.out.display(),
        made.files,
        made.lines
    ));
    say(&format!("Its seal is line {} of the trail, whose hash is {}", made.seal_line, made.seal_hash));
    say("Hand this hash over by another way than the file.");
    Ok(())
}

/// Verifies a pack without a database.
///
/// # Errors
/// The first thing that is not as it was made, or that the file cannot be read.
pub fn check(file: &Path, head: Option<&str>) -> Result<()> {
    let opened = File::open(file).with_context(|| format!("{} could not be opened", file.display()))?;
    match verify(BufReader::with_capacity(1 << 16, opened), head) {
        Ok(intact) => {
            intact.sentences().iter().for_each(|sentence| say(sentence));
            Ok(())
        }
        Err(fault) => bail!("NOT INTACT: {fault}"),
    }
}
