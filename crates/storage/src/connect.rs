//! Opening the database and bringing it up to date.

use std::time::Duration;

use gc_types::TenantId;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Any, AnyPool, Executor, Transaction};

use crate::{StorageError, TenantStore};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Which database runs underneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The database; clones share its connections.
#[derive(Debug, Clone)]
pub struct Storage {
    pub(crate) pool: AnyPool,
    engine: Engine,
}

impl Storage {
    /// Opens the database at `url` (`sqlite://path` or `postgres://…`). Nothing is
    /// migrated yet. A SQLite file is made when it is missing; its folder is not.
    pub async fn connect(url: &str) -> Result<Self, StorageError> {
        sqlx::any::install_default_drivers();
        let engine = if url.starts_with("sqlite:") {
            Engine::Sqlite
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Engine::Postgres
        } else {
            return Err(StorageError::Address);
        };
        let url = match engine {
            Engine::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_owned(),
        };
        // Durable on power loss too: a revocation must not come undone.
        let setup = match engine {
            Engine::Sqlite => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; \
                 PRAGMA trusted_schema = OFF"
            }
            Engine::Postgres => "SET statement_timeout = '15s'",
        };
        let pool = AnyPoolOptions::new()
            .max_connections(if engine == Engine::Sqlite { 4 } else { 16 })
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    for statement in setup.split(';') {
                        connection.execute(statement).await?;
                    }
                    Ok(())
                })
            })
            .connect(&url)
            .await
            .map_err(StorageError::Open)?;
        Ok(Self { pool, engine })
    }

    /// Applies what is missing; does nothing when nothing is. Refuses a database
    /// that a newer program has migrated.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        MIGRATIONS.run(&self.pool).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) => StorageError::Newer(version),
            other => StorageError::Migration(other),
        })
    }

    /// Which engine runs underneath.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StorageError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The rows of one tenant.
    pub fn tenant(&self, tenant: TenantId) -> TenantStore<'_> {
        TenantStore::new(self, tenant)
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A transaction that may write. SQLite takes its write lock at once: a
    /// transaction that read first and writes later could otherwise be refused.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, StorageError> {
        let statement = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        Ok(self.pool.begin_with(statement).await?)
    }
}
