//! What processes cost, as `/proc` tells it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};

/// A process, by its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worker(pub(crate) u32);

impl Worker {
    fn folder(self) -> String {
        format!("/proc/{}", self.0)
    }

    /// User and system time so far, seconds, in steps of a clock tick (10 ms).
    pub(crate) fn cpu_seconds(self) -> Result<f64> {
        let path = format!("{}/stat", self.folder());
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let ticks = cpu_ticks(&text).with_context(|| format!("{path} has another form"))?;
        Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Resident memory now and at its peak, MiB.
    pub(crate) fn memory_mib(self) -> Result<Memory> {
        let path = format!("{}/status", self.folder());
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let field = |name: &str| -> Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
            Ok(kib.with_context(|| format!("{path} has no {name}"))? / 1024.0)
        };
        Ok(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}

/// Resident memory, MiB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: f64,
    /// At its peak.
    pub(crate) peak: f64,
}

/// utime + stime of a `/proc/PID/stat` line. The name in parentheses may hold
/// anything, so fields are counted from the last closing one.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// User and system time of a process and of all its descendants that live, seconds.
pub(crate) fn tree_cpu_seconds(root: u32) -> Result<f64> {
    // One may end between the listing and the look.
    Ok(tree(root)?.into_iter().map(|id| Worker(id).cpu_seconds().unwrap_or(0.0)).sum())
}

/// A process, all its descendants, and all of the process group that it leads, as
/// far as they live.
pub(crate) fn tree(root: u32) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut left = vec![root];
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end between the listing and the look.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        let Some((parent, group)) = parent_and_group(&stat) else { continue };
        children.entry(parent).or_default().push(id);
        if group == root && id != root {
            left.push(id);
        }
    }
    let mut found = HashSet::new();
    while let Some(id) = left.pop() {
        if found.insert(id) {
            left.extend(children.remove(&id).unwrap_or_default());
        }
    }
    Ok(found.into_iter().collect())
}

/// Memory of a process and all its descendants, MiB; what several share counts once
/// in all (`Pss`).
pub(crate) fn tree_pss_mib(root: u32) -> Result<f64> {
    let kib = |id: u32| {
        // One may end between the listing and the look.
        let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    Ok(tree(root)?.into_iter().filter_map(kib).sum::<f64>() / 1024.0)
}

/// Parent and process group of a `/proc/PID/stat` line.
fn parent_and_group(stat: &str) -> Option<(u32, u32)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Average number of runnable processes over the last minute.
pub(crate) fn load_average() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    let first = text.split_whitespace().next().context("/proc/loadavg is empty")?;
    first.parse().context("/proc/loadavg has another form")
}

/// Fails with a sentence when the machine has other work that would spoil what is
/// measured.
pub(crate) fn refuse_when_busy(allow: bool) -> Result<f64> {
    let load = load_average()?;
    if load > 1.5 && !allow {
        anyhow::bail!(
            "the machine is busy (load average {load:.2}, limit 1.5), so the figures would be \
             worthless; wait, or use --busy to measure all the same"
        );
    }
    Ok(load)
}

/// Bytes that a process has sent to and received from the server since each of its
/// sockets was opened, TLS included, from the kernel's own counters (`ss -ti`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Towards the server.
    pub(crate) sent: u64,
    /// From the server.
    pub(crate) received: u64,
}

/// See [`Traffic`].
pub(crate) fn traffic(process: u32, server_port: u16) -> Result<Traffic> {
    let sockets = sockets_of(process)?;
    let output = std::process::Command::new("ss")
        .args(["-tinHOe", "state", "established", &format!("( dport = :{server_port} )")])
        .output()
        .context("cannot start ss (package iproute2)")?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(sum_traffic(&text, &sockets))
}

fn sockets_of(process: u32) -> Result<HashSet<u64>> {
    let folder = format!("/proc/{process}/fd");
    let mut sockets = HashSet::new();
    for entry in std::fs::read_dir(Path::new(&folder)).with_context(|| folder.clone())? {
        // A descriptor may have been closed since the listing.
        let Ok(target) = std::fs::read_link(entry?.path()) else { continue };
        let inode = target.to_str().and_then(|target| {
            target.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
        });
        sockets.extend(inode);
    }
    Ok(sockets)
}

fn sum_traffic(ss: &str, sockets: &HashSet<u64>) -> Traffic {
    let mut traffic = Traffic::default();
    for line in ss.lines() {
        let field = |name: &str| -> Option<u64> {
            line.split_whitespace().find_map(|word| word.strip_prefix(name)?.parse().ok())
        };
        if field("ino:").is_some_and(|inode| sockets.contains(&inode)) {
            traffic.sent += field("bytes_sent:").unwrap_or(0);
            traffic.received += field("bytes_received:").unwrap_or(0);
        }
    }
    traffic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("nonsense"), None);
        assert_eq!(parent_and_group(stat), Some((1, 7)));
    }

    #[test]
    fn only_the_sockets_of_the_process_count() {
        let ss = "0 0 127.0.0.1:5 127.0.0.1:9 uid:1 ino:11 sk:1 cubic bytes_sent:70 \
                  bytes_acked:70 bytes_received:8 segs_out:2\n\
                  0 0 127.0.0.1:6 127.0.0.1:9 ino:12 sk:2 bytes_sent:1000 bytes_received:1000\n\
                  0 0 127.0.0.1:7 127.0.0.1:9 ino:13 sk:3 bytes_sent:5\n";
        let traffic = sum_traffic(ss, &HashSet::from([11, 13]));
        assert_eq!(traffic, Traffic { sent: 75, received: 8 });
    }

    #[test]
    fn own_usage_can_be_read() {
        let own = Worker(std::process::id());
        assert!(own.memory_mib().unwrap().peak >= own.memory_mib().unwrap().resident / 2.0);
        assert!(own.cpu_seconds().unwrap() >= 0.0);
        assert!(tree_pss_mib(std::process::id()).unwrap() > 0.1);
    }
}
