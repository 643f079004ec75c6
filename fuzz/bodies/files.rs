//! Messages about files, as a viewer sends them to an agent.

use std::time::Duration;

use gc_filetransfer::{Desk, FilePolicy, Role};
use gc_platform_fake::FakeFiles;
use gc_proto::v2::FileMessage;
use prost::Message as _;

/// Messages one after the other, each behind two bytes of length.
pub(crate) fn run(mut data: &[u8]) {
    let (mut store, control) = FakeFiles::new();
    control.put("d/a.txt", b"hello", 0);
    let mut desk = Desk::new(Role::Agent, FilePolicy::open(), Duration::ZERO);
    let mut now = Duration::ZERO;
    while let [high, low, rest @ ..] = data {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (message, after) = rest.split_at(length);
        data = after;
        now += Duration::from_millis(1);
        if let Ok(message) = FileMessage::decode(message) {
            desk.receive(message, &mut store, now);
        }
        let mut said = 0;
        while desk.next(&mut store, now).is_some() {
            said += 1;
            assert!(said < 10_000, "it never stops talking");
        }
        while desk.event().is_some() {}
    }
    desk.link_lost(&mut store, now);
    for path in control.files() {
        assert!(!path.split('/').any(|part| matches!(part, "" | "." | "..")), "{path:?}");
    }
}
