use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use gc_types::ManualClock;

use super::*;

const SMALL: PixelSize = PixelSize { width: 40, height: 30 };
const WHOLE: PixelRect = PixelRect { x: 0, y: 0, width: 40, height: 30 };

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the system does, as the test says.
struct World {
    displays: Vec<DisplayInfo>,
    desktop: Desktop,
    follows: VecDeque<Desktop>,
    /// Why duplication does not start, fails before its first picture, or in use.
    refused: Option<Failure>,
    broken: Option<Failure>,
    gdi_broken: Option<Failure>,
    /// Duplication has pictures from then on; `None`: never.
    first_picture: Option<Duration>,
    last_picture: Option<Duration>,
    fingerprint: u64,
    duplications: usize,
    open: usize,
    gdis: usize,
    /// Of each pixel of the picture.
    value: u8,
}

type Shared = Arc<Mutex<World>>;

struct Fake(Shared);

struct FakeBackend {
    world: Shared,
    duplicates: bool,
    fresh: bool,
    area: Area,
    pixels: Vec<u8>,
}

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

impl Drop for FakeBackend {
    fn drop(&mut self) {
        lock(&self.world).open -= usize::from(self.duplicates);
    }
}

impl Backend for FakeBackend {
    fn collect(&mut self, now: Duration) -> Result<Vec<ScreenEvent>, Failure> {
        let mut world = lock(&self.world);
        let broken = if self.duplicates { &world.broken } else { &world.gdi_broken };
        if let Some(failure) = broken {
            return Err(failure.clone());
        }
        if self.duplicates {
            if world.first_picture.is_none_or(|first| now < first) {
                return Ok(Vec::new());
            }
            world.last_picture.get_or_insert(now);
        }
        Ok(if std::mem::take(&mut self.fresh) {
            vec![ScreenEvent::Damage(self.area.whole()), ScreenEvent::CursorMoved { x: 1, y: 1 }]
        } else {
            Vec::new()
        })
    }

    fn nap(&self, _: Duration) -> Duration {
        ms(1)
    }

    fn last_picture(&self) -> Option<Duration> {
        if self.duplicates { lock(&self.world).last_picture } else { Some(ms(0)) }
    }

    fn read(&mut self, region: &[PixelRect]) -> Result<(), Failure> {
        let world = lock(&self.world);
        let broken = if self.duplicates { &world.broken } else { &world.gdi_broken };
        if let Some(failure) = broken {
            return Err(failure.clone());
        }
        if region == [self.area.whole()] {
            self.fresh = false;
        }
        // The byte that means nothing is another one.
        let last = u8::from(self.duplicates);
        self.pixels = [world.value, world.value, world.value, last]
            .repeat((self.area.size.width * self.area.size.height) as usize);
        Ok(())
    }

    fn view(&self) -> ScreenView<'_> {
        let stride = self.area.size.width as usize * 4;
        ScreenView { size: self.area.size, stride, pixels: &self.pixels }
    }
}

impl Backends for Fake {
    fn layout(&mut self) -> Layout {
        let displays = lock(&self.0).displays.clone();
        let right = displays.iter().map(|d| d.x + d.size.width.cast_signed()).max().unwrap_or(0);
        let left = displays.iter().map(|d| d.x).min().unwrap_or(0);
        let size = PixelSize { width: (right - left).cast_unsigned(), height: 30 };
        Layout { displays, desktop: Area { origin: (left, 0), size } }
    }

    fn follow_desktop(&mut self) -> Desktop {
        let mut world = lock(&self.0);
        let desktop = world.desktop;
        world.follows.pop_front().unwrap_or(desktop)
    }

    fn duplication(
        &mut self,
        area: Area,
        _: &[DisplayInfo],
        _: &Arc<Waker>,
    ) -> Result<Box<dyn Backend>, Failure> {
        let mut world = lock(&self.0);
        world.duplications += 1;
        if let Some(failure) = &world.refused {
            return Err(failure.clone());
        }
        assert_eq!(world.open, 0, "an output can be duplicated once");
        world.open += 1;
        world.last_picture = None;
        drop(world);
        Ok(Box::new(FakeBackend::new(&self.0, true, area)))
    }

    fn gdi(&mut self, area: Area, _: &Arc<Waker>) -> Result<Box<dyn Backend>, Failure> {
        lock(&self.0).gdis += 1;
        Ok(Box::new(FakeBackend::new(&self.0, false, area)))
    }

    fn fingerprint(&mut self, _: Area) -> Option<u64> {
        Some(lock(&self.0).fingerprint)
    }
}

impl FakeBackend {
    fn new(world: &Shared, duplicates: bool, area: Area) -> Self {
        let pixels = vec![0; (area.size.width * area.size.height * 4) as usize];
        Self { world: Arc::clone(world), duplicates, fresh: true, area, pixels }
    }
}

fn display(id: u32, x: i32) -> DisplayInfo {
    DisplayInfo { id, name: format!("DISPLAY{id}"), x, y: 0, size: SMALL, primary: id == 1 }
}

struct Rig {
    screen: Screen<Fake>,
    world: Shared,
    clock: Arc<ManualClock>,
}

fn world() -> Shared {
    Arc::new(Mutex::new(World {
        displays: vec![display(1, 0)],
        desktop: Desktop::Ours,
        follows: VecDeque::new(),
        refused: None,
        broken: None,
        gdi_broken: None,
        first_picture: Some(ms(0)),
        last_picture: None,
        fingerprint: 0,
        duplications: 0,
        open: 0,
        gdis: 0,
        value: 0,
    }))
}

fn rig(world: Shared) -> Rig {
    let clock = Arc::new(ManualClock::default());
    let screen = Screen::with(Fake(Arc::clone(&world)), Arc::clone(&clock) as Arc<dyn Clock>);
    Rig { screen: screen.unwrap(), world, clock }
}

impl Rig {
    fn wait(&mut self) -> Result<Vec<ScreenEvent>, CaptureError> {
        self.screen.wait(Some(Duration::ZERO))
    }

    /// Lets time pass in steps of 10 ms until the notice comes; when, and which.
    fn notice(&mut self, within: Duration) -> (Duration, Option<ScreenNotice>) {
        let start = self.clock.monotonic();
        loop {
            for event in self.wait().unwrap() {
                if let ScreenEvent::Notice(notice) = event {
                    return (self.clock.monotonic() - start, notice);
                }
            }
            assert!(self.clock.monotonic() - start <= within, "no notice within {within:?}");
            self.clock.advance(ms(10));
        }
    }

    fn pass(&mut self, time: Duration) -> Vec<ScreenEvent> {
        let end = self.clock.monotonic() + time;
        let mut events = Vec::new();
        while self.clock.monotonic() < end {
            self.clock.advance(ms(10));
            events.extend(self.wait().unwrap());
        }
        events
    }
}

#[test]
fn the_first_picture_waits_for_nobody_and_duplication_takes_over_unseen() {
    let world = world();
    lock(&world).first_picture = Some(ms(300));
    let mut rig = rig(world);
    let events = rig.wait().unwrap();
    assert!(events.contains(&ScreenEvent::Damage(WHOLE)), "{events:?}");
    assert!(!rig.screen.duplicates());
    rig.screen.grab(&[WHOLE]).unwrap();
    let events = rig.pass(ms(290));
    assert!(!events.iter().any(|event| matches!(event, ScreenEvent::Damage(_))), "{events:?}");
    let events = rig.pass(ms(10));
    assert!(rig.screen.duplicates());
    // The picture is the same, so nothing of it is new.
    assert!(
        events.iter().all(|event| matches!(event, ScreenEvent::CursorMoved { .. })),
        "{events:?}"
    );
    assert_eq!(rig.screen.grab(&[WHOLE]).unwrap().pixels[3], 1, "by duplication");
}

#[test]
fn what_changed_during_the_take_over_is_damage() {
    let world = world();
    lock(&world).first_picture = Some(ms(300));
    let mut rig = rig(world);
    rig.wait().unwrap();
    rig.screen.grab(&[WHOLE]).unwrap();
    lock(&rig.world).value = 9;
    let events = rig.pass(ms(300));
    assert!(rig.screen.duplicates());
    assert!(events.contains(&ScreenEvent::Damage(WHOLE)), "{events:?}");
}

#[test]
fn a_failure_in_use_is_gdi_with_a_cause_and_a_later_try() {
    for failure in [
        Failure::AccessLost,
        Failure::DeviceRemoved(1),
        Failure::Busy,
        Failure::Hung,
        Failure::Call { call: "Map", code: 5 },
    ] {
        let mut rig = rig(world());
        rig.pass(ms(50));
        assert!(rig.screen.duplicates());
        lock(&rig.world).broken = Some(failure.clone());
        let (after, notice) = rig.notice(ms(2000));
        assert!(after <= ms(2000));
        let notice = notice.unwrap();
        assert_eq!(notice.cause, CauseCode::CaptureFellBack);
        assert!(notice.detail.contains(failure.kind()), "{notice:?}");
        assert!(!rig.screen.duplicates());
        assert!(rig.screen.grab(&[WHOLE]).is_ok(), "the picture goes on");
        assert_eq!(lock(&rig.world).open, 0, "what failed is closed");
        // Better after two seconds: it takes over again, and the notice goes.
        lock(&rig.world).broken = None;
        let (after, notice) = rig.notice(ms(3000));
        assert_eq!(notice, None);
        assert!(after >= ms(1900), "not at once: {after:?}");
        assert!(rig.screen.duplicates());
    }
}

#[test]
fn a_failure_while_reading_still_gives_a_picture() {
    let mut rig = rig(world());
    rig.pass(ms(50));
    lock(&rig.world).broken = Some(Failure::Hung);
    lock(&rig.world).value = 5;
    assert_eq!(rig.screen.grab(&[WHOLE]).unwrap().pixels[0], 5);
    assert!(!rig.screen.duplicates());
    let events = rig.wait().unwrap();
    assert!(events.contains(&ScreenEvent::Damage(WHOLE)), "{events:?}");
}

#[test]
fn a_system_without_duplication_is_in_order() {
    let world = world();
    lock(&world).refused = Some(Failure::Unsupported("Windows 7".to_owned()));
    let mut rig = rig(world);
    let events = rig.pass(Duration::from_secs(30));
    assert!(!events.iter().any(|event| matches!(event, ScreenEvent::Notice(_))), "{events:?}");
    assert_eq!(lock(&rig.world).duplications, 1, "asked once");
}

#[test]
fn a_trial_that_fails_is_told_and_tried_less_and_less() {
    let world = world();
    lock(&world).broken = Some(Failure::Busy);
    let mut rig = rig(world);
    assert_eq!(rig.notice(ms(100)).1.unwrap().cause, CauseCode::CaptureFellBack);
    rig.pass(Duration::from_secs(80));
    assert_eq!(lock(&rig.world).duplications, 4, "0, 2, 12, 72 s");
}

#[test]
fn silence_while_the_screen_changes_is_a_failure_within_two_seconds() {
    let mut rig = rig(world());
    rig.pass(ms(5000));
    assert!(rig.screen.duplicates(), "a still screen is no failure");
    lock(&rig.world).fingerprint = 1;
    let (after, notice) = rig.notice(ms(2000));
    assert!(after <= ms(2000), "{after:?}");
    assert!(notice.unwrap().detail.contains("stalled"));
    assert!(!rig.screen.duplicates());
}

#[test]
fn a_desktop_that_may_not_be_seen_is_a_cause_and_the_way_back_is_open() {
    let mut rig = rig(world());
    rig.pass(ms(50));
    lock(&rig.world).desktop = Desktop::Denied;
    lock(&rig.world).broken = Some(Failure::AccessDenied);
    let error = rig.wait().unwrap_err();
    assert_eq!((error.cause, error.lost), (CauseCode::SecureDesktop, false));
    // Whoever opens it meanwhile learns the same.
    let clock = Arc::clone(&rig.clock) as Arc<dyn Clock>;
    let error = Screen::with(Fake(Arc::clone(&rig.world)), clock).err().unwrap();
    assert_eq!(error.cause, CauseCode::SecureDesktop);
    lock(&rig.world).desktop = Desktop::Ours;
    lock(&rig.world).broken = None;
    let shared = Arc::clone(&rig.world);
    drop(rig);
    let mut back = self::rig(shared);
    back.pass(ms(3000));
    assert!(back.screen.duplicates());
}

#[test]
fn without_a_desktop_the_cause_is_no_display() {
    let world = world();
    lock(&world).desktop = Desktop::Absent;
    let clock = Arc::new(ManualClock::default()) as Arc<dyn Clock>;
    let error = Screen::with(Fake(Arc::clone(&world)), clock).err().unwrap();
    assert_eq!(error.cause, CauseCode::NoDisplay);
    // And when it goes while capturing.
    lock(&world).desktop = Desktop::Ours;
    let mut rig = rig(world);
    rig.pass(ms(50));
    lock(&rig.world).desktop = Desktop::Absent;
    lock(&rig.world).broken = Some(Failure::AccessLost);
    assert_eq!(rig.wait().unwrap_err().cause, CauseCode::NoDisplay);
    // The session that it was in may still be there, without a screen.
    lock(&rig.world).broken = Some(Failure::Disconnected);
    assert_eq!(rig.wait().unwrap_err().cause, CauseCode::SessionDisconnected);
    lock(&rig.world).desktop = Desktop::Disconnected;
    lock(&rig.world).broken = None;
    rig.clock.advance(ms(600));
    assert_eq!(rig.wait().unwrap_err().cause, CauseCode::SessionDisconnected);
}

#[test]
fn another_desktop_that_may_be_seen_is_followed() {
    let mut rig = rig(world());
    rig.pass(ms(50));
    lock(&rig.world).follows.push_back(Desktop::Followed);
    lock(&rig.world).broken = Some(Failure::AccessLost);
    let events = rig.pass(ms(20));
    assert!(events.contains(&ScreenEvent::Damage(WHOLE)), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, ScreenEvent::Notice(_))), "{events:?}");
    lock(&rig.world).broken = None;
    rig.pass(ms(600));
    assert!(rig.screen.duplicates(), "on the new desktop");
}

#[test]
fn gdi_that_fails_is_a_typed_error() {
    let world = world();
    lock(&world).refused = Some(Failure::Unsupported(String::new()));
    let mut rig = rig(world);
    rig.pass(ms(50));
    lock(&rig.world).gdi_broken = Some(Failure::Call { call: "BitBlt", code: 6 });
    assert_eq!(rig.wait().unwrap_err().cause, CauseCode::CaptureFailed);
    let error = rig.screen.grab(&[WHOLE]).unwrap_err();
    assert_eq!(error.cause, CauseCode::CaptureFailed, "no crash afterwards");
}

#[test]
fn displays_that_change_are_told_and_chosen_anew() {
    let mut rig = rig(world());
    rig.pass(ms(50));
    lock(&rig.world).displays = vec![display(1, 0), display(2, -40)];
    let events = rig.pass(ms(520));
    assert!(events.contains(&ScreenEvent::DisplaysChanged), "{events:?}");
    assert!(rig.screen.grab(&[WHOLE]).is_err(), "not before a choice");
    assert_eq!(rig.screen.displays().len(), 2);
    assert_eq!(rig.screen.select(DisplaySelection::One(2)).unwrap(), SMALL);
    assert_eq!(rig.screen.origin(), (-40, 0));
    assert!(rig.wait().unwrap().contains(&ScreenEvent::Damage(WHOLE)));
    rig.pass(ms(1000));
    assert!(rig.screen.duplicates());
    let refused = rig.screen.select(DisplaySelection::One(7)).unwrap_err();
    assert_eq!(refused.cause, CauseCode::MonitorUnknown);
    assert!(rig.screen.duplicates(), "the surface stays");
    assert_eq!(rig.screen.select(DisplaySelection::All).unwrap().width, 80);
    rig.pass(ms(100));
    assert!(rig.screen.duplicates());
    assert_eq!(lock(&rig.world).open, 1);
}
