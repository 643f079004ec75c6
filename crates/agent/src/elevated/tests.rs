use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_actions::Action;
use gc_platform::{
    ActionError, Attention, CaptureError, CursorImage, DisplaySelection, ElevationHandle,
    InputError, InputInjector, MachineActions, NoActions, PixelRect, PixelSize, PointerButton,
    ScreenCapture, ScreenEvent, SecureAttentionError, SpawnedWorker, WorkerExit, WorkerProcess,
    WorkerStream,
};
use gc_platform_fake::{
    FakeInput, FakeInputControl, FakeScreen, FakeScreenControl, FakeSecureAttention, Injected,
    StreamControl, worker_stream,
};
use gc_types::{CauseCode, Entropy, Secret, SeededEntropy, VERSION};

use super::message::{FromProgram, Goodbye, Hello, Line, Request, ToProgram, Wish, Word};
use super::*;
use crate::worker::frame::{self, Frame};

const PATIENCE: Duration = Duration::from_secs(20);
const SECRET: &str = "what nobody else knows";
const WHOLE: PixelRect = PixelRect { x: 0, y: 0, width: 64, height: 48 };
/// Colours of the program's screen and of the helper's.
const OWN: [u8; 3] = [1, 2, 3];
const THEIRS: [u8; 3] = [9, 8, 7];

/// A desktop that can be opened again and again, on which all screens look alike.
struct FakeHands {
    color: [u8; 3],
    screens: Mutex<Vec<FakeScreenControl>>,
    inputs: Mutex<Vec<FakeInputControl>>,
}

impl FakeHands {
    fn new(color: [u8; 3]) -> Arc<Self> {
        Arc::new(Self { color, screens: Mutex::default(), inputs: Mutex::default() })
    }

    fn screen(&self) -> FakeScreenControl {
        self.screens.lock().unwrap().last().unwrap().clone()
    }

    fn input(&self) -> FakeInputControl {
        self.inputs.lock().unwrap().last().unwrap().clone()
    }
}

impl Hands for FakeHands {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let (screen, control) = FakeScreen::new(WHOLE.width, WHOLE.height);
        control.fill(0, 0, WHOLE.width, WHOLE.height, self.color);
        self.screens.lock().unwrap().push(control);
        Ok(Box::new(screen))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let (input, control) = FakeInput::new();
        self.inputs.lock().unwrap().push(control);
        Ok(Box::new(input))
    }
}

/// A worker that is a thread.
struct Process {
    thread: Mutex<Option<JoinHandle<()>>>,
    pipe: StreamControl,
}

impl WorkerProcess for Process {
    fn id(&self) -> u32 {
        1
    }

    fn wait(&self) -> WorkerExit {
        if let Some(thread) = self.thread.lock().unwrap().take() {
            thread.join().unwrap();
        }
        WorkerExit { code: Some(0), detail: "done".to_owned() }
    }

    fn kill(&self) {
        self.pipe.sever();
    }
}

struct Helper {
    /// The program's end.
    program: Option<WorkerStream>,
    hands: Arc<FakeHands>,
    attention: Arc<FakeSecureAttention>,
    worker: StreamControl,
    spawned: Receiver<()>,
    end: Sender<BridgeEnd>,
    service: JoinHandle<BridgeEnd>,
}

impl Helper {
    fn start() -> Self {
        let (service, program, _) = worker_stream();
        let (to_worker, worker, control) = worker_stream();
        let hands = FakeHands::new(THEIRS);
        let attention = Arc::new(FakeSecureAttention::default());
        let (told, spawned) = channel();
        let (end, over) = channel();
        let spawn = {
            let (hands, pipe) = (Arc::clone(&hands) as Arc<dyn Hands>, control.clone());
            Box::new(move |ticket: &Secret| {
                let ticket = ticket.clone();
                let run = move || drop(serve(worker, &ticket, &hands));
                let thread = Mutex::new(Some(std::thread::spawn(run)));
                told.send(()).unwrap();
                let process = Arc::new(Process { thread, pipe });
                Ok(SpawnedWorker { stream: to_worker, process })
            })
        };
        let keys = Arc::clone(&attention);
        let channel = (end.clone(), over);
        let service = std::thread::spawn(move || {
            let digest = digest_of(&Secret::new(SECRET));
            let entropy = Arc::new(SeededEntropy::new(5));
            bridge(service, digest, spawn, keys, entropy, channel)
        });
        let program = Some(program);
        Self { program, hands, attention, worker: control, spawned, end, service }
    }
}

/// A user who allows it, or does not.
struct User(Mutex<Option<Result<Granted, ActionError>>>);

impl AskForRights for User {
    fn ask(&self) -> Result<Granted, ActionError> {
        self.0.lock().unwrap().take().unwrap()
    }
}

struct Rig {
    elevation: Elevation,
    actions: ElevatingActions<NoActions>,
    own: Arc<FakeHands>,
    helper: Helper,
}

impl Rig {
    fn with(secret: &str) -> Self {
        let mut helper = Helper::start();
        let stream = helper.program.take().unwrap();
        let granted = Granted { stream, secret: Secret::new(secret) };
        let user = Arc::new(User(Mutex::new(Some(Ok(granted)))));
        let elevation = Elevation::default();
        let actions = ElevatingActions::new(NoActions, elevation.clone(), user);
        Self { elevation, actions, own: FakeHands::new(OWN), helper }
    }

    fn new() -> Self {
        Self::with(SECRET)
    }

    fn elevate(&self) -> (Box<dyn ElevationHandle>, Receiver<ActionError>) {
        let (send, lost) = channel();
        (self.actions.elevate(Box::new(move |error| drop(send.send(error)))).unwrap(), lost)
    }

    fn screen(&self) -> Box<dyn ScreenCapture> {
        let own = Arc::clone(&self.own);
        let mut screen = self.elevation.screen(Arc::new(move || own.open_screen())).unwrap();
        screen.select(DisplaySelection::All).unwrap();
        screen
    }

    fn input(&self) -> Box<dyn InputInjector> {
        let own = Arc::clone(&self.own);
        self.elevation.input(Arc::new(move || own.open_input())).unwrap()
    }
}

/// Waits for an event that `is`; those before it are dropped.
fn wait_for(screen: &mut dyn ScreenCapture, is: impl Fn(&ScreenEvent) -> bool) -> ScreenEvent {
    for _ in 0..10_000 {
        let events = screen.wait(Some(PATIENCE)).unwrap();
        if let Some(event) = events.into_iter().find(&is) {
            return event;
        }
    }
    panic!("it did not happen");
}

fn changed(screen: &mut dyn ScreenCapture) {
    wait_for(screen, |event| *event == ScreenEvent::DisplaysChanged);
    assert_eq!(
        screen.select(DisplaySelection::All).unwrap(),
        PixelSize { width: WHOLE.width, height: WHOLE.height }
    );
}

/// The colour of the whole surface.
fn color(screen: &mut dyn ScreenCapture) -> [u8; 3] {
    let view = screen.grab(&[WHOLE]).unwrap();
    let pixels = view.pixels.as_chunks::<4>().0;
    assert_eq!(pixels.len(), 64 * 48);
    let [b, g, r, _] = pixels[0];
    assert!(pixels.iter().all(|pixel| pixel[..3] == [b, g, r]));
    [b, g, r]
}

fn key(code: u8, down: bool) -> Injected {
    Injected::Key { scan_code: code, extended: false, down }
}

#[test]
fn the_picture_goes_over_to_the_helper_and_comes_back() {
    let rig = Rig::new();
    let mut screen = rig.screen();
    let (own, screen) = (color(screen.as_mut()), screen.as_mut());
    let (rights, _lost) = rig.elevate();
    changed(screen);
    let theirs = color(screen);
    assert_ne!(own, theirs);

    // What happens there is told here.
    let control = rig.helper.hands.screen();
    let image = CursorImage {
        size: PixelSize { width: 2, height: 1 },
        hotspot_x: 1,
        hotspot_y: 0,
        rgba: (0..8).collect(),
    };
    control.set_cursor(Some(image.clone()));
    wait_for(screen, |event| *event == ScreenEvent::CursorShape(Some(image.clone())));
    control.move_pointer(7, 9);
    wait_for(screen, |event| *event == ScreenEvent::CursorMoved { x: 7, y: 9 });
    control.fill(8, 4, 3, 2, OWN);
    let part = PixelRect { x: 8, y: 4, width: 3, height: 2 };
    wait_for(screen, |event| *event == ScreenEvent::Damage(part));
    let view = screen.grab(&[part, PixelRect { x: 60, y: 40, width: 900, height: 900 }]).unwrap();
    let at = |x: usize, y: usize| &view.pixels[y * view.stride + x * 4..][..3];
    assert_eq!((at(8, 4), at(10, 5)), (&own[..], &own[..]));
    assert_eq!((at(7, 4), at(11, 5), at(8, 6)), (&theirs[..], &theirs[..], &theirs[..]));
    let unknown = screen.select(DisplaySelection::One(77)).unwrap_err();
    assert_eq!(unknown.cause, CauseCode::MonitorUnknown);

    drop(rights);
    assert!(!rig.elevation.is_on());
    changed(screen);
    assert_eq!(color(screen), own);
    assert!(matches!(rig.helper.service.join().unwrap(), BridgeEnd::Program));
}

#[test]
fn a_wait_that_is_under_way_hears_of_the_change() {
    let rig = Rig::new();
    let mut screen = rig.screen();
    while !screen.wait(Some(Duration::ZERO)).unwrap().is_empty() {}
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            // For ever, unless it is woken.
            while screen.wait(None).unwrap().is_empty() {}
        });
        let rights = rig.elevate();
        waiting.join().unwrap();
        drop(rights);
    });
}

#[test]
fn another_desktop_of_the_helper_is_a_change_of_displays() {
    let rig = Rig::new();
    let mut screen = rig.screen();
    let _rights = rig.elevate();
    changed(screen.as_mut());
    let opened = rig.helper.hands.screens.lock().unwrap().len();
    rig.helper.hands.screen().lose();
    changed(screen.as_mut());
    assert_eq!(rig.helper.hands.screens.lock().unwrap().len(), opened + 1);
    color(screen.as_mut());
}

#[test]
fn what_is_typed_goes_where_the_rights_are_and_what_is_held_goes_up_with_them() {
    let rig = Rig::new();
    let mut input = rig.input();
    input.key(0x1E, false, true).unwrap();
    input.flush().unwrap();
    assert_eq!(rig.own.input().take(), [key(0x1E, true)]);

    let (rights, _lost) = rig.elevate();
    input.key(0x1E, false, false).unwrap();
    input.pointer_move(-5, 70).unwrap();
    input.pointer_button(PointerButton::Back, true).unwrap();
    input.wheel(0, -120).unwrap();
    input.text("größer als 1 €").unwrap();
    input.set_locks(true, false, true).unwrap();
    input.key(0x2A, false, true).unwrap();
    input.flush().unwrap();
    let theirs = rig.helper.hands.input();
    assert_eq!(
        theirs.take(),
        [
            key(0x1E, false),
            Injected::PointerMove(-5, 70),
            Injected::PointerButton(PointerButton::Back, true),
            Injected::Wheel(0, -120),
            Injected::Text("größer als 1 €".to_owned()),
            Injected::Locks(true, false, true),
            key(0x2A, true),
        ]
    );
    assert_eq!(rig.own.input().take(), []);
    theirs.fail(Some(CauseCode::InputUnavailable));
    input.key(0x30, false, true).unwrap();
    assert_eq!(input.flush().unwrap_err().cause, CauseCode::InputUnavailable);
    theirs.fail(None);

    drop(rights);
    assert!(theirs.wait_for(2, PATIENCE));
    let released = theirs.take();
    assert!(released.contains(&Injected::PointerButton(PointerButton::Back, false)));
    assert!(released.contains(&key(0x2A, false)), "{released:?}");
    input.key(0x2A, false, false).unwrap();
    input.flush().unwrap();
    assert_eq!(rig.own.input().take(), [key(0x2A, false)], "the program works again");
}

#[test]
fn who_does_not_know_the_secret_gets_no_worker() {
    let rig = Rig::with("something else");
    let error = rig.actions.elevate(Box::new(|_| {})).err().unwrap();
    assert_eq!(error.cause, CauseCode::ActionFailed);
    assert!(!rig.elevation.is_on());
    let end = rig.helper.service.join().unwrap();
    assert!(matches!(end, BridgeEnd::Failed(ElevatedError::Stranger)), "{end:?}");
    assert!(rig.helper.spawned.try_recv().is_err());
}

#[test]
fn a_user_who_says_no_changes_nothing() {
    for cause in [CauseCode::ElevationDeclined, CauseCode::ElevationForbidden] {
        let refusal = Err(ActionError::new(cause, ""));
        let user = Arc::new(User(Mutex::new(Some(refusal))));
        let elevation = Elevation::default();
        let actions = ElevatingActions::new(NoActions, elevation.clone(), user);
        assert_eq!(actions.elevate(Box::new(|_| {})).err().unwrap().cause, cause);
        assert!(!elevation.is_on());
        assert!(actions.ability(Action::Elevate).is_ok(), "they can be asked again");
    }
}

#[test]
fn a_helper_that_dies_is_told_and_the_session_goes_on_without() {
    let rig = Rig::new();
    let mut screen = rig.screen();
    let mut input = rig.input();
    let (_rights, lost) = rig.elevate();
    changed(screen.as_mut());
    input.key(0x2A, false, true).unwrap();
    input.flush().unwrap();
    rig.helper.worker.sever();
    assert_eq!(lost.recv_timeout(PATIENCE).unwrap().cause, CauseCode::ElevationLost);
    assert!(lost.recv().is_err(), "once");
    changed(screen.as_mut());
    let own = rig.own.screen().picture().1;
    assert_eq!(color(screen.as_mut()), own[..3]);
    input.key(0x2A, false, false).unwrap();
    input.flush().unwrap();
    assert_eq!(rig.own.input().take(), [key(0x2A, false)]);
    let end = rig.helper.service.join().unwrap();
    assert!(matches!(end, BridgeEnd::Worker | BridgeEnd::Failed(_)), "{end:?}");
}

#[test]
fn a_release_that_the_helper_takes_with_it_is_made_good() {
    let rig = Rig::new();
    let mut input = rig.input();
    let (_rights, lost) = rig.elevate();
    input.pointer_button(PointerButton::Left, true).unwrap();
    input.flush().unwrap();
    input.pointer_button(PointerButton::Left, false).unwrap();
    rig.helper.worker.sever();
    lost.recv_timeout(PATIENCE).unwrap();
    input.flush().unwrap();
    assert_eq!(rig.own.input().take(), [Injected::PointerButton(PointerButton::Left, false)]);
}

#[test]
fn a_picture_that_is_being_read_when_the_helper_dies_is_the_last_one_once_more() {
    let rig = Rig::new();
    let mut screen = rig.screen();
    let (_rights, lost) = rig.elevate();
    changed(screen.as_mut());
    let last = color(screen.as_mut());
    rig.helper.worker.sever();
    lost.recv_timeout(PATIENCE).unwrap();
    assert_eq!(color(screen.as_mut()), last);
    changed(screen.as_mut());
}

#[test]
fn a_service_that_stops_takes_everything_with_it() {
    let rig = Rig::new();
    let mut input = rig.input();
    let (_rights, lost) = rig.elevate();
    input.key(0x38, false, true).unwrap();
    input.flush().unwrap();
    rig.helper.end.send(BridgeEnd::Stopped).unwrap();
    assert!(matches!(rig.helper.service.join().unwrap(), BridgeEnd::Stopped));
    let keys = rig.helper.hands.input().take();
    assert_eq!(keys, [key(0x38, true), key(0x38, false)]);
    assert_eq!(lost.recv_timeout(PATIENCE).unwrap().cause, CauseCode::ElevationLost);
}

#[test]
fn ctrl_alt_del_is_pressed_by_the_service() {
    let rig = Rig::new();
    assert!(rig.actions.ability(Action::CtrlAltDel).is_err());
    let rights = rig.elevate();
    assert!(rig.actions.ability(Action::CtrlAltDel).is_ok());
    assert_eq!(rig.actions.ctrl_alt_del(), Ok(Attention::Sent));
    rig.helper.attention.fail(Some(SecureAttentionError::PolicyForbids));
    let error = rig.actions.ctrl_alt_del().unwrap_err();
    assert_eq!(error.cause, CauseCode::SecureAttentionUnavailable);
    assert!(error.detail.contains("policy"), "{error}");
    assert_eq!(rig.helper.attention.asked(), 2);
    drop(rights);
    assert!(rig.actions.ctrl_alt_del().is_err());
}

/// A program that says what it likes, once it has been let in.
struct Rogue {
    stream: WorkerStream,
    helper: Helper,
}

impl Rogue {
    fn new() -> Self {
        let mut helper = Helper::start();
        let stream = helper.program.take().unwrap();
        let mut rogue = Self { stream, helper };
        rogue.say(Wish::Hello(Hello { software: VERSION.to_owned(), proof: SECRET.to_owned() }));
        let first = frame::read::<ToProgram>(rogue.stream.reader.as_mut()).unwrap();
        assert!(matches!(first, Frame::Message(ToProgram { word: Some(Word::Ready(_)) })));
        rogue
    }

    fn say(&mut self, wish: Wish) {
        let frame = frame::message(&FromProgram { wish: Some(wish) });
        // It may have been thrown out already.
        drop(self.stream.writer.write_all(&frame));
    }

    fn end(self) -> BridgeEnd {
        let end = self.helper.service.join().unwrap();
        drop(self.stream);
        end
    }
}

#[test]
fn what_is_not_screen_input_or_attention_ends_it() {
    type Wrong = fn(&mut Rogue);
    let ways: [(&str, Wrong); 5] = [
        ("a second hello", |rogue| rogue.say(Wish::Hello(Hello::default()))),
        ("a line that is not open", |rogue| rogue.say(Wish::Grab(message::Grab::default()))),
        ("a record", |rogue| {
            let record = bytes::Bytes::from(vec![0; 64]);
            frame::write_record(rogue.stream.writer.as_mut(), &record, true).unwrap();
        }),
        ("a report", |rogue| {
            rogue.stream.writer.write_all(&frame::report(b"audit")).unwrap();
        }),
        ("lines without end", |rogue| {
            for line in 1..100 {
                rogue.say(Wish::OpenInput(Line { line }));
            }
        }),
    ];
    for (what, wrong) in ways {
        let mut rogue = Rogue::new();
        wrong(&mut rogue);
        // Either the service has seen it, or the worker has, and is gone.
        let end = rogue.end();
        assert!(matches!(end, BridgeEnd::Failed(_) | BridgeEnd::Worker), "{what}: {end:?}");
    }
    let mut rogue = Rogue::new();
    rogue.say(Wish::Goodbye(Goodbye {}));
    assert!(matches!(rogue.end(), BridgeEnd::Program));
}

#[test]
fn a_flood_of_ctrl_alt_del_is_one_at_a_time() {
    let mut rogue = Rogue::new();
    for request in 0..50 {
        rogue.say(Wish::Attention(Request { request }));
        let answer = frame::read::<ToProgram>(rogue.stream.reader.as_mut()).unwrap();
        assert!(matches!(answer, Frame::Message(ToProgram { word: Some(Word::Attention(_)) })));
    }
    assert!(rogue.helper.attention.asked() <= 50);
    drop(rogue.stream.writer);
    drop(rogue.stream.reader);
    assert!(matches!(rogue.helper.service.join().unwrap(), BridgeEnd::Program));
}

#[test]
fn hostile_bytes_end_it_and_leave_nothing_down() {
    let seed = 0x5AFE_C0DE_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let say = |wish| frame::message(&FromProgram { wish: Some(wish) });
    let step = |code, down| message::Step {
        act: Some(message::Act::Key(message::Key { code, extended: false, down })),
    };
    let good = [
        say(Wish::OpenScreen(Line { line: 1 })),
        say(Wish::OpenInput(Line { line: 2 })),
        say(Wish::Select(message::Select { line: 1, display: Some(1) })),
        say(Wish::Inject(message::Inject { line: 2, steps: vec![step(0x2A, true)] })),
        say(Wish::Grab(message::Grab {
            line: 1,
            region: vec![message::Rect { x: 1, y: 1, width: u32::MAX, height: 9 }],
        })),
    ]
    .concat();
    for _ in 0..300 {
        let mut bytes = good.clone();
        let mut dice = [0; 6];
        entropy.fill(&mut dice);
        for pair in dice.chunks_exact(2) {
            let place = usize::from(pair[0]) % bytes.len();
            bytes[place] ^= pair[1];
        }
        let hands = FakeHands::new(THEIRS);
        let (service, worker, control) = worker_stream();
        let its = Arc::clone(&hands) as Arc<dyn Hands>;
        let serving = std::thread::spawn(move || serve(worker, &Secret::new("t"), &its));
        let WorkerStream { mut reader, mut writer } = service;
        let reading = std::thread::spawn(move || while reader.read(&mut [0; 999]).unwrap() > 0 {});
        // Refused half way is as good.
        drop(writer.write_all(&bytes));
        drop(writer);
        let _ = serving.join().unwrap();
        control.sever();
        reading.join().unwrap();
        for input in hands.inputs.lock().unwrap().iter() {
            let log = input.log();
            let downs = log.iter().filter(|it| matches!(it, Injected::Key { down: true, .. }));
            let ups = log.iter().filter(|it| matches!(it, Injected::Key { down: false, .. }));
            assert!(downs.count() <= ups.count(), "{log:?}");
        }
    }
}

#[test]
fn pieces_that_are_none_are_refused() {
    let piece = |kind: u8, numbers: [u32; 5], rest: usize| {
        let mut bytes = vec![kind];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.resize(bytes.len() + rest, 0);
        wire::Piece::decode(bytes.into())
    };
    assert!(piece(1, [1, 0, 0, 2, 3], 24).is_some());
    assert!(piece(2, [1, 2, 3, 1, 2], 24).is_some());
    for (kind, numbers, rest) in [
        (0, [1, 0, 0, 2, 3], 24),
        (1, [1, 0, 0, 2, 3], 23),
        (1, [1, 0, 0, 0, 3], 0),
        (1, [1, 0, 0, u32::MAX, u32::MAX], 4),
        (2, [1, 2, 3, 2, 2], 24),
        (2, [1, 257, 1, 0, 0], 1_028),
        (2, [1, 0, 0, 0, 0], 0),
    ] {
        assert!(piece(kind, numbers, rest).is_none(), "{kind} {numbers:?} {rest}");
    }
    assert!(wire::Piece::decode(vec![1; 20].into()).is_none());
}
