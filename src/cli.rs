//! The commands of the program.

mod pack;
mod people;
mod report;

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::{Args, Parser, Subcommand};
use throughline::app::{self, AppState};
use throughline::auth::token::Token;
use throughline::clock::Clock;
use throughline::config::{Config, DatabaseConfig};
use throughline::database::{self, Opened};
use throughline::demo::{self, Presence};
use throughline::domain::trail::{Head, typed_hash};
use throughline::domain::words::count_of as counted;
use throughline::error::AppError;
use throughline::lifecycle::Supervisor;
use throughline::sample;
use throughline::worker;
use throughline::workflow::trail;

/// Carries every finding in adult social care to a proven closure.
///
/// Settings come from the environment, or from a file called .env in the current folder; .env.example lists
/// them all. Without DATABASE_URL the program starts a PostgreSQL of its own in DATA_DIR.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the database up to date and serve pages until stopped (Ctrl-C or SIGTERM).
    ///
    /// The address is LISTEN_ADDR, 127.0.0.1:8080 when unset. Stopping finishes the requests at work, which
    /// takes at most 20 seconds.
    Serve,
    /// Serve with demo data: two invented providers with months of history, and a sign-in for each role.
    ///
    /// Loads them into an empty database; one that holds data is served as it is. Everybody in the demo has the
    /// same published password, so it is served on loopback addresses only.
    Demo,
    /// Bring the database up to date, then end.
    ///
    /// With DATABASE_URL set this needs DATABASE_OWNER_URL, the role that owns the tables. Running it again
    /// changes nothing.
    Migrate,
    /// The background task: flags what passed its date, escalates it, delivers messages.
    ///
    /// `serve` runs it by itself; this is for a scheduler, or to catch up after a stop.
    Worker {
        /// Look once, then end.
        #[arg(long, required = true)]
        once: bool,
    },
    /// Providers: the companies whose data is kept apart.
    #[command(subcommand)]
    Provider(people::Providers),
    /// People and their passwords.
    #[command(subcommand)]
    User(people::People),
    /// The history of everything that was done, which nobody can change unseen.
    #[command(subcommand)]
    Trail(Trail),
    /// Write the governance report of a month as a PDF: the same as the page shows and its button downloads.
    Report(report::Asked),
    /// Make an evidence pack and write it to a file: what was found, what became of it, and the proof.
    ///
    /// Unless --names is given, members are told by their job titles. The hash it prints is what a reader checks it by.
    Pack(pack::Asked),
    /// Adds bulk data for measuring: providers called sample-1, sample-2, … with a history.
    ///
    /// Never needed for work with real people: it cannot be taken out again. The same seed makes the same sample.
    Sample(Sample),
}

/// What can be asked of the trail.
#[derive(Debug, Subcommand)]
pub enum Trail {
    /// Check that no line was changed, taken out or put in; ends with 1 and names the line where it breaks.
    Verify {
        /// Check this evidence pack instead, without a database: throughline trail verify PACK.zip --head HASH.
        #[arg(value_name = "PACK.zip", conflicts_with_all = ["provider", "line"])]
        pack: Option<PathBuf>,
        /// The hash of the pack's seal, as you got it by another way than the file.
        #[arg(long, value_name = "HASH", requires = "pack", value_parser = printed_hash)]
        head: Option<String>,
        /// The provider's part of the address; all providers when left out.
        #[arg(long, value_name = "SLUG")]
        provider: Option<String>,
        /// Also check a line against the hash that stands on a printed page: needs --provider and --hash.
        #[arg(long, value_name = "NUMBER", requires_all = ["provider", "hash"], value_parser = clap::value_parser!(i64).range(1..))]
        line: Option<i64>,
        /// The hash printed beside that line.
        #[arg(long, value_name = "HASH", requires = "line", value_parser = printed_hash)]
        hash: Option<String>,
    },
}

/// A hash as somebody copied it from a printed page.
fn printed_hash(text: &str) -> Result<String, String> {
    typed_hash(text).ok_or_else(|| "give the whole hash: 64 figures and letters from a to f".to_owned())
}

/// How much a sample holds, and who can sign in to it.
#[derive(Debug, Args)]
pub struct Sample {
    /// How many providers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    providers: u32,
    /// How many services each has; there are two members for each service.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    services: u32,
    /// How many actions each has.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    actions: u32,
    /// How many days its history goes back.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(30..=4000))]
    days: u32,
    /// What chance begins with.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The password of the two people who can sign in; made up and printed when none is given.
    #[arg(long, env = "SAMPLE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// Does what was asked.
///
/// # Errors
/// A sentence for the person at the keyboard.
pub async fn run(command: Command, config: Config) -> Result<()> {
    match command {
        Command::Serve => serve(config, false).await,
        Command::Demo => serve(config, true).await,
        Command::Migrate => migrate(&config).await,
        Command::Worker { .. } => worker_once(config).await,
        Command::Provider(asked) => people::providers(config, asked).await,
        Command::User(asked) => people::people(config, asked).await,
        Command::Trail(Trail::Verify { pack: Some(file), head, .. }) => pack::check(&file, head.as_deref()),
        Command::Trail(Trail::Verify { provider, line, hash, .. }) => {
            let printed = line.zip(hash).map(|(seq, hash)| Head { seq, hash });
            verify_trails(config, provider.as_deref(), printed).await
        }
        Command::Report(asked) => report::write(config, asked).await,
        Command::Pack(asked) => pack::write(config, asked).await,
        Command::Sample(wanted) => load_sample(config, wanted).await,
    }
}

async fn verify_trails(config: Config, slug: Option<&str>, printed: Option<Head>) -> Result<()> {
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let done = verify_each(&state, slug, printed).await;
    opened.close().await;
    let broken = done?;
    if broken > 0 {
        bail!("{} broken.", counted(broken, "trail is", "trails are"));
    }
    Ok(())
}

/// Says of each trail whether it is whole; answers how many are not.
async fn verify_each(state: &AppState, slug: Option<&str>, printed: Option<Head>) -> Result<u64> {
    let lost = |error: AppError| anyhow!("the trail could not be read: {error:?}");
    let providers = match (trail::providers(state, slug).await, slug) {
        (Err(AppError::NotFound), Some(slug)) => bail!("There is no provider \"{slug}\"."),
        (found, _) => found.map_err(lost)?,
    };
    let mut broken = 0;
    for provider in providers {
        match trail::verify(state, provider.id, printed.clone()).await.map_err(lost)? {
            Ok(whole) => {
                let lines = counted(u64::try_from(whole.lines).unwrap_or_default(), "line", "lines");
                say(&format!("{}: {lines}, unbroken; the last has the hash {}.", provider.slug, whole.head));
                if let Some(printed) = &printed {
                    say(&format!("Line {} has the hash that was given.", printed.seq));
                }
            }
            Err(at) => {
                broken += 1;
                say(&format!("{}: {}", provider.slug, at.sentence()));
            }
        }
    }
    Ok(broken)
}

async fn serve(mut config: Config, with_demo: bool) -> Result<()> {
    let mut supervisor = Supervisor::new()?;
    // the port first: finding it taken should not cost the start of a database
    let listener = app::bind(config.listen_addr).await.map_err(anyhow::Error::msg)?;
    config.bound_to(listener.local_addr()?);
    let opened = database::open(&config).await?;
    watch_private(&mut supervisor, &opened);
    let state = state(config, &opened)?;
    if let Err(why) = prepare(&state, with_demo).await {
        opened.close().await;
        return Err(why);
    }
    say(&format!("Throughline is ready at {}", state.config.public_url.origin()));
    let (worker, stop) = (state.clone(), supervisor.token());
    supervisor.spawn("worker", async move {
        worker::run(worker, stop).await;
        Ok::<(), std::io::Error>(())
    });
    supervisor.spawn("web server", app::serve(listener, state, supervisor.token()));
    let outcome = supervisor.run().await;
    opened.close().await;
    Ok(outcome?)
}

/// Loads the demo when it is asked for and nothing is there; keeps its published password off the network.
async fn prepare(state: &AppState, with_demo: bool) -> Result<()> {
    if with_demo && demo::is_empty(state).await? {
        on_this_machine(&state.config)?;
        say("Loading the demo: two invented providers with two years of history.");
        demo::load(state, demo::Length::TwoYears).await?;
    }
    match demo::presence(state).await? {
        Presence::None => return Ok(()),
        Presence::Partly => {
            bail!(
                "The demo was not loaded to its end. Delete the data folder {} and start again.",
                state.config.data_dir.display()
            )
        }
        Presence::Whole => {}
    }
    on_this_machine(&state.config)?;
    say(&format!("Everybody in the demo signs in with the password: {}", demo::PASSWORD));
    for sign_in in demo::sign_ins() {
        say(&format!("  {:<22} {:<18} {}", sign_in.role.label(), sign_in.name, sign_in.email));
    }
    Ok(())
}

/// Refuses to show the demo to a network: before it is loaded, and whenever the database holds it.
fn on_this_machine(config: &Config) -> Result<()> {
    if config.listen_addr.ip().is_loopback() {
        return Ok(());
    }
    bail!(
        "The password of the demo is published, so nobody else may reach it: set LISTEN_ADDR to a loopback address."
    )
}

/// A database of our own that ends by itself ends the program too.
fn watch_private(supervisor: &mut Supervisor, opened: &Opened) {
    let Some(private) = &opened.private else { return };
    let (mut ended, token) = (private.ended(), supervisor.token());
    supervisor.spawn("database", async move {
        tokio::select! {
            () = token.cancelled() => Ok(()),
            _ = ended.wait_for(|ended| *ended) => Err("its process ended; start Throughline again, and see \
                                                       postgres.log in the data folder if it happens twice"),
        }
    });
}

/// Puts the program together over an open database.
fn state(config: Config, opened: &Opened) -> Result<AppState> {
    AppState::new(config, Clock::System, opened.pool.clone()).map_err(anyhow::Error::from_boxed)
}

async fn worker_once(config: Config) -> Result<()> {
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let done = worker::tick(&state).await;
    let jobs = worker::jobs::all(&state).await;
    worker::upkeep(&state).await;
    let counted = worker::count_signs(&state).await;
    let packed = worker::make_packs(&state).await;
    opened.close().await;
    counted.map_err(|error| anyhow!("early-warning signs could not be counted: {error}"))?;
    packed.map_err(|error| anyhow!("evidence packs could not be made: {error}"))?;
    jobs.map_err(|error| anyhow!("what was left for the worker could not be done: {error}"))?;
    let summary = done.map_err(|error| anyhow!("the worker could not finish: {error}"))?;
    say(&format!(
        "{} escalated, {} delivered, {} not delivered",
        summary.raised, summary.delivered, summary.failed
    ));
    Ok(())
}

async fn load_sample(config: Config, wanted: Sample) -> Result<()> {
    let (providers, services, actions, seed) =
        (wanted.providers, wanted.services, wanted.actions, wanted.seed);
    let days = wanted.days;
    let made_up = wanted.password.is_none();
    let password = wanted.password.unwrap_or_else(|| Token::random().text());
    let opened = database::open_beside(&config).await?;
    let started = std::time::Instant::now();
    let wanted = sample::Wanted { providers, services, actions, days, seed };
    let made = sample::load(&state(config, &opened)?, &wanted, &password).await;
    opened.close().await;
    let made = made.map_err(|error| match error {
        AppError::BadRequest(sentence) => anyhow!(sentence),
        other => anyhow!("the sample could not be made: {other:?}"),
    })?;
    for one in &made {
        say(&format!("{}: {} actions, {} lines of trail", one.slug, one.actions, one.events));
        say(&format!("  registered manager: {}", one.manager));
        say(&format!("  care worker:        {}", one.care_worker));
    }
    say(&format!("Made in {:.1} seconds.", started.elapsed().as_secs_f64()));
    if made_up {
        say(&format!("Their password, shown this once: {password}"));
    }
    Ok(())
}

async fn migrate(config: &Config) -> Result<()> {
    if let DatabaseConfig::External { owner_url: None, .. } = &config.database {
        bail!(
            "Set DATABASE_OWNER_URL: only the role that owns the tables can bring the database up to date."
        );
    }
    database::open(config).await?.close().await;
    say("The database is up to date.");
    Ok(())
}

/// Tells the person at the keyboard.
#[expect(clippy::print_stdout, reason = "what a command answers goes to standard output")]
pub fn say(sentence: &str) {
    println!("{sentence}");
}
