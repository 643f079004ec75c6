//! The connection notice of a tenant: as stored, as sent to agents, as set.

use gc_actions::{DEFAULT_TEMPLATE, DURATION_S, check_template};
use gc_proto::v2;
use gc_storage::{NoticeRow, Storage, StorageError};
use gc_types::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// Place on the main monitor of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticePosition {
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
    Center,
}

impl NoticePosition {
    const ALL: [Self; 5] =
        [Self::TopLeft, Self::TopRight, Self::BottomLeft, Self::BottomRight, Self::Center];

    const fn name(self) -> &'static str {
        match self {
            Self::TopLeft => "top_left",
            Self::TopRight => "top_right",
            Self::BottomLeft => "bottom_left",
            Self::BottomRight => "bottom_right",
            Self::Center => "center",
        }
    }

    const fn to_wire(self) -> v2::NoticePosition {
        match self {
            Self::TopLeft => v2::NoticePosition::TopLeft,
            Self::TopRight => v2::NoticePosition::TopRight,
            Self::BottomLeft => v2::NoticePosition::BottomLeft,
            Self::BottomRight => v2::NoticePosition::BottomRight,
            Self::Center => v2::NoticePosition::Center,
        }
    }
}

/// What the user at a machine is shown when the first viewer of a session joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionNotice {
    /// It is shown.
    pub enabled: bool,
    /// Plain text, at most 300 characters and 6 lines, with `{{technician_name}}`,
    /// `{{company}}` and `{{time}}`.
    #[schema(max_length = 300)]
    pub template: String,
    /// For how long, in seconds.
    #[schema(minimum = 5, maximum = 60)]
    pub duration_s: u32,
    /// Where.
    pub position: NoticePosition,
    /// A click closes it; otherwise clicks go to what lies below.
    pub dismissible: bool,
}

impl Default for ConnectionNotice {
    fn default() -> Self {
        Self {
            enabled: true,
            template: DEFAULT_TEMPLATE.into(),
            duration_s: 10,
            position: NoticePosition::BottomRight,
            dismissible: true,
        }
    }
}

impl ConnectionNotice {
    /// What the tenant has set, or what it is without that.
    pub(crate) async fn load(storage: &Storage, tenant: TenantId) -> Result<Self, StorageError> {
        let row = storage.tenant(tenant).connection_notice().await?;
        row.map_or_else(|| Ok(Self::default()), Self::from_row)
    }

    fn from_row(row: NoticeRow) -> Result<Self, StorageError> {
        let position = NoticePosition::ALL
            .into_iter()
            .find(|position| position.name() == row.position)
            .ok_or(StorageError::Corrupt("position"))?;
        Ok(Self {
            enabled: row.enabled,
            template: row.template,
            duration_s: row.duration_s,
            position,
            dismissible: row.dismissible,
        })
    }

    pub(crate) fn to_row(&self) -> NoticeRow {
        NoticeRow {
            enabled: self.enabled,
            template: self.template.clone(),
            duration_s: self.duration_s,
            position: self.position.name().into(),
            dismissible: self.dismissible,
        }
    }

    /// For the session's offer; `None` when nothing is to be shown.
    pub(crate) fn to_wire(&self) -> Option<v2::ConnectionNotice> {
        self.enabled.then(|| v2::ConnectionNotice {
            template: self.template.clone(),
            duration_s: self.duration_s,
            position: self.position.to_wire().into(),
            dismissible: self.dismissible,
        })
    }

    /// Whether it can be stored.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let invalid =
            |message: String| ApiError { code: "invalid_field", ..ApiError::bad_request(message) };
        check_template(&self.template).map_err(|problem| {
            invalid(format!("The field template cannot be taken: {problem}."))
        })?;
        if !DURATION_S.contains(&self.duration_s) {
            return Err(invalid(format!(
                "The field duration_s must be {} to {}.",
                DURATION_S.start(),
                DURATION_S.end()
            )));
        }
        Ok(())
    }
}
