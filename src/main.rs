//! The program: settings, log, and the command that was asked for.

mod cli;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use throughline::config::{Config, LogConfig, LogFormat};
use tracing_subscriber::EnvFilter;

/// The settings are wrong; anything else that fails ends with 1.
const WRONG_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    let command = cli::Cli::parse().command;
    let config = match settings() {
        Ok(config) => config,
        Err(sentences) => {
            complain(&sentences);
            return ExitCode::from(WRONG_SETTINGS);
        }
    };
    start_log(&config.log);
    for sentence in &config.warnings {
        tracing::warn!("{sentence}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("The program could not start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The settings from the environment; a file `.env` in the current folder adds what the environment lacks.
fn settings() -> Result<Config, String> {
    match dotenvy::from_path(".env") {
        Err(error) if !error.not_found() => {
            // the error itself would repeat the line, which may hold a password
            return Err(
                "The file .env cannot be read: each line is NAME=value, with quotes around spaces.".into()
            );
        }
        _ => {}
    }
    Config::from_env().map_err(|errors| errors.to_string())
}

/// The log goes to standard error. It holds no personal data: ids and counts, never names or what people wrote.
fn start_log(log: &LogConfig) {
    let filter = EnvFilter::new(&log.filter);
    let colours = std::io::stderr().is_terminal();
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match log.format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}

#[expect(clippy::print_stderr, reason = "the log may not be there yet, or may be for machines")]
fn complain(sentence: &str) {
    eprintln!("{sentence}");
}
