//! Video messages to pixels.

use gc_codec::{DecodeFailure, OpenH264Decoder, TileDecoder, TileError};
use gc_proto::v2::{
    Frame, Operation, RefreshCause, VideoMessage, VideoStatus, operation, video_message,
};
use gc_proto::{InvalidMessage, Validate, v2};
use gc_video::{PixelRect, enlarge, shrunk};

use crate::Surface;

/// Decoders kept at the same time; the one unused for longest goes first.
const MOST_STREAMS: usize = 4;
/// A message may draw this many times the surface, no more.
const MOST_OVERDRAW: u64 = 16;
/// Rectangles told per frame; more are told as one around all.
const MOST_DAMAGE: usize = 64;

/// Sizes that a viewer accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderLimits {
    /// Longest side, pixels.
    pub max_side: u32,
    /// Pixels altogether; four bytes each are held.
    pub max_pixels: u64,
    /// Whether H.264 may be decoded.
    pub h264: bool,
}

impl Default for DecoderLimits {
    fn default() -> Self {
        Self { max_side: gc_proto::MAX_PICTURE_SIDE, max_pixels: 40_000_000, h264: true }
    }
}

/// What a message did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Part of a frame was drawn; more is to come before it may be shown.
    Partial,
    /// Of no use now: for another surface, or before the next key frame.
    Skipped,
    /// A surface of another size or display; black until the next frame.
    SurfaceChanged,
    /// A frame is complete: to be shown, then acknowledged.
    Presented {
        /// What to acknowledge.
        frame_id: u32,
        /// What to draw.
        damage: Vec<PixelRect>,
    },
    /// What the agent does at present.
    Status(VideoStatus),
}

/// Why a message was refused. The surface waits for a key frame after it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeProblem {
    /// A field out of its limits.
    #[error(transparent)]
    Invalid(#[from] InvalidMessage),
    /// The surface is larger than this viewer takes.
    #[error("a surface of {width}x{height} is too large here")]
    TooLarge {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// A rectangle reaches outside the surface.
    #[error("rectangle outside the surface")]
    Outside,
    /// A message draws far more than the surface has.
    #[error("message draws the surface too often")]
    Overdraw,
    /// A broken tile, or one of an encoding that does not exist.
    #[error("tile: {0}")]
    Tile(TileError),
    /// A broken H.264 stream.
    #[error("motion: {0}")]
    Motion(#[from] DecodeFailure),
    /// A stream moved without becoming another.
    #[error("stream {0} changed its rectangle")]
    StreamMoved(u32),
    /// H.264 or H.265 came although this viewer has no decoder for it.
    #[error("there is no decoder here")]
    NoDecoder,
}

impl DecodeProblem {
    /// What to ask the agent for.
    pub fn refresh_cause(&self) -> RefreshCause {
        match self {
            Self::NoDecoder | Self::Motion(DecodeFailure::Open(_)) => RefreshCause::NoDecoder,
            _ => RefreshCause::DecodeError,
        }
    }
}

struct Stream {
    number: u32,
    rect: PixelRect,
    /// What the sides of its pictures are divided by.
    scale: u32,
    decoder: OpenH264Decoder,
    used: u64,
}

/// Applies messages to a surface.
pub struct Decoder {
    limits: DecoderLimits,
    surface: Option<Surface>,
    tiles: TileDecoder,
    streams: Vec<Stream>,
    /// A picture that is to be enlarged.
    small: Vec<u8>,
    clock: u64,
    needs_key: bool,
    /// Frame whose messages are arriving.
    current: Option<u32>,
    damage: Vec<PixelRect>,
}

impl Decoder {
    /// Fails only without memory.
    pub fn new(limits: DecoderLimits) -> std::io::Result<Self> {
        Ok(Self {
            limits,
            surface: None,
            tiles: TileDecoder::new()?,
            streams: Vec::new(),
            small: Vec::new(),
            clock: 0,
            needs_key: true,
            current: None,
            damage: Vec::new(),
        })
    }

    /// The picture; `None` before there is one.
    pub const fn surface(&self) -> Option<&Surface> {
        self.surface.as_ref()
    }

    /// Whether frames are skipped until a key frame comes.
    pub const fn needs_key(&self) -> bool {
        self.needs_key
    }

    /// H.264 decoders that are held.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Carries out one message.
    pub fn apply(&mut self, message: &VideoMessage) -> Result<Outcome, DecodeProblem> {
        let result = self.try_apply(message);
        if result.is_err() {
            self.needs_key = true;
            self.current = None;
            self.streams.clear();
            self.damage.clear();
        }
        result
    }

    fn try_apply(&mut self, message: &VideoMessage) -> Result<Outcome, DecodeProblem> {
        message.validate()?;
        match &message.body {
            Some(video_message::Body::Surface(surface)) => self.new_surface(surface),
            Some(video_message::Body::Frame(frame)) => self.frame(frame),
            Some(video_message::Body::Status(status)) => Ok(Outcome::Status(status.clone())),
            None => Err(InvalidMessage { field: "body" }.into()),
        }
    }

    fn new_surface(&mut self, info: &v2::Surface) -> Result<Outcome, DecodeProblem> {
        let v2::Surface { generation, width, height, display_id } = *info;
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.limits.max_side || pixels > self.limits.max_pixels {
            self.surface = None;
            return Err(DecodeProblem::TooLarge { width, height });
        }
        // Said again for someone who joins or starts over: the picture stays until
        // the key frame behind it replaces it.
        let same = self.surface.as_ref().is_some_and(|held| {
            (held.width(), held.height(), held.generation(), held.display_id())
                == (width, height, generation, display_id)
        });
        self.needs_key = true;
        self.current = None;
        self.streams.clear();
        self.damage.clear();
        if same {
            return Ok(Outcome::Skipped);
        }
        self.surface = Some(Surface::black(width, height, generation, display_id));
        Ok(Outcome::SurfaceChanged)
    }

    fn frame(&mut self, frame: &Frame) -> Result<Outcome, DecodeProblem> {
        let Some(surface) = &self.surface else { return Ok(Outcome::Skipped) };
        if frame.generation != surface.generation() {
            return Ok(Outcome::Skipped);
        }
        if frame.key && self.current != Some(frame.frame_id) {
            self.needs_key = false;
            self.streams.clear();
        }
        if self.needs_key {
            return Ok(Outcome::Skipped);
        }
        self.current = Some(frame.frame_id);
        let bounds = surface.bounds();
        let mut left = bounds.area() * MOST_OVERDRAW;
        for operation in &frame.operations {
            let rect = rect_of(operation)?;
            if !bounds.contains(&rect) {
                return Err(DecodeProblem::Outside);
            }
            left = left.checked_sub(rect.area()).ok_or(DecodeProblem::Overdraw)?;
            self.draw(rect, operation)?;
            self.damaged(rect);
        }
        if !frame.last {
            return Ok(Outcome::Partial);
        }
        self.current = None;
        let damage = std::mem::take(&mut self.damage);
        Ok(Outcome::Presented { frame_id: frame.frame_id, damage })
    }

    /// However many messages a frame is spread over, what is kept of it is bounded.
    fn damaged(&mut self, rect: PixelRect) {
        self.damage.push(rect);
        if self.damage.len() > MOST_DAMAGE {
            let all = self.damage.iter().fold(PixelRect::default(), |sum, rect| sum.union(rect));
            self.damage.clear();
            self.damage.push(all);
        }
    }

    fn draw(&mut self, rect: PixelRect, operation: &Operation) -> Result<(), DecodeProblem> {
        let Some(surface) = &mut self.surface else { return Ok(()) };
        match &operation.draw {
            Some(operation::Draw::Fill(fill)) => surface.fill(&rect, fill.color),
            Some(operation::Draw::Copy(from)) => {
                let source = PixelRect { x: from.x, y: from.y, ..rect };
                if !surface.bounds().contains(&source) {
                    return Err(DecodeProblem::Outside);
                }
                surface.copy(&rect, from.x, from.y);
            }
            Some(operation::Draw::Tile(tile)) => {
                let rows = self
                    .tiles
                    .decode(tile.encoding(), &tile.data, rect.width, rect.height)
                    .map_err(DecodeProblem::Tile)?;
                surface.draw(&rect, rows);
            }
            Some(operation::Draw::H264(h264)) => {
                if !self.limits.h264 {
                    return Err(DecodeProblem::NoDecoder);
                }
                self.motion(rect, h264)?;
            }
            Some(operation::Draw::Hevc(_)) => return Err(DecodeProblem::NoDecoder),
            None => return Err(InvalidMessage { field: "draw" }.into()),
        }
        Ok(())
    }

    fn motion(&mut self, rect: PixelRect, h264: &v2::H264) -> Result<(), DecodeProblem> {
        self.clock += 1;
        let at = match self.streams.iter().position(|stream| stream.number == h264.stream) {
            Some(at) => at,
            None => self.open(rect, h264.scale.max(1), h264.stream)?,
        };
        let Some((stream, surface)) = self.streams.get_mut(at).zip(self.surface.as_mut()) else {
            return Ok(());
        };
        if stream.rect != rect || stream.scale != h264.scale.max(1) {
            return Err(DecodeProblem::StreamMoved(h264.stream));
        }
        stream.used = self.clock;
        let stride = surface.stride();
        let scale = stream.scale;
        if scale == 1 {
            stream.decoder.decode(&h264.access_unit, surface.at_corner(&rect), stride)?;
            return Ok(());
        }
        let row = shrunk(rect.width, scale) as usize * 4;
        self.small.resize(row * shrunk(rect.height, scale) as usize, 0);
        stream.decoder.decode(&h264.access_unit, &mut self.small, row)?;
        let size = (rect.width, rect.height);
        if !enlarge(&self.small, scale, size, surface.at_corner(&rect), stride) {
            return Err(DecodeProblem::Outside);
        }
        Ok(())
    }

    fn open(&mut self, rect: PixelRect, scale: u32, number: u32) -> Result<usize, DecodeProblem> {
        if self.streams.len() >= MOST_STREAMS {
            let oldest = self.streams.iter().enumerate().min_by_key(|(_, stream)| stream.used);
            if let Some((at, _)) = oldest {
                self.streams.swap_remove(at);
            }
        }
        let decoder = OpenH264Decoder::new(shrunk(rect.width, scale), shrunk(rect.height, scale))?;
        self.streams.push(Stream { number, rect, scale, decoder, used: self.clock });
        Ok(self.streams.len() - 1)
    }
}

fn rect_of(operation: &Operation) -> Result<PixelRect, InvalidMessage> {
    let rect = operation.rect.as_ref().ok_or(InvalidMessage { field: "rect" })?;
    Ok(PixelRect::new(rect.x, rect.y, rect.width, rect.height))
}
