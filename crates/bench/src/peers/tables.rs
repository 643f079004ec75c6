//! Results for people.

use super::case::Case;
use super::figures::{Book, Metric, Middle};
use super::goals::Standing;
use super::product::Name;
use super::track::Track;
use crate::report::table;

/// Headings of the figures of one workload on one line.
const COLUMNS: [(&str, &[Metric]); 12] = [
    ("key->px ms p50/p95", &[Metric::KeyP50, Metric::KeyP95]),
    ("fps", &[Metric::Fps]),
    ("age ms p50/p95", &[Metric::AgeP50, Metric::AgeP95]),
    ("stale ms p50/p95", &[Metric::StaleP50, Metric::StaleP95]),
    ("Mbit/s", &[Metric::Down]),
    ("down B/s", &[Metric::DownBytes]),
    ("CPU % host/X/relay", &[Metric::HostCpu, Metric::HostXCpu, Metric::RelayCpu]),
    ("client/X", &[Metric::ClientCpu, Metric::ClientXCpu]),
    ("MiB host/relay/client", &[Metric::HostMib, Metric::RelayMib, Metric::ClientMib]),
    ("settle ms", &[Metric::Settle]),
    ("equal % 0.5/8 s", &[Metric::Equal500, Metric::Equal8000]),
    ("PSNR dB moving/8 s", &[Metric::MovingPsnr, Metric::Psnr8000]),
];

/// Metrics that are divided by the rival's, with their headings.
const RATIOS: [(&str, Metric); 9] = [
    ("key p50", Metric::KeyP50),
    ("key p95", Metric::KeyP95),
    ("fps", Metric::Fps),
    ("age p50", Metric::AgeP50),
    ("stale p95", Metric::StaleP95),
    ("Mbit", Metric::Down),
    ("host CPU", Metric::HostCpu),
    ("client CPU", Metric::ClientCpu),
    ("settle", Metric::Settle),
];

/// Everything.
pub(super) fn all(book: &Book) -> String {
    let mut text = String::new();
    let mut places: Vec<(Track, Case)> =
        book.rounds.keys().map(|&(_, track, case)| (track, case)).collect();
    places.sort_unstable();
    places.dedup();
    for (track, case) in places {
        text.push_str(&one(book, track, case));
        text.push('\n');
    }
    text.push_str(&ratios(book));
    let goals: Vec<Vec<String>> = Standing::all(book).iter().map(Standing::row).collect();
    if !goals.is_empty() {
        text.push('\n');
        text.push_str(&table(&Standing::HEAD, goals));
    }
    for (name, causes) in &book.problems {
        for cause in causes {
            text.push_str(&name.text());
            text.push_str(": ");
            text.push_str(cause);
            text.push('\n');
        }
    }
    text
}

fn names(book: &Book, track: Track, case: Case) -> Vec<Name> {
    let here = |&&(_, t, c): &&(Name, Track, Case)| t == track && c == case;
    book.rounds.keys().filter(here).map(|&(name, ..)| name).collect()
}

/// All products under one workload; columns that nobody has are left out.
fn one(book: &Book, track: Track, case: Case) -> String {
    let names = names(book, track, case);
    let has = |metrics: &[Metric]| {
        let any = |&metric: &Metric| {
            names.iter().any(|&name| book.get((name, track, case), metric).is_some())
        };
        metrics.iter().any(any)
    };
    let columns: Vec<_> = COLUMNS.into_iter().filter(|(_, metrics)| has(metrics)).collect();
    let mut head = vec![format!("{} · {}", track.text(), case.text())];
    head.extend(columns.iter().map(|(heading, _)| (*heading).to_owned()));
    let rows = names.iter().map(|&name| {
        let cell = |metrics: &[Metric]| {
            let part = |&metric: &Metric| match book.get((name, track, case), metric) {
                Some(middle) => format!("{:.*}", metric.decimals(), middle.median),
                // It shows itself: its CPU is that of the host.
                None if metric == Metric::HostXCpu => "*".to_owned(),
                None => "-".to_owned(),
            };
            metrics.iter().map(part).collect::<Vec<_>>().join(" / ")
        };
        let mut row = vec![name.text()];
        row.extend(columns.iter().map(|(_, metrics)| cell(metrics)));
        row
    });
    let rows = rows.collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, rows)
}

/// Ours by each peer's: below 1 is better but for frames per second.
fn ratios(book: &Book) -> String {
    let mut rows = Vec::new();
    for &(name, track, case) in book.rounds.keys().filter(|(name, ..)| !name.is_ours()) {
        let ratio = |metric: Metric| {
            ratio(
                book.get((name.rival(), track, case), metric),
                book.get((name, track, case), metric),
            )
        };
        let cells: Vec<Option<f64>> = RATIOS.iter().map(|(_, metric)| ratio(*metric)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let mut row = vec![format!(
            "{} / {} · {} · {}",
            name.rival().text(),
            name.text(),
            track.text(),
            case.text()
        )];
        row.extend(
            cells.into_iter().map(|c| c.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))),
        );
        rows.push(row);
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut head = vec!["ratio"];
    head.extend(RATIOS.iter().map(|(heading, _)| *heading));
    table(&head, rows)
}

fn ratio(ours: Option<Middle>, peer: Option<Middle>) -> Option<f64> {
    let (ours, peer) = (ours?.median, peer?.median);
    (peer > 0.0).then(|| ours / peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::figures::Figures;

    fn typed(book: &mut Book, name: Name, p50: f64) {
        let place = (name, Track::Loopback, Case::Typing);
        book.add(place, Figures([(Metric::KeyP50, p50), (Metric::HostCpu, 4.0)].into()));
    }

    #[test]
    fn one_line_a_product_and_one_ratio_a_peer() {
        let mut book = Book::default();
        typed(&mut book, Name::Ours, 3.0);
        typed(&mut book, Name::Xvnc, 12.0);
        typed(&mut book, Name::Novnc, 30.0);
        book.problem(Name::Xpra, "not installed: xpra".to_owned());
        let text = all(&book);
        assert!(text.contains("ours / xvnc · loopback · typing  0.25"), "{text}");
        // The web viewer was not measured: nothing to divide.
        assert!(!text.contains("ours-web / novnc"), "{text}");
        assert!(text.contains("4.0 / * / -"), "{text}");
        assert!(!text.contains("stale ms p50/p95"), "{text}");
        assert!(text.contains("xpra: not installed: xpra"), "{text}");
        assert!(text.contains("met"), "{text}");
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let middle = |median| Some(Middle { median, least: median, most: median, rounds: 1 });
        assert_eq!(ratio(middle(3.0), middle(12.0)), Some(0.25));
        assert_eq!(ratio(middle(3.0), middle(0.0)), None);
        assert_eq!(ratio(None, middle(1.0)), None);
    }
}
