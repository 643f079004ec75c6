//! The notification area, the registry and what the machine says of itself.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use gc_platform::{Inventory, TrayCommand, TrayIcon, TrayMenu, TrayStatus, load_percent};
use gc_platform_windows::{
    LinkScope, LinkTarget, WindowsInventory, WindowsTrayIcon, link_command, link_target,
    processor_time, register_links, set_link_target, unregister_links,
};
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::{
    FindWindowW, PostMessageW, RegisterWindowMessageW, SendMessageW, WM_APP, WM_CONTEXTMENU,
};
use windows::core::{PCWSTR, w};

use crate::person::{ENTER, ESCAPE, Person, found, told};
use crate::window::until;

/// The same number as in the icon's own code.
const WM_ICON: u32 = WM_APP + 3;
const DOWN: (u8, bool) = (0x50, true);

/// The icon's hidden window.
fn window() -> Option<HWND> {
    // SAFETY: the name ends with a zero.
    unsafe { FindWindowW(w!("GuruConnectTray"), PCWSTR::null()) }.ok()
}

/// As the shell does when the icon is clicked with the other button.
fn ask_for_menu(window: HWND) {
    let at = WPARAM(0x0190_0280);
    let what = LPARAM(WM_CONTEXTMENU as isize | 1 << 16);
    // SAFETY: the window is there.
    unsafe { PostMessageW(Some(window), WM_ICON, at, what) }.unwrap();
    // The class of menus.
    found("#32768");
}

#[test]
fn the_menu_of_the_icon_ends_sessions_and_the_program() {
    let person = Person::new();
    let (send, commands) = channel();
    let menu = TrayMenu {
        product: "GuruConnect 0.1".to_owned(),
        about: "Support by Contoso".to_owned(),
        end_session: true,
        exit: true,
    };
    let status = TrayStatus { text: "Connected to support.example".to_owned(), technicians: 1 };
    let handle = WindowsTrayIcon
        .show(menu, status, Box::new(move |command| send.send(command).unwrap()))
        .unwrap();
    let icon = until("the icon's window", window);
    handle.announce("GuruConnect", "Anna of Contoso has connected.");
    // About, End session, Exit; what cannot be chosen is passed over or not, so the
    // way is from below.
    ask_for_menu(icon);
    let up = (0x48, true);
    person.key(up);
    person.key((ENTER, false));
    assert_eq!(told(&commands), TrayCommand::Exit);
    ask_for_menu(icon);
    person.key(up);
    person.key(up);
    person.key((ENTER, false));
    assert_eq!(told(&commands), TrayCommand::EndSession);
    ask_for_menu(icon);
    person.key(DOWN);
    person.key((ESCAPE, false));
    // The shell has started anew; the icon answers that without a word.
    // SAFETY: the name ends with a zero; the window is there.
    unsafe {
        let created = RegisterWindowMessageW(w!("TaskbarCreated"));
        SendMessageW(icon, created, None, None);
    }
    handle.set_status(TrayStatus { text: "Not connected".to_owned(), technicians: 0 });
    assert!(commands.try_recv().is_err());
    // With a menu open, too.
    ask_for_menu(icon);
    drop(handle);
    assert!(window().is_none(), "gone with its handle");
}

#[test]
fn links_are_answered_by_the_program_that_registered_last() {
    unregister_links(LinkScope::User).unwrap();
    assert_eq!(link_command(LinkScope::User).unwrap(), None);
    for path in [r"C:\Program Files\GuruConnect\guruconnect.exe", r"C:\users\ännà\g.exe"] {
        register_links(LinkScope::User, Path::new(path)).unwrap();
        register_links(LinkScope::User, Path::new(path)).unwrap();
        let expected = format!("\"{path}\" launch \"%1\"");
        assert_eq!(link_command(LinkScope::User).unwrap(), Some(expected));
    }
    assert!(register_links(LinkScope::User, Path::new("g.exe")).is_err());
    assert_eq!(link_target(LinkScope::User).unwrap(), None);
    for ca_file in [Some(r"C:\Übung\ca.pem".into()), None] {
        let target = LinkTarget { server: "https://support.example.com/".to_owned(), ca_file };
        set_link_target(LinkScope::User, &target).unwrap();
        assert_eq!(link_target(LinkScope::User).unwrap(), Some(target));
    }
    assert!(unregister_links(LinkScope::User).unwrap());
    assert!(!unregister_links(LinkScope::User).unwrap());
    assert_eq!(link_command(LinkScope::User).unwrap(), None);
    assert_eq!(link_target(LinkScope::User).unwrap(), None);
    // Wine's user is an administrator.
    register_links(LinkScope::Machine, Path::new(r"C:\g.exe")).unwrap();
    assert!(unregister_links(LinkScope::Machine).unwrap());
}

#[test]
fn the_machine_tells_what_it_is() {
    let facts = WindowsInventory.facts();
    println!("{facts:?}");
    assert!(!facts.hostname.is_empty());
    assert_eq!(facts.os, "windows");
    assert!(facts.os_version.contains("Windows") && facts.os_version.contains('('));
    assert_eq!(facts.architecture, "x86_64");
    let activity = WindowsInventory.activity();
    println!("{activity:?}");
    assert!(!activity.user.is_empty());
}

#[test]
fn idle_time_begins_anew_with_input() {
    let person = Person::new();
    until("a moment of rest", || {
        (WindowsInventory.activity().idle > Duration::from_millis(200)).then_some(())
    });
    person.move_to((400, 400));
    until("an end of the rest", || {
        person.move_to((401, 400));
        person.move_to((400, 400));
        (WindowsInventory.activity().idle < Duration::from_millis(200)).then_some(())
    });
}

#[test]
fn processors_have_worked_while_this_has_run() {
    let before = processor_time().unwrap();
    assert!(before.busy <= before.total);
    let load = until("some time", || load_percent(before, processor_time()?));
    assert!(load <= 100);
}
