//! What a tenant lets be moved: as stored, as sent, as told to agents.

use gc_filetransfer::{FilePolicy, MAX_EXTENSIONS, clean_extension};
use gc_proto::v2;
use gc_storage::{Storage, StorageError};
use gc_types::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// What files may be moved in sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRules {
    /// To the machine.
    pub upload: bool,
    /// From the machine.
    pub download: bool,
    /// Bytes of one file; unset for any size.
    #[schema(required = true)]
    pub max_file_bytes: Option<u64>,
    /// When there are any, nothing else may be moved. Without the dot.
    pub allowed_extensions: Vec<String>,
    /// Never moved, by name or by content. Without the dot.
    pub blocked_extensions: Vec<String>,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            upload: true,
            download: true,
            max_file_bytes: None,
            allowed_extensions: Vec::new(),
            blocked_extensions: Vec::new(),
        }
    }
}

impl FileRules {
    /// Of a tenant. Rules that cannot be read allow nothing.
    pub(crate) async fn load(storage: &Storage, tenant: TenantId) -> Result<Self, StorageError> {
        let Some(stored) = storage.tenant(tenant).file_rules().await? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&stored).map_err(|error| {
            tracing::error!(%error, "the stored rules for files cannot be read");
            StorageError::Corrupt("rules")
        })
    }

    /// Checks and cleans what a person sent.
    pub(crate) fn cleaned(mut self) -> Result<Self, ApiError> {
        let invalid =
            |message: String| ApiError { code: "invalid_field", ..ApiError::bad_request(message) };
        if self.max_file_bytes == Some(0) {
            return Err(invalid("The field max_file_bytes must be at least 1, or null.".into()));
        }
        for list in [&mut self.allowed_extensions, &mut self.blocked_extensions] {
            if list.len() > MAX_EXTENSIONS {
                return Err(invalid(format!("A list may have {MAX_EXTENSIONS} extensions.")));
            }
            for extension in list.iter_mut() {
                *extension = clean_extension(extension).ok_or_else(|| {
                    invalid(
                        "An extension has 1 to 16 letters, digits, hyphens or plus signs.".into(),
                    )
                })?;
            }
            list.sort();
            list.dedup();
        }
        Ok(self)
    }

    /// As JSON, for the database.
    pub(crate) fn to_stored(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// For an offer to an agent.
    pub(crate) fn to_wire(&self) -> v2::FilePolicy {
        FilePolicy {
            upload: self.upload,
            download: self.download,
            max_file: self.max_file_bytes,
            allowed: self.allowed_extensions.clone(),
            blocked: self.blocked_extensions.clone(),
            drags: false,
        }
        .to_wire()
    }
}
