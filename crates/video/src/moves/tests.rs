use super::*;

const W: u32 = 480;
const H: u32 = 320;

struct Scene {
    state: u32,
    pixels: Vec<u8>,
}

impl Scene {
    fn new(seed: u32) -> Self {
        println!("seed {seed}");
        let mut scene = Self { state: seed, pixels: vec![0; (W * H * 4) as usize] };
        scene.text(PixelRect::new(0, 0, W, H));
        scene
    }

    fn random(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state >> 8
    }

    /// Glyphs of an alphabet, so that single ones are everywhere.
    fn text(&mut self, rect: PixelRect) {
        for line in (rect.y..rect.bottom()).step_by(14) {
            for column in (rect.x..rect.right()).step_by(8) {
                let glyph = (self.random() % 22).wrapping_mul(0x2F3D_5B79);
                for y in line..(line + 14).min(rect.bottom()) {
                    for x in column..(column + 8).min(rect.right()) {
                        let bit = (glyph >> (((x - column) + (y - line) * 5) % 32)) & 1;
                        let ink = y - line < 9 && x - column < 6 && bit == 1;
                        let at = ((y * W + x) * 4) as usize;
                        self.pixels[at..at + 3].fill(if ink { 0x22 } else { 0xF4 });
                    }
                }
            }
        }
    }

    /// Moves what is in `rect` and paints other text where it was.
    fn drag(&mut self, rect: PixelRect, dx: i32, dy: i32) {
        let before = self.pixels.clone();
        self.text(rect);
        let row = (rect.width * 4) as usize;
        for y in 0..rect.height {
            let at = |x: u32, y: u32| ((y * W + x) * 4) as usize;
            let to = at(rect.x.wrapping_add_signed(dx), (rect.y + y).wrapping_add_signed(dy));
            let from = at(rect.x, rect.y + y);
            self.pixels[to..to + row].copy_from_slice(&before[from..from + row]);
        }
    }

    fn view(&self) -> PictureView<'_> {
        PictureView { width: W, height: H, stride: (W * 4) as usize, pixels: &self.pixels }
    }
}

fn picture_of(scene: &Scene) -> Picture {
    let mut picture = Picture::black(W, H);
    picture.copy_from(&scene.view(), &PixelRect::new(0, 0, W, H));
    picture
}

/// What is found for the change from `old` to `new`.
fn found(old: &Picture, new: &Scene) -> Vec<Move> {
    let mut cells = Cells::new(old.bounds());
    cells.begin();
    for index in 0..cells.count() {
        cells.first_look(index);
        if old.changed_part(&new.view(), &cells.rect(index)).is_some() {
            cells.mark(index, cells.rect(index));
        }
    }
    let mut wanted: Vec<_> = cells.marked().map(|(index, _)| index).collect();
    wanted.sort_unstable();
    let candidates = Finder::default().find(old, &new.view(), &cells, &wanted);
    candidates.iter().filter_map(|each| each.grow(old, &new.view(), &cells)).collect()
}

#[test]
fn a_window_is_found_wherever_it_goes() {
    let window = PixelRect::new(131, 93, 173, 121);
    for (dx, dy) in
        [(1, 0), (-1, 0), (0, 1), (0, -1), (37, -11), (-53, 29), (16, 16), (-130, -92), (170, 104)]
    {
        let mut scene = Scene::new(11);
        let old = picture_of(&scene);
        scene.drag(window, dx, dy);
        let found = found(&old, &scene);
        let best = found.first().unwrap_or_else(|| panic!("({dx}, {dy})"));
        let goal = PixelRect {
            x: window.x.wrapping_add_signed(dx),
            y: window.y.wrapping_add_signed(dy),
            ..window
        };
        // Paper beside the window may have matched, too; hardly anything is missed.
        let shared = best.rect.intersection(&goal).area();
        assert!(shared * 100 >= goal.area() * 97, "({dx}, {dy}): {best:?}, not {goal:?}");
        assert_eq!(best.rect.x.wrapping_add_signed(-dx), best.from_x);
        assert_eq!(best.rect.y.wrapping_add_signed(-dy), best.from_y);
    }
}

#[test]
fn a_page_scrolls_in_four_directions() {
    for (dx, dy) in [(0, -15), (0, 36), (-24, 0), (9, 0)] {
        let scene = Scene::new(12);
        let old = picture_of(&scene);
        let mut new = Scene::new(13);
        for y in 0..H {
            for x in 0..W {
                let (from_x, from_y) = (x.wrapping_add_signed(-dx), y.wrapping_add_signed(-dy));
                if from_x < W && from_y < H {
                    let (to, from) = ((y * W + x) as usize * 4, (from_y * W + from_x) as usize * 4);
                    new.pixels[to..to + 4].copy_from_slice(&scene.pixels[from..from + 4]);
                }
            }
        }
        let found = found(&old, &new);
        let best = found.first().unwrap_or_else(|| panic!("({dx}, {dy})"));
        let all = (W - dx.unsigned_abs()) * (H - dy.unsigned_abs());
        assert!(best.rect.area() * 100 >= u64::from(all) * 97, "({dx}, {dy}): {best:?}");
        assert!(best.goes_on(&old, &new.view()));
        let other = Scene::new(14);
        assert!(!best.goes_on(&old, &other.view()), "another page");
        let mut same = Scene::new(12);
        assert!(!best.goes_on(&old, &same.view()), "nothing has changed");
        same.text(PixelRect::new(64, 64, 100, 100));
        assert!(!best.goes_on(&old, &same.view()), "something else has");
    }
}

#[test]
fn another_page_and_the_same_page_are_no_move() {
    let scene = Scene::new(21);
    let old = picture_of(&scene);
    assert_eq!(found(&old, &Scene::new(22)), []);
    assert_eq!(found(&old, &scene), []);
}
