//! What an X desktop can be told to do, felt at its own keyboard.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use gc_actions::{Action, Switch};
use gc_platform::{ActionError, Attention, InputInjector, MachineActions, SwitchHandle};
use gc_platform_linux::{X11Actions, X11Input};
use gc_types::CauseCode;
use x11rb::connection::RequestConnection;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{self, ConnectionExt as _, Device};
use x11rb::protocol::xproto::*;
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE, patiently};
use crate::server::{Program, Server, clock};

const BLOCK: Switch = Switch::BlockInput;
// X key codes.
const A: u8 = 38;
const C: u8 = 54;
const CTRL: u8 = 37;
const ALT: u8 = 64;
const DELETE: u8 = 119;
/// PS/2 set 1.
const SCAN_B: u8 = 0x30;
const B: u8 = 56;

fn actions(server: &Server, path: Option<&str>) -> X11Actions {
    X11Actions::new(server.display(), path, clock())
}

fn block(server: &Server) -> (Result<Box<dyn SwitchHandle>, ActionError>, Receiver<CauseCode>) {
    let (send, freed) = channel();
    let freed_by = Box::new(move |error: ActionError| send.send(error.cause).unwrap());
    (actions(server, None).turn_on(BLOCK, freed_by), freed)
}

/// The keyboard that Xvfb has of its own, as if somebody typed on it.
struct Keyboard<'c> {
    client: &'c Client,
    device: u8,
    first_event: u8,
}

impl<'c> Keyboard<'c> {
    fn of(client: &'c Client) -> Self {
        let conn = &client.conn;
        conn.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = conn.xinput_xi_query_device(Device::ALL).unwrap().reply().unwrap().infos;
        let real = devices.iter().find(|device| {
            let name = String::from_utf8_lossy(&device.name);
            name.contains("Xvfb") && name.contains("keyboard")
        });
        let device = real.unwrap().deviceid.try_into().unwrap();
        let extension = conn.extension_information(xinput::X11_EXTENSION_NAME).unwrap().unwrap();
        Self { client, device, first_event: extension.first_event }
    }

    fn event(&self, kind: u8, code: u8) {
        let kind = self.first_event + kind;
        let conn = &self.client.conn;
        conn.xtest_fake_input(kind, code, 0, x11rb::NONE, 0, 0, self.device)
            .unwrap()
            .check()
            .unwrap();
        conn.sync().unwrap();
    }

    fn down(&self, code: u8) {
        self.event(xinput::DEVICE_KEY_PRESS_EVENT, code);
    }

    fn up(&self, code: u8) {
        self.event(xinput::DEVICE_KEY_RELEASE_EVENT, code);
    }

    fn strike(&self, code: u8) {
        self.down(code);
        self.up(code);
    }
}

#[test]
fn blocked_keys_reach_nobody_and_injected_ones_go_on_to_work() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let keyboard = Keyboard::of(&client);
    keyboard.strike(A);
    assert_eq!(client.pressed(1), [A], "the test's keyboard works");

    let (handle, _freed) = block(&server);
    let handle = handle.unwrap();
    keyboard.strike(A);
    let mut input = X11Input::open(server.display(), clock()).unwrap();
    input.key(SCAN_B, false, true).unwrap();
    input.key(SCAN_B, false, false).unwrap();
    input.flush().unwrap();
    assert_eq!(client.pressed(1), [B], "what was typed before the injected key is gone");

    handle.off().unwrap();
    keyboard.strike(C);
    assert_eq!(client.pressed(1), [C]);
}

#[test]
fn a_key_that_the_user_holds_does_not_stay_down() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let keyboard = Keyboard::of(&client);
    keyboard.down(A);
    assert_eq!(client.pressed(1), [A]);
    let (handle, _freed) = block(&server);
    let _handle = handle.unwrap();
    client.wait_for(|event| match event {
        Event::KeyRelease(key) => (key.detail == A).then_some(()),
        _ => None,
    });
}

#[test]
fn ctrl_alt_del_on_the_machines_own_keyboard_takes_it_back() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let keyboard = Keyboard::of(&client);
    let (handle, freed) = block(&server);
    let handle = handle.unwrap();
    for code in [CTRL, ALT, DELETE] {
        keyboard.down(code);
    }
    assert_eq!(freed.recv_timeout(PATIENCE).unwrap(), CauseCode::ActionFreedByUser);
    for code in [DELETE, ALT, CTRL] {
        keyboard.up(code);
    }
    handle.off().unwrap();
    keyboard.strike(C);
    assert_eq!(client.pressed(1), [C]);
}

#[test]
fn what_another_program_holds_is_not_said_to_be_blocked() {
    let server = Server::start();
    let (first, _freed) = block(&server);
    let _first = first.unwrap();
    let (second, _freed) = block(&server);
    assert_eq!(second.err().unwrap().cause, CauseCode::ActionFailed);
}

#[test]
fn what_x_cannot_do_is_refused_with_a_reason() {
    let server = Server::start();
    let actions = actions(&server, Some("/nonexistent"));
    for action in
        [Action::Turn(Switch::BlankScreen), Action::Elevate, Action::Lock, Action::LockAtEnd]
    {
        let refused = actions.ability(action).unwrap_err();
        assert_eq!(refused.cause, CauseCode::ActionUnsupported, "{action:?}");
        assert!(!refused.detail.is_empty());
    }
    assert_eq!(actions.lock().unwrap_err().cause, CauseCode::ActionUnsupported);
    assert_eq!(actions.ctrl_alt_del(), Ok(Attention::Keys));
    let nowhere = X11Actions::new(Some(":9999"), None, clock());
    let refused = nowhere.ability(Action::Turn(BLOCK)).unwrap_err();
    assert_eq!(refused.cause, CauseCode::NoDisplay);
}

/// A program in a folder that does what it is told.
fn script(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_lock_counts_only_when_something_locked() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    // The first one that is asked says that all is well, and does nothing; the second
    // one fails.
    script(folder.path(), "loginctl", "exit 0");
    script(folder.path(), "xdg-screensaver", "exit 3");
    let actions = actions(&server, Some(&path));
    assert_eq!(actions.ability(Action::Lock), Ok(()));
    assert_eq!(actions.lock().unwrap_err().cause, CauseCode::ActionNotVerified);

    // logind may know better than the keyboard tells.
    script(folder.path(), "loginctl", "[ \"$1\" = show-session ] && echo yes; exit 0");
    assert_eq!(actions.lock(), Ok(()));
}

#[test]
fn a_locker_that_takes_the_keyboard_has_locked() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let asked = folder.path().join("asked");
    script(folder.path(), "loginctl", "exit 1");
    script(folder.path(), "xdg-screensaver", &format!("touch {}", asked.display()));
    let client = Client::open(&server, 0, 0, 50, 50);
    let actions = actions(&server, Some(&path));
    let locking = std::thread::spawn(move || actions.lock());
    patiently("the locker to be asked", || asked.exists().then_some(()));
    // As lockers do, again and again until they have it.
    patiently("the keyboard", || {
        let grab = client.conn.grab_keyboard(
            false,
            client.window,
            x11rb::CURRENT_TIME,
            GrabMode::ASYNC,
            GrabMode::ASYNC,
        );
        (grab.unwrap().reply().unwrap().status == GrabStatus::SUCCESS).then_some(())
    });
    assert_eq!(locking.join().unwrap(), Ok(()));
}

#[test]
fn a_killed_process_leaves_nothing_blocked() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let keyboard = Keyboard::of(&client);
    let mut command = server.command(&std::env::current_exe().unwrap().to_string_lossy());
    command
        .args([
            "--exact",
            "actions::holds_the_block_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut holder = Program(command.spawn().unwrap());
    let floats = || {
        let infos = client.conn.xinput_xi_query_device(u16::from(keyboard.device));
        let infos = infos.unwrap().reply().unwrap().infos;
        infos[0].type_ == xinput::DeviceType::FLOATING_SLAVE
    };
    patiently("the block", || floats().then_some(()));
    keyboard.strike(A);
    holder.0.kill().unwrap();
    holder.0.wait().unwrap();
    patiently("the end of the block", || (!floats()).then_some(()));
    keyboard.strike(C);
    assert_eq!(client.pressed(1), [C]);
}

#[test]
#[ignore = "run as a process of its own by another test, and killed"]
fn holds_the_block_until_it_is_killed() {
    let display = gc_runtime::env("DISPLAY").unwrap();
    let actions = X11Actions::new(Some(&display), None, clock());
    let _handle = actions.turn_on(BLOCK, Box::new(|_| {})).unwrap();
    loop {
        std::thread::park();
    }
}
