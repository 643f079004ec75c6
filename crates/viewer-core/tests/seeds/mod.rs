//! Inputs that are made rather than stored: whatever the encoders of today send.

use std::time::Duration;

use gc_codec::{OpenH264Factory, TileEncoder};
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
        "tile" => [1, 3, 40]
            .into_iter()
            .map(|step| {
                let tile = tile(16, step);
                let header = [tile.encoding as u8, 16, 0, 16];
                [&header[..], &tile.data].concat()
            })
            .collect(),
        "h264" => units(48).into_iter().map(|unit| [&[47, 47][..], &unit].concat()).collect(),
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

/// Of the encoding that suits it: few colours for small steps, many for large ones.
fn tile(side: u32, step: u32) -> Tile {
    let mut out = Vec::new();
    let pixels: Vec<u8> = (0..side * side)
        .flat_map(|i| [(i * step / 8) as u8, (i * step / 9) as u8, (i * step / 7) as u8, 255])
        .collect();
    let encoding = TileEncoder::new().unwrap().compress(side, &pixels, &mut out).unwrap();
    Tile { encoding: encoding.into(), data: out.into() }
}

/// Access units of one stream: a key picture and two behind it.
pub(crate) fn units(side: u32) -> Vec<Vec<u8>> {
    let settings =
        MotionSettings { codec: MotionCodec::H264, width: side, height: side, kbps: 500, fps: 30 };
    let mut encoder = OpenH264Factory.open(settings).unwrap();
    (0..3)
        .map(|step| {
            let pixels = pixels(side, step);
            let stride = side as usize * 4;
            let view = PictureView { width: side, height: side, stride, pixels: &pixels };
            let mut out = Vec::new();
            encoder.encode(view, step == 0, Duration::from_millis(33) * step, &mut out).unwrap();
            out
        })
        .collect()
}

fn messages() -> Vec<VideoMessage> {
    let side = 64;
    let units = units(side);
    let unit = |step: usize| {
        let access_unit = units[step].clone().into();
        operation::Draw::H264(H264 { access_unit, key: step == 0, stream: 1, scale: 0 })
    };
    let draw = |x, y, side, draw| Operation {
        rect: Some(Rect { x, y, width: side, height: side }),
        draw: Some(draw),
    };
    let first = vec![
        draw(0, 0, 200, operation::Draw::Fill(Fill { color: 0x0012_3456 })),
        draw(5, 6, 16, operation::Draw::Tile(tile(16, 1))),
        draw(40, 6, 16, operation::Draw::Tile(tile(16, 40))),
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
