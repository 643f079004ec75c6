//! Writes the Rust code of every `.proto` file to `crates/proto/src/gen`.
//!
//! Run by `cargo xtask codegen`; the output is committed, so that building the
//! product needs neither this crate nor a protobuf compiler.

use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let proto_root = arguments.next().context("usage: gc-codegen PROTO_ROOT OUT_DIR")?;
    let out_dir = arguments.next().context("usage: gc-codegen PROTO_ROOT OUT_DIR")?;

    let mut files = Vec::new();
    for entry in std::fs::read_dir(proto_root.join("guruconnect/v2"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();

    let descriptors = protox::compile(&files, [&proto_root])?;
    prost_build::Config::new()
        .bytes([
            ".guruconnect.v2.H264.access_unit",
            ".guruconnect.v2.Hevc.access_unit",
            ".guruconnect.v2.Tile.data",
            ".guruconnect.v2.FileChunk.data",
        ])
        // Keeps the largest link message near the size of the others.
        .boxed(".guruconnect.v2.SessionOffer.connection_notice")
        .out_dir(&out_dir)
        .skip_debug([".guruconnect.v2.ViewerHello", ".guruconnect.v2.Welcome"])
        .compile_fds(descriptors)
        .context("prost code generation failed")?;
    Ok(())
}
