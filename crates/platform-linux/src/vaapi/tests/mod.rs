//! The order of calls, on a device made of memory that can refuse any of them.

mod fake;
mod h264;
mod hevc;

use std::time::Duration;

use gc_video::{
    EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings, PictureView,
};

use self::fake::Fake;
use super::hevc::layout as hevc_at;
use super::layout as at;
use super::{VaFactory, render_nodes};

/// Odd on purpose, and not on a block.
const WIDTH: u32 = 149;
const HEIGHT: u32 = 151;

const fn settings(codec: MotionCodec) -> MotionSettings {
    MotionSettings { codec, width: WIDTH, height: HEIGHT, kbps: 900, fps: 30 }
}

fn shoot(stream: &mut dyn MotionEncoder, key: bool) -> Result<(bool, Vec<u8>), EncodeFailure> {
    let stride = WIDTH as usize * 4;
    let pixels = vec![77; stride * HEIGHT as usize];
    let view = PictureView { width: WIDTH, height: HEIGHT, stride, pixels: &pixels };
    let mut unit = Vec::new();
    let made = stream.encode(view, key, Duration::ZERO, &mut unit)?;
    Ok((made.key, unit))
}

/// A whole life: open, a key picture, others, a change of rate, another key picture.
fn live(fake: &Fake, codec: MotionCodec) -> Result<(), EncodeFailure> {
    let mut factory = VaFactory::new(Box::new(fake.clone()))?;
    let mut stream = factory.open(settings(codec))?;
    assert!(shoot(&mut *stream, true)?.0);
    assert!(!shoot(&mut *stream, false)?.0);
    stream.set_rate(500, 15)?;
    assert!(!shoot(&mut *stream, false)?.0);
    assert!(shoot(&mut *stream, true)?.0);
    Ok(())
}

/// Refuses each call of a life in turn.
fn refuse_all(codec: MotionCodec, make: impl Fn() -> Fake) {
    let fine = make();
    live(&fine, codec).unwrap();
    let calls = fine.log().calls;
    let asked = fine.log().asked.clone();
    assert!(calls > 40, "{calls}");
    assert!(fine.log().live.is_empty());
    for refused in 0..calls {
        for status in [1, 4, 0x17] {
            let fake = make();
            fake.log().refuse = Some((refused, status));
            let outcome = live(&fake, codec);
            assert!(fake.log().live.is_empty(), "call {refused}: {:?}", fake.log().live);
            if codec == MotionCodec::H264 && asked.contains(&refused) {
                assert_eq!(outcome, Ok(()), "H.264 does not depend on H.265");
                continue;
            }
            let failure = outcome.unwrap_err();
            let lost = matches!(failure, EncodeFailure::DeviceLost(_));
            let opening = matches!(failure, EncodeFailure::Open(_));
            assert!(opening || lost == (status == 4), "call {refused}: {failure}");
        }
    }
}

#[test]
fn whatever_is_refused_nothing_is_left_behind() {
    refuse_all(MotionCodec::H264, fake::h264);
    refuse_all(MotionCodec::H264, || fake::hevc(&[]));
    refuse_all(MotionCodec::Hevc, || fake::hevc(&[]));
}

#[test]
fn a_stream_goes_on_after_a_picture_that_was_refused() {
    for codec in [MotionCodec::H264, MotionCodec::Hevc] {
        let fake = fake::hevc(&[]);
        let mut factory = VaFactory::new(Box::new(fake.clone())).unwrap();
        let mut stream = factory.open(settings(codec)).unwrap();
        shoot(&mut *stream, true).unwrap();
        let calls = fake.log().calls;
        fake.log().refuse = Some((calls + 2, 1));
        assert!(matches!(shoot(&mut *stream, false), Err(EncodeFailure::Encode(_))));
        assert!(shoot(&mut *stream, false).unwrap().0, "there is nothing to refer to");
        assert!(!shoot(&mut *stream, false).unwrap().0);
        fake.log().overflow = true;
        assert!(matches!(shoot(&mut *stream, false), Err(EncodeFailure::Output(_))));
    }
}

/// Buffers of a kind in each picture of a life.
fn counts(fake: &Fake, kind: usize) -> Vec<usize> {
    fake.log().pictures.iter().map(|picture| of_kind(picture, kind).len()).collect()
}

/// The only buffer of a kind in each picture.
fn each(fake: &Fake, kind: usize) -> Vec<Vec<u8>> {
    fake.log().pictures.iter().map(|picture| of_kind(picture, kind).remove(0)).collect()
}

fn word(content: &[u8], place: usize) -> u32 {
    u32::from_ne_bytes(content[place..place + 4].try_into().unwrap())
}

fn of_kind(picture: &[(u32, Vec<u8>)], kind: usize) -> Vec<Vec<u8>> {
    let found = picture.iter().filter(|(of, _)| *of as usize == kind);
    found.map(|(_, content)| content.clone()).collect()
}

#[test]
fn headers_and_rates_come_when_they_are_due() {
    for (codec, sets) in [(MotionCodec::H264, 2), (MotionCodec::Hevc, 1)] {
        let fake = fake::hevc(&[]);
        live(&fake, codec).unwrap();
        assert_eq!(counts(&fake, at::BUFFER_SEQ), [1, 0, 0, 1]);
        assert_eq!(counts(&fake, at::BUFFER_PACKED_DATA), [sets + 1, 1, 1, sets + 1]);
        let rates = counts(&fake, at::BUFFER_MISC);
        assert_eq!(rates, [3, 0, 3, 3], "first, after the change, key");
        let rate = &of_kind(&fake.log().pictures[2], at::BUFFER_MISC)[0];
        let said = (word(rate, 0), word(rate, 4 + at::RATE_BITS));
        assert_eq!(said, (at::MISC_RATE as u32, 500_000));
    }
}

#[test]
fn a_driver_that_writes_its_headers_itself_is_given_none() {
    for codec in [MotionCodec::H264, MotionCodec::Hevc] {
        let fake = fake::hevc(&[]);
        fake.log().packed = 0;
        live(&fake, codec).unwrap();
        assert_eq!(counts(&fake, at::BUFFER_PACKED), [0; 4]);
    }
}

/// Zero would be no period at all, by which some drivers divide.
#[test]
fn the_period_is_long_and_not_zero() {
    let places = [
        (MotionCodec::H264, [at::SEQ_INTRA_PERIOD, at::SEQ_IDR_PERIOD]),
        (MotionCodec::Hevc, [hevc_at::SEQ_INTRA_PERIOD, hevc_at::SEQ_IDR_PERIOD]),
    ];
    for (codec, places) in places {
        let fake = fake::hevc(&[]);
        live(&fake, codec).unwrap();
        let sequence = of_kind(&fake.log().pictures[0], at::BUFFER_SEQ).remove(0);
        assert_eq!(places.map(|place| word(&sequence, place)), [32_767; 2]);
    }
}

#[test]
fn without_a_device_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let absent = |found| matches!(found, Err(EncodeFailure::Absent(_)));
    assert!(absent(render_nodes(&folder.path().join("nowhere"))));
    assert!(absent(render_nodes(folder.path())));
    let node = folder.path().join("renderD128");
    std::fs::write(&node, "not a device").unwrap();
    assert_eq!(render_nodes(folder.path()).unwrap(), std::slice::from_ref(&node));
    // With libva and without: neither finds a driver here.
    let opened = super::library::LibVa::open(&node);
    assert!(matches!(opened.map(|_| ()), Err(EncodeFailure::Absent(_))));
}
