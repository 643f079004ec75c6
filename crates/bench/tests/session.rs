//! The benchmark of sessions, on the real product over a narrow line.

use std::process::Command;

use serde_json::Value;

/// Figures are there and make sense; how good they are is not for a test to say.
#[test]
fn a_short_session_over_a_narrow_line_gives_all_figures_and_ends_exact() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let output = Command::new(env!("CARGO_BIN_EXE_guruconnect-bench"))
        .args(["session", "--busy", "--size", "960x600", "--seconds", "2", "--keys", "5"])
        .args(["--link", "2mbit", "--workload", "video-typing", "--settling", "60", "--seed", "7"])
        .arg("--json")
        .arg(&file)
        .arg("--logs")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let results: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for name in ["machine", "date", "command", "load_average"] {
        assert!(!results[name].is_null(), "{name}");
    }
    assert_eq!(results["failed"], serde_json::json!([]));
    let figures = &results["links"]["2mbit"]["video-typing"];
    let number = |path: &str| {
        let value = figures.pointer(path).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no {path} in {figures:#}"))
    };
    assert!(number("/key_to_pixel_ms/count") >= 5.0);
    assert!(number("/frames_per_second") > 0.0);
    assert!(number("/age_ms/p95") >= number("/age_ms/p50"));
    // Half of the round trip at least: the line was in between.
    assert!(number("/age_ms/p50") >= 10.0);
    assert!(number("/round_trip_ms") >= 20.0);
    assert!(number("/staleness_ms/max") >= number("/age_ms/p50"));
    assert!((0.0..=1.1).contains(&number("/line_utilisation")));
    assert!(number("/quality/psnr_db/p50") > 15.0);
    for side in ["agent", "relay", "viewer", "x_server", "viewer_x_server"] {
        assert!(number(&format!("/cpu_seconds_per_second/{side}")) >= 0.0);
        assert!(number(&format!("/rss_mib/{side}")) > 1.0);
    }
    assert!((number("/equal_share") - 1.0).abs() < f64::EPSILON, "{figures:#}");
    assert!(number("/settle_ms") >= 0.0, "{figures:#}");

    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("2mbit") && table.contains("video-typing"), "{table}");
}
