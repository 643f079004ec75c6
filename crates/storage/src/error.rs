//! What can go wrong with the database.

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database's address is not one of the two engines.
    #[error("the database address must start with sqlite: or postgres:")]
    Address,
    /// The database cannot be reached or opened.
    #[error("the database cannot be opened: {0}")]
    Open(#[source] sqlx::Error),
    /// A newer program has been here.
    #[error("the database was migrated by a newer version of this program (migration {0})")]
    Newer(i64),
    /// A migration broke off or was changed after its release.
    #[error("the database's migrations cannot be applied: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Something like it is there already.
    #[error("it exists already")]
    Conflict,
    /// A stored value is not what this program writes.
    #[error("column {0} holds what this program never writes")]
    Corrupt(&'static str),
    /// The engine refused or failed.
    #[error("database: {0}")]
    Engine(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Conflict,
            _ => Self::Engine(error),
        }
    }
}

impl StorageError {
    /// Whether waiting may help: the database cannot be reached, and did not
    /// refuse.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Open(error) | Self::Engine(error)
                if matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)
        )
    }
}
