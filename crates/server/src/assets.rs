//! The console's files inside the program.

use gc_api::{WebFile, WebFiles};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The console as it was built.
pub(crate) struct Console;

impl WebFiles for Console {
    fn file(&self, path: &str) -> Option<WebFile> {
        let file = Dist::get(path)?;
        let media_type = file.metadata.mimetype().to_owned();
        Some(WebFile { bytes: file.data, media_type })
    }
}
