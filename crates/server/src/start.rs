//! From settings to a running server, and down again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gc_api::{ApiConfig, App, Build, PasswordCost};
use gc_relay::RelayConfig;
use gc_runtime::{OsEntropy, SystemClock};
use gc_storage::{Storage, StorageError};
use gc_types::Secret;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::assets::Console;
use crate::door::{self, Answerer, Places};
use crate::settings::Settings;
use crate::tls::Tls;
use crate::{data, say};

/// Peers are told to come back after this when the server goes away.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Open requests and links may take this long to end.
const DRAIN: Duration = Duration::from_secs(5);
/// Between tries to reach a database that is down.
const DATABASE_RETRY: Duration = Duration::from_secs(2);
/// An unwatched session of a machine that is offline ends after this.
const REAP_AFTER: Duration = Duration::from_mins(10);

/// Runs the server until it is told to stop.
pub(crate) async fn run(settings: Settings) -> Result<()> {
    data::prepare(&settings.data_dir)?;
    let secret = secret(&settings)?;
    let tls = match settings.tls.clone() {
        Some((certificate, key)) => Some(Tls::load(certificate, key)?),
        None => None,
    };
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("the address {} cannot be listened on", settings.listen))?;
    let bound = listener.local_addr().context("the bound address is unknown")?;
    tracing::info!(address = %bound, "listening");
    let config = api_config(&settings, secret, bound)?;

    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let (stop, stopped) = watch::channel(false);
    let proxies = settings.proxies.clone();
    let places = Places::new(settings.max_connections, settings.max_per_address, move |address| {
        proxies.trusts(address)
    });
    let answerer = Answerer::default();
    if let Some(tls) = tls.clone() {
        let hang_up = signal(SignalKind::hangup()).context("signals cannot be received")?;
        gc_runtime::spawn("certificate", tls.watch(hang_up));
    }
    gc_runtime::spawn("door", door::run(listener, tls, places.clone(), answerer.clone(), stopped));

    let url = database_url(&settings);
    let app = tokio::select! {
        app = open(&url, config) => app?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let setup_link = app.setup_link().await.context("the set-up link cannot be made")?;
    // Set once, here.
    let _ = answerer.set(gc_api::router(app.clone()));
    announce(&settings, bound, setup_link.as_deref())?;

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    // Nobody may be listening any more, which is what is wanted.
    let _ = stop.send(true);
    let ended = async {
        app.shutdown(RETRY_AFTER).await;
        while places.taken() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!(open = places.taken(), "stopped with connections open");
    }
    Ok(())
}

/// As set, or generated into the data folder.
pub(crate) fn secret(settings: &Settings) -> Result<Secret> {
    match &settings.jwt_secret {
        Some(secret) => Ok(secret.clone()),
        None => data::secret(&settings.data_dir, &OsEntropy),
    }
}

fn api_config(settings: &Settings, secret: Secret, bound: SocketAddr) -> Result<ApiConfig> {
    let downloads = match &settings.downloads_dir {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()
            .ok()
            .and_then(|program| program.parent().map(std::path::Path::to_path_buf))
            .unwrap_or_else(|| PathBuf::from(".")),
    };
    Ok(ApiConfig {
        public_url: settings.origin(bound)?,
        local_origins: settings.local_origins(bound),
        company: settings.company.clone(),
        secret,
        proxies: settings.proxies.clone(),
        tls: settings.tls.is_some(),
        downloads,
        password_cost: PasswordCost::default(),
        consent_timeout: settings.consent_timeout,
        reap_after: REAP_AFTER,
        build: Build {
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("GURUCONNECT_COMMIT"),
            commit_date: env!("GURUCONNECT_COMMIT_DATE"),
        },
    })
}

pub(crate) fn database_url(settings: &Settings) -> Secret {
    settings.database_url.clone().unwrap_or_else(|| {
        let file = settings.data_dir.join("guruconnect.db");
        Secret::new(format!("sqlite://{}", file.display()))
    })
}

/// Opens the database, waiting for one that cannot be reached yet, and starts the
/// API on it.
async fn open(url: &Secret, config: ApiConfig) -> Result<App> {
    let storage = storage(url).await?;
    let clock = Arc::new(SystemClock::new());
    let relay = RelayConfig::default();
    let app = App::start(config, relay, storage, clock, Arc::new(OsEntropy), Arc::new(Console));
    app.await.context("the server cannot start")
}

/// The migrated database.
pub(crate) async fn storage(url: &Secret) -> Result<Storage> {
    loop {
        let opened = async {
            let storage = Storage::connect(url.expose()).await?;
            storage.migrate().await?;
            Ok::<_, StorageError>(storage)
        };
        match opened.await {
            Ok(storage) => return Ok(storage),
            Err(error) if error.is_transient() && !url.expose().starts_with("sqlite:") => {
                tracing::warn!(%error, "the database cannot be reached; trying again");
                tokio::time::sleep(DATABASE_RETRY).await;
            }
            Err(error @ StorageError::Newer(_)) => {
                return Err(error).context(
                    "start the newer version again, or restore the backup made before it",
                );
            }
            Err(error) => return Err(error).context("the database cannot be used"),
        }
    }
}

/// Tells people and programs that the server answers.
fn announce(settings: &Settings, bound: SocketAddr, setup_link: Option<&str>) -> Result<()> {
    let origin = settings.origin(bound)?;
    let address = origin.origin().ascii_serialization();
    if let Some(path) = &settings.ready_json {
        let ready =
            json!({ "address": address, "setup_link": setup_link, "pid": std::process::id() });
        data::write_whole(path, &format!("{ready}\n"))?;
    }
    say(&format!("GuruConnect answers at {address}"));
    if let Some(link) = setup_link {
        say(&format!("There is no administrator yet. Make the first one here, once: {link}"));
    }
    Ok(())
}
