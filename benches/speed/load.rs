//! Load: requests over connections that are kept, as many at once as asked for, for a while; how long each took.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is asked for: the bytes of each request, made when it is sent.
pub type Make = Arc<dyn Fn(usize) -> Vec<u8> + Send + Sync>;

/// What came of one run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Requests answered in a second.
    pub rate: f64,
    /// The time half of them stayed under, in milliseconds.
    pub p50: f64,
    /// The time 99 in 100 stayed under, in milliseconds.
    pub p99: f64,
    /// The mean size of an answer, in bytes, as sent.
    pub size: usize,
}

/// An answer: status and the bytes of the body as they were sent (possibly compressed).
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    async fn more(&mut self) -> std::io::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        if read == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Sends a request and reads its answer, by length or in chunks.
    pub async fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request).await?;
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        self.buffer.drain(..head_end);
        let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
        let lower = head.to_ascii_lowercase();
        let length =
            lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
        let body = match length {
            Some(length) => self.take(length).await?,
            None if lower.contains("transfer-encoding: chunked") => self.chunks().await?,
            None => Vec::new(),
        };
        Ok(Answer { status, head, body })
    }

    async fn take(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(at) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                    break self.take(at + 2).await?;
                }
                self.more().await?;
            };
            let size = String::from_utf8_lossy(&line);
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}

/// Asks over `connections` at once for `time`, or `most` requests, whichever ends first; every answer must have the
/// status `wanted`.
pub async fn run(
    address: &str,
    connections: usize,
    time: Duration,
    most: usize,
    wanted: u16,
    make: Make,
) -> Run {
    let counter = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (address, counter, make) = (address.to_owned(), Arc::clone(&counter), Arc::clone(&make));
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await.expect("it listens");
                let (mut times, mut bytes) = (Vec::new(), 0);
                while started.elapsed() < time {
                    let number = counter.fetch_add(1, Ordering::Relaxed);
                    if number >= most {
                        break;
                    }
                    let request = make(number);
                    let before = Instant::now();
                    let answer = connection.ask(&request).await.expect("an answer");
                    times.push(before.elapsed());
                    assert_eq!(answer.status, wanted, "{}", answer.head);
                    bytes += answer.head.len() + answer.body.len();
                }
                (times, bytes)
            })
        })
        .collect();
    let (mut times, mut bytes) = (Vec::new(), 0);
    for task in tasks {
        let (some, size) = task.await.expect("no connection failed");
        times.extend(some);
        bytes += size;
    }
    let took = started.elapsed();
    times.sort_unstable();
    let at = |share: f64| {
        let place = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    };
    Run {
        rate: times.len() as f64 / took.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        size: bytes / times.len().max(1),
    }
}
