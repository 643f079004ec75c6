use super::*;

struct Build {
    header: usize,
    width: i32,
    height: i32,
    bits: u16,
    compression: u32,
    masks: Vec<u32>,
    colours: Vec<[u8; 4]>,
    rows: Vec<u8>,
}

impl Build {
    fn new(bits: u16, width: i32, height: i32, rows: &[u8]) -> Self {
        let (masks, colours) = (Vec::new(), Vec::new());
        let rows = rows.to_vec();
        Self { header: INFO, width, height, bits, compression: BI_RGB, masks, colours, rows }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; self.header];
        out[..4].copy_from_slice(&(self.header as u32).to_le_bytes());
        if self.header == CORE {
            out[4..6].copy_from_slice(&(self.width as u16).to_le_bytes());
            out[6..8].copy_from_slice(&(self.height as u16).to_le_bytes());
            out[8] = 1;
            out[10..12].copy_from_slice(&self.bits.to_le_bytes());
            for colour in &self.colours {
                out.extend_from_slice(&colour[..3]);
            }
        } else {
            out[4..8].copy_from_slice(&self.width.to_le_bytes());
            out[8..12].copy_from_slice(&self.height.to_le_bytes());
            out[12] = 1;
            out[14..16].copy_from_slice(&self.bits.to_le_bytes());
            out[16..20].copy_from_slice(&self.compression.to_le_bytes());
            out[32..36].copy_from_slice(&(self.colours.len() as u32).to_le_bytes());
            for (index, mask) in self.masks.iter().enumerate() {
                if self.header >= V2 {
                    out[INFO + 4 * index..][..4].copy_from_slice(&mask.to_le_bytes());
                } else {
                    out.extend_from_slice(&mask.to_le_bytes());
                }
            }
            for colour in &self.colours {
                out.extend_from_slice(colour);
            }
        }
        out.extend_from_slice(&self.rows);
        out
    }
}

#[track_caller]
fn reads(build: &Build, alpha: bool, expected: &[u8]) {
    let bytes = build.bytes();
    let dib = Dib::parse(&bytes).unwrap();
    assert_eq!(dib.has_alpha(), alpha);
    let mut out = Vec::new();
    for row in 0..dib.size().1 {
        dib.read_row(row, alpha, &mut out);
    }
    assert_eq!(out, expected);
}

#[test]
fn every_depth_is_read() {
    // Two by two: red, green over blue, white; rows from the bottom, ended at 4 bytes.
    let seen = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    let colours = vec![[0, 0, 255, 0], [0, 255, 0, 0], [255, 0, 0, 0], [255, 255, 255, 0]];
    let rows24 = [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0];
    reads(&Build::new(24, 2, 2, &rows24), false, &seen);
    reads(&Build { header: CORE, ..Build::new(24, 2, 2, &rows24) }, false, &seen);
    let upright = [&rows24[8..], &rows24[..8]].concat();
    reads(&Build::new(24, 2, -2, &upright), false, &seen);

    let rows8 = [2, 3, 0, 0, 0, 1, 0, 0];
    reads(&Build { colours: colours.clone(), ..Build::new(8, 2, 2, &rows8) }, false, &seen);
    let rows4 = [0x23, 0, 0, 0, 0x01, 0, 0, 0];
    reads(&Build { colours, ..Build::new(4, 2, 2, &rows4) }, false, &seen);
    let two = vec![[1, 2, 3, 0], [4, 5, 6, 0]];
    let black = [3, 2, 1, 6, 5, 4];
    let rows1 = [0x40, 0, 0, 0];
    reads(&Build { colours: two.clone(), ..Build::new(1, 2, 1, &rows1) }, false, &black);
    let old = Build { header: CORE, colours: two, ..Build::new(1, 2, 1, &rows1) };
    reads(&old, false, &black);

    let rows16: Vec<u8> =
        [0x1F_u16, 0x7FFF, 0x7C00, 0x03E0].iter().flat_map(|p| p.to_le_bytes()).collect();
    reads(&Build::new(16, 2, 2, &rows16), false, &seen);
    let rows565: Vec<u8> =
        [0x1F_u16, 0xFFFF, 0xF800, 0x07E0].iter().flat_map(|p| p.to_le_bytes()).collect();
    let masks = vec![0xF800, 0x07E0, 0x1F];
    let five = Build { compression: BI_BITFIELDS, masks, ..Build::new(16, 2, 2, &rows565) };
    reads(&five, false, &seen);

    // What is in the fourth byte of plain 32 bits is nobody's.
    let rows32 = [255, 0, 0, 9, 255, 255, 255, 9, 0, 0, 255, 9, 0, 255, 0, 9];
    reads(&Build::new(32, 2, 2, &rows32), false, &seen);
}

#[test]
fn alpha_is_taken_where_it_is_declared_and_used() {
    let masks = vec![0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000];
    let build = |alpha: [u8; 2]| Build {
        header: V5,
        compression: BI_BITFIELDS,
        masks: masks.clone(),
        ..Build::new(32, 2, 1, &[3, 2, 1, alpha[0], 6, 5, 4, alpha[1]])
    };
    reads(&build([0, 128]), true, &[1, 2, 3, 0, 4, 5, 6, 128]);
    reads(&build([255, 255]), false, &[1, 2, 3, 4, 5, 6]);
    reads(&build([0, 0]), false, &[1, 2, 3, 4, 5, 6]);
    // Masks once more behind the header, as some programs write them.
    let mut twice = build([7, 8]);
    twice.rows = [&[0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0][..], &twice.rows].concat();
    reads(&twice, true, &[1, 2, 3, 7, 4, 5, 6, 8]);
    // Channels in another order.
    let rgba = Build { masks: vec![0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000], ..build([9, 10]) };
    reads(&rgba, true, &[3, 2, 1, 9, 6, 5, 4, 10]);
}

#[test]
fn what_is_written_is_read() {
    let mut bytes = dibv5_header(2, 1).to_vec();
    bytes.extend([3, 2, 1, 0, 6, 5, 4, 200]);
    let dib = Dib::parse(&bytes).unwrap();
    assert_eq!(dib.size(), (2, 1));
    let mut out = Vec::new();
    dib.read_row(0, dib.has_alpha(), &mut out);
    assert_eq!(out, [1, 2, 3, 0, 4, 5, 6, 200]);
}

#[test]
fn lies_are_refused_before_anything_is_allocated() {
    let good = || Build::new(24, 2, 2, &[0; 16]);
    let error = |build: Build| Dib::parse(&build.bytes()).err();
    assert_eq!(error(Build { width: 20_000, ..good() }), Some(DibError::TooLarge(20_000, 2)));
    assert_eq!(error(Build { height: i32::MIN, ..good() }), Some(DibError::TooLarge(2, 1 << 31)));
    assert_eq!(
        error(Build { width: 8_000, height: 8_000, ..good() }),
        Some(DibError::TooLarge(8_000, 8_000))
    );
    assert_eq!(error(Build { width: -1, ..good() }), Some(DibError::TooLarge(u32::MAX, 2)));
    for compression in [1, 2, 4, 5, 7, u32::MAX] {
        assert_eq!(
            error(Build { compression, ..good() }),
            Some(DibError::Compression(compression))
        );
    }
    for damaged in [
        Build { width: 0, ..good() },
        Build { height: 0, ..good() },
        Build { height: 3, ..good() },
        Build { bits: 0, ..good() },
        Build { bits: 15, ..good() },
        Build { bits: 64, ..good() },
        Build { bits: 8, ..good() },
        Build { colours: vec![[0; 4]; 257], ..good() },
        Build { compression: BI_BITFIELDS, masks: vec![0; 3], ..good() },
    ] {
        let mut bytes = damaged.bytes();
        bytes.truncate(1_200);
        assert_eq!(Dib::parse(&bytes).err(), Some(DibError::Damaged));
    }
    for header in [0, 11, 13, 39, 4_097, u32::MAX] {
        let mut bytes = good().bytes();
        bytes[..4].copy_from_slice(&header.to_le_bytes());
        assert_eq!(Dib::parse(&bytes).err(), Some(DibError::Damaged), "{header}");
    }
    assert!(Dib::parse(&[]).is_err() && Dib::parse(&u32::MAX.to_le_bytes()).is_err());
}

#[test]
fn damage_does_no_harm() {
    let masks = vec![0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000];
    let samples = [
        Build::new(24, 3, 2, &[7; 24]).bytes(),
        Build { colours: vec![[1; 4]; 4], ..Build::new(4, 3, 2, &[0x35; 8]) }.bytes(),
        Build { header: V5, compression: BI_BITFIELDS, masks, ..Build::new(32, 3, 2, &[9; 24]) }
            .bytes(),
    ];
    let mut read = 0;
    for whole in &samples {
        for at in 0..whole.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF, whole[at].wrapping_add(1)] {
                let mut changed = whole.clone();
                changed[at] = value;
                for bytes in [&changed[..], &changed[..at]] {
                    let Ok(dib) = Dib::parse(bytes) else { continue };
                    read += 1;
                    let mut out = Vec::new();
                    for row in 0..dib.size().1 {
                        dib.read_row(row, dib.has_alpha(), &mut out);
                    }
                    assert_eq!(out.len() % dib.size().0 as usize, 0);
                }
            }
        }
    }
    assert!(read > 100, "{read}");
}
