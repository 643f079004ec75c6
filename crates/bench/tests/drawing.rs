//! The benchmark of the native viewer's drawing.

use std::process::Command;

use serde_json::Value;

/// Figures are there and make sense; how good they are is not for a test to say.
#[test]
fn both_ways_to_draw_cost_something_and_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let output = Command::new(env!("CARGO_BIN_EXE_guruconnect-bench"))
        .args(["drawing", "--busy", "--size", "960x600", "--seconds", "2", "--rounds", "1"])
        .arg("--json")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let results: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let costs = &results["960x600"];
    for way in ["software", "gpu"] {
        let number = |name: &str| costs[way][name].as_f64().unwrap();
        assert!(number("viewer_ms") > 0.0 && number("pictures_per_second") > 0.0, "{costs:#}");
        let sum = number("viewer_ms") + number("x_server_ms");
        assert!((number("both_ms") - sum).abs() < 1e-6, "{costs:#}");
    }
    // The software puts its pictures through the X server.
    assert!(costs["software"]["x_server_ms"].as_f64().unwrap() > 0.0, "{costs:#}");
    let drawn_by = |way: &str| costs[way]["drawn_by"].as_str().unwrap().to_owned();
    assert_eq!(drawn_by("software"), "software");
    assert!(drawn_by("gpu").starts_with("graphics card"), "{costs:#}");
}
