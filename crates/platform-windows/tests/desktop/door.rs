//! How the next start of the program finds the viewer that runs already.

use std::io::{ErrorKind, Read as _, Write as _};

use gc_platform_windows::{ViewerDoor, knock};

#[test]
fn the_viewer_is_found_again_and_again_and_there_is_one() {
    assert!(knock().unwrap().is_none(), "nobody is there yet");
    let mut door = ViewerDoor::open().unwrap().unwrap();
    assert!(ViewerDoor::open().unwrap().is_none(), "there are two");
    for round in 0..3_u8 {
        let visitor = std::thread::spawn(move || {
            // It is made again after each visitor.
            let mut stream = loop {
                if let Some(stream) = knock().unwrap() {
                    break stream;
                }
                std::thread::yield_now();
            };
            stream.write_all(&[round]).unwrap();
            let mut answer = [0];
            stream.read_exact(&mut answer).unwrap();
            answer[0]
        });
        let mut stream = door.visitor().unwrap();
        let mut heard = [0];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(heard[0], round);
        stream.write_all(&[round + 100]).unwrap();
        assert_eq!(visitor.join().unwrap(), round + 100);
    }
    // Who says nothing does not keep it for ever.
    let silent = std::thread::spawn(|| {
        loop {
            if let Some(stream) = knock().unwrap() {
                break stream;
            }
            std::thread::yield_now();
        }
    });
    let mut stream = door.visitor().unwrap();
    let held = silent.join().unwrap();
    assert_eq!(stream.read_exact(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    drop((stream, held));
    drop(door);
    assert!(knock().unwrap().is_none());
}
