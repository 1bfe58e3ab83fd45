//! Handing a message to the SMTP server, or keeping it for the administrators' page when there is none.

use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::Mutex;

use super::message::Mail;

/// The longest that connecting may take. (The library's own limit ends there: it waits for answers without one.)
const CONNECT: Duration = Duration::from_secs(10);
/// The longest one message may take altogether: well under the outbox's lease, so that no other worker takes it up
/// while this one still tries.
pub const WHOLE: Duration = Duration::from_secs(30);
/// Connections kept open. A worker sends one message after the other; two leave room for a second worker.
const CONNECTIONS: u32 = 2;

/// Where messages go.
#[derive(Clone, Debug)]
pub enum Transport {
    /// To an SMTP server.
    Smtp(Box<Smtp>),
    /// Nowhere: the outbox page shows them to administrators.
    Page,
}

/// A pool of connections to one SMTP server.
#[derive(Clone, Debug)]
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    pool: Arc<Mutex<Pool>>,
    from: Mailbox,
    whole: Duration,
}

type Pool = AsyncSmtpTransport<Tokio1Executor>;

/// What became of a message that did not fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// The server took it.
    Sent,
    /// It stays in the outbox for the page.
    KeptForPage,
}

/// Whether trying again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// The server is away, slow or busy (4xx): later.
    Later,
    /// The server refused this message for good (5xx), or the address is none.
    Never,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Whether to try again.
    pub retry: Retry,
    /// The cause, at most 300 characters, without any mail address: fit for the log and for administrators.
    pub reason: String,
}

/// Why `SMTP_URL` or `MAIL_FROM` cannot be used, as a sentence for whoever configures the program. Without secrets.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The scheme is another.
    #[error("SMTP_URL begins with smtp://, smtps:// or starttls://")]
    Scheme,
    /// It has no host, a port that is none, or an unknown tls setting.
    #[error(
        "SMTP_URL is a server's address, such as smtps://user:password@mail.example.org or smtp://localhost:1025"
    )]
    Address,
    /// A certificate is given for a conversation in the clear.
    #[error("SMTP_CA_FILE is for TLS, and SMTP_URL speaks without: take one of them out")]
    AuthorityUnused,
    /// No certificate can be read in the file.
    #[error(
        "SMTP_CA_FILE is the certificate of an authority, as a file that begins with -----BEGIN CERTIFICATE-----"
    )]
    Authority,
    /// The sender is no mail address.
    #[error("the sender of mail is an address, such as throughline@example.org")]
    From,
}

impl Transport {
    /// The transport for `SMTP_URL`; without one, messages are kept for the page.
    ///
    /// - `smtps://` speaks TLS from the first byte.
    /// - `smtp://` and `starttls://` begin in the clear and insist on STARTTLS before anything is said. Only a server
    ///   on this machine, or `?tls=none` in so many words, is spoken to without.
    /// - User and password are percent-encoded in the address.
    ///
    /// Must be called inside the async runtime, which the pool's upkeep runs on.
    ///
    /// # Errors
    /// The address or the sender cannot be used.
    pub fn from_url(smtp_url: Option<&str>, from: &str) -> Result<Self, SetupError> {
        Self::trusting(smtp_url, from, None)
    }

    /// The same, trusting servers whose certificate comes from an authority of one's own as well as those of the
    /// public ones: `authority` is its certificate as PEM (`SMTP_CA_FILE`).
    ///
    /// # Errors
    /// The address, the sender or the certificate cannot be used.
    pub fn trusting(
        smtp_url: Option<&str>,
        from: &str,
        authority: Option<&[u8]>,
    ) -> Result<Self, SetupError> {
        let from: Mailbox = from.parse().map_err(|_| SetupError::From)?;
        let Some(url) = smtp_url else { return Ok(Self::Page) };
        let url = with_tls_said(url)?;
        let authority = authority.map(certificate).transpose()?;
        Ok(Self::Smtp(Box::new(Smtp::connect_lazily(&url, from, WHOLE, authority)?)))
    }

    /// Sends a message, or keeps it. A message is either taken by the server or counted as not sent; when the answer
    /// is lost on the way it may arrive twice, with the same `Message-ID`.
    ///
    /// # Errors
    /// The message was not sent; the error says whether to try again.
    pub async fn send(&self, mail: &Mail) -> Result<Delivery, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await.map(|()| Delivery::Sent),
            Self::Page => Ok(Delivery::KeptForPage),
        }
    }
}

impl Smtp {
    fn connect_lazily(
        url: &str,
        from: Mailbox,
        whole: Duration,
        authority: Option<Certificate>,
    ) -> Result<Self, SetupError> {
        let builder = builder(url, authority)?
            .timeout(Some(CONNECT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        let pool = Arc::new(Mutex::new(builder.clone().build()));
        Ok(Self { builder, pool, from, whole })
    }

    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = self.message(mail)?;
        let pool = self.pool.lock().await.clone();
        let mut sending = Box::pin({
            let pool = pool.clone();
            async move { pool.send(message).await }
        });
        match tokio::time::timeout(self.whole, &mut sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let retry = if error.is_permanent() { Retry::Never } else { Retry::Later };
                Err(SendError { retry, reason: without_addresses(&error.to_string()) })
            }
            Err(_) => {
                self.begin_afresh(pool, sending).await;
                let seconds = self.whole.as_secs();
                let reason = format!("the mail server did not finish within {seconds} seconds");
                Err(SendError { retry: Retry::Later, reason })
            }
        }
    }

    /// Replaces the pool after a conversation that was given up half way. Dropping it would hand its connection back
    /// to the pool with an answer still to come, and the next message would read that answer as its own. So the old
    /// pool is shut first, and only then the conversation dropped.
    async fn begin_afresh(&self, old: Pool, abandoned: impl Future + Send + 'static) {
        *self.pool.lock().await = self.builder.clone().build();
        tokio::spawn(async move {
            old.shutdown().await;
            drop(abandoned);
        });
    }

    fn message(&self, mail: &Mail) -> Result<Message, SendError> {
        let never = |what: &str| SendError { retry: Retry::Never, reason: what.to_owned() };
        let address: Address =
            mail.to_address.parse().map_err(|_| never("the recipient's address is not one"))?;
        let raw = |name, value| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(mail.to_name.clone()), address))
            .subject(mail.subject.clone())
            .message_id(Some(mail.message_id.clone()))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()));
        let message = match &mail.stop {
            // RFC 8058: one click in the reader's mail program is enough
            Some(stop) => message
                .raw_header(raw("List-Unsubscribe", format!("<{stop}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())),
            None => message,
        };
        message
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|_| never("the message could not be put together"))
    }
}

/// Whether `SMTP_URL`, with the certificate of `SMTP_CA_FILE` if there is one, can be used: the same look as
/// [`Transport::trusting`] takes, without connecting to anything.
///
/// # Errors
/// The address or the certificate cannot be used.
pub fn check(smtp_url: &str, authority: Option<&[u8]>) -> Result<(), SetupError> {
    builder(&with_tls_said(smtp_url)?, authority.map(certificate).transpose()?).map(drop)
}

/// How the server of an address whose TLS setting is explicit is spoken to.
fn builder(url: &str, authority: Option<Certificate>) -> Result<AsyncSmtpTransportBuilder, SetupError> {
    let builder = Pool::from_url(url).map_err(|_| SetupError::Address)?;
    match authority {
        None => Ok(builder),
        Some(authority) => match tls_with(url, authority)? {
            Some(tls) => Ok(builder.tls(tls)),
            None => Err(SetupError::AuthorityUnused),
        },
    }
}

/// The address with its TLS setting made explicit, as lettre reads it.
fn with_tls_said(url: &str) -> Result<String, SetupError> {
    let (scheme, rest) = url.split_once("://").ok_or(SetupError::Scheme)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    match (scheme.to_ascii_lowercase().as_str(), query) {
        ("smtps", "") => Ok(format!("smtps://{place}")),
        ("smtp" | "starttls", "tls=required") | ("starttls", "") => {
            Ok(format!("smtp://{place}?tls=required"))
        }
        ("smtp", "tls=none") => Ok(format!("smtp://{place}")),
        ("smtp", "") if is_this_machine(place) => Ok(format!("smtp://{place}")),
        ("smtp", "") => Ok(format!("smtp://{place}?tls=required")),
        ("smtp" | "smtps" | "starttls", _) => Err(SetupError::Address),
        _ => Err(SetupError::Scheme),
    }
}

/// The server's name or address in what stands between `smtp://` and `?`.
fn host_of(place: &str) -> &str {
    let authority = place.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// The certificate of an authority, read from PEM.
///
/// # Errors
/// There is none in it.
pub fn certificate(pem: &[u8]) -> Result<Certificate, SetupError> {
    // the library takes a file without any certificate for an empty list of them
    let begins = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(begins.len()).any(|part| part == begins) {
        return Err(SetupError::Authority);
    }
    Certificate::from_pem(pem).map_err(|_| SetupError::Authority)
}

/// How TLS is spoken with the server of an address whose TLS setting is explicit, trusting one more authority; None
/// when it is spoken to in the clear.
fn tls_with(url: &str, authority: Certificate) -> Result<Option<Tls>, SetupError> {
    let (scheme, rest) = url.split_once("://").ok_or(SetupError::Scheme)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let parameters = TlsParameters::builder(host_of(place).to_owned()).add_root_certificate(authority);
    let parameters = parameters.build_rustls().map_err(|_| SetupError::Authority)?;
    Ok(match (scheme, query) {
        ("smtps", _) => Some(Tls::Wrapper(parameters)),
        (_, "tls=required") => Some(Tls::Required(parameters)),
        _ => None,
    })
}

fn is_this_machine(place: &str) -> bool {
    let name = host_of(place);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The server's words, short, on one line, and with every mail address taken out: they end up in the log.
fn without_addresses(reason: &str) -> String {
    let words = reason.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.map(|word| if word.contains('@') { "(address)" } else { word }).collect();
    words.join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    /// How the small server of these tests behaves.
    #[derive(Clone, Copy)]
    enum Manner {
        Takes,
        RefusesRecipient,
        Busy,
        RefusesContent,
        NeverAnswers,
        HangsUpAfterData,
        OffersNoTls,
        /// Takes the first message, but too slowly; refuses every later one.
        SlowOnce(&'static AtomicUsize),
    }

    static SLOW: AtomicUsize = AtomicUsize::new(0);

    /// A server that speaks as much SMTP as is needed; what it was sent is in the returned list.
    async fn server(manner: Manner) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    let _ = converse(stream, manner, &kept).await;
                });
            }
        });
        (url, taken)
    }

    async fn converse(stream: TcpStream, manner: Manner, taken: &Mutex<Vec<String>>) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        if matches!(manner, Manner::NeverAnswers) {
            let mut nothing = [0];
            read.read_exact(&mut nothing).await?;
            return Ok(());
        }
        write.write_all(b"220 test\r\n").await?;
        let mut line = String::new();
        while read.read_line(&mut line).await? > 0 {
            let verb = line.get(..4).unwrap_or_default().to_uppercase();
            let answer: &[u8] = match (verb.as_str(), manner) {
                ("EHLO", _) => b"250-test\r\n250 8BITMIME\r\n",
                ("RCPT", Manner::RefusesRecipient) => {
                    b"550 5.1.1 <amina@willowbrook.example>: no such user here\r\n"
                }
                ("RCPT", Manner::Busy) => b"451 4.3.0 try again later\r\n",
                ("DATA", _) => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut message = String::new();
                    while !message.ends_with("\r\n.\r\n") && read.read_line(&mut message).await? > 0 {}
                    if matches!(manner, Manner::HangsUpAfterData) {
                        return Ok(());
                    }
                    taken.lock().unwrap().push(message);
                    match manner {
                        Manner::RefusesContent => b"554 5.7.1 refused\r\n",
                        Manner::SlowOnce(turn) if turn.fetch_add(1, Ordering::SeqCst) == 0 => {
                            tokio::time::sleep(Duration::from_millis(300)).await;
                            b"250 taken\r\n"
                        }
                        Manner::SlowOnce(_) => b"554 5.7.1 refused\r\n",
                        _ => b"250 taken\r\n",
                    }
                }
                ("QUIT", _) => b"221 bye\r\n",
                _ => b"250 fine\r\n",
            };
            write.write_all(answer).await?;
            line.clear();
        }
        Ok(())
    }

    /// As long as they get.
    const STOP: &str = "https://throughline.rowan-residential-care.example/mail/rowan-residential-care/0123456789012345678901234567890123456789012";

    fn mail() -> Mail {
        Mail {
            message_id: "<7@care.example>".to_owned(),
            to_name: "Amina Okafor".to_owned(),
            to_address: "amina@willowbrook.example".to_owned(),
            subject: "Assigned to you: A-0142".to_owned(),
            text: "Hello Amina,\n.\na line with one dot above".to_owned(),
            html: "<p>Hello Amina</p>".to_owned(),
            stop: Some(STOP.to_owned()),
        }
    }

    const FROM: &str = "Throughline <throughline@care.example>";

    #[tokio::test]
    async fn a_message_arrives_whole_and_the_connection_is_used_again() {
        let (url, taken) = server(Manner::Takes).await;
        let transport = Transport::from_url(Some(&url), FROM).unwrap();
        for _ in 0..3 {
            assert_eq!(transport.send(&mail()).await.unwrap(), Delivery::Sent);
        }
        let taken = taken.lock().unwrap();
        assert_eq!(taken.len(), 3);
        for part in [
            "Message-ID: <7@care.example>\r\n",
            "From: Throughline <throughline@care.example>\r\n",
            "To: \"Amina Okafor\" <amina@willowbrook.example>\r\n",
            "Subject: Assigned to you: A-0142\r\n",
            "multipart/alternative",
            "Auto-Submitted: auto-generated\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "a line with one dot above",
            "<p>Hello Amina</p>",
        ] {
            assert!(taken[0].contains(part), "{part} is not in {}", taken[0]);
        }
        let unfolded = taken[0].replace("\r\n ", " ");
        assert!(unfolded.contains(&format!("List-Unsubscribe: <{STOP}>\r\n")), "{}", taken[0]);
    }

    #[rstest]
    #[case::no_such_user(Manner::RefusesRecipient, Retry::Never, "550")]
    #[case::refused_content(Manner::RefusesContent, Retry::Never, "554")]
    #[case::busy(Manner::Busy, Retry::Later, "451")]
    #[case::hung_up(Manner::HangsUpAfterData, Retry::Later, "")]
    #[tokio::test]
    async fn a_refusal_says_whether_to_try_again(
        #[case] manner: Manner,
        #[case] retry: Retry,
        #[case] code: &str,
    ) {
        let (url, _) = server(manner).await;
        let error = Transport::from_url(Some(&url), FROM).unwrap().send(&mail()).await.unwrap_err();
        assert_eq!(error.retry, retry, "{error}");
        assert!(error.reason.contains(code), "{error}");
        assert!(!error.reason.contains("amina"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up_for_now() {
        let (url, _) = server(Manner::NeverAnswers).await;
        let from: Mailbox = FROM.parse().unwrap();
        let smtp = Smtp::connect_lazily(&url, from, Duration::from_millis(100), None).unwrap();
        let error =
            tokio::time::timeout(Duration::from_secs(10), smtp.send(&mail())).await.unwrap().unwrap_err();
        assert_eq!(error.retry, Retry::Later, "{error}");
    }

    #[tokio::test]
    async fn a_conversation_given_up_half_way_never_answers_for_the_next_message() {
        let (url, _) = server(Manner::SlowOnce(&SLOW)).await;
        let smtp =
            Smtp::connect_lazily(&url, FROM.parse().unwrap(), Duration::from_millis(150), None).unwrap();
        assert_eq!(smtp.send(&mail()).await.unwrap_err().retry, Retry::Later);
        tokio::time::sleep(Duration::from_millis(250)).await;
        // The late answer to the first message was "250": read on its connection, it would count as sent.
        assert_eq!(smtp.send(&mail()).await.unwrap_err().retry, Retry::Never);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_tried_again_later() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let transport = Transport::from_url(Some(&format!("smtp://{free}")), FROM).unwrap();
        assert_eq!(transport.send(&mail()).await.unwrap_err().retry, Retry::Later);
    }

    #[tokio::test]
    async fn without_tls_nothing_is_said_to_a_server_that_should_offer_it() {
        let (url, taken) = server(Manner::OffersNoTls).await;
        let transport = Transport::from_url(Some(&format!("{url}?tls=required")), FROM).unwrap();
        assert_eq!(transport.send(&mail()).await.unwrap_err().retry, Retry::Later);
        assert!(taken.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn without_a_server_messages_are_kept_and_bad_addresses_are_never_tried() {
        let page = Transport::from_url(None, FROM).unwrap();
        assert_eq!(page.send(&mail()).await.unwrap(), Delivery::KeptForPage);
        let (url, _) = server(Manner::Takes).await;
        let transport = Transport::from_url(Some(&url), FROM).unwrap();
        for bad in ["", "amina", "a@b\r\nBcc: c@d"] {
            let error = transport.send(&Mail { to_address: bad.to_owned(), ..mail() }).await.unwrap_err();
            assert_eq!(error.retry, Retry::Never);
        }
    }

    #[rstest]
    #[case("smtps://u:p@mail.example.org", "smtps://u:p@mail.example.org")]
    #[case("smtp://mail.example.org", "smtp://mail.example.org?tls=required")]
    #[case("starttls://mail.example.org:587", "smtp://mail.example.org:587?tls=required")]
    #[case("smtp://mail.example.org?tls=none", "smtp://mail.example.org")]
    #[case("smtp://localhost:1025", "smtp://localhost:1025")]
    #[case("smtp://u:p@127.0.0.1:1025/name", "smtp://u:p@127.0.0.1:1025/name")]
    #[case("smtp://[::1]:1025", "smtp://[::1]:1025")]
    #[case("smtp://localhost@evil.example", "smtp://localhost@evil.example?tls=required")]
    #[case("smtp://localhost.evil.example", "smtp://localhost.evil.example?tls=required")]
    #[tokio::test]
    async fn tls_is_insisted_on_unless_the_server_is_on_this_machine(
        #[case] given: &str,
        #[case] read: &str,
    ) {
        assert_eq!(with_tls_said(given).unwrap(), read);
        assert!(matches!(Transport::from_url(Some(given), FROM), Ok(Transport::Smtp(_))));
    }

    #[rstest]
    #[case("http://mail.example.org", SetupError::Scheme)]
    #[case("mail.example.org", SetupError::Scheme)]
    #[case("smtp://", SetupError::Address)]
    #[case("smtp://mail.example.org:port", SetupError::Address)]
    #[case("smtp://mail.example.org?tls=maybe", SetupError::Address)]
    #[case("smtps://mail.example.org?tls=none", SetupError::Address)]
    #[tokio::test]
    async fn what_cannot_be_used_is_said_at_the_start(#[case] url: &str, #[case] error: SetupError) {
        assert_eq!(Transport::from_url(Some(url), FROM).unwrap_err(), error);
        assert_eq!(Transport::from_url(None, "nobody").unwrap_err(), SetupError::From);
    }
}
