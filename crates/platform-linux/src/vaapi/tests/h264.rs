//! What a driver is told of H.264.

use gc_codec::check_access_unit;

use super::*;

#[test]
fn pictures_refer_to_the_one_before_and_key_pictures_to_none() {
    let fake = fake::h264();
    live(&fake, MotionCodec::H264).unwrap();
    assert_eq!(fake.log().profiles, [at::PROFILE_BASELINE as u32]);
    let parameters = each(&fake, at::BUFFER_PIC);
    let numbers: Vec<u32> =
        parameters.iter().map(|content| word(content, at::PICTURE_INDEX)).collect();
    assert_eq!(numbers, [0, 1, 2, 0]);
    for pair in parameters[..3].windows(2) {
        assert_eq!(word(&pair[1], at::PIC_REFERENCES), word(&pair[0], 0));
        assert_ne!(word(&pair[1], 0), word(&pair[0], 0), "not onto its own reference");
    }
    for key in [0, 3] {
        assert_eq!(word(&parameters[key], at::PIC_REFERENCES), at::INVALID as u32);
        assert_eq!(word(&parameters[key], at::PIC_FIELDS) & 1, 1);
    }
    let slices = each(&fake, at::BUFFER_SLICE);
    let types: Vec<u8> = slices.iter().map(|slice| slice[at::SLICE_TYPE]).collect();
    assert_eq!(types, [2, 0, 0, 2]);
    assert!(slices.iter().all(|slice| word(slice, at::SLICE_BLOCKS) == 100));
}

#[test]
fn the_order_goes_on_where_the_numbers_start_anew() {
    let fake = fake::h264();
    let mut factory = VaFactory::new(Box::new(fake.clone())).unwrap();
    let mut stream = factory.open(settings(MotionCodec::H264)).unwrap();
    for _ in 0..258 {
        shoot(&mut *stream, false).unwrap();
    }
    let last = &each(&fake, at::BUFFER_PIC)[256..];
    let of = |content: &[u8], place: usize| {
        (word(content, place + at::PICTURE_INDEX), word(content, place + at::PICTURE_TOP_ORDER))
    };
    assert_eq!((of(&last[0], 0), of(&last[0], at::PIC_REFERENCES)), ((0, 512), (255, 510)));
    assert_eq!((of(&last[1], 0), of(&last[1], at::PIC_REFERENCES)), ((1, 514), (0, 512)));
}

#[test]
fn the_headers_are_of_the_pictures_size() {
    let mut factory = VaFactory::new(Box::new(fake::h264())).unwrap();
    let mut stream = factory.open(settings(MotionCodec::H264)).unwrap();
    let (_, unit) = shoot(&mut *stream, false).unwrap();
    assert_eq!(check_access_unit(&unit, WIDTH, HEIGHT), Ok(true));
}
