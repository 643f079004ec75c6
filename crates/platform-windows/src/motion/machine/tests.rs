use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::super::transform::{DEVICE_REMOVED, NO_HARDWARE, RateChange, SHUT_DOWN, STREAM_CHANGE};
use super::*;
use TransformEvent::{DrainComplete, Failed, HaveOutput, NeedInput, Other};

const LIMIT: Duration = Duration::from_millis(500);
const SPS: &[u8] = &[0, 0, 0, 1, 0x67, 66, 0xC0, 30, 0x8C];
const PPS: &[u8] = &[0, 0, 0, 1, 0x68, 0xCE, 0x3C];
const IDR: &[u8] = &[0, 0, 0, 1, 0x65, 0x88, 0x80];
const P: &[u8] = &[0, 0, 0, 1, 0x41, 0x9A, 0x24];
const DELIMITER: &[u8] = &[0, 0, 0, 1, 0x09, 0x10];
const E_FAIL: u32 = 0x8000_4005;

/// What a `ProcessOutput` of the fake brings.
#[derive(Clone)]
enum Give {
    Sample(Vec<u8>),
    Change,
    Nothing,
}

fn sample(units: &[&[u8]]) -> Give {
    Give::Sample(units.concat())
}

fn key() -> Give {
    sample(&[SPS, PPS, IDR])
}

/// What the fake and its test both look at.
#[derive(Default)]
struct Script {
    /// Said at the start of a stream.
    on_start: Vec<TransformEvent>,
    /// Said after each input; the last one repeats.
    on_input: VecDeque<Vec<TransformEvent>>,
    /// Said after a drain.
    on_drain: Vec<TransformEvent>,
    /// Put out; the last one repeats.
    gives: VecDeque<Give>,
    /// Calls until one fails, and how.
    fail: Option<(usize, u32)>,
    /// What the output type carries.
    header: Vec<u8>,
    needs_restart: bool,
    /// Inputs that are refused although they were asked for.
    refusals: u32,
    /// A synchronous one knows that it will say no more.
    knows_its_end: bool,
    calls: Vec<&'static str>,
    said: VecDeque<TransformEvent>,
    shut_down: bool,
}

struct Fake(Rc<RefCell<Script>>);

impl Fake {
    fn call(&self, name: &'static str) -> Result<(), TransformFailure> {
        let mut script = self.0.borrow_mut();
        assert!(!script.shut_down, "{name} after shutdown");
        script.calls.push(name);
        match script.fail {
            Some((0, code)) => Err(TransformFailure::of(name, code)),
            Some((left, code)) => {
                script.fail = Some((left - 1, code));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn front<T: Clone>(queue: &mut VecDeque<T>) -> Option<T> {
    if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
}

impl Transform for Fake {
    fn message(&mut self, message: Message) -> Result<(), TransformFailure> {
        let name = match message {
            Message::BeginStreaming => "begin streaming",
            Message::StartOfStream => "start",
            Message::EndOfStream => "end",
            Message::Drain => "drain",
            Message::Flush => "flush",
            Message::EndStreaming => "end streaming",
        };
        self.call(name)?;
        let mut script = self.0.borrow_mut();
        let events = match message {
            Message::StartOfStream => script.on_start.clone(),
            Message::Drain => script.on_drain.clone(),
            Message::Flush => {
                script.said.clear();
                Vec::new()
            }
            _ => Vec::new(),
        };
        script.said.extend(events);
        Ok(())
    }

    fn event(&mut self, within: Duration) -> Result<Waited, TransformFailure> {
        self.call("event")?;
        let mut script = self.0.borrow_mut();
        // Each event takes a millisecond to come; what does not come takes for ever.
        match script.said.pop_front() {
            Some(event) => {
                let left = within.saturating_sub(Duration::from_millis(1));
                Ok(Waited { event: Some(event), left })
            }
            None if script.knows_its_end => Ok(Waited { event: None, left: within }),
            None => Ok(Waited { event: None, left: Duration::ZERO }),
        }
    }

    fn process_input(&mut self, picture: Nv12<'_>, _: Duration) -> Result<(), TransformFailure> {
        assert_eq!(picture.bytes.len(), 24);
        self.call("input")?;
        let mut script = self.0.borrow_mut();
        if script.refusals > 0 {
            script.refusals -= 1;
            script.said.push_back(NeedInput);
            return Err(TransformFailure::of("input", NOT_ACCEPTING));
        }
        let events = front(&mut script.on_input).unwrap_or_default();
        script.said.extend(events);
        Ok(())
    }

    fn process_output(&mut self, out: &mut Vec<u8>) -> Result<Output, TransformFailure> {
        self.call("output")?;
        match front(&mut self.0.borrow_mut().gives) {
            Some(Give::Sample(bytes)) => {
                out.extend(bytes);
                Ok(Output::Sample)
            }
            Some(Give::Change) => Ok(Output::StreamChange),
            Some(Give::Nothing) | None => Ok(Output::NeedMoreInput),
        }
    }

    fn agree_on_output(&mut self) -> Result<(), TransformFailure> {
        self.call("agree")
    }

    fn force_key(&mut self) -> Result<(), TransformFailure> {
        self.call("force key")
    }

    fn set_rate(&mut self, _: u32, _: u32) -> Result<RateChange, TransformFailure> {
        self.call("rate")?;
        let restart = self.0.borrow().needs_restart;
        Ok(if restart { RateChange::NeedsRestart } else { RateChange::Done })
    }

    fn configure(&mut self, _: u32, _: u32) -> Result<(), TransformFailure> {
        self.call("configure")
    }

    fn sequence_header(&self) -> Vec<u8> {
        self.0.borrow().header.clone()
    }

    fn shutdown(&mut self) {
        let mut script = self.0.borrow_mut();
        assert!(!script.shut_down, "shut down twice");
        script.shut_down = true;
    }
}

struct Rig {
    script: Rc<RefCell<Script>>,
    machine: Machine<Fake>,
}

const PICTURE: Nv12<'static> = Nv12 { width: 4, height: 4, bytes: &[0; 24] };

impl Rig {
    fn start(script: Script) -> Result<Self, TransformFailure> {
        let script = Rc::new(RefCell::new(script));
        let machine = Machine::start(Fake(Rc::clone(&script)), Syntax::Avc, LIMIT)?;
        Ok(Self { script, machine })
    }

    fn new(script: Script) -> Self {
        Self::start(script).unwrap()
    }

    fn encode(&mut self, key: bool) -> Result<(bool, Vec<u8>), TransformFailure> {
        let mut out = vec![9, 9];
        let made = self.machine.encode(PICTURE, key, Duration::ZERO, &mut out);
        if made.is_err() {
            assert_eq!(out, [9, 9], "what failed leaves nothing behind");
        }
        made.map(|made| (made, out.split_off(2)))
    }

    /// A stream whose first picture is out.
    fn running(script: Script) -> Self {
        let mut rig = Self::new(script);
        assert!(rig.encode(false).unwrap().0);
        rig.script.borrow_mut().calls.clear();
        rig
    }

    fn count(&self, name: &str) -> usize {
        self.script.borrow().calls.iter().filter(|call| **call == name).count()
    }
}

fn usual() -> Script {
    Script {
        on_start: vec![NeedInput],
        on_input: [vec![HaveOutput, NeedInput]].into(),
        on_drain: vec![DrainComplete],
        gives: [key(), sample(&[P])].into(),
        ..Script::default()
    }
}

#[test]
fn every_order_of_events_gives_one_unit_per_picture() {
    let orders: [&[TransformEvent]; 7] = [
        &[NeedInput, HaveOutput],
        &[HaveOutput, NeedInput],
        &[NeedInput, NeedInput, HaveOutput],
        &[Other, NeedInput, Other, HaveOutput, Other],
        &[HaveOutput, NeedInput, NeedInput],
        &[DrainComplete, NeedInput, HaveOutput],
        &[Other, Other, Other, NeedInput, NeedInput, NeedInput, HaveOutput],
    ];
    for order in orders {
        for greedy in [1, 3] {
            let mut rig = Rig::new(Script {
                on_start: vec![NeedInput; greedy],
                on_input: [order.to_vec()].into(),
                ..usual()
            });
            assert_eq!(rig.encode(false), Ok((true, [SPS, PPS, IDR].concat())), "{order:?}");
            for _ in 0..5 {
                assert_eq!(rig.encode(false), Ok((false, P.to_vec())), "{order:?}");
            }
            assert_eq!((rig.count("input"), rig.count("output")), (6, 6));
            assert_eq!(rig.count("force key"), 0);
        }
    }
}

#[test]
fn output_may_be_late_but_not_later_than_the_limit() {
    let mut late = vec![Other; 200];
    late.extend([HaveOutput, NeedInput]);
    let mut rig = Rig::new(Script { on_input: [late].into(), ..usual() });
    assert!(rig.encode(false).is_ok());

    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![NeedInput]].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Err(TransformFailure::Stalled(LIMIT)));
    assert!(rig.script.borrow().shut_down);
    assert_eq!(rig.encode(false), Err(TransformFailure::Closed));
}

#[test]
fn a_transform_that_never_asks_for_input_has_stalled() {
    let mut rig = Rig::new(Script { on_start: vec![], ..usual() });
    assert_eq!(rig.encode(false), Err(TransformFailure::Stalled(LIMIT)));
    assert_eq!(rig.count("input"), 0);
}

#[test]
fn one_that_says_much_and_makes_nothing_is_ended() {
    let mut rig = Rig::new(Script { on_input: [vec![Other; 400]].into(), ..usual() });
    assert_eq!(rig.encode(false), Err(TransformFailure::Output("events without end")));
    let mut rig = Rig::new(Script {
        on_input: [vec![HaveOutput; 400]].into(),
        gives: [Give::Nothing].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Err(TransformFailure::Output("events without end")));
}

#[test]
fn parameter_sets_in_an_output_of_their_own_go_with_their_picture() {
    let mut rig = Rig::new(Script {
        on_input: [vec![HaveOutput, NeedInput, HaveOutput]].into(),
        gives: [sample(&[DELIMITER, SPS, PPS]), sample(&[IDR])].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Ok((true, [DELIMITER, SPS, PPS, IDR].concat())));

    // Before anything went in.
    let mut rig = Rig::new(Script {
        on_start: vec![HaveOutput, NeedInput],
        gives: [sample(&[SPS, PPS]), sample(&[DELIMITER, IDR])].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Ok((true, [DELIMITER, SPS, PPS, IDR].concat())));
}

#[test]
fn a_second_picture_for_one_input_is_refused() {
    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![HaveOutput, HaveOutput, NeedInput]].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Ok((false, P.to_vec())));
    let failure = TransformFailure::Output("a picture that nobody asked for");
    assert_eq!(rig.encode(false), Err(failure));
    assert!(rig.script.borrow().shut_down);
}

#[test]
fn a_key_picture_gets_the_parameter_sets_it_lacks() {
    // From the output type, as Microsoft's encoder has them.
    let header = [SPS, PPS].concat();
    let gives = [sample(&[DELIMITER, IDR]), sample(&[P])];
    let mut rig = Rig::new(Script { header: header.clone(), gives: gives.into(), ..usual() });
    assert_eq!(rig.encode(false), Ok((true, [DELIMITER, SPS, PPS, IDR].concat())));

    // From an earlier key picture.
    let gives = [key(), sample(&[P]), sample(&[IDR])];
    let mut rig = Rig::running(Script { gives: gives.into(), ..usual() });
    assert_eq!(rig.encode(false), Ok((false, P.to_vec())));
    assert_eq!(rig.encode(true), Ok((true, [SPS, PPS, IDR].concat())));
    assert_eq!(rig.count("force key"), 1);

    let mut rig = Rig::new(Script { gives: [sample(&[IDR])].into(), ..usual() });
    let failure = TransformFailure::Output("key picture without parameter sets");
    assert_eq!(rig.encode(false), Err(failure));
}

#[test]
fn the_kind_of_a_picture_is_what_was_asked_for() {
    let failure = TransformFailure::Output("no key picture where one was asked for");
    let mut rig = Rig::new(Script { gives: [sample(&[P])].into(), ..usual() });
    assert_eq!(rig.encode(false), Err(failure.clone()));
    let mut rig = Rig::running(usual());
    assert_eq!(rig.encode(true), Err(failure));
    // One that nobody asked for does no harm.
    let mut rig = Rig::running(Script { gives: [key()].into(), ..usual() });
    assert!(rig.encode(false).unwrap().0);
}

#[test]
fn garbage_is_refused() {
    let broken: [&[u8]; 4] = [&[], &[0, 0, 0, 3, 0x65, 1, 2], b"nonsense", &[0, 0, 1]];
    for bytes in broken {
        let mut rig = Rig::new(Script { gives: [sample(&[bytes])].into(), ..usual() });
        assert!(matches!(rig.encode(false), Err(TransformFailure::Output(_))), "{bytes:?}");
    }
}

#[test]
fn the_stream_may_change_its_type_in_the_middle() {
    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![HaveOutput, HaveOutput, NeedInput]].into(),
        gives: [key(), Give::Change, sample(&[IDR])].into(),
        ..usual()
    });
    rig.script.borrow_mut().header = [SPS, PPS, PPS].concat();
    // The parameter sets of the new type.
    assert_eq!(rig.encode(true), Ok((true, [SPS, PPS, PPS, IDR].concat())));
    assert_eq!(rig.count("agree"), 1);

    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![HaveOutput; 20]].into(),
        gives: [key(), Give::Change].into(),
        ..usual()
    });
    let failure = TransformFailure::Output("its type changes without end");
    assert_eq!(rig.encode(false), Err(failure));
}

#[test]
fn input_that_is_refused_is_given_again_when_asked_for() {
    let mut rig = Rig::new(Script { refusals: 2, ..usual() });
    assert!(rig.encode(false).is_ok());
    assert_eq!(rig.count("input"), 3);
}

#[test]
fn a_synchronous_transform_that_holds_pictures_back_is_refused_at_once() {
    let mut rig = Rig::new(Script {
        on_input: [vec![HaveOutput, NeedInput]].into(),
        gives: [Give::Nothing].into(),
        knows_its_end: true,
        ..usual()
    });
    let failure = TransformFailure::Output("the picture was held back");
    assert_eq!(rig.encode(false), Err(failure));
}

#[test]
fn the_rate_changes_while_it_runs_or_by_starting_over() {
    let mut rig = Rig::running(usual());
    rig.machine.set_rate(500, 20).unwrap();
    assert_eq!(rig.encode(false), Ok((false, P.to_vec())));
    assert_eq!(rig.count("drain"), 0);

    let restarting = |on_drain: Vec<TransformEvent>| Script {
        needs_restart: true,
        on_drain,
        gives: [key()].into(),
        ..usual()
    };
    // What comes out late is dropped: the next picture is a key picture.
    for on_drain in [vec![DrainComplete], vec![HaveOutput, Other, DrainComplete], vec![]] {
        let mut rig = Rig::running(restarting(on_drain));
        rig.machine.set_rate(500, 20).unwrap();
        let told: Vec<_> = rig.script.borrow().calls.clone();
        let told: Vec<_> =
            told.into_iter().filter(|call| !["event", "output"].contains(call)).collect();
        let expected = [
            "rate",
            "end",
            "drain",
            "flush",
            "end streaming",
            "configure",
            "begin streaming",
            "start",
        ];
        assert_eq!(told, expected);
        assert!(rig.encode(false).unwrap().0);
        assert_eq!(rig.count("force key"), 0);
    }
}

#[test]
fn an_error_at_each_call_is_a_typed_failure_and_the_end() {
    let script = || Script {
        needs_restart: true,
        on_input: [vec![HaveOutput, HaveOutput, NeedInput]].into(),
        gives: [Give::Change, key(), Give::Change, key(), Give::Change, key()].into(),
        ..usual()
    };
    let run = |fail: Option<(usize, u32)>| {
        let state = Rc::new(RefCell::new(Script { fail, ..script() }));
        let fake = Fake(Rc::clone(&state));
        let result = Machine::start(fake, Syntax::Avc, LIMIT).and_then(|mut machine| {
            let mut out = Vec::new();
            let mut work = || {
                machine.encode(PICTURE, false, Duration::ZERO, &mut out)?;
                machine.encode(PICTURE, true, Duration::ZERO, &mut out)?;
                machine.set_rate(100, 10)?;
                machine.encode(PICTURE, false, Duration::ZERO, &mut out)
            };
            let result = work();
            if result.is_err() {
                let again = machine.encode(PICTURE, true, Duration::ZERO, &mut out);
                assert_eq!(again, Err(TransformFailure::Closed));
            }
            result
        });
        let script = Rc::into_inner(state).unwrap().into_inner();
        assert!(script.shut_down, "shut down in every case");
        (result, script.calls)
    };
    let (result, calls) = run(None);
    assert_eq!(result, Ok(true));
    let names = ["agree", "force key", "input", "output", "rate", "configure", "drain", "flush"];
    assert!(names.iter().all(|name| calls.contains(name)), "{calls:?}");
    // The last three are the farewell, whose outcome nobody asks for.
    for (at, &call) in calls.iter().enumerate().take(calls.len() - 3) {
        let lost = [DEVICE_REMOVED, NO_HARDWARE];
        for code in [E_FAIL, SHUT_DOWN, lost[0], lost[1]] {
            let expected = match code {
                SHUT_DOWN => TransformFailure::Closed,
                code if lost.contains(&code) => TransformFailure::DeviceLost { call, code },
                code => TransformFailure::Call { call, code },
            };
            assert_eq!(run(Some((at, code))).0, Err(expected), "call {at}: {call}");
        }
    }
    // A change of type is only an answer of `ProcessOutput`.
    let (result, _) = run(Some((0, STREAM_CHANGE)));
    assert!(matches!(result, Err(TransformFailure::Call { .. })));
}

#[test]
fn a_failure_between_calls_is_told() {
    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![Failed(DEVICE_REMOVED)]].into(),
        ..usual()
    });
    let call = "a step between calls";
    assert_eq!(rig.encode(false), Err(TransformFailure::DeviceLost { call, code: DEVICE_REMOVED }));
    // Also when it comes while nobody listens.
    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput, Failed(E_FAIL)]].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Err(TransformFailure::Call { call, code: E_FAIL }));
}

#[test]
fn nothing_is_called_and_no_event_heard_after_the_end() {
    // `Fake::call` fails the test when anything is called after the shutdown.
    let mut rig = Rig::running(Script {
        on_input: [vec![HaveOutput, NeedInput], vec![Failed(SHUT_DOWN)]].into(),
        ..usual()
    });
    assert_eq!(rig.encode(false), Err(TransformFailure::Closed));
    rig.script.borrow_mut().said.extend([HaveOutput, NeedInput, Failed(E_FAIL)]);
    assert_eq!(rig.encode(true), Err(TransformFailure::Closed));
    assert_eq!(rig.machine.set_rate(1, 1), Err(TransformFailure::Closed));
    let Rig { script, machine } = rig;
    drop(machine);
    assert_eq!(script.borrow().said.len(), 3);

    let Rig { script, machine } = Rig::running(usual());
    drop(machine);
    assert!(script.borrow().shut_down);
    assert_eq!(script.borrow().calls, ["end", "flush", "end streaming"]);
}

#[test]
fn any_mix_of_events_ends_in_pictures_or_a_typed_failure() {
    let seed = 0x00A5_51C0_u64;
    println!("seed {seed:#x}");
    let mut state = seed;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut whole = 0;
    for _ in 0..2000 {
        let mut events = |most: u64| -> Vec<TransformEvent> {
            (0..random(most))
                .map(|_| match random(12) {
                    0..=4 => NeedInput,
                    5..=8 => HaveOutput,
                    9 => DrainComplete,
                    10 => Other,
                    _ => Failed(E_FAIL),
                })
                .collect()
        };
        let on_start = events(4);
        let on_input = (0..4).map(|_| events(5)).collect();
        let gives = (0..6)
            .map(|_| match random(6) {
                0 | 1 => key(),
                2 | 3 => sample(&[P]),
                4 => Give::Change,
                _ => Give::Nothing,
            })
            .collect();
        let mut rig = Rig::new(Script { on_start, on_input, gives, ..usual() });
        for _ in 0..4 {
            let Ok((key, unit)) = rig.encode(false) else {
                assert_eq!(rig.encode(false), Err(TransformFailure::Closed));
                break;
            };
            let content = nal::content(&unit, Syntax::Avc).unwrap();
            assert!(content.picture && content.key == key && content.sequence >= key);
            whole += 1;
        }
    }
    assert!(whole > 100, "{whole} pictures");
}
