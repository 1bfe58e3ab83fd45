//! The connections pages are asked for over: HTTP/1.1, with a limit on how long somebody may take to ask.
//!
//! Axum's own server waits for ever for the end of a request's headers, so that a few thousand connections that send
//! a byte now and then keep everybody else out.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The longest the headers of a request may take, counted from the connection or from the answer before. Also how long
/// a connection nobody uses stays open.
pub const HEADERS: Duration = Duration::from_secs(15);

/// Answers requests until `token` is cancelled, then finishes those at work. Every request carries its
/// [`ConnectInfo`].
pub async fn run(mut listener: TcpListener, pages: Router, token: CancellationToken, headers: Duration) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(headers);
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, address) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = token.cancelled() => break,
        };
        let service = pages.clone().map_request(move |request| with_address(request, address));
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let watched = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

fn with_address(
    request: axum::http::Request<hyper::body::Incoming>,
    address: SocketAddr,
) -> axum::extract::Request {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(address));
    request
}
