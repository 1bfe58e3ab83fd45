//! Lists as files: every list hands out all its rows at its own address with `as=xlsx` or `as=csv`, by the very query its pages are
//! read with, a few thousand rows at a time, so that a page and its file cannot say different things. All of a file is read at one
//! instant. Who took which list is noted before its first row leaves ([`crate::workflow::export`]).

use std::fs::File;
use std::future::Future;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::words;
use crate::error::AppError;
use crate::files::FileName;
use crate::http::asked;
use crate::http::signed::Signed;
use crate::ids::ExportId;
use crate::sheet::turns::Turn;
use crate::sheet::xlsx::Next;
use crate::sheet::{About, Column, Format, Row, csv, xlsx};
use crate::store::TenantTx;
use crate::store::export::Taken;
use crate::workflow::{Actor, export as deed};

/// How many rows are read at once.
pub const BATCH: i64 = 5_000;
/// How long an answer waits for its beginning. A list that takes longer begins to be sent without it, and what goes wrong
/// with it then breaks the connection instead of showing a page.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long somebody may leave what was sent to them lying before the rest is given up.
const IDLE: Duration = Duration::from_secs(45);

/// What the address of a page without filters may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AsFile {
    #[serde(rename = "as")]
    format: String,
}

impl AsFile {
    /// As what its list is to be handed out; none for the page.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for what is no such word.
    pub fn format(&self) -> Result<Option<Format>, AppError> {
        asked::one_of(&self.format)
    }
}

/// Some rows of a list.
#[derive(Debug)]
pub struct Batch {
    rows: Vec<Row>,
    more: bool,
}

impl Batch {
    /// What a query for [`BATCH`] rows answered: there may be more when it is full.
    #[must_use]
    pub fn of<T>(found: &[T], row: impl Fn(&T) -> Row) -> Self {
        let more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= BATCH;
        Self { rows: found.iter().map(row).collect(), more }
    }

    /// These rows, and whether to ask again.
    #[must_use]
    pub const fn new(rows: Vec<Row>, more: bool) -> Self {
        Self { rows, more }
    }
}

/// A list that can be handed out: its columns, and its rows from the first to the last.
pub trait List: Send + 'static {
    /// Its columns.
    const COLUMNS: &'static [Column];

    /// The next rows.
    fn next(&mut self, tx: &mut TenantTx) -> impl Future<Output = Result<Batch, AppError>> + Send;
}

/// A short list that was read as a whole with its page.
#[derive(Debug)]
pub struct Whole(pub &'static [Column], pub Vec<Row>);

/// What is handed out, in words.
#[derive(Clone, Debug)]
pub struct Of {
    /// What the list is known by: in the name of the file, and where it is noted that it was taken.
    pub list: &'static str,
    /// What it is called.
    pub title: String,
    filters: Vec<(&'static str, String)>,
    words: Option<String>,
}

impl Of {
    /// A list without filters.
    pub fn new(list: &'static str, title: impl Into<String>) -> Self {
        Self { list, title: title.into(), filters: Vec::new(), words: None }
    }

    /// The same with a filter; none is left out.
    #[must_use]
    pub fn by(mut self, label: &'static str, value: Option<impl Into<String>>) -> Self {
        self.filters.extend(value.map(|value| (label, value.into())).filter(|(_, value)| !value.is_empty()));
        self
    }

    /// The same with the words that were looked for. They stand in the file, and not where it is noted that it was taken:
    /// somebody may have looked for a name.
    #[must_use]
    pub fn looking_for(mut self, words: Option<&str>) -> Self {
        self.words = words.map(str::to_owned);
        self
    }

    /// The name of a service among those of a list.
    #[must_use]
    pub fn in_service(self, slug: Option<&str>, services: &[(String, String)]) -> Self {
        let name = slug.and_then(|slug| services.iter().find(|(own, _)| own == slug));
        self.by("Service", name.map(|(_, name)| name.clone()))
    }

    /// As it is noted.
    fn noted(&self) -> String {
        let said = self.filters.iter().map(|(label, value)| format!("{label}: {value}"));
        let words = self.words.iter().map(|_| "Words".to_owned());
        said.chain(words).collect::<Vec<_>>().join("; ").chars().take(1_000).collect()
    }

    fn about(&self, signed: &Signed, app: &AppState) -> About {
        let by = format!("{}, {}", signed.actor.member.name, signed.role().label().to_lowercase());
        let mut facts = vec![("Provider", signed.provider.name.clone())];
        facts.extend(self.filters.iter().cloned());
        facts.extend(self.words.clone().map(|words| ("Words", words)));
        if facts.len() == 1 {
            facts.push(("Filters", "None".into()));
        }
        facts.push(("Made on", words::instant(app.clock.now())));
        facts.push(("Made by", by));
        About { title: self.title.clone(), facts }
    }
}

/// Everything the making of a file needs besides the list.
struct Job {
    app: AppState,
    actor: Actor,
    id: ExportId,
    turn: Turn,
    columns: &'static [Column],
}

impl Job {
    /// Notes that all of it was made. Whether this can be noted changes nothing about the file.
    async fn done(self, rows: u64) {
        drop(self.turn);
        if let Err(error) = deed::end(&self.app, &self.actor, self.id, rows).await {
            tracing::warn!(cause = %error, "the end of an export could not be noted");
        }
    }
}

/// Hands out a list.
///
/// # Errors
/// Too many lists are made at this moment, or the database was lost.
pub async fn answer<L: List>(
    app: &AppState,
    signed: &Signed,
    format: Format,
    of: &Of,
    list: L,
) -> Result<Response, AppError> {
    hand_out(app, signed, format, of, (L::COLUMNS, Source::Long(list))).await
}

/// Hands out a short list that was read already.
///
/// # Errors
/// As [`answer`].
pub async fn whole(
    app: &AppState,
    signed: &Signed,
    format: Format,
    of: &Of,
    Whole(columns, rows): Whole,
) -> Result<Response, AppError> {
    hand_out(app, signed, format, of, (columns, Source::<Never>::Short(Some(rows)))).await
}

/// Where rows come from.
enum Source<L> {
    Long(L),
    Short(Option<Vec<Row>>),
}

impl<L: List> Source<L> {
    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        match self {
            Self::Long(list) => list.next(tx).await,
            Self::Short(rows) => Ok(Batch { rows: rows.take().unwrap_or_default(), more: false }),
        }
    }
}

/// No list that is read in parts.
enum Never {}

impl List for Never {
    const COLUMNS: &'static [Column] = &[];

    async fn next(&mut self, _: &mut TenantTx) -> Result<Batch, AppError> {
        match *self {}
    }
}

async fn hand_out<L: List>(
    app: &AppState,
    signed: &Signed,
    format: Format,
    of: &Of,
    (columns, source): (&'static [Column], Source<L>),
) -> Result<Response, AppError> {
    let turn = app.sheets.next().await.ok_or(AppError::TooMany { retry_after: 30 })?;
    let actor = signed.actor.clone();
    let taken = Taken { list: of.list, format, filters: &of.noted() };
    let id = deed::begin(app, &actor, &taken).await?;
    let job = Job { app: app.clone(), actor, id, turn, columns };
    let mut response = match format {
        Format::Csv => as_csv(job, source).await?,
        Format::Xlsx => as_xlsx(job, source, of.about(signed, app)).await?,
    };
    let day = london_date(app.clock.now());
    let name = format!("{}-{}-{day}.{}", signed.provider.slug, of.list.replace('_', "-"), format.as_str());
    let disposition = FileName::clean(&name).content_disposition();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).map_err(AppError::internal)?,
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Whoever asked has gone away.
struct Gone;

/// The lines are sent as they are read; a reader who stops reading holds a connection to the database no longer than [`IDLE`].
async fn as_csv<L: List>(job: Job, source: Source<L>) -> Result<Response, AppError> {
    let (send, mut receive) = mpsc::channel::<Result<Bytes, AppError>>(2);
    tokio::spawn(async move {
        match lines(&job, source, &send).await {
            Ok(Ok(rows)) => job.done(rows).await,
            Ok(Err(Gone)) => {}
            Err(error) => drop(send.send(Err(error)).await),
        }
    });
    let first = match timeout(PATIENCE, receive.recv()).await {
        Ok(Some(first)) => Some(Ok(first?)),
        Ok(None) => return Err(AppError::internal("a list ended before it began")),
        Err(_) => None,
    };
    let rest = stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
    // compression asks again after the end
    let body = stream::iter(first).chain(rest.map(|part| part.map_err(broken))).fuse();
    Ok(Body::from_stream(body).into_response())
}

async fn lines<L: List>(
    job: &Job,
    mut source: Source<L>,
    send: &mpsc::Sender<Result<Bytes, AppError>>,
) -> Result<Result<u64, Gone>, AppError> {
    let mut tx = deed::read(&job.app, &job.actor).await?;
    let mut out = csv::head(job.columns).map_err(AppError::internal)?;
    let (mut rows, mut more) = (0, true);
    while more {
        let batch = source.next(&mut tx).await?;
        more = batch.more;
        rows += batch.rows.len() as u64;
        out.extend(csv::lines(&batch.rows).map_err(AppError::internal)?);
        let part = Bytes::from(std::mem::take(&mut out));
        if !matches!(timeout(IDLE, send.send(Ok(part))).await, Ok(Ok(()))) {
            return Ok(Err(Gone));
        }
    }
    Ok(Ok(rows))
}

/// What goes wrong after the beginning can only break the connection, so that nobody takes a part for the whole. Nobody else
/// would tell it to the log.
fn broken(error: AppError) -> io::Error {
    tracing::error!(cause = %error, "a list could not be sent to its end");
    io::Error::other("the list could not be read to its end")
}

/// A workbook is made whole, in a file without a name, and then sent.
async fn as_xlsx<L: List>(job: Job, source: Source<L>, about: About) -> Result<Response, AppError> {
    let (ready, mut made) = oneshot::channel();
    tokio::spawn(book(job, source, about, ready));
    let ended = || AppError::internal("the making of a workbook ended without an answer");
    match timeout(PATIENCE, &mut made).await {
        Ok(made) => {
            let file: File = made.map_err(|_| ended())??;
            let length = HeaderValue::from(file.metadata()?.len());
            let mut response = Body::from_stream(reader(file)).into_response();
            response.headers_mut().insert(header::CONTENT_LENGTH, length);
            Ok(response)
        }
        Err(_) => {
            let late = async move { made.await.map_err(|_| ended()).and_then(|made| made).map_err(broken) };
            let body = stream::once(late).map_ok(reader).try_flatten().fuse();
            Ok(Body::from_stream(body).into_response())
        }
    }
}

fn reader(file: File) -> ReaderStream<tokio::fs::File> {
    ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 * 1024)
}

async fn book<L: List>(
    job: Job,
    source: Source<L>,
    about: About,
    mut ready: oneshot::Sender<Result<File, AppError>>,
) {
    let (send, mut receive) = mpsc::channel(1);
    let (folder, columns) = (job.app.config.data_dir.join("exports"), job.columns);
    let writing = tokio::task::spawn_blocking(move || {
        xlsx::write(&folder, columns, &about, || receive.blocking_recv().unwrap_or(Next::Gone))
    });
    let fed = tokio::select! {
        fed = feed(&job, source, send) => fed,
        // nobody waits for it any more: the writer hears that no more rows come, and ends
        () = ready.closed() => return,
    };
    let written = writing.await.map_err(AppError::internal).and_then(|made| made.map_err(AppError::internal));
    match fed.and(written) {
        Ok((file, rows)) => {
            job.done(rows).await;
            drop(ready.send(Ok(file)));
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

/// Reads the rows to their end and gives them to the writer. A writer that stopped says itself why.
async fn feed<L: List>(job: &Job, mut source: Source<L>, to: mpsc::Sender<Next>) -> Result<(), AppError> {
    let mut tx = deed::read(&job.app, &job.actor).await?;
    let mut more = true;
    while more {
        let batch = source.next(&mut tx).await?;
        more = batch.more;
        if to.send(Next::Rows(batch.rows)).await.is_err() {
            return Ok(());
        }
    }
    drop(tx);
    drop(to.send(Next::End).await);
    Ok(())
}
