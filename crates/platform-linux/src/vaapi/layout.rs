//! Where the structures of VA-API have their fields, and the values of its constants,
//! as `va/va.h` and `va/va_enc_h264.h` of libva 2.17 say for 64-bit machines; those of
//! `va/va_enc_hevc.h` stand in `hevc/layout.rs`. VA-API 1
//! keeps its layouts. Parameters are written as bytes at these places, which needs
//! neither bindings nor unsafe code; `layout.c` prints the table from the headers.

macro_rules! table {
    ($($name:ident = $value:literal,)*) => {
        $(pub(in crate::vaapi) const $name: usize = $value;)*

        /// All of it by name, for the comparison with the headers.
        #[cfg(test)]
        pub(in crate::vaapi) const ALL: &[(&str, usize)] = &[$((stringify!($name), $value)),*];
    };
}
pub(super) use table;

table! {
    PICTURE = 36,
    PICTURE_FLAGS = 8,
    PICTURE_TOP_ORDER = 12,
    PICTURE_BOTTOM_ORDER = 16,
    PICTURE_INDEX = 4,
    SEQ = 1132,
    SEQ_LEVEL = 1,
    SEQ_INTRA_PERIOD = 4,
    SEQ_IDR_PERIOD = 8,
    SEQ_IP_PERIOD = 12,
    SEQ_BITS = 16,
    SEQ_REFERENCES = 20,
    SEQ_WIDTH = 24,
    SEQ_HEIGHT = 26,
    SEQ_FIELDS = 28,
    SEQ_CROP = 1068,
    SEQ_CROP_RIGHT = 1076,
    SEQ_CROP_BOTTOM = 1084,
    SEQ_VUI = 1088,
    SEQ_VUI_FIELDS = 1092,
    SEQ_TICK = 1108,
    SEQ_TIME_SCALE = 1112,
    PIC = 648,
    PIC_REFERENCES = 36,
    PIC_CODED = 612,
    PIC_FRAME_NUM = 620,
    PIC_QP = 622,
    PIC_FIELDS = 628,
    SLICE = 3140,
    SLICE_BLOCKS = 4,
    SLICE_BLOCK_INFO = 8,
    SLICE_TYPE = 12,
    SLICE_IDR_ID = 14,
    SLICE_LIST_0 = 36,
    SLICE_LIST_1 = 1188,
    RATE = 60,
    RATE_BITS = 0,
    RATE_PERCENTAGE = 4,
    RATE_WINDOW = 8,
    BUFFERING = 24,
    BUFFERING_FULLNESS = 0,
    BUFFERING_SIZE = 4,
    FPS = 24,
    PACKED = 28,
    PACKED_BITS = 4,
    PACKED_EMULATION = 8,
    SEGMENT = 48,
    SEGMENT_STATUS = 8,
    SEGMENT_BYTES = 16,
    SEGMENT_NEXT = 24,
    IMAGE = 120,
    IMAGE_BUFFER = 52,
    IMAGE_SIZE = 60,
    IMAGE_PITCHES = 68,
    IMAGE_OFFSETS = 80,
    FORMAT = 48,
    PROFILE_BASELINE = 13,
    ENCODE_SLICE = 6,
    ENCODE_SLICE_LOW_POWER = 8,
    ATTRIBUTE_FORMAT = 0,
    ATTRIBUTE_RATE = 5,
    ATTRIBUTE_PACKED = 10,
    ATTRIBUTE_WIDTH = 18,
    ATTRIBUTE_HEIGHT = 19,
    CONSTANT_RATE = 2,
    VARIABLE_RATE = 4,
    BUFFER_CODED = 21,
    BUFFER_SEQ = 22,
    BUFFER_PIC = 23,
    BUFFER_SLICE = 24,
    BUFFER_PACKED = 25,
    BUFFER_PACKED_DATA = 26,
    BUFFER_MISC = 27,
    MISC_FPS = 0,
    MISC_RATE = 1,
    MISC_BUFFERING = 5,
    FORMAT_420 = 1,
    NV12 = 842_094_158,
    PACKED_SEQ = 1,
    PACKED_PIC = 2,
    PACKED_SLICE = 4,
    HEADER_SEQ = 1,
    HEADER_PIC = 2,
    HEADER_SLICE = 3,
    NOT_SUPPORTED = 2_147_483_648,
    INVALID = 4_294_967_295,
    PICTURE_INVALID = 1,
    PICTURE_SHORT_TERM = 8,
    OVERFLOW = 4096,
}

/// A structure as bytes, zero where nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(8))]
pub(super) struct Bytes<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Bytes<N> {
    pub(super) const fn new() -> Self {
        Self([0; N])
    }

    /// Places come from the table: what lies outside is a defect that tests show.
    pub(super) fn put(&mut self, at: usize, value: &[u8]) {
        if let Some(place) = self.0.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    }

    pub(super) fn put8(&mut self, at: usize, value: u8) {
        self.put(at, &[value]);
    }

    pub(super) fn put16(&mut self, at: usize, value: u16) {
        self.put(at, &value.to_ne_bytes());
    }

    pub(super) fn put32(&mut self, at: usize, value: u32) {
        self.put(at, &value.to_ne_bytes());
    }

    pub(super) fn get32(&self, at: usize) -> u32 {
        let bytes = self.0.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_ne_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::ALL;
    use crate::vaapi::hevc::layout::ALL as HEVC;

    /// Without the headers there is nothing to compare with; `cargo xtask setup`
    /// installs them.
    #[test]
    fn the_table_is_what_the_headers_say() {
        let include = "/usr/include/va/va.h";
        if !std::path::Path::new(include).exists() {
            println!("{include} is not there");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("layout");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vaapi/layout.c");
        let built = Command::new("cc").arg(source).arg("-o").arg(&program).status().unwrap();
        assert!(built.success());
        let said = String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap();
        let said: Vec<(&str, usize)> = said
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, value)| (name, value.parse().unwrap()))
            .collect();
        let (h264, hevc) = said.split_at(ALL.len());
        assert_eq!(h264, ALL);
        let plain = |(name, value): &(&'static str, usize)| (format!("HEVC_{name}"), *value);
        let table: Vec<(String, usize)> = HEVC.iter().map(plain).collect();
        let hevc: Vec<(String, usize)> =
            hevc.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        assert_eq!(hevc, table);
    }
}
