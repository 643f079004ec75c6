//! Facts and activity.

use std::time::Duration;

use gc_platform::{InputInjector, Inventory};
use gc_platform_linux::{LinuxInventory, X11Input};

use crate::client::patiently;
use crate::server::{Server, clock};

#[test]
fn facts_are_there_without_a_display() {
    let inventory = LinuxInventory::new(None);
    let facts = inventory.facts();
    assert_eq!(facts.os, "linux");
    assert!(!facts.hostname.is_empty() && !facts.os_version.is_empty());
    assert_eq!(facts.architecture, std::env::consts::ARCH);
    assert_eq!(inventory.activity().idle, Duration::ZERO);
}

#[test]
fn input_ends_the_rest_and_a_new_server_is_found() {
    let mut server = Server::start();
    let inventory = LinuxInventory::new(server.display());
    let rested = Duration::from_millis(30);
    let before =
        patiently("rest", || Some(inventory.activity().idle).filter(|idle| *idle > rested));
    let mut input = X11Input::open(server.display(), clock()).unwrap();
    patiently("activity", || {
        input.pointer_move(10, 10).unwrap();
        input.pointer_move(20, 20).unwrap();
        input.flush().unwrap();
        (inventory.activity().idle < before).then_some(())
    });
    drop(input);
    server.kill();
    assert_eq!(inventory.activity().idle, Duration::ZERO);
}
