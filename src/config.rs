//! Environment → [`Config`]: every setting of the program, with all mistakes reported together.
//!
//! Values come from a look-up function, so that tests never touch the environment of the process.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::http::Uri;
use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;

use crate::mail::transport::{SetupError, certificate, check};

mod errors;

pub use errors::ConfigErrors;

/// What is logged when `RUST_LOG` says nothing.
pub const DEFAULT_LOG: &str = "info,sqlx=warn,lettre=warn";

/// Everything the program can be told from outside. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the program listens (`LISTEN_ADDR`).
    pub listen_addr: SocketAddr,
    /// The address people type (`PUBLIC_URL`).
    pub public_url: PublicUrl,
    /// True when `PUBLIC_URL` was not given and follows the listening address.
    pub public_url_is_default: bool,
    /// Whether https is insisted on for the hosts under the public address too (`HSTS_SUBDOMAINS`).
    pub hsts_subdomains: bool,
    /// Proxies whose word on a browser's address is taken (`TRUSTED_PROXY`).
    pub trusted_proxies: Vec<IpAddr>,
    /// The folder for everything the program keeps itself (`DATA_DIR`), absolute.
    pub data_dir: PathBuf,
    /// Which PostgreSQL to use.
    pub database: DatabaseConfig,
    /// At most this many connections to the database (`DATABASE_CONNECTIONS`).
    pub database_connections: u32,
    /// About this many bytes of what pages showed stay in memory (`KEEP_MIB`, here in bytes).
    pub keep: u64,
    /// Where evidence files are kept (`EVIDENCE_STORE`).
    pub evidence_store: EvidenceStore,
    /// How mail leaves; without it mail waits on a page administrators can read.
    pub mail: Option<MailConfig>,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Sentences to show at the start: allowed, but worth a second look.
    pub warnings: Vec<String>,
}

/// Which PostgreSQL the program uses.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// `DATABASE_URL` is unset: the program brings up its own.
    Private {
        /// Folder of the server's programs (`PG_BIN_DIR`); looked for when unset.
        bin_dir: Option<PathBuf>,
        /// As root, the user the server runs as (`PG_RUN_AS`); `postgres`, else `nobody`, when unset.
        run_as: Option<String>,
    },
    /// A server somebody else runs.
    External {
        /// Connects as the application role (`DATABASE_URL`).
        url: SecretString,
        /// Connects as the owner, to migrate (`DATABASE_OWNER_URL`); without it migrations are only checked.
        owner_url: Option<SecretString>,
    },
}

/// Where evidence files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceStore {
    /// A local folder.
    Folder(PathBuf),
    /// An S3-compatible store; the whole `s3://bucket/prefix`. Credentials come from the usual `AWS_…` variables.
    S3(String),
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `smtp://`, `starttls://` or `smtps://`, with user and password when needed (`SMTP_URL`).
    pub smtp_url: SecretString,
    /// The certificate, as PEM, of an authority whose servers are trusted besides the public ones (`SMTP_CA_FILE`).
    pub authority: Option<Vec<u8>>,
    /// The sender (`MAIL_FROM`).
    pub from: Mailbox,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter in the notation of `tracing` (`RUST_LOG`).
    pub filter: String,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Scheme and host of the address people type, without a path: `https://throughline.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// The plain-http address of a listening socket.
    #[must_use]
    pub fn of(listen: SocketAddr) -> Self {
        Self { origin: format!("http://{listen}"), https: false }
    }
    /// As a browser writes it in its `Origin` header; no slash at the end.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
    /// Whether cookies can be `Secure` and HSTS makes sense.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }
    /// The full address of a path that begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            "PUBLIC_URL is not an address people can open: write it like https://throughline.example, \
             without a path."
                .to_owned()
        };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let (scheme, host) = (uri.scheme_str(), uri.host());
        let (Some(scheme @ ("http" | "https")), Some(host)) = (scheme, host) else { return Err(wrong()) };
        if uri.path() != "/" || uri.query().is_some() || text.contains('@') || text.contains('#') {
            return Err(wrong());
        }
        // a browser leaves the usual port out of its Origin header
        let port = match (uri.port_u16(), scheme) {
            (None, _) | (Some(80), "http") | (Some(443), "https") => String::new(),
            (Some(port), _) => format!(":{port}"),
        };
        let host = host.to_ascii_lowercase();
        Ok(Self { origin: format!("{scheme}://{host}{port}"), https: scheme == "https" })
    }
}

/// Reads settings one by one and gathers what is wrong with them.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<String>,
}

impl Reader<'_> {
    /// A setting's text; an empty one counts as not set.
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A setting parsed, `None` when unset or wrong; what is wrong is `hint`, which never repeats the value.
    fn parsed<T: FromStr>(&mut self, name: &str, hint: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.errors.push(format!("{name} {hint}"));
        }
        value
    }

    /// A whole number from `least` to `most`.
    fn number(&mut self, name: &str, least: u32, most: u32, unset: u32) -> u32 {
        let Some(text) = self.text(name) else { return unset };
        text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            self.errors.push(format!("{name} is not a number from {least} to {most}."));
            unset
        })
    }

    fn trusted_proxies(&mut self) -> Vec<IpAddr> {
        let text = self.text("TRUSTED_PROXY").unwrap_or_default();
        let proxies: Result<Vec<IpAddr>, _> =
            text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::parse).collect();
        proxies.unwrap_or_else(|_| {
            let sentence = "TRUSTED_PROXY is not a list of addresses: write it like 10.0.0.2, 10.0.0.3.";
            self.errors.push(sentence.into());
            Vec::new()
        })
    }

    fn database(&mut self) -> DatabaseConfig {
        let url = self.database_url("DATABASE_URL");
        let owner_url = self.database_url("DATABASE_OWNER_URL");
        if self.text("DATABASE_URL").is_none() && owner_url.is_some() {
            self.errors
                .push("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both, or neither.".into());
        }
        match url {
            Some(url) => DatabaseConfig::External { url, owner_url },
            None => DatabaseConfig::Private {
                bin_dir: self.text("PG_BIN_DIR").map(PathBuf::from),
                run_as: self.text("PG_RUN_AS"),
            },
        }
    }

    fn database_url(&mut self, name: &str) -> Option<SecretString> {
        let url = self.text(name)?;
        let scheme_is_right = url.starts_with("postgres://") || url.starts_with("postgresql://");
        if !scheme_is_right || PgConnectOptions::from_str(&url).is_err() {
            self.errors
                .push(format!("{name} cannot be read: write it like postgres://user:password@host/name."));
            return None;
        }
        Some(url.into())
    }

    fn evidence_store(&mut self, data_dir: &Path) -> EvidenceStore {
        let default = EvidenceStore::Folder(data_dir.join("evidence"));
        let Some(text) = self.text("EVIDENCE_STORE") else { return default };
        if let Some(path) = text.strip_prefix("file://") {
            if path.starts_with('/') {
                return EvidenceStore::Folder(PathBuf::from(path));
            }
            self.errors
                .push("EVIDENCE_STORE needs a full path after file://, like file:///srv/evidence.".into());
        } else if text
            .strip_prefix("s3://")
            .is_some_and(|bucket| !bucket.starts_with('/') && !bucket.is_empty())
        {
            if cfg!(feature = "s3") {
                return EvidenceStore::S3(text);
            }
            self.errors.push(
                "EVIDENCE_STORE names an S3 store, but this program was built without S3: build it with \
                 `cargo build --features s3`."
                    .into(),
            );
        } else {
            self.errors.push("EVIDENCE_STORE begins with neither file:/// nor s3://bucket.".into());
        }
        default
    }

    fn mail(&mut self) -> Option<MailConfig> {
        let from = self.parsed::<Mailbox>(
            "MAIL_FROM",
            "is not a sender: write it like Throughline <no-reply@care.example>.",
        );
        let authority = self.mail_authority();
        let Some(smtp_url) = self.text("SMTP_URL") else {
            if authority.is_some() {
                self.errors.push("SMTP_CA_FILE is set but SMTP_URL is not: set both, or neither.".into());
            }
            return None;
        };
        match check(&smtp_url, authority.as_deref().filter(|pem| certificate(pem).is_ok())) {
            Ok(()) => {}
            Err(SetupError::AuthorityUnused) => self.errors.push(
                "SMTP_CA_FILE is for TLS, but SMTP_URL speaks without: write smtps:// or starttls://.".into(),
            ),
            Err(_) => self.errors.push(
                "SMTP_URL cannot be read: write it like smtps://user:password@mail.example:465.".into(),
            ),
        }
        if self.text("MAIL_FROM").is_none() {
            self.errors.push("MAIL_FROM is missing: SMTP_URL is set, so say who mail comes from.".into());
        }
        Some(MailConfig { smtp_url: smtp_url.into(), authority, from: from? })
    }

    fn mail_authority(&mut self) -> Option<Vec<u8>> {
        let pem = std::fs::read(self.text("SMTP_CA_FILE")?).unwrap_or_default();
        if certificate(&pem).is_err() {
            self.errors.push(
                "SMTP_CA_FILE names no file with a certificate: it begins with -----BEGIN CERTIFICATE-----."
                    .into(),
            );
        }
        Some(pem)
    }

    fn log(&mut self) -> LogConfig {
        let filter = self.text("RUST_LOG").unwrap_or_else(|| DEFAULT_LOG.to_owned());
        if EnvFilter::try_new(&filter).is_err() {
            self.errors.push("RUST_LOG cannot be read: write it like info,throughline=debug.".into());
        }
        let format = match self.text("LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(_) => {
                self.errors.push("LOG_FORMAT is neither text nor json.".into());
                LogFormat::Text
            }
        };
        LogConfig { filter, format }
    }
}

impl Config {
    /// Reads every setting through `lookup` (in the program: the environment).
    ///
    /// # Errors
    /// All mistakes together, one sentence each; no sentence repeats a value, which might be a secret.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader { lookup, errors: Vec::new() };
        let listen_addr = reader
            .parsed("LISTEN_ADDR", "is not an address and a port: write it like 127.0.0.1:8080.")
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let public_url = match reader.text("PUBLIC_URL").map(|text| text.parse::<PublicUrl>()) {
            None => None,
            Some(Ok(url)) => Some(url),
            Some(Err(sentence)) => {
                reader.errors.push(sentence);
                None
            }
        };
        let data_dir = PathBuf::from(reader.text("DATA_DIR").unwrap_or_else(|| "data".to_owned()));
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        let mut config = Self {
            listen_addr,
            public_url_is_default: public_url.is_none(),
            public_url: public_url.unwrap_or_else(|| PublicUrl::of(listen_addr)),
            hsts_subdomains: reader.parsed("HSTS_SUBDOMAINS", "is neither true nor false.").unwrap_or(false),
            trusted_proxies: reader.trusted_proxies(),
            database: reader.database(),
            database_connections: reader.number("DATABASE_CONNECTIONS", 1, 100, 8),
            keep: u64::from(reader.number("KEEP_MIB", 0, 4096, 16)) << 20,
            evidence_store: reader.evidence_store(&data_dir),
            data_dir,
            mail: reader.mail(),
            log: reader.log(),
            warnings: Vec::new(),
        };
        config.warnings = config.doubts();
        if reader.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.errors)) }
    }

    /// Reads the settings from the environment of the process.
    ///
    /// # Errors
    /// As [`Config::from_lookup`].
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::from_lookup(&|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Tells the settings where the program really listens (port 0 means "any free one").
    pub fn bound_to(&mut self, listen: SocketAddr) {
        self.listen_addr = listen;
        if self.public_url_is_default {
            self.public_url = PublicUrl::of(listen);
        }
    }

    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if !self.listen_addr.ip().is_loopback() && !self.public_url.is_https() {
            doubts.push(
                "LISTEN_ADDR can be reached from other machines, but PUBLIC_URL is not https: passwords would \
                 cross the network readable. Put a proxy with a certificate in front, and set PUBLIC_URL to \
                 its https address."
                    .to_owned(),
            );
        }
        if let DatabaseConfig::External { url, owner_url: Some(owner) } = &self.database
            && url.expose_secret() == owner.expose_secret()
        {
            doubts.push(
                "DATABASE_URL and DATABASE_OWNER_URL are the same: give the program its own role, which owns \
                 nothing."
                    .to_owned(),
            );
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of an authority made for this test; its key is nowhere.
    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBiDCCAS+gAwIBAgIUeKJ74O2S01MS9WFRIjU2bdT3J90wCgYIKoZIzj0EAwIw\n\
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMTg0MTE3WhgPMjEy\n\
NjEwMjgxODQxMTdaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI\n\
zj0CAQYIKoZIzj0DAQcDQgAEfNgdVLbxlbhpXaL/9hNm8d8us4QvUBjYdIFghlKK\n\
x/7S1K74c4l6TwqVHVEHVlOC+VSidCDcLlxhs/vrppJSyKNTMFEwHQYDVR0OBBYE\n\
FIeb/QrTLX6+LfE6uAXprwy3BVYgMB8GA1UdIwQYMBaAFIeb/QrTLX6+LfE6uAXp\n\
rwy3BVYgMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgYXlEuKyM\n\
8ZFZi95iZ5mY2jU6tbpTqYNDZKOPqsYIfq0CIHWxY1ED6qUwkxagQrvI6MW6Zxgw\n\
9YVFd/hiEfbNAnky\n\
-----END CERTIFICATE-----";

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        Config::from_lookup(&|name| {
            settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_means_a_private_database_on_the_loopback_address() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen_addr.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url.origin(), "http://127.0.0.1:8080");
        assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("data"));
        assert!(matches!(config.database, DatabaseConfig::Private { bin_dir: None, run_as: None }));
        assert_eq!(config.evidence_store, EvidenceStore::Folder(config.data_dir.join("evidence")));
        assert!(config.mail.is_none() && config.warnings.is_empty());
    }

    #[test]
    fn every_mistake_is_reported_in_one_go() {
        let errors = read(&[
            ("LISTEN_ADDR", "8080"),
            ("PUBLIC_URL", "throughline.example/path"),
            ("DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("DATABASE_OWNER_URL", "also wrong"),
            ("DATABASE_CONNECTIONS", "0"),
            ("EVIDENCE_STORE", "ftp://files"),
            ("SMTP_URL", "mail.example"),
            ("SMTP_CA_FILE", "/dev/null"),
            ("HSTS_SUBDOMAINS", "yes"),
            ("RUST_LOG", "throughline=loudly"),
            ("LOG_FORMAT", "xml"),
            ("TRUSTED_PROXY", "10.0.0.2, everybody"),
        ])
        .unwrap_err();
        for name in [
            "LISTEN_ADDR",
            "PUBLIC_URL",
            "DATABASE_URL",
            "DATABASE_OWNER_URL",
            "DATABASE_CONNECTIONS",
            "SMTP_CA_FILE",
            "HSTS_SUBDOMAINS",
            "EVIDENCE_STORE",
            "SMTP_URL",
            "MAIL_FROM",
            "RUST_LOG",
            "LOG_FORMAT",
            "TRUSTED_PROXY",
        ] {
            let about = errors.0.iter().filter(|sentence| sentence.starts_with(&format!("{name} "))).count();
            assert_eq!(about, 1, "{name} in {errors}");
        }
        assert_eq!(errors.0.len(), 13, "{errors}");
        assert!(!errors.to_string().contains("hunter2"));
    }

    #[test]
    fn every_way_to_a_mail_server_is_taken_and_a_certificate_without_tls_is_not() {
        let from = ("MAIL_FROM", "Throughline <no-reply@care.example>");
        let authority = std::env::temp_dir().join(format!("authority-{}.pem", std::process::id()));
        std::fs::write(&authority, AUTHORITY).unwrap();
        let authority = authority.to_str().unwrap();
        for (url, tls) in [
            ("smtps://user:pass%20word@mail.example:465", true),
            ("starttls://user:password@mail.example:587", true),
            ("starttls://mail.example?tls=required", true),
            ("smtp://mail.example", true),
            ("smtp://mail.example?tls=none", false),
            ("smtp://localhost:1025", false),
            ("smtp://127.0.0.1:1025?tls=required", true),
        ] {
            assert!(read(&[("SMTP_URL", url), from]).is_ok(), "{url}");
            let with = read(&[("SMTP_URL", url), from, ("SMTP_CA_FILE", authority)]);
            assert_eq!(with.is_ok(), tls, "{url}");
            if let Err(ConfigErrors(said)) = with {
                assert!(said.len() == 1 && said[0].starts_with("SMTP_CA_FILE is for TLS"), "{said:?}");
            }
        }
        for wrong in ["smtp://mail.example?tls=maybe", "smtps://mail.example?tls=none", "http://mail.example"]
        {
            assert_eq!(read(&[("SMTP_URL", wrong), from]).unwrap_err().0.len(), 1, "{wrong}");
        }
        assert!(read(&[("SMTP_CA_FILE", authority)]).is_err(), "it is for nothing");
        std::fs::remove_file(authority).unwrap();
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = read(&[
            ("DATABASE_URL", "postgres://app:hunter2@db.example/throughline"),
            ("DATABASE_OWNER_URL", "postgres://owner:hunter3@db.example/throughline"),
            ("SMTP_URL", "smtps://user:hunter4@mail.example:465"),
            ("MAIL_FROM", "Throughline <no-reply@care.example>"),
        ])
        .unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.contains("no-reply"));
    }

    #[test]
    fn a_public_address_keeps_what_a_browser_sends_as_origin() {
        let url: PublicUrl = "https://Throughline.Example:443/".parse().unwrap();
        assert_eq!((url.origin(), url.is_https()), ("https://throughline.example", true));
        let url: PublicUrl = "http://localhost:8081".parse().unwrap();
        assert_eq!(url.join("/sign-in"), "http://localhost:8081/sign-in");
        for wrong in ["", "throughline.example", "ftp://a", "https://a/b", "https://a?b", "https://u@a", "/x"]
        {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_open_address_without_https_is_a_warning() {
        assert_eq!(read(&[("LISTEN_ADDR", "0.0.0.0:80")]).unwrap().warnings.len(), 1);
        let behind_a_proxy = [("LISTEN_ADDR", "0.0.0.0:80"), ("PUBLIC_URL", "https://throughline.example")];
        assert!(read(&behind_a_proxy).unwrap().warnings.is_empty());
    }

    #[test]
    fn the_default_address_follows_the_port_that_was_found() {
        let mut config = read(&[("LISTEN_ADDR", "127.0.0.1:0")]).unwrap();
        config.bound_to("127.0.0.1:4321".parse().unwrap());
        assert_eq!(config.public_url.origin(), "http://127.0.0.1:4321");
    }

    #[test]
    fn evidence_goes_where_it_is_told() {
        let store = read(&[("EVIDENCE_STORE", "file:///srv/evidence")]).unwrap().evidence_store;
        assert_eq!(store, EvidenceStore::Folder("/srv/evidence".into()));
        assert_eq!(read(&[("EVIDENCE_STORE", "s3://bucket/prefix")]).is_ok(), cfg!(feature = "s3"));
        assert!(read(&[("EVIDENCE_STORE", "file://relative")]).is_err());
    }

    #[test]
    fn an_empty_value_counts_as_not_set() {
        assert!(read(&[("DATABASE_URL", " "), ("LISTEN_ADDR", "")]).is_ok());
    }
}
