//! Where results go: a table and progress for people, JSON for programs.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A result, on standard output.
#[expect(clippy::print_stdout, reason = "results are for whoever started this")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// What happens now, on standard error.
#[expect(clippy::print_stderr, reason = "progress is for whoever started this")]
pub(crate) fn progress(text: &str) {
    eprintln!("· {text}");
}

/// Writes results to a file.
pub(crate) fn write_json(file: &Path, results: &Value) -> Result<()> {
    std::fs::write(file, serde_json::to_vec_pretty(results)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Columns wide enough for their longest cell.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let columns = all.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| all.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max())
        .map(|width| width.unwrap_or(0))
        .collect();
    let lines = all.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["1".into(), "ü".into()], vec!["333".into(), "4".into()]];
        assert_eq!(table(&["a", "b"], rows), "a    b\n1    ü\n333  4\n");
    }
}
