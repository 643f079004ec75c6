//! `GET /api/downloads/linux/guruconnect`

use std::io::ErrorKind;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures_util::stream;
use http::header;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::error::{ApiError, ErrorBody};
use crate::state::App;

const PIECE: usize = 64 * 1024;

/// The support program for Linux.
#[utoipa::path(get, path = "/api/downloads/linux/guruconnect", tag = "downloads",
    operation_id = "downloads_linux",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "download_missing", body = ErrorBody)))]
pub(crate) async fn linux(State(app): State<App>) -> Result<Response, ApiError> {
    let missing = || {
        ApiError::not_found(
            "download_missing",
            "The support program does not lie on this server. Ask who runs it to put it there.",
        )
    };
    let path = app.config.downloads.join("guruconnect");
    let file = File::open(&path).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(),
        _ => ApiError::internal(format!("{}: {error}", path.display())),
    })?;
    let facts = file.metadata().await.map_err(ApiError::internal)?;
    if !facts.is_file() {
        return Err(missing());
    }
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (piece.freeze(), file)))
    });
    Ok((
        [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"guruconnect\"".to_owned()),
            (header::CONTENT_LENGTH, facts.len().to_string()),
        ],
        Body::from_stream(pieces),
    )
        .into_response())
}
