//! Settings: read once, checked wholly, before anything starts.

mod table;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use gc_api::TrustedProxies;
use gc_types::Secret;
use url::Url;

pub(crate) use table::help;

/// Checked settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// As set; otherwise made from the bound address.
    pub(crate) public_url: Option<Url>,
    /// Folder of everything that is kept.
    pub(crate) data_dir: PathBuf,
    /// As set; otherwise a file in the data folder.
    pub(crate) database_url: Option<Secret>,
    /// As set; otherwise generated into the data folder.
    pub(crate) jwt_secret: Option<Secret>,
    /// Certificate and key files.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) proxies: TrustedProxies,
    /// Company name.
    pub(crate) company: String,
    /// As set; otherwise the program's folder.
    pub(crate) downloads_dir: Option<PathBuf>,
    /// Sockets at a time.
    pub(crate) max_connections: usize,
    /// Sockets at a time from one address.
    pub(crate) max_per_address: usize,
    /// File to announce readiness in.
    pub(crate) ready_json: Option<PathBuf>,
    /// Filter of log lines.
    pub(crate) log: String,
}

/// A setting that is wrong; one sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}.")]
pub(crate) struct SettingError {
    name: &'static str,
    problem: String,
}

fn wrong<T>(name: &'static str, problem: impl Into<String>) -> Result<T, SettingError> {
    Err(SettingError { name, problem: problem.into() })
}

impl Settings {
    /// Reads every setting by `get`, which answers `None` for unset and empty ones.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let listen = get("CONNECT_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".into());
        let Ok(listen) = listen.parse::<SocketAddr>() else {
            return wrong(
                "CONNECT_LISTEN",
                format!("must be an address with a port such as 127.0.0.1:8080, not '{listen}'"),
            );
        };
        let tls = match (get("CONNECT_TLS_CERT"), get("CONNECT_TLS_KEY")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            (Some(_), None) => {
                return wrong("CONNECT_TLS_KEY", "must be set too, since CONNECT_TLS_CERT is");
            }
            (None, Some(_)) => {
                return wrong("CONNECT_TLS_CERT", "must be set too, since CONNECT_TLS_KEY is");
            }
        };
        let behind_proxy = flag(&get, "CONNECT_BEHIND_PROXY")?;
        let proxies = get("CONNECT_TRUSTED_PROXIES");
        if behind_proxy && proxies.is_none() {
            return wrong(
                "CONNECT_TRUSTED_PROXIES",
                "must name the proxy, since CONNECT_BEHIND_PROXY is true",
            );
        }
        if tls.is_none() && !behind_proxy && !listen.ip().is_loopback() {
            return wrong(
                "CONNECT_LISTEN",
                "would send passwords in clear beyond this machine: set CONNECT_TLS_CERT and CONNECT_TLS_KEY, or CONNECT_BEHIND_PROXY=true with CONNECT_TRUSTED_PROXIES",
            );
        }
        let proxies = match proxies {
            None => TrustedProxies::loopback(),
            Some(text) => TrustedProxies::parse(&text)
                .or_else(|error| wrong("CONNECT_TRUSTED_PROXIES", format!("is wrong: {error}")))?,
        };
        let public_url = match get("CONNECT_PUBLIC_URL") {
            Some(text) => Some(public_url(&text)?),
            None if listen.ip().is_unspecified() => {
                return wrong(
                    "CONNECT_PUBLIC_URL",
                    "must be set, since the server listens on every address",
                );
            }
            None => None,
        };
        let jwt_secret = get("JWT_SECRET").map(Secret::new);
        if jwt_secret.as_ref().is_some_and(|secret| secret.expose().chars().count() < 32) {
            return wrong("JWT_SECRET", "must have at least 32 characters");
        }
        let database_url = get("DATABASE_URL");
        let engines = ["sqlite:", "postgres:", "postgresql:"];
        if database_url
            .as_ref()
            .is_some_and(|url| !engines.iter().any(|engine| url.starts_with(engine)))
        {
            return wrong("DATABASE_URL", "must start with sqlite: or postgres:");
        }
        let company = get("CONNECT_COMPANY").unwrap_or_else(|| "GuruConnect".into());
        if company.chars().count() > 100 || company.chars().any(char::is_control) {
            return wrong(
                "CONNECT_COMPANY",
                "must have at most 100 characters and no control characters",
            );
        }
        Ok(Self {
            listen,
            public_url,
            data_dir: get("CONNECT_DATA_DIR").unwrap_or_else(|| "./data".into()).into(),
            database_url: database_url.map(Secret::new),
            jwt_secret,
            tls,
            proxies,
            company,
            downloads_dir: get("CONNECT_DOWNLOADS_DIR").map(PathBuf::from),
            max_connections: count(&get, "CONNECT_MAX_CONNECTIONS", 20_000)?,
            max_per_address: count(&get, "CONNECT_MAX_CONNECTIONS_PER_ADDRESS", 512)?,
            ready_json: get("CONNECT_READY_JSON").map(PathBuf::from),
            log: get("RUST_LOG").unwrap_or_else(|| "info".into()),
        })
    }

    /// The public origin, given the address that was bound.
    pub(crate) fn origin(&self, bound: SocketAddr) -> Result<Url, SettingError> {
        match &self.public_url {
            Some(url) => Ok(url.clone()),
            None => public_url(&self.local(bound)),
        }
    }

    /// Origins by which browsers on this machine reach the bound address.
    pub(crate) fn local_origins(&self, bound: SocketAddr) -> Vec<String> {
        let names: &[&str] = match bound.ip() {
            ip if !ip.is_loopback() && !ip.is_unspecified() => &[],
            IpAddr::V4(_) => &["127.0.0.1", "localhost"],
            IpAddr::V6(_) => &["[::1]", "127.0.0.1", "localhost"],
        };
        let scheme = self.scheme();
        let origin = |name: &&str| Url::parse(&format!("{scheme}://{name}:{}", bound.port()));
        names
            .iter()
            .filter_map(|name| origin(name).ok())
            .map(|url| url.origin().ascii_serialization())
            .collect()
    }

    fn local(&self, bound: SocketAddr) -> String {
        format!("{}://{bound}", self.scheme())
    }

    const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

fn public_url(text: &str) -> Result<Url, SettingError> {
    let name = "CONNECT_PUBLIC_URL";
    let Ok(url) = Url::parse(text) else {
        return wrong(
            name,
            format!("must be an origin such as https://help.example.com, not '{text}'"),
        );
    };
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let Some(host) = url.host_str().filter(|_| bare) else {
        return wrong(name, "must have a host name and neither path, query nor user name");
    };
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.starts_with("127.");
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => wrong(name, "must start with https://; http:// is for this machine only"),
    }
}

fn flag(get: &impl Fn(&str) -> Option<String>, name: &'static str) -> Result<bool, SettingError> {
    match get(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => wrong(name, format!("must be true or false, not '{other}'")),
    }
}

fn count(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: usize,
) -> Result<usize, SettingError> {
    match get(name) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(number) if (1..=1_000_000).contains(&number) => Ok(number),
            _ => wrong(name, format!("must be a number from 1 to 1000000, not '{text}'")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_set_is_a_server_for_this_machine() {
        let settings = read(&[]).unwrap();
        let bound = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(settings.origin(bound).unwrap().as_str(), "http://127.0.0.1:8080/");
        assert_eq!(
            settings.local_origins(bound),
            ["http://127.0.0.1:8080", "http://localhost:8080"]
        );
    }

    #[test]
    fn each_wrong_setting_is_named() {
        for (pairs, name) in [
            (&[("CONNECT_LISTEN", "8080")][..], "CONNECT_LISTEN"),
            (&[("CONNECT_LISTEN", "0.0.0.0:8080")], "CONNECT_LISTEN"),
            (&[("CONNECT_TLS_CERT", "a")], "CONNECT_TLS_KEY"),
            (&[("CONNECT_BEHIND_PROXY", "true")], "CONNECT_TRUSTED_PROXIES"),
            (&[("CONNECT_BEHIND_PROXY", "yes")], "CONNECT_BEHIND_PROXY"),
            (&[("CONNECT_TRUSTED_PROXIES", "proxy")], "CONNECT_TRUSTED_PROXIES"),
            (&[("CONNECT_PUBLIC_URL", "help.example.com")], "CONNECT_PUBLIC_URL"),
            (&[("CONNECT_PUBLIC_URL", "http://help.example.com")], "CONNECT_PUBLIC_URL"),
            (&[("CONNECT_PUBLIC_URL", "https://help.example.com/path")], "CONNECT_PUBLIC_URL"),
            (&[("JWT_SECRET", "short")], "JWT_SECRET"),
            (&[("DATABASE_URL", "mysql://x")], "DATABASE_URL"),
            (&[("CONNECT_MAX_CONNECTIONS", "0")], "CONNECT_MAX_CONNECTIONS"),
            (
                &[
                    ("CONNECT_LISTEN", "0.0.0.0:1"),
                    ("CONNECT_TLS_CERT", "a"),
                    ("CONNECT_TLS_KEY", "b"),
                ],
                "CONNECT_PUBLIC_URL",
            ),
        ] {
            let error = read(pairs).unwrap_err();
            assert!(error.starts_with(name), "{pairs:?}: {error}");
        }
    }

    #[test]
    fn a_declared_proxy_may_take_plain_http() {
        let settings = read(&[
            ("CONNECT_LISTEN", "0.0.0.0:8080"),
            ("CONNECT_BEHIND_PROXY", "true"),
            ("CONNECT_TRUSTED_PROXIES", "10.0.0.0/8"),
            ("CONNECT_PUBLIC_URL", "https://help.example.com"),
        ]);
        assert!(settings.is_ok(), "{settings:?}");
    }

    #[test]
    fn every_setting_that_is_read_stands_in_the_table() {
        let asked = std::cell::RefCell::new(Vec::new());
        let _ = Settings::read(|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        });
        let mut asked = asked.into_inner();
        asked.sort();
        let mut listed: Vec<&str> = table::TABLE.iter().map(|setting| setting.name).collect();
        listed.sort_unstable();
        assert_eq!(asked, listed);
    }
}
