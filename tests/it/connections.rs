//! Connections: whoever asks slowly is let go, whoever is at work is not, and a stop waits for nobody who only holds on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use throughline::http::server::run;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The limit of these tests, and how long their slow page takes.
const HEADERS: Duration = Duration::from_millis(300);
const PAGE: Duration = Duration::from_millis(900);

struct Served {
    address: SocketAddr,
    token: CancellationToken,
    ended: JoinHandle<()>,
}

async fn serve() -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let token = CancellationToken::new();
    let pages = Router::new()
        .route("/who", get(|ConnectInfo(who): ConnectInfo<SocketAddr>| async move { who.ip().to_string() }))
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(PAGE).await;
                "whole"
            }),
        );
    Served { address, token: token.clone(), ended: tokio::spawn(run(listener, pages, token, HEADERS)) }
}

/// Everything that comes until the other side closes, and when it did.
async fn to_the_end(stream: &mut TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    // a connection that is reset has ended as well
    let _ = read.await.expect("the connection is closed");
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

#[tokio::test]
async fn headers_that_come_by_drops_are_not_waited_for() {
    let served = serve().await;
    let (mut read, mut write) = TcpStream::connect(served.address).await.unwrap().into_split();
    let dripping = tokio::spawn(async move {
        let drops = "GET /who HTTP/1.1\r\nHost: throughline.example\r\nX-Slow: ".bytes().chain([b'x'; 400]);
        for (sent, drop) in drops.enumerate() {
            if write.write_all(&[drop]).await.is_err() {
                return sent;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        usize::MAX
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), read.read_to_end(&mut answer));
    let _ = read.await.expect("the connection is closed though bytes keep coming");
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    assert!(dripping.await.unwrap() < 200, "the sender notices");
    // one who says nothing at all is let go too
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    assert!(to_the_end(&mut silent).await.1 < Duration::from_secs(5));
}

#[tokio::test]
async fn a_page_may_take_longer_than_its_headers() {
    let served = serve().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let (answer, took) = to_the_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("whole"), "{answer}");
    assert!(took >= PAGE && took > HEADERS);
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(to_the_end(&mut stream).await.0.ends_with("127.0.0.1"), "who asks is known");
}

#[tokio::test]
async fn a_stop_finishes_what_is_at_work_and_waits_for_no_idle_connection() {
    let served = serve().await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let mut at_work = TcpStream::connect(served.address).await.unwrap();
    at_work.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET /who HT").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    served.token.cancel();
    let (answer, _) = to_the_end(&mut at_work).await;
    assert!(answer.ends_with("whole"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), served.ended).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(served.address).await.is_err(), "nobody new is let in");
}
