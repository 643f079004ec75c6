//! What was tried. Only the first and the last are in the product.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use gc_codec::{TileDecoder, TileEncoder};
use gc_proto::v2::TileEncoding;
use gc_video::TileCompressor;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CCtx, CParameter};

use crate::pictures::Pixel;

/// In the order of the table; ratios are to the first.
pub(crate) const NAMES: [&str; 17] = [
    "BGRX",
    "BGRX level -5",
    "BGRX level 3",
    "BGRX, frame as context",
    "BGR",
    "green, level 1",
    "green, left",
    "green, Paeth",
    "green, planes",
    "green, planes, up",
    "QOI",
    "QOI + zstd",
    "index a byte",
    "index by columns",
    "kept, level -1",
    "kept, level 3",
    "kept",
];

pub(crate) struct Candidates {
    levels: HashMap<i32, Compressor<'static>>,
    before: Vec<u8>,
    encoder: TileEncoder,
    decoder: TileDecoder,
    encoding: Vec<TileEncoding>,
    decoded: usize,
}

impl Candidates {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            levels: HashMap::new(),
            before: Vec::new(),
            encoder: TileEncoder::new()?,
            decoder: TileDecoder::new()?,
            encoding: Vec::new(),
            decoded: 0,
        })
    }

    /// A new frame.
    pub(crate) fn start(&mut self) {
        self.before.clear();
        self.encoding.clear();
        self.decoded = 0;
    }

    fn zstd(&mut self, level: i32, content: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let compressor = match self.levels.entry(level) {
            std::collections::hash_map::Entry::Occupied(held) => held.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(Compressor::new(level)?)
            }
        };
        out.extend(compressor.compress(content)?);
        Ok(())
    }

    /// The tile before this one as a dictionary.
    fn with_context(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let failed = |code| anyhow::anyhow!("zstd {code}");
        let before = std::mem::replace(&mut self.before, content.to_vec());
        let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(content.len()));
        let mut context = CCtx::create();
        context.set_parameter(CParameter::CompressionLevel(1)).map_err(failed)?;
        context.ref_prefix(&before).map_err(failed)?;
        context.compress2(&mut packed, content).map_err(failed)?;
        out.extend(packed);
        Ok(())
    }

    pub(crate) fn encode(
        &mut self,
        name: &str,
        width: usize,
        tile: &[Pixel],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        match name {
            "BGRX" => self.zstd(1, tile.as_flattened(), out),
            "BGRX level -5" => self.zstd(-5, tile.as_flattened(), out),
            "BGRX level 3" => self.zstd(3, tile.as_flattened(), out),
            "BGRX, frame as context" => self.with_context(tile.as_flattened(), out),
            "BGR" => {
                let content: Vec<u8> = tile.iter().flat_map(|[b, g, r, _]| [*b, *g, *r]).collect();
                self.zstd(1, &content, out)
            }
            "green, level 1" => {
                self.zstd(1, filtered(tile, width, |_, _, _| 0).as_flattened(), out)
            }
            "green, left" => {
                self.zstd(1, filtered(tile, width, |left, _, _| left).as_flattened(), out)
            }
            "green, Paeth" => self.zstd(1, filtered(tile, width, paeth).as_flattened(), out),
            "green, planes" => self.zstd(1, &planes(&filtered(tile, width, |_, _, _| 0)), out),
            "green, planes, up" => {
                self.zstd(1, &planes(&filtered(tile, width, |_, up, _| up)), out)
            }
            "QOI" => {
                out.extend(qoi(tile));
                Ok(())
            }
            "QOI + zstd" => self.zstd(1, &qoi(tile), out),
            "index a byte" | "index by columns" => {
                let Some((palette, indices)) = indexed(tile) else {
                    return self.zstd(1, tile.as_flattened(), out);
                };
                out.extend(palette.iter().flat_map(|[b, g, r, _]| [*b, *g, *r]));
                if name == "index a byte" {
                    return self.zstd(1, &indices, out);
                }
                let mut columns = Vec::with_capacity(indices.len());
                for strip in indices.chunks(16 * width) {
                    for x in 0..width {
                        columns.extend(strip.iter().skip(x).step_by(width));
                    }
                }
                self.zstd(1, &columns, out)
            }
            "kept, level -1" | "kept, level 3" => {
                // The same content once more at another level.
                let mut data = Vec::new();
                let encoding =
                    self.encoder.compress(width as u32, tile.as_flattened(), &mut data)?;
                let head = if encoding == TileEncoding::Palette { 2 } else { 0 };
                let content = zstd::bulk::decompress(&data[head..], tile.len() * 4 + 768)?;
                out.extend_from_slice(&data[..head]);
                self.zstd(if name == "kept, level 3" { 3 } else { -1 }, &content, out)
            }
            _ => {
                let encoding = self.encoder.compress(width as u32, tile.as_flattened(), out)?;
                self.encoding.push(encoding);
                Ok(())
            }
        }
    }

    /// False for what has no decoder here.
    pub(crate) fn decode(
        &mut self,
        name: &str,
        width: usize,
        tile: &[Pixel],
        data: &[u8],
    ) -> Result<bool> {
        let encoding = match name {
            "BGRX" => TileEncoding::ZstdBgrx,
            "kept" => self.encoding[self.decoded],
            _ => return Ok(false),
        };
        self.decoded += 1;
        let (width, height) = (width as u32, (tile.len() / width) as u32);
        let shown = self.decoder.decode(encoding, data, width, height)?;
        ensure!(shown.first() == tile.as_flattened().first(), "{name} is not lossless");
        Ok(true)
    }
}

/// Green and the differences of blue and red to it, less what `predict` makes of the
/// neighbours to the left, above, and above to the left.
fn filtered(tile: &[Pixel], width: usize, predict: impl Fn(u8, u8, u8) -> u8) -> Vec<[u8; 3]> {
    let split = |[b, g, r, _]: Pixel| [g, b.wrapping_sub(g), r.wrapping_sub(g)];
    let at =
        |at: Option<usize>| at.and_then(|at| tile.get(at)).map_or([0; 3], |pixel| split(*pixel));
    tile.iter()
        .enumerate()
        .map(|(here, pixel)| {
            let inner = here % width > 0;
            let left = at(here.checked_sub(1).filter(|_| inner));
            let up = at(here.checked_sub(width));
            let corner = at(here.checked_sub(width + 1).filter(|_| inner));
            let mut out = split(*pixel);
            for (plane, value) in out.iter_mut().enumerate() {
                *value = value.wrapping_sub(predict(left[plane], up[plane], corner[plane]));
            }
            out
        })
        .collect()
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}

fn planes(pixels: &[[u8; 3]]) -> Vec<u8> {
    (0..3).flat_map(|plane| pixels.iter().map(move |pixel| pixel[plane])).collect()
}

/// At most 256 colours, each pixel as a byte.
fn indexed(tile: &[Pixel]) -> Option<(Vec<Pixel>, Vec<u8>)> {
    let mut numbers = HashMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(tile.len());
    for pixel in tile {
        let index = *numbers.entry(*pixel).or_insert_with(|| {
            palette.push(*pixel);
            palette.len() - 1
        });
        indices.push(u8::try_from(index).ok()?);
    }
    Some((palette, indices))
}

/// As in the QOI specification, without header and end mark.
fn qoi(tile: &[Pixel]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tile.len());
    let mut seen = [[0_u8; 4]; 64];
    let mut before = [0, 0, 0, 255];
    let mut run = 0_u8;
    for pixel in tile {
        if *pixel == before {
            run += 1;
            if run == 62 {
                out.push(0xC0 | 0x3D);
                run = 0;
            }
            continue;
        }
        if run > 0 {
            out.push(0xC0 | (run - 1));
            run = 0;
        }
        let [b, g, r, x] = *pixel;
        let sum =
            usize::from(r) * 3 + usize::from(g) * 5 + usize::from(b) * 7 + usize::from(x) * 11;
        let slot = &mut seen[sum % 64];
        if *slot == *pixel {
            out.push((sum % 64) as u8);
        } else {
            *slot = *pixel;
            let less = |to: u8, from: u8| to.wrapping_sub(from) as i8;
            let (dr, dg, db) = (less(r, before[2]), less(g, before[1]), less(b, before[0]));
            let (rg, bg) = (dr.wrapping_sub(dg), db.wrapping_sub(dg));
            let small = |value: i8| (-2..2).contains(&value);
            if small(dr) && small(dg) && small(db) {
                out.push(0x40 | ((dr + 2) as u8) << 4 | ((dg + 2) as u8) << 2 | (db + 2) as u8);
            } else if (-32..32).contains(&dg) && (-8..8).contains(&rg) && (-8..8).contains(&bg) {
                out.extend([0x80 | (dg + 32) as u8, ((rg + 8) as u8) << 4 | (bg + 8) as u8]);
            } else {
                out.extend([0xFE, r, g, b]);
            }
        }
        before = *pixel;
    }
    if run > 0 {
        out.push(0xC0 | (run - 1));
    }
    out
}
