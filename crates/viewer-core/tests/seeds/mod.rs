//! Inputs that are made rather than stored: whatever the encoders of today send.

use std::time::Duration;

use gc_codec::{OpenH264Factory, ZstdTiles};
use gc_proto::v2::{
    CopyFrom, Fill, Frame, H264, Operation, Rect, Surface, Tile, VideoMessage, operation,
    video_message,
};
use gc_proto::{Channel, Flags, Header, Record};
use gc_types::SessionId;
use gc_video::{MotionCodec, MotionEncoderFactory, MotionSettings, PictureView, TileCompressor};
use prost::Message;

pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "tile" => vec![[&256_u16.to_le_bytes()[..], &tile(16)].concat()],
        "frame" => vec![messages().iter().flat_map(framed).collect()],
        "record" => messages().iter().map(record).collect(),
        _ => Vec::new(),
    }
}

fn framed(message: &VideoMessage) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &bytes].concat()
}

fn record(message: &VideoMessage) -> Vec<u8> {
    let header = Header {
        channel: Channel::Video,
        flags: Flags::KEY_FRAME,
        participant: 1,
        epoch: 1,
        sequence: 1,
        session: SessionId::from_bytes([7; 16]),
    };
    Record::new(header, message).bytes().to_vec()
}

fn pixels(side: u32, step: u32) -> Vec<u8> {
    (0..side * side * 4).map(|i| (i / 4 % side * 7 + i / side + step * 9) as u8).collect()
}

fn tile(side: u32) -> Vec<u8> {
    let mut out = Vec::new();
    ZstdTiles::new().unwrap().compress(&pixels(side, 0), &mut out).unwrap();
    out
}

fn messages() -> Vec<VideoMessage> {
    let side = 64;
    let settings =
        MotionSettings { codec: MotionCodec::H264, width: side, height: side, kbps: 500, fps: 30 };
    let mut encoder = OpenH264Factory.open(settings).unwrap();
    let mut unit = |step: u32| {
        let pixels = pixels(side, step);
        let stride = side as usize * 4;
        let view = PictureView { width: side, height: side, stride, pixels: &pixels };
        let mut out = Vec::new();
        let at = Duration::from_millis(33) * step;
        encoder.encode(view, step == 0, at, &mut out).unwrap();
        operation::Draw::H264(H264 { access_unit: out.into(), key: step == 0, stream: 1 })
    };
    let draw = |x, y, side, draw| Operation {
        rect: Some(Rect { x, y, width: side, height: side }),
        draw: Some(draw),
    };
    let data = tile(16).into();
    let first = vec![
        draw(0, 0, 200, operation::Draw::Fill(Fill { color: 0x0012_3456 })),
        draw(5, 6, 16, operation::Draw::Tile(Tile { encoding: 1, data })),
        draw(9, 9, 50, operation::Draw::Copy(CopyFrom { x: 2, y: 4 })),
        draw(100, 100, side, unit(0)),
    ];
    let frame = |frame_id, key, operations| Frame {
        generation: 1,
        frame_id,
        operations,
        last: true,
        key,
        ..Frame::default()
    };
    let surface = Surface { generation: 1, width: 200, height: 200, display_id: 1 };
    let second = vec![draw(100, 100, side, unit(1))];
    [
        video_message::Body::Surface(surface),
        video_message::Body::Frame(frame(1, true, first)),
        video_message::Body::Frame(frame(2, false, second)),
    ]
    .into_iter()
    .map(|body| VideoMessage { body: Some(body) })
    .collect()
}
