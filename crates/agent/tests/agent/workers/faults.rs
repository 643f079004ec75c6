//! Workers that are killed, hang, fail, lie, and links that go.

use std::io::Write;
use std::time::Duration;

use gc_proto::v2;
use gc_types::{CauseCode, Entropy, Rights, SeededEntropy};

use super::world::{World, honest, remote};
use crate::relay::{KEY, PATIENCE, console, welcome};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_replaced_and_its_keys_go_up() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true)]));
    let frame = {
        world.newest().kill();
        world.wait_for_notice(Some(CauseCode::DesktopSwitching)).await;
        world.wait_for_notice(None).await;
        world.wait_for_surface(336).await
    };
    assert!(frame > 1, "numbers of frames go on");
    assert!(
        world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]),
        "{:?}",
        world.pressed.log()
    );
    world.type_until(1).await;
    assert_eq!(world.host.started().len(), 2);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_up_whatever_exit_code_a_killed_worker_was_given() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    world.newest().kill_with(0);
    assert!(
        world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]),
        "{:?}",
        world.pressed.log()
    );
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_worker_is_found_and_replaced() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    let worker = world.newest();
    worker.stream.freeze(true);
    world.wait_for_notice(Some(CauseCode::DesktopSwitching)).await;
    assert!(worker.wait_for_end(PATIENCE), "it was not ended");
    world.wait_for_surface(336).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_fails_again_and_again_is_told_and_tried_again() {
    let mut world = World::launching(vec![console(1)], |number, desk, launched| {
        if number >= 4 {
            honest(desk, launched);
        }
    })
    .await;
    world.join().await;
    world.wait_for_notice(Some(CauseCode::DesktopWorkerFailing)).await;
    // Two seconds later the fifth one works. (The relay's patience is longer.)
    world.wait_for_notice(None).await;
    world.wait_for_surface(336).await;
    assert_eq!(world.host.started().len(), 5);
    world.relay.stop().await;
}

/// Whoever gets hold of the pipe without the ticket, or says what no worker says, is
/// ended, serves nobody and answers no question.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_from_the_pipe_reach_nobody() {
    let seed = 0x0BAD_F00D_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let mut world = World::launching(vec![console(1)], move |number, desk, mut launched| {
        let mut noise = vec![0; 4_096];
        entropy.fill(&mut noise);
        let bytes = match number {
            // A hello with another ticket, then an answer to a question.
            0 => {
                let mut bytes = vec![70, 0, 0, 0, 1, 10, 67, 10, 5];
                bytes.extend(b"0.1.0");
                bytes.extend([18, 32]);
                bytes.extend([b'0'; 32]);
                bytes.resize(74, 0);
                bytes
            }
            1 => noise,
            2 => vec![0xFF; 64],
            _ => return honest(desk, launched),
        };
        // The service may have had enough already.
        drop(launched.stream.writer.write_all(&bytes));
        let mut rest = [0; 256];
        let heard = launched.stream.reader.read(&mut rest).unwrap_or(0);
        assert_eq!(heard, 0, "the service spoke to a stranger");
    })
    .await;
    world.join().await;
    world.wait_for_surface(336).await;
    let workers = world.host.started();
    assert_eq!(workers.len(), 4);
    assert!(workers[..3].iter().all(gc_platform_fake::StartedWorker::has_ended));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_at_random_points_leave_no_key_down_and_lose_no_viewer() {
    let seed = 0xC0FF_EE11_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let dice = |sides: u8| {
        let mut byte = [0];
        entropy.fill(&mut byte);
        byte[0] % sides
    };
    let mut world = World::watched(vec![console(1), remote(3)]).await;
    // Beyond three in a minute the next start waits: a few, at different points.
    for round in 0..5_u32 {
        for _ in 0..dice(4) {
            world.relay.key(1, 1, true).await;
            world.catch_up().await;
        }
        if dice(2) == 0 {
            world.select(1, if dice(2) == 0 { 3 } else { 0 }).await;
        }
        let micros = u64::from(dice(200)) * 50;
        tokio::time::sleep(Duration::from_micros(micros)).await;
        world.newest().kill();
        println!("round {round}: killed after {micros} us");
        world.type_until_anywhere().await;
    }
    // What a killed one left down in a session that is not shown goes up when it is
    // shown again.
    for session in [1, 3] {
        world.select(1, session).await;
        world.type_until(session).await;
    }
    world.relay.stop().await;
    assert_eq!(world.pressed.down(), [], "keys are down: {:?}", world.pressed.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_service_releases_keys_and_leaves_no_worker() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    let worker = world.newest();
    world.relay.stop().await;
    assert!(worker.has_ended(), "a worker is left");
    assert_eq!(world.pressed.log(), [(1, KEY, true), (1, KEY, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_link_is_taken_up_again_with_the_same_worker() {
    use tokio::io::AsyncWriteExt;

    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    world.relay.socket.get_mut().shutdown().await.unwrap();
    world.relay.socket = welcome(&world.relay.listener).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    world.relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 2).await;
    world.relay.join(1, Rights::CONTROL).await;
    world.wait_for_surface(336).await;
    assert_eq!(world.host.started().len(), 1);
    world.relay.stop().await;
}
