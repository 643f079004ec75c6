//! What a Windows desktop can be told to do. Wine has no lock screen and hides no
//! window from capture: there it has to be refused.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_actions::{Action, Switch};
use gc_platform::{
    ActionError, Attention, InputInjector, MachineActions, PointerButton, SecureAttention,
    SecureAttentionError, SwitchHandle,
};
use gc_platform_windows::{WindowsActions, WindowsInput};
use gc_runtime::SystemClock;
use gc_types::CauseCode;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetAsyncKeyState, VK_LBUTTON};

use crate::window::{Rectangle, pump, until};

const PATIENCE: Duration = Duration::from_secs(50);

struct Scripted(Result<(), SecureAttentionError>);

impl SecureAttention for Scripted {
    fn send(&self) -> Result<(), SecureAttentionError> {
        self.0.clone()
    }
}

fn actions(attention: Result<(), SecureAttentionError>) -> WindowsActions {
    WindowsActions::new(Arc::new(Scripted(attention)), Arc::new(SystemClock::new()))
}

fn block() -> (Box<dyn SwitchHandle>, Receiver<CauseCode>) {
    let (send, freed) = channel();
    let by = Box::new(move |error: ActionError| send.send(error.cause).unwrap());
    (actions(Ok(())).turn_on(Switch::BlockInput, by).unwrap(), freed)
}

/// The mouse that the X server has for Wine: the machine's own, to Windows programs.
fn real_mouse(arguments: &[&str]) {
    let status = Command::new("start.exe")
        .args(["/wait", "/unix", "/usr/bin/xdotool"])
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success(), "xdotool {arguments:?}: {status}");
}

fn is_pressed() -> bool {
    // SAFETY: takes a number and gives one.
    unsafe { GetAsyncKeyState(i32::from(VK_LBUTTON.0)) < 0 }
}

#[test]
fn a_lock_that_does_not_happen_is_not_said_to_have() {
    let refused = actions(Ok(())).lock().unwrap_err();
    assert!(
        matches!(refused.cause, CauseCode::ActionNotVerified | CauseCode::ActionFailed),
        "{refused:?}"
    );
}

#[test]
fn a_screen_that_would_be_black_for_both_is_not_blanked() {
    let actions = actions(Ok(()));
    let refused = actions.turn_on(Switch::BlankScreen, Box::new(|_| {})).err().unwrap();
    assert_eq!(refused.cause, CauseCode::ActionUnsupported, "{refused:?}");
    assert!(refused.detail.contains("2004"));
}

#[test]
fn ctrl_alt_del_is_the_helpers_and_its_failure_has_a_cause() {
    assert_eq!(actions(Ok(())).ctrl_alt_del(), Ok(Attention::Sent));
    let refused = actions(Err(SecureAttentionError::PolicyForbids)).ctrl_alt_del().unwrap_err();
    assert_eq!(refused.cause, CauseCode::SecureAttentionUnavailable);
    assert!(refused.detail.contains("policy"));
    let late = actions(Err(SecureAttentionError::TimedOut)).ctrl_alt_del().unwrap_err();
    assert_eq!(late.cause, CauseCode::ActionFailed);
    assert!(actions(Ok(())).ability(Action::Elevate).is_err());
}

#[test]
fn injected_input_goes_on_to_work_while_the_real_one_is_blocked() {
    let _window = Rectangle::show(100, 100, 300, 300);
    pump();
    real_mouse(&["mousemove", "200", "200", "mousedown", "1"]);
    until("the real button", || is_pressed().then_some(()));
    real_mouse(&["mouseup", "1"]);
    until("the real release", || (!is_pressed()).then_some(()));

    let (handle, _freed) = block();
    real_mouse(&["mousedown", "1"]);
    let mut input = WindowsInput::new();
    // Behind the real press: when this one is seen, that one has been dropped.
    input.pointer_button(PointerButton::Right, true).unwrap();
    input.flush().unwrap();
    until("the injected button", || {
        // SAFETY: takes a number and gives one; 2 is the right button.
        let right = unsafe { GetAsyncKeyState(2) } < 0;
        right.then_some(())
    });
    assert!(!is_pressed(), "the real button came through");
    input.pointer_button(PointerButton::Right, false).unwrap();
    input.flush().unwrap();
    real_mouse(&["mouseup", "1"]);
    handle.off().unwrap();

    real_mouse(&["mousedown", "1"]);
    until("the real button again", || is_pressed().then_some(()));
    real_mouse(&["mouseup", "1"]);
}

#[test]
fn a_block_that_is_dropped_ends_its_thread() {
    let (handle, freed) = block();
    drop(handle);
    // The callback went with the thread.
    assert!(freed.recv_timeout(PATIENCE).is_err());
}
