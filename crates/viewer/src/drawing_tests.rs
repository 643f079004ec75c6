use std::cell::RefCell;
use std::rc::Rc;

use gc_platform::{LockKeys, WaitWaker, WindowCursor, WindowEvent};
use gc_types::{ManualClock, UnixMillis};

use super::*;
use crate::chrome::tests::painter;

/// What a card was told.
#[derive(Debug, Default)]
struct Told {
    put: Vec<(u32, PixelRect, u8)>,
    forgotten: Vec<u32>,
    drawn: Vec<(PixelRect, Vec<CardStep>)>,
    shown: Vec<Vec<PixelRect>>,
    closed: usize,
    fails: bool,
}

struct FakeCard {
    told: Rc<RefCell<Told>>,
    clock: Arc<ManualClock>,
    takes: Duration,
}

impl Card for FakeCard {
    fn put(
        &mut self,
        slot: u32,
        size: PixelSize,
        part: PixelRect,
        pixels: &[u8],
        stride: usize,
    ) -> Result<(), WindowError> {
        assert!(part.x + part.width <= size.width && part.y + part.height <= size.height);
        assert!(pixels.len() >= (part.height as usize - 1) * stride + part.width as usize * 4);
        self.told.borrow_mut().put.push((slot, part, pixels[0]));
        Ok(())
    }

    fn forget(&mut self, slot: u32) {
        self.told.borrow_mut().forgotten.push(slot);
    }

    fn draw(
        &mut self,
        _: PixelSize,
        area: PixelRect,
        steps: &[CardStep],
    ) -> Result<(), WindowError> {
        self.told.borrow_mut().drawn.push((area, steps.to_vec()));
        Ok(())
    }

    fn show(&mut self, areas: &[PixelRect]) -> Result<(), WindowError> {
        self.clock.advance(self.takes);
        let mut told = self.told.borrow_mut();
        told.shown.push(areas.to_vec());
        if told.fails { Err(WindowError("the cable was pulled".to_owned())) } else { Ok(()) }
    }
}

struct FakeWindow {
    name: Result<&'static str, &'static str>,
    card: Option<FakeCard>,
    spare: Option<FakeCard>,
    told: Rc<RefCell<Told>>,
}

struct NoWaker;

impl WaitWaker for NoWaker {
    fn wake(&self) {}
}

impl ViewerWindow for FakeWindow {
    fn wait(&mut self, _: Option<Duration>, _: &mut Vec<WindowEvent>) -> Result<(), WindowError> {
        Ok(())
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(NoWaker)
    }

    fn size(&self) -> PixelSize {
        WINDOW
    }

    fn scale(&self) -> f32 {
        1.0
    }

    fn pixels(&mut self) -> &mut [u8] {
        &mut []
    }

    fn present(&mut self, _: PixelRect) -> Result<(), WindowError> {
        Ok(())
    }

    fn open_card(&mut self, any: bool) -> Result<String, WindowError> {
        if !any && self.name == Ok("none") {
            return Err(WindowError("there is none".to_owned()));
        }
        self.card = self.spare.take();
        self.name.map(str::to_owned).map_err(|cause| WindowError(cause.to_owned()))
    }

    fn card(&mut self) -> Option<&mut dyn Card> {
        self.card.as_mut().map(|card| card as &mut dyn Card)
    }

    fn close_card(&mut self) {
        self.card = None;
        self.told.borrow_mut().closed += 1;
    }

    fn set_title(&mut self, _: &str) {}

    fn set_cursor(&mut self, _: &WindowCursor) {}

    fn set_full_screen(&mut self, _: bool) {}

    fn divert_keys(&mut self, _: bool) {}

    fn set_text_wanted(&mut self, _: bool) {}

    fn take_files(&mut self, _: bool) {}

    fn locks(&self) -> LockKeys {
        LockKeys::default()
    }
}

const WINDOW: PixelSize = PixelSize { width: 40, height: 30 };
const SIZE: PixelSize = PixelSize { width: 20, height: 30 };

const fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
    PixelRect { x, y, width, height }
}

struct Rig {
    window: FakeWindow,
    drawer: Drawer,
    told: Rc<RefCell<Told>>,
    pixels: Vec<u8>,
}

fn rig(choice: Drawing, name: Result<&'static str, &'static str>, takes: Duration) -> Rig {
    let clock = Arc::new(ManualClock::new(UnixMillis(0)));
    let told = Rc::new(RefCell::new(Told::default()));
    let card = FakeCard { told: Rc::clone(&told), clock: Arc::clone(&clock), takes };
    let window = FakeWindow { name, card: None, spare: Some(card), told: Rc::clone(&told) };
    let pixels = (0..SIZE.width * SIZE.height * 4).map(|byte| (byte / 4) as u8).collect();
    Rig { window, drawer: Drawer::new(choice, clock), told, pixels }
}

impl Rig {
    fn draw(&mut self, areas: &[PixelRect], layers: &[Option<&Layer>]) -> Drawn {
        let picture = Some(Picture {
            pixels: Part::whole(&self.pixels, SIZE),
            part: paint::whole(SIZE),
            placed: Placed { x: 10, y: 0, width: 20, height: 30 },
            dim: false,
        });
        let scene = Scene { picture, field: [1, 2, 3], layers };
        self.drawer.draw(&mut self.window, areas, &scene)
    }

    fn taken(&self) -> Told {
        std::mem::take(&mut *self.told.borrow_mut())
    }
}

const QUICK: Duration = Duration::from_millis(1);

#[test]
fn the_card_is_asked_with_the_first_picture_and_draws_all_of_the_window_then() {
    let mut rig = rig(Drawing::Auto, Ok("Radeon"), QUICK);
    let scene = Scene { picture: None, field: [1, 2, 3], layers: &[] };
    let areas = [rect(0, 0, 5, 5)];
    assert_eq!(rig.drawer.draw(&mut rig.window, &areas, &scene), Drawn::Not);
    assert!(rig.window.spare.is_some(), "the window is to be there at once");
    // Also where nothing else has changed: what the card holds by then is nothing.
    assert_eq!(rig.draw(&[], &[]), Drawn::ByCard);
    assert!(rig.drawer.told().contains("Radeon"));
    let told = rig.taken();
    assert_eq!(told.put, [(0, paint::whole(SIZE), 0)]);
    assert_eq!(told.shown, [vec![paint::whole(WINDOW)]]);
    let picture = CardStep::Picture {
        slot: 0,
        part: paint::whole(SIZE),
        left: 10,
        top: 0,
        size: SIZE,
        dim: false,
    };
    let fill = CardStep::Fill { area: paint::whole(WINDOW), color: [0; 3] };
    assert_eq!(told.drawn, [(paint::whole(WINDOW), vec![fill, picture])]);
}

#[test]
fn only_what_changed_is_put_and_drawn_and_at_rest_nothing() {
    let mut rig = rig(Drawing::Auto, Ok("Radeon"), QUICK);
    rig.draw(&[rect(0, 0, 1, 1)], &[]);
    rig.taken();
    assert_eq!(rig.draw(&[], &[]), Drawn::ByCard);
    assert!(rig.taken().shown.is_empty());
    rig.drawer.picture_changed(rect(2, 3, 4, 5));
    rig.drawer.picture_changed(rect(19, 29, 50, 50));
    // Of the window only what lies inside of the picture needs no black.
    assert_eq!(rig.draw(&[rect(12, 3, 4, 5), rect(8, 0, 3, 1)], &[]), Drawn::ByCard);
    let told = rig.taken();
    assert_eq!(
        told.put,
        [(0, rect(2, 3, 4, 5), (3 * 20 + 2) as u8), (0, rect(19, 29, 1, 1), (599_u32) as u8)]
    );
    let steps: Vec<usize> = told.drawn.iter().map(|(_, steps)| steps.len()).collect();
    assert_eq!(steps, [1, 2]);
    for at in 0..200 {
        rig.drawer.picture_changed(rect(at % 20, 0, 1, 1));
    }
    rig.draw(&[rect(10, 0, 20, 1)], &[]);
    let put = rig.taken().put;
    assert!(put.len() <= MOST, "{} parts", put.len());
    rig.drawer.picture_is_new();
    rig.draw(&[rect(10, 0, 20, 1)], &[]);
    assert_eq!(rig.taken().put, [(0, paint::whole(SIZE), 0)]);
}

#[test]
fn layers_are_put_when_they_are_new_and_forgotten_when_they_are_gone() {
    let mut rig = rig(Drawing::Card, Ok("llvmpipe"), QUICK);
    let layer = |x| painter().layer(rect(x, 0, 8, 4), |_| ()).unwrap();
    let (one, other) = (layer(0), layer(20));
    rig.draw(&[rect(0, 0, 1, 1)], &[None, Some(&one)]);
    let told = rig.taken();
    assert_eq!(told.put[1], (2, rect(0, 0, 8, 4), 0));
    assert_eq!(told.drawn[0].1.last(), Some(&CardStep::Layer { slot: 2, area: one.area }));
    rig.draw(&[rect(0, 0, 1, 1), rect(30, 20, 2, 2)], &[None, Some(&one.clone())]);
    let told = rig.taken();
    assert!(told.put.is_empty(), "{told:?}");
    let layers = |steps: &[CardStep]| {
        steps.iter().filter(|step| matches!(step, CardStep::Layer { .. })).count()
    };
    assert_eq!((layers(&told.drawn[0].1), layers(&told.drawn[1].1)), (1, 0));
    rig.draw(&[rect(0, 0, 40, 4)], &[Some(&other), None]);
    let told = rig.taken();
    assert_eq!((told.put[0].0, told.forgotten), (1, vec![2]));
}

#[test]
fn a_card_that_fails_leaves_the_whole_window_to_the_software_and_is_not_asked_again() {
    let mut rig = rig(Drawing::Card, Ok("Radeon"), QUICK);
    rig.draw(&[rect(0, 0, 1, 1)], &[]);
    rig.told.borrow_mut().fails = true;
    assert_eq!(rig.draw(&[rect(0, 0, 1, 1)], &[]), Drawn::Lost);
    assert_eq!(rig.drawer.told(), "Drawing: software (the cable was pulled)");
    assert_eq!(rig.taken().closed, 1);
    assert_eq!(rig.draw(&[rect(0, 0, 1, 1)], &[]), Drawn::Not);
    // What the system tells after the fact is taken the same way.
    let mut rig = self::rig(Drawing::Auto, Ok("Radeon"), QUICK);
    rig.draw(&[rect(0, 0, 1, 1)], &[]);
    rig.drawer.give_up(&mut rig.window, "it was reset");
    assert_eq!(rig.draw(&[rect(0, 0, 1, 1)], &[]), Drawn::Not);
    assert!(rig.window.card.is_none());
}

#[test]
fn what_is_no_card_is_taken_only_where_somebody_insists() {
    for (choice, name, by_card) in [
        (Drawing::Auto, Ok("Radeon"), true),
        (Drawing::Auto, Ok("llvmpipe (LLVM 15, 256 bits)"), false),
        (Drawing::Auto, Ok("none"), false),
        (Drawing::Auto, Err("no library"), false),
        (Drawing::Card, Ok("llvmpipe (LLVM 15, 256 bits)"), true),
        (Drawing::Card, Ok("none"), true),
        (Drawing::Card, Err("no library"), false),
        (Drawing::Software, Ok("Radeon"), false),
    ] {
        let mut rig = rig(choice, name, QUICK);
        let drawn = rig.draw(&[rect(0, 0, 1, 1)], &[]);
        assert_eq!(drawn == Drawn::ByCard, by_card, "{choice:?} {name:?}");
        assert_eq!(rig.window.card.is_some(), by_card);
        assert_eq!(rig.drawer.told().contains("software"), !by_card, "{}", rig.drawer.told());
    }
}

#[test]
fn a_card_that_stays_slow_is_given_up_unless_somebody_insists() {
    for (choice, takes, patience) in [
        (Drawing::Auto, SLOW + QUICK, Some(PATIENCE)),
        (Drawing::Auto, SLOW, None),
        (Drawing::Card, SLOW * 10, None),
    ] {
        let mut rig = rig(choice, Ok("Radeon"), takes);
        let lost = (1..50).find(|_| rig.draw(&[rect(0, 0, 1, 1)], &[]) == Drawn::Lost);
        assert_eq!(lost, patience, "{choice:?} {takes:?}");
    }
}
