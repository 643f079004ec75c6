//! The benchmark of files, on the real product.

use std::process::Command;

use serde_json::Value;

/// Figures are there and make sense; how good they are is not for a test to say.
#[test]
fn keys_beside_files_are_measured_idle_and_under_both_loads_on_both_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let output = Command::new(env!("CARGO_BIN_EXE_guruconnect-bench"))
        .args(["files", "--only", "keys", "--busy", "--size", "960x600", "--megabytes", "8"])
        .args(["--keys", "3", "--rounds", "2", "--seed", "7", "--json"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let results: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let rows = results["keys"].as_array().unwrap();
    let lines: Vec<&str> = rows.iter().filter_map(|row| row["line"].as_str()).collect();
    assert_eq!(lines, ["loopback", "20 ms, 20 Mbit/s"]);
    for row in rows {
        for load in ["idle", "upload", "download"] {
            let number = |path: &str| {
                let value = row[load].pointer(path).and_then(Value::as_f64);
                value.unwrap_or_else(|| panic!("no {path} of {load} in {row:#}"))
            };
            // Rounds are whole.
            assert!((number("/key_to_pixel_ms/count") - 4.0).abs() < f64::EPSILON);
            assert!(number("/key_to_pixel_ms/p95") >= number("/key_to_pixel_ms/p50"));
            assert!(number("/times_idle/p50") > 0.0 && number("/times_idle/p95") > 0.0);
            if load == "idle" {
                assert!(row[load]["mb_s"].is_null(), "{row:#}");
            } else {
                assert!(number("/mb_s") > 0.0, "{row:#}");
            }
        }
    }
    // Half of the round trip at least: the line was in between, for the files too.
    let narrow = &rows[1];
    let number = |path: &str| narrow.pointer(path).and_then(Value::as_f64).unwrap();
    assert!(number("/idle/key_to_pixel_ms/p50") >= 10.0, "{narrow:#}");
    for load in ["upload", "download"] {
        assert!(number(&format!("/{load}/mb_s")) < 5.0, "{narrow:#}");
    }

    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("loopback") && table.contains("20 Mbit/s"), "{table}");
}
