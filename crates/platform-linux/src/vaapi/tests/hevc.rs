//! What a driver is told of H.265.

use gc_codec::hevc_facts;

use super::*;

/// A tree of 64, smallest blocks of 16.
const BLOCKS_16: (usize, usize) = (
    hevc_at::ATTRIBUTE_BLOCKS,
    3 * hevc_at::BLOCKS_MAX_CTB + hevc_at::BLOCKS_MIN_CB + 3 * hevc_at::BLOCKS_MAX_TB,
);

fn open(fake: &Fake) -> Box<dyn MotionEncoder> {
    let mut factory = VaFactory::new(Box::new(fake.clone())).unwrap();
    factory.open(settings(MotionCodec::Hevc)).unwrap()
}

#[test]
fn it_is_there_where_the_driver_has_it_only() {
    let codecs = |fake: Fake| VaFactory::new(Box::new(fake)).unwrap().codecs().to_vec();
    let both = [MotionCodec::H264, MotionCodec::Hevc];
    assert_eq!(codecs(fake::h264()), [MotionCodec::H264]);
    assert_eq!(codecs(fake::hevc(&[])), both);
    assert_eq!(codecs(fake::hevc(&[BLOCKS_16])), both);
    let intra_only = (hevc_at::ATTRIBUTE_REFERENCES, 0);
    assert_eq!(codecs(fake::hevc(&[intra_only])), [MotionCodec::H264]);
    let insists = (hevc_at::ATTRIBUTE_FEATURES, 2 * hevc_at::HAS_SCALING_LISTS);
    assert_eq!(codecs(fake::hevc(&[insists])), [MotionCodec::H264]);
    let no_rate = (at::ATTRIBUTE_RATE, 0);
    assert_eq!(codecs(fake::hevc(&[no_rate])), [MotionCodec::H264]);
    let mut factory = VaFactory::new(Box::new(fake::h264())).unwrap();
    let refused = factory.open(settings(MotionCodec::Hevc)).map(|_| ());
    assert!(matches!(refused, Err(EncodeFailure::Open(_))));
}

#[test]
fn sizes_are_those_of_the_level_and_of_the_driver() {
    let tree_16 = (hevc_at::ATTRIBUTE_BLOCKS, hevc_at::BLOCKS_MAX_CTB + 2 * hevc_at::BLOCKS_MAX_TB);
    let accepts = |said: &[(usize, usize)], width: u32, height: u32| {
        let factory = VaFactory::new(Box::new(fake::hevc(said))).unwrap();
        factory.accepts(MotionCodec::Hevc, width, height)
    };
    assert!(accepts(&[], 3840, 2160) && accepts(&[], 144, 144));
    assert!(!accepts(&[], 4096, 4096) && !accepts(&[], 4098, 144) && !accepts(&[], 143, 200));
    assert!(accepts(&[tree_16], 1920, 1080) && !accepts(&[tree_16], 3840, 2160));
    let narrow = (at::ATTRIBUTE_WIDTH, 1280);
    assert!(accepts(&[narrow], 1280, 1080) && !accepts(&[narrow], 1281, 1080));
}

#[test]
fn pictures_refer_to_the_one_before_and_key_pictures_to_none() {
    let fake = fake::hevc(&[]);
    live(&fake, MotionCodec::Hevc).unwrap();
    assert_eq!(fake.log().profiles, [hevc_at::PROFILE_MAIN as u32]);
    let parameters = each(&fake, at::BUFFER_PIC);
    let orders: Vec<u32> =
        parameters.iter().map(|content| word(content, hevc_at::PICTURE_ORDER)).collect();
    assert_eq!(orders, [0, 1, 2, 0]);
    let reference = |content: &[u8], place: usize| word(content, hevc_at::PIC_REFERENCES + place);
    for (number, pair) in (0..).zip(parameters[..3].windows(2)) {
        assert_eq!(reference(&pair[1], 0), word(&pair[0], 0));
        assert_eq!(reference(&pair[1], hevc_at::PICTURE_ORDER), number);
        assert_eq!(reference(&pair[1], hevc_at::PICTURE_FLAGS), hevc_at::BEFORE as u32);
        assert_eq!(reference(&pair[1], hevc_at::PICTURE), at::INVALID as u32, "only one");
        assert_ne!(word(&pair[1], 0), word(&pair[0], 0), "not onto its own reference");
        // Predicted, and a reference itself.
        assert_eq!(word(&pair[1], hevc_at::PIC_FIELDS) & 0x1F, 2 << 1 | 0x10);
        assert_eq!(pair[1][hevc_at::PIC_UNIT], 1);
    }
    for key in [0, 3] {
        let flags = reference(&parameters[key], hevc_at::PICTURE_FLAGS);
        assert_eq!((reference(&parameters[key], 0), flags), (at::INVALID as u32, 1));
        assert_eq!(word(&parameters[key], hevc_at::PIC_FIELDS) & 0x1F, 1 | 1 << 1 | 0x10);
        assert_eq!(parameters[key][hevc_at::PIC_UNIT], 19);
    }
    let slices = each(&fake, at::BUFFER_SLICE);
    let types: Vec<u8> = slices.iter().map(|slice| slice[hevc_at::SLICE_TYPE]).collect();
    assert_eq!(types, [2, 1, 1, 2]);
    // 152 × 152 in trees of 32.
    assert!(slices.iter().all(|slice| word(slice, hevc_at::SLICE_BLOCKS) == 25));
    assert_eq!(word(&slices[1], hevc_at::SLICE_LIST_0), word(&parameters[0], 0));
    assert_eq!(word(&slices[1], hevc_at::SLICE_LIST_1), at::INVALID as u32);
}

#[test]
fn a_driver_without_p_pictures_gets_the_one_before_in_both_lists() {
    let fake = fake::hevc(&[(hevc_at::ATTRIBUTE_DIRECTION, 1 | hevc_at::BOTH_LISTS)]);
    live(&fake, MotionCodec::Hevc).unwrap();
    let slices = each(&fake, at::BUFFER_SLICE);
    let types: Vec<u8> = slices.iter().map(|slice| slice[hevc_at::SLICE_TYPE]).collect();
    assert_eq!(types, [2, 0, 0, 2]);
    for (slice, key) in slices.iter().zip([true, false, false, true]) {
        let lists = [hevc_at::SLICE_LIST_0, hevc_at::SLICE_LIST_1];
        let entries = lists.map(|list| slice[list..list + hevc_at::PICTURE].to_vec());
        assert_eq!(entries[0], entries[1]);
        assert_eq!(word(&entries[0], 0) == at::INVALID as u32, key);
    }
    let picture = &each(&fake, at::BUFFER_PIC)[1];
    assert_eq!(word(picture, hevc_at::PIC_FIELDS) >> 1 & 0b111, 2, "low delay, no B picture");
}

#[test]
fn tools_of_the_driver_are_in_all_parameters() {
    let features = hevc_at::HAS_SAO | hevc_at::HAS_TEMPORAL_MVP | hevc_at::HAS_CU_QP_DELTA;
    let fake = fake::hevc(&[(hevc_at::ATTRIBUTE_FEATURES, features)]);
    live(&fake, MotionCodec::Hevc).unwrap();
    let sequence = of_kind(&fake.log().pictures[0], at::BUFFER_SEQ).remove(0);
    let wanted = hevc_at::SEQ_SAO | hevc_at::SEQ_TEMPORAL_MVP;
    let always = hevc_at::SEQ_CHROMA_420 | hevc_at::SEQ_LOW_DELAY;
    assert_eq!(word(&sequence, hevc_at::SEQ_FIELDS), (wanted | always) as u32);
    let pictures = each(&fake, at::BUFFER_PIC);
    let collocated: Vec<u8> =
        pictures.iter().map(|picture| picture[hevc_at::PIC_COLLOCATED]).collect();
    assert_eq!(collocated, [0xFF, 0, 0, 0xFF]);
    let sao = hevc_at::SLICE_LAST | hevc_at::SLICE_SAO_LUMA | hevc_at::SLICE_SAO_CHROMA;
    let temporal = hevc_at::SLICE_TEMPORAL_MVP | hevc_at::SLICE_COLLOCATED_L0;
    let fields: Vec<u32> = each(&fake, at::BUFFER_SLICE)
        .iter()
        .map(|slice| word(slice, hevc_at::SLICE_FIELDS))
        .collect();
    let predicted = (sao | temporal) as u32;
    assert_eq!(fields, [sao as u32, predicted, predicted, sao as u32]);
}

#[test]
fn pictures_are_padded_to_the_drivers_smallest_block() {
    for (said, side) in [(&[][..], 152), (&[BLOCKS_16][..], 160)] {
        let fake = fake::hevc(said);
        let mut stream = open(&fake);
        let (_, unit) = shoot(&mut *stream, false).unwrap();
        let facts = hevc_facts(&unit).unwrap();
        assert_eq!(facts.size, Some((side, side)));
        assert!(facts.parameters && facts.random_access && !facts.reorders);
        assert_eq!(fake.log().surfaces, [(side, side)]);
        let sequence = of_kind(&fake.log().pictures[0], at::BUFFER_SEQ).remove(0);
        let both = u32::from_ne_bytes(
            sequence[hevc_at::SEQ_WIDTH..hevc_at::SEQ_WIDTH + 4].try_into().unwrap(),
        );
        assert_eq!((both & 0xFFFF, both >> 16), (side, side));
        let next = shoot(&mut *stream, false).unwrap().1;
        assert!(hevc_facts(&next).unwrap().other);
    }
}

#[test]
fn a_new_rate_needs_no_new_sequence_and_a_request_makes_a_key_picture() {
    let fake = fake::hevc(&[]);
    let mut stream = open(&fake);
    shoot(&mut *stream, false).unwrap();
    stream.set_rate(7000, 60).unwrap();
    assert!(!shoot(&mut *stream, false).unwrap().0);
    assert!(shoot(&mut *stream, true).unwrap().0);
    assert_eq!(counts(&fake, at::BUFFER_SEQ), [1, 0, 1]);
    let sequences: Vec<Vec<u8>> = [0, 2]
        .map(|picture| of_kind(&fake.log().pictures[picture], at::BUFFER_SEQ).remove(0))
        .to_vec();
    let bits = sequences.iter().map(|sequence| word(sequence, hevc_at::SEQ_BITS));
    assert_eq!(bits.collect::<Vec<_>>(), [900_000, 7_000_000]);
    assert_eq!(sequences[0][hevc_at::SEQ_LEVEL], sequences[1][hevc_at::SEQ_LEVEL]);
    let headers = [0, 2].map(|at_picture| {
        of_kind(&fake.log().pictures[at_picture], at::BUFFER_PACKED_DATA).remove(0)
    });
    assert_eq!(headers[0], headers[1], "the sets are the same");
    drop(stream);
    assert!(fake.log().live.is_empty());
}
