//! Which of H.265's tools a stream uses: what the driver says it does, or insists on.

use super::layout as at;

/// What a driver says; `None`: it has no such attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::vaapi) struct Said {
    pub(in crate::vaapi) features: Option<u32>,
    pub(in crate::vaapi) blocks: Option<u32>,
    pub(in crate::vaapi) direction: Option<u32>,
    pub(in crate::vaapi) references: Option<u32>,
}

/// The tools and block sizes of a stream, the same in parameters and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vaapi) struct Tools {
    /// `SEQ_…` bits of the sequence.
    pub(super) sequence: u32,
    /// `PIC_…` bits of every picture.
    pub(super) picture: u32,
    /// Pictures other than key pictures are B pictures with the picture before in both
    /// lists ("generalised P"); else P pictures.
    pub(super) both_lists: bool,
    /// Sizes as powers of two.
    pub(super) min_block: u32,
    pub(super) tree_block: u32,
    pub(super) min_transform: u32,
    pub(super) max_transform: u32,
    /// Deepest splits of transforms.
    pub(super) depth_inter: u32,
    pub(super) depth_intra: u32,
}

/// Tools that are used where the driver has them, by their bits.
const USED: [(usize, usize); 3] = [
    (at::HAS_AMP, at::SEQ_AMP),
    (at::HAS_SAO, at::SEQ_SAO),
    (at::HAS_TEMPORAL_MVP, at::SEQ_TEMPORAL_MVP),
];
/// Those of a picture.
const USED_BY_PICTURE: [(usize, usize); 2] =
    [(at::HAS_TRANSFORM_SKIP, at::PIC_TRANSFORM_SKIP), (at::HAS_CU_QP_DELTA, at::PIC_CU_QP_DELTA)];
/// Tools that are used only where the driver insists.
const ON_DEMAND_BY_PICTURE: [(usize, usize); 2] = [
    (at::HAS_SIGN_HIDING, at::PIC_SIGN_HIDING),
    (at::HAS_CONSTRAINED_INTRA, at::PIC_CONSTRAINED_INTRA),
];
/// Tools that the headers here have no words for.
const NEVER: [usize; 7] = [
    at::HAS_SEPARATE_PLANES,
    at::HAS_SCALING_LISTS,
    at::HAS_PCM,
    at::HAS_DEPENDENT_SLICES,
    at::HAS_WEIGHTS,
    at::HAS_BYPASS,
    at::HAS_NO_DEBLOCKING,
];

/// Two bits of an attribute, named by the lower one.
const fn pair(value: u32, lowest: usize) -> u32 {
    (value / lowest as u32) & 0b11
}

impl Tools {
    /// The error tells why the driver cannot be used.
    pub(in crate::vaapi) fn choose(said: Said) -> Result<Self, &'static str> {
        // Of the first list in the lower half, of the second in the upper.
        if said.references.is_some_and(|counts| counts as u16 == 0) {
            return Err("it has key pictures only");
        }
        let mut tools = Self::blocks(said.blocks)?;
        // Without the attribute: what every driver from before it does.
        let (sequence, picture) = (at::SEQ_AMP as u32, at::PIC_CU_QP_DELTA as u32);
        (tools.sequence, tools.picture) =
            said.features.map_or(Ok((sequence, picture)), Self::features)?;
        let direction = said.direction.unwrap_or(0);
        tools.both_lists = direction & at::BOTH_LISTS as u32 != 0;
        Ok(tools)
    }

    fn features(value: u32) -> Result<(u32, u32), &'static str> {
        let has = |tool: usize, least: usize| pair(value, tool) >= least as u32;
        if NEVER.iter().any(|tool| has(*tool, at::FEATURE_REQUIRED)) {
            return Err("it insists on a tool that is not used here");
        }
        let chosen = |tools: &[(usize, usize)], least: usize| {
            let found = tools.iter().filter(|(tool, _)| has(*tool, least));
            found.fold(0, |bits, (_, bit)| bits | *bit as u32)
        };
        let strong = [(at::HAS_STRONG_INTRA, at::SEQ_STRONG_INTRA)];
        let sequence = chosen(&USED, 1) | chosen(&strong, at::FEATURE_REQUIRED);
        let on_demand = chosen(&ON_DEMAND_BY_PICTURE, at::FEATURE_REQUIRED);
        Ok((sequence, chosen(&USED_BY_PICTURE, 1) | on_demand))
    }

    fn blocks(said: Option<u32>) -> Result<Self, &'static str> {
        let mut tools = Self {
            sequence: 0,
            picture: 0,
            both_lists: false,
            min_block: 3,
            tree_block: 5,
            min_transform: 2,
            max_transform: 5,
            depth_inter: 3,
            depth_intra: 3,
        };
        if let Some(value) = said {
            tools.min_block = pair(value, at::BLOCKS_MIN_CB) + 3;
            tools.tree_block = pair(value, at::BLOCKS_MAX_CTB) + 3;
            tools.min_transform = pair(value, at::BLOCKS_MIN_TB) + 2;
            tools.max_transform = (pair(value, at::BLOCKS_MAX_TB) + 2).min(tools.tree_block);
            tools.depth_inter = pair(value, at::BLOCKS_DEPTH_INTER);
            tools.depth_intra = pair(value, at::BLOCKS_DEPTH_INTRA);
        }
        // Section 7.4.3.2.1, and annex A for the tree.
        let possible = (4..=6).contains(&tools.tree_block)
            && tools.min_block <= tools.tree_block
            && tools.min_transform < tools.min_block
            && (tools.min_transform..=5).contains(&tools.max_transform);
        if !possible {
            return Err("its block sizes are none of H.265");
        }
        let deepest = tools.tree_block - tools.min_transform;
        tools.depth_inter = tools.depth_inter.min(deepest);
        tools.depth_intra = tools.depth_intra.min(deepest);
        Ok(tools)
    }

    /// Side of the smallest block: coded sizes are multiples of it.
    pub(in crate::vaapi) const fn smallest(&self) -> u32 {
        1 << self.min_block
    }

    /// Samples of the largest picture: from level 5 on a tree has 32 × 32 at least.
    pub(in crate::vaapi) const fn most_samples(&self) -> u32 {
        if self.tree_block < 5 { 2_228_224 } else { 8_912_896 }
    }

    pub(super) const fn has(&self, bit: usize) -> bool {
        (self.sequence | self.picture) & bit as u32 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Said = Said { features: None, blocks: None, direction: None, references: None };

    /// A tree of 64, smallest blocks of `1 << min_block`, transforms of 4 to 32.
    fn blocks(min_block: u32) -> Said {
        let value = 3 * at::BLOCKS_MAX_CTB as u32
            + (min_block - 3) * at::BLOCKS_MIN_CB as u32
            + 3 * at::BLOCKS_MAX_TB as u32;
        Said { blocks: Some(value), ..NOTHING }
    }

    #[test]
    fn a_driver_that_says_nothing_gets_what_all_have() {
        let tools = Tools::choose(NOTHING).unwrap();
        assert_eq!((tools.smallest(), tools.tree_block), (8, 5));
        assert!(tools.has(at::SEQ_AMP) && tools.has(at::PIC_CU_QP_DELTA));
        assert!(!tools.has(at::SEQ_SAO) && !tools.has(at::SEQ_TEMPORAL_MVP) && !tools.both_lists);
    }

    #[test]
    fn tools_are_those_that_the_driver_has() {
        let features = at::HAS_SAO | at::HAS_SIGN_HIDING | (2 * at::HAS_STRONG_INTRA);
        let said = Said { features: Some(features as u32), ..NOTHING };
        let tools = Tools::choose(said).unwrap();
        assert!(tools.has(at::SEQ_SAO) && tools.has(at::SEQ_STRONG_INTRA));
        assert!(!tools.has(at::SEQ_AMP) && !tools.has(at::PIC_CU_QP_DELTA));
        assert!(!tools.has(at::PIC_SIGN_HIDING), "supported is not required");
        for tool in NEVER {
            let said = |times: usize| Said { features: Some((times * tool) as u32), ..NOTHING };
            assert!(Tools::choose(said(1)).is_ok());
            assert!(Tools::choose(said(2)).is_err());
        }
    }

    #[test]
    fn block_sizes_are_those_of_the_driver_if_they_can_be() {
        let tools = Tools::choose(blocks(4)).unwrap();
        assert_eq!((tools.smallest(), tools.tree_block, tools.max_transform), (16, 6, 5));
        assert_eq!((tools.depth_inter, tools.most_samples()), (0, 8_912_896));
        // A tree of 8.
        assert!(Tools::choose(Said { blocks: Some(0), ..NOTHING }).is_err());
        // A transform as large as the smallest block.
        let value = blocks(3).blocks.unwrap() + at::BLOCKS_MIN_TB as u32;
        assert!(Tools::choose(Said { blocks: Some(value), ..NOTHING }).is_err());
    }

    #[test]
    fn both_lists_are_filled_for_drivers_that_want_it() {
        let lists = |direction: u32| {
            Tools::choose(Said { direction: Some(direction), ..NOTHING }).unwrap().both_lists
        };
        assert!(lists(0b111) && !lists(0b011) && !lists(0b001));
        assert!(Tools::choose(Said { references: Some(0x1_0000), ..NOTHING }).is_err());
        assert!(Tools::choose(Said { references: Some(1), ..NOTHING }).is_ok());
    }
}
