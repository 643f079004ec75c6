//! Comparing what is on the technician's display with what is on the customer's.

/// Pixels of a display, B G R X.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// Pixels in a row.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// `width` x `height` x 4 bytes.
    pub(super) pixels: Vec<u8>,
}

/// Where one picture lies in another, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Offset {
    /// To the right; negative when cut on the left.
    pub(super) x: i32,
    /// Down; negative when cut at the top.
    pub(super) y: i32,
}

impl Offset {
    /// A place of the inner picture, in the outer one.
    pub(super) fn apply(self, (x, y): (usize, usize)) -> Option<(usize, usize)> {
        let shifted = |at: usize, by: i32| {
            usize::try_from(i64::try_from(at).ok()?.checked_add(i64::from(by))?).ok()
        };
        Some((shifted(x, self.x)?, shifted(y, self.y)?))
    }
}

/// How alike two pictures are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// Share of pixels of the inner picture that are exactly equal.
    pub(super) equal: f64,
    /// Peak signal to noise ratio of what both have, dB; `None` when nothing differs.
    pub(super) psnr: Option<f64>,
}

/// How far from where it is expected a picture is looked for, pixels.
const REACH: i32 = 220;
/// Mean difference of a channel above which it is another picture.
const FOREIGN: u64 = 16;

/// Finds a picture that is shown at its own size somewhere in a larger one, also
/// after a lossy codec. The pages of text of the workloads fit in one place only.
pub(super) fn locate(inner: &Picture, outer: &Picture) -> Option<Offset> {
    let points = points(inner);
    let limit = FOREIGN * 3 * points.len() as u64;
    let mut best: Option<(u64, Offset)> = None;
    let most_x = i32::try_from(outer.width.saturating_sub(inner.width)).ok()?.max(REACH);
    let most_y = i32::try_from(outer.height.saturating_sub(inner.height)).ok()?.max(REACH);
    for y in -REACH / 2..=most_y {
        for x in -REACH / 2..=most_x {
            let offset = Offset { x, y };
            let bound = best.map_or(limit, |(sum, _)| sum);
            if let Some(sum) = difference(inner, outer, &points, offset, bound)
                && best.is_none_or(|(least, _)| sum < least)
            {
                best = Some((sum, offset));
            }
        }
    }
    best.map(|(_, offset)| offset)
}

/// Places away from the edges, where clients put bars and handles, spread as a low
/// discrepancy sequence so that any prefix covers the picture.
fn points(picture: &Picture) -> Vec<(usize, usize)> {
    let (width, height) = (picture.width as f64, picture.height as f64);
    let place = |share: f64, size: f64| ((0.15 + 0.7 * share) * size) as usize;
    (1..=600)
        .map(|i| {
            let (x, y) = (f64::from(i) * 0.754_877_666, f64::from(i) * 0.569_840_291);
            (place(x.fract(), width), place(y.fract(), height))
        })
        .collect()
}

/// Sum of the differences; `None` as soon as it passes `bound`.
fn difference(
    inner: &Picture,
    outer: &Picture,
    points: &[(usize, usize)],
    offset: Offset,
    bound: u64,
) -> Option<u64> {
    let mut sum = 0;
    for &(x, y) in points {
        let a = pixel(inner, (x, y))?;
        sum += match offset.apply((x, y)).and_then(|at| pixel(outer, at)) {
            Some(b) => a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>(),
            None => 3 * 255,
        };
        if sum > bound {
            return None;
        }
    }
    Some(sum)
}

fn pixel(picture: &Picture, (x, y): (usize, usize)) -> Option<&[u8]> {
    if x >= picture.width {
        return None;
    }
    let start = (y * picture.width + x) * 4;
    picture.pixels.get(start..start + 3)
}

/// Rows of both that lie upon each other, without those at the edges: (inner,
/// outer).
fn rows<'a>(
    inner: &'a Picture,
    outer: &'a Picture,
    offset: Offset,
    margin: usize,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let cut_x = usize::try_from(-i64::from(offset.x)).unwrap_or(0).max(margin);
    let cut_y = usize::try_from(-i64::from(offset.y)).unwrap_or(0).max(margin);
    (cut_y..inner.height.saturating_sub(margin)).filter_map(move |y| {
        let (left, top) = offset.apply((cut_x, y))?;
        let width = inner.width.saturating_sub(cut_x + margin);
        let width = width.min(outer.width.saturating_sub(left));
        if top >= outer.height {
            return None;
        }
        let (from, to) = ((y * inner.width + cut_x) * 4, (top * outer.width + left) * 4);
        Some((inner.pixels.get(from..from + width * 4)?, outer.pixels.get(to..to + width * 4)?))
    })
}

/// Pixels that are compared.
fn size(inner: &Picture, margin: usize) -> usize {
    inner.width.saturating_sub(2 * margin) * inner.height.saturating_sub(2 * margin)
}

/// Whether all of the inner picture but its edges is there, pixel by pixel; stops at
/// the first difference.
pub(super) fn exact(inner: &Picture, outer: &Picture, offset: Offset, margin: usize) -> bool {
    let mut pixels = 0;
    for (a, b) in rows(inner, outer, offset, margin) {
        if !crate::probe::equal(a, b) {
            return false;
        }
        pixels += a.len() / 4;
    }
    pixels == size(inner, margin)
}

/// Compares all pixels but those at the edges.
pub(super) fn compare(inner: &Picture, outer: &Picture, offset: Offset, margin: usize) -> Likeness {
    let (mut equal, mut seen, mut squares) = (0_usize, 0_usize, 0_u64);
    for (a, b) in rows(inner, outer, offset, margin) {
        let (a, _) = a.as_chunks::<4>();
        let (b, _) = b.as_chunks::<4>();
        for (a, b) in a.iter().zip(b) {
            let square: u32 = (a.iter().zip(b).take(3))
                .map(|(&a, &b)| u32::from(a.abs_diff(b)) * u32::from(a.abs_diff(b)))
                .sum();
            equal += usize::from(square == 0);
            squares += u64::from(square);
        }
        seen += a.len();
    }
    let mean = squares as f64 / (3 * seen.max(1)) as f64;
    Likeness {
        equal: equal as f64 / size(inner, margin).max(1) as f64,
        psnr: (squares > 0).then(|| 10.0 * (255.0 * 255.0 / mean).log10()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Numbers;
    use crate::workload::page;

    fn text(width: usize, height: usize) -> Picture {
        Picture { width, height, pixels: page(width, height, 3, 0x0022_2222, 0x00F4_F4F0) }
    }

    fn within(inner: &Picture, width: usize, height: usize, (x, y): (usize, usize)) -> Picture {
        let mut pixels = vec![60; width * height * 4];
        crate::barcode::place(&inner.pixels, inner.width, &mut pixels, width * 4, (x, y));
        Picture { width, height, pixels }
    }

    #[test]
    fn a_picture_is_found_where_a_client_has_put_it() {
        let inner = text(640, 400);
        for at in [(0, 0), (0, 31), (17, 5), (120, 100)] {
            let outer = within(&inner, 800, 520, at);
            let found = locate(&inner, &outer).unwrap();
            assert_eq!((found.x as usize, found.y as usize), at);
            assert!(exact(&inner, &outer, found, 0));
            assert_eq!(compare(&inner, &outer, found, 0), Likeness { equal: 1.0, psnr: None });
        }
    }

    #[test]
    fn the_margin_is_left_to_the_clients_own_bars() {
        let inner = text(640, 400);
        let mut outer = within(&inner, 640, 400, (0, 0));
        for value in &mut outer.pixels[..640 * 4 * 20] {
            *value = 0;
        }
        assert!(!exact(&inner, &outer, Offset::default(), 19));
        assert!(exact(&inner, &outer, Offset::default(), 20));
        assert!((compare(&inner, &outer, Offset::default(), 20).equal - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_lossy_picture_is_found_but_is_not_exact() {
        let inner = text(640, 400);
        let mut outer = within(&inner, 640, 431, (0, 31));
        let mut numbers = Numbers::new(5);
        for value in &mut outer.pixels {
            *value = value.saturating_add(numbers.next() as u8 % 13).saturating_sub(6);
        }
        let found = locate(&inner, &outer).unwrap();
        assert_eq!(found, Offset { x: 0, y: 31 });
        assert!(!exact(&inner, &outer, found, 0));
        let likeness = compare(&inner, &outer, found, 0);
        assert!(likeness.equal < 0.1, "{likeness:?}");
        let psnr = likeness.psnr.unwrap();
        assert!((30.0..45.0).contains(&psnr), "{psnr}");
    }

    #[test]
    fn another_picture_is_not_found() {
        let inner = text(640, 400);
        let grey = Picture { width: 640, height: 400, pixels: vec![90; 640 * 400 * 4] };
        assert_eq!(locate(&inner, &grey), None);
    }

    #[test]
    fn what_is_cut_off_counts_as_different() {
        let inner = text(640, 400);
        let cut = within(&inner, 640, 300, (0, 0));
        assert!(!exact(&inner, &cut, Offset::default(), 0));
        let likeness = compare(&inner, &cut, Offset::default(), 0);
        assert!((likeness.equal - 0.75).abs() < 1e-9);
        let shifted =
            Picture { width: 640, height: 390, pixels: inner.pixels[10 * 640 * 4..].to_vec() };
        let up = Offset { x: 0, y: -10 };
        assert_eq!(locate(&inner, &shifted), Some(up));
        assert!((compare(&inner, &shifted, up, 0).equal - 0.975).abs() < 1e-9);
    }
}
