//! The targets: ratios to peers in the same run, and a few limits.

use serde_json::{Value, json};

use super::case::Case;
use super::figures::{Book, Metric};
use super::product::Name;
use super::track::Track;

/// What a figure of ours is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Aim {
    /// At most this share of the peer's.
    Share(Name, f64),
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
}

/// One target.
#[derive(Debug, Clone, Copy)]
struct Goal {
    ours: Name,
    track: Track,
    case: Case,
    metric: Metric,
    aim: Aim,
}

const fn goal(ours: Name, case: Case, metric: Metric, aim: Aim) -> Goal {
    Goal { ours, track: Track::Loopback, case, metric, aim }
}

/// All of the table of targets that is measured here.
const GOALS: &[Goal] = &[
    goal(Name::Ours, Case::Typing, Metric::KeyP50, Aim::Share(Name::Xvnc, 0.35)),
    goal(Name::Ours, Case::Typing, Metric::KeyP95, Aim::Share(Name::Xvnc, 0.6)),
    goal(Name::Ours, Case::Typing, Metric::KeyP50, Aim::Share(Name::Xvnc500, 1.5)),
    goal(Name::OursWeb, Case::Typing, Metric::KeyP50, Aim::Share(Name::Novnc, 0.4)),
    goal(Name::OursWeb, Case::Typing, Metric::KeyP50, Aim::Share(Name::Meshcentral, 0.05)),
    goal(Name::OursWeb, Case::Typing, Metric::KeyP50, Aim::Most(12.0)),
    goal(Name::Ours, Case::Scroll, Metric::Down, Aim::Share(Name::Xvnc, 1.5)),
    goal(Name::Ours, Case::Scroll, Metric::Down, Aim::Share(Name::X11vnc, 0.05)),
    goal(Name::Ours, Case::Scroll, Metric::Fps, Aim::Least(29.0)),
    goal(Name::Ours, Case::Scroll, Metric::HostCpu, Aim::Share(Name::X11vnc, 0.4)),
    goal(Name::Ours, Case::Video, Metric::Fps, Aim::Least(29.0)),
    goal(Name::Ours, Case::Video, Metric::Down, Aim::Share(Name::Xvnc, 0.12)),
    goal(Name::Ours, Case::Video, Metric::AgeP50, Aim::Share(Name::Xvnc, 1.2)),
    goal(Name::Ours, Case::Video, Metric::MovingPsnr, Aim::Least(35.0)),
    goal(Name::Ours, Case::Video, Metric::BothCpu, Aim::Share(Name::Xvnc, 1.3)),
    goal(Name::Ours, Case::Video60, Metric::Fps, Aim::Least(50.0)),
    goal(Name::Ours, Case::Typing, Metric::Settle, Aim::Most(500.0)),
    goal(Name::Ours, Case::Scroll, Metric::Settle, Aim::Most(500.0)),
    goal(Name::Ours, Case::Video, Metric::Settle, Aim::Most(500.0)),
    goal(Name::Ours, Case::Idle, Metric::HostCpu, Aim::Most(0.5)),
    goal(Name::Ours, Case::Idle, Metric::DownBytes, Aim::Most(100.0)),
    goal(Name::Ours, Case::Typing, Metric::FirstPicture, Aim::Most(500.0)),
    after_drop(Aim::Share(Name::Xvnc, 0.5)),
    after_drop(Aim::Most(400.0)),
];

/// Staleness of a video when its line becomes narrow.
const fn after_drop(aim: Aim) -> Goal {
    let case = Case::Video;
    Goal { ours: Name::Ours, track: Track::Drop, case, metric: Metric::StaleP95, aim }
}

/// How a target stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    what: String,
    ours: Option<f64>,
    peer: Option<f64>,
    /// Ours by the peer's, or ours by the limit.
    ratio: Option<f64>,
    aim: String,
    /// `None` when it was not measured.
    met: Option<bool>,
    decimals: usize,
}

impl Standing {
    fn of(goal: &Goal, book: &Book) -> Self {
        let ours = book.get((goal.ours, goal.track, goal.case), goal.metric);
        let ours = ours.map(|middle| middle.median);
        let (mut peer, mut ratio) = (None, None);
        let met;
        let aim = match goal.aim {
            Aim::Share(name, share) => {
                peer = book.get((name, goal.track, goal.case), goal.metric).map(|m| m.median);
                ratio = ours.zip(peer).filter(|(_, peer)| *peer > 0.0).map(|(o, p)| o / p);
                met = ratio.map(|ratio| ratio <= share);
                format!("<= {share}x {}", name.text())
            }
            Aim::Most(most) => {
                met = ours.map(|ours| ours <= most);
                format!("<= {most}")
            }
            Aim::Least(least) => {
                met = ours.map(|ours| ours >= least);
                format!(">= {least}")
            }
        };
        let (ours_text, track) = (goal.ours.text(), goal.track.text());
        let place = if goal.track == Track::Loopback { String::new() } else { format!(" {track}") };
        let what = format!("{ours_text} {}{place} {}", goal.case.text(), goal.metric.key());
        Self { what, ours, peer, ratio, aim, met, decimals: goal.metric.decimals() }
    }

    /// How all stand of which at least our own side was to be measured.
    pub(super) fn all(book: &Book) -> Vec<Self> {
        GOALS.iter().map(|goal| Self::of(goal, book)).filter(|s| s.ours.is_some()).collect()
    }

    /// Names of [`Standing::row`].
    pub(super) const HEAD: [&str; 6] = ["target", "ours", "peer", "ratio", "goal", "result"];

    /// For people.
    pub(super) fn row(&self) -> Vec<String> {
        let decimals = self.decimals;
        let number = |value: Option<f64>, decimals: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"))
        };
        let result = match self.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        };
        vec![
            self.what.clone(),
            number(self.ours, decimals),
            number(self.peer, decimals),
            number(self.ratio, 2),
            self.aim.clone(),
            result.to_owned(),
        ]
    }

    /// For the file.
    pub(super) fn json(&self) -> Value {
        json!({
            "target": self.what,
            "ours": self.ours,
            "peer": self.peer,
            "ratio": self.ratio,
            "goal": self.aim,
            "met": self.met,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::figures::Figures;

    fn book(values: &[(Name, Metric, f64)]) -> Book {
        let mut book = Book::default();
        for &(name, metric, value) in values {
            let place = (name, Track::Loopback, Case::Typing);
            book.add(place, Figures([(metric, value)].into()));
        }
        book
    }

    fn typing(aim: Aim, metric: Metric, book: &Book) -> Standing {
        Standing::of(&goal(Name::Ours, Case::Typing, metric, aim), book)
    }

    #[test]
    fn a_share_is_met_when_the_ratio_is_not_above() {
        let book = book(&[(Name::Ours, Metric::KeyP50, 3.0), (Name::Xvnc, Metric::KeyP50, 10.0)]);
        let met = typing(Aim::Share(Name::Xvnc, 0.35), Metric::KeyP50, &book);
        assert_eq!((met.met, met.ratio), (Some(true), Some(0.3)));
        let missed = typing(Aim::Share(Name::Xvnc, 0.25), Metric::KeyP50, &book);
        assert_eq!(missed.met, Some(false));
        assert_eq!(missed.row().last().map(String::as_str), Some("missed"));
    }

    #[test]
    fn without_the_peer_nothing_is_said() {
        let book = book(&[(Name::Ours, Metric::KeyP50, 3.0)]);
        let open = typing(Aim::Share(Name::Xvnc, 0.35), Metric::KeyP50, &book);
        assert_eq!((open.met, open.ratio), (None, None));
        assert_eq!(open.row().last().map(String::as_str), Some("not measured"));
    }

    #[test]
    fn limits_need_no_peer() {
        let book = book(&[(Name::Ours, Metric::Settle, 400.0), (Name::Ours, Metric::Fps, 28.0)]);
        assert_eq!(typing(Aim::Most(500.0), Metric::Settle, &book).met, Some(true));
        assert_eq!(typing(Aim::Least(29.0), Metric::Fps, &book).met, Some(false));
    }

    #[test]
    fn every_goal_compares_like_with_like() {
        for goal in GOALS {
            assert!(goal.ours.is_ours());
            if let Aim::Share(peer, share) = goal.aim {
                assert_eq!(peer.rival(), goal.ours, "{goal:?}");
                assert!(share > 0.0);
            }
        }
    }
}
