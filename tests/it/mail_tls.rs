//! Mail over TLS: from the first byte or by STARTTLS, to a server whose authority is trusted; otherwise nothing is said
//! and the message waits.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rstest::rstest;
use throughline::app::AppState;
use throughline::mail::transport::Transport;
use throughline::worker::tick;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::delivery::{Manner, TO_ONE, one_late, take};
use super::worker::texts;
use crate::harness::TestDb;

/// How a server of these tests comes to TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the first byte.
    Implicit,
    /// When asked by STARTTLS.
    StartTls,
    /// Never, and it does not offer it.
    Never,
}

/// An authority and a server certificate of it, for 127.0.0.1 and localhost.
struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
}

fn authority(name: &str) -> Authority {
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.distinguished_name.push(DnType::CommonName, name);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = own.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(own, key);
    let server_key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&server_key, &issuer).unwrap();
    let private = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    Authority { pem, acceptor: TlsAcceptor::from(Arc::new(config)) }
}

/// A small mail server: what it took, and every byte it was sent before TLS.
struct Post {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
    clear: Arc<Mutex<Vec<u8>>>,
}

impl Post {
    async fn open(way: Way, acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, clear) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let (list, said) = (Arc::clone(&taken), Arc::clone(&clear));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (list, said, acceptor) = (Arc::clone(&list), Arc::clone(&said), acceptor.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, way, acceptor, &list, &said).await;
                });
            }
        });
        Self { port, taken, clear }
    }

    fn clear(&self) -> String {
        String::from_utf8_lossy(&self.clear.lock().unwrap()).into_owned()
    }

    fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

async fn serve(
    mut stream: TcpStream,
    way: Way,
    acceptor: TlsAcceptor,
    taken: &Mutex<Vec<String>>,
    clear: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    if way != Way::Implicit {
        stream.write_all(b"220 test\r\n").await?;
        if !before_tls(&mut stream, way, clear).await? {
            return Ok(());
        }
    }
    let mut stream = acceptor.accept(stream).await?;
    if way == Way::Implicit {
        stream.write_all(b"220 test\r\n").await?;
    }
    take(stream, Manner::Takes, taken, &AtomicUsize::new(0)).await
}

/// Answers until STARTTLS is asked for; false when the other side leaves before. A server that does not offer it takes
/// whatever it is given in the clear.
async fn before_tls(stream: &mut TcpStream, way: Way, clear: &Mutex<Vec<u8>>) -> std::io::Result<bool> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    while read.read_line(&mut line).await? > 0 {
        clear.lock().unwrap().extend_from_slice(line.as_bytes());
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
            "EHLO" if way == Way::StartTls => b"250-test\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
            "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
            "STAR" if way == Way::StartTls => {
                write.write_all(b"220 go on\r\n").await?;
                return Ok(true);
            }
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        write.write_all(answer).await?;
        line.clear();
    }
    Ok(false)
}

fn sending(app: &AppState, url: &str, authority: Option<&str>) -> AppState {
    let from = "Throughline <throughline@care.example>";
    let transport = Transport::trusting(Some(url), from, authority.map(str::as_bytes)).unwrap();
    AppState { mail: Arc::new(transport), ..app.clone() }
}

/// Sends one waiting message to a server; `trusted` says whether its authority is known. Answers with what was
/// delivered and what still waits.
async fn send_one(way: Way, scheme: &str, query: &str, trusted: bool) -> (u64, usize, String, Post) {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let (known, other) = (authority("Care mail"), authority("Somebody else"));
    let post = Post::open(way, known.acceptor.clone()).await;
    let url = format!("{scheme}://user:pass%20word@127.0.0.1:{}{query}", post.port);
    let pem = if trusted { known.pem } else { other.pem };
    let summary = tick(&sending(&w.app, &url, Some(&pem))).await.unwrap();
    let waiting =
        texts(&db, &format!("SELECT id::text {TO_ONE} AND sent_at IS NULL AND next_at IS NOT NULL")).await;
    let error = texts(&db, &format!("SELECT coalesce(last_error, '') {TO_ONE}")).await.concat();
    (summary.delivered, waiting.len(), error, post)
}

#[rstest]
#[case::implicit(Way::Implicit, "smtps", "")]
#[case::starttls(Way::StartTls, "smtp", "?tls=required")]
#[case::starttls_by_name(Way::StartTls, "starttls", "")]
#[tokio::test]
async fn a_server_of_a_trusted_authority_gets_the_message(
    #[case] way: Way,
    #[case] scheme: &str,
    #[case] query: &str,
) {
    let (delivered, waiting, error, post) = send_one(way, scheme, query, true).await;
    assert_eq!((delivered, waiting, post.taken()), (1, 0, 1), "{error}");
    only_greetings(&post.clear());
}

#[rstest]
#[case::implicit(Way::Implicit, "smtps", "")]
#[case::starttls(Way::StartTls, "smtp", "?tls=required")]
#[tokio::test]
async fn a_server_of_an_unknown_authority_gets_nothing(
    #[case] way: Way,
    #[case] scheme: &str,
    #[case] query: &str,
) {
    let (delivered, waiting, error, post) = send_one(way, scheme, query, false).await;
    assert_eq!((delivered, waiting, post.taken()), (0, 1, 0));
    assert!(error.contains("UnknownIssuer"), "{error}");
    only_greetings(&post.clear());
}

#[tokio::test]
async fn a_server_that_does_not_offer_tls_gets_nothing_when_it_is_required() {
    let (delivered, waiting, error, post) = send_one(Way::Never, "smtp", "?tls=required", true).await;
    assert_eq!((delivered, waiting, post.taken()), (0, 1, 0), "{error}");
    only_greetings(&post.clear());
    assert!(post.clear().starts_with("EHLO"), "it was spoken to: {}", post.clear());
}

#[tokio::test]
async fn the_public_authorities_alone_do_not_make_a_private_one_trusted() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let post = Post::open(Way::Implicit, authority("Care mail").acceptor).await;
    let url = format!("smtps://127.0.0.1:{}", post.port);
    let summary = tick(&sending(&w.app, &url, None)).await.unwrap();
    assert_eq!((summary.delivered, summary.failed, post.taken()), (0, 1, 0));
}

#[tokio::test]
async fn a_server_that_speaks_in_the_clear_where_tls_begins_at_once_learns_nothing() {
    let db = TestDb::new().await;
    let (w, _) = one_late(&db).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtps://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 test\r\n").await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let summary = tick(&sending(&w.app, &url, Some(&authority("Care mail").pem))).await.unwrap();
    assert_eq!((summary.delivered, summary.failed), (0, 1));
    let heard = heard.await.unwrap();
    assert_eq!(heard.first(), Some(&0x16), "a TLS handshake");
    let text = String::from_utf8_lossy(&heard);
    assert!(!text.contains("EHLO") && !text.contains("MAIL") && !text.contains("rowan"), "{text}");
}

/// Before TLS a client says who it is, asks for TLS, and takes its leave: no sign-in, no address, no message.
fn only_greetings(clear: &str) {
    for line in clear.lines() {
        let verb = line.split(' ').next().unwrap_or_default();
        assert!(["EHLO", "STARTTLS", "QUIT"].contains(&verb), "said in the clear: {clear}");
    }
}
