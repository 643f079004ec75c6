//! What people call a version of Windows, and how long a tick count is ago.

use std::time::Duration;

/// The first build that is called Windows 11.
const ELEVEN: u32 = 22000;

/// What the system and its registry say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowsVersion {
    /// `ProductName`: "Windows 10 Pro", also on Windows 11.
    pub product: String,
    /// `DisplayVersion`, or `ReleaseId` before it was there: "23H2"; may be empty.
    pub release: String,
    /// `szCSDVersion`: "Service Pack 1"; may be empty.
    pub service_pack: String,
    /// Major and minor version, build.
    pub number: (u32, u32, u32),
    /// `UBR`, the update; 0 where it is not known.
    pub revision: u32,
}

impl WindowsVersion {
    /// "Windows 11 Pro 23H2 (10.0.22631.3007)".
    pub fn for_people(&self) -> String {
        let (major, minor, build) = self.number;
        let mut name = self.product.trim().to_owned();
        if name.is_empty() {
            "Windows".clone_into(&mut name);
        }
        // The registry never learned the new name.
        if build >= ELEVEN
            && let Some(rest) = name.strip_prefix("Windows 10")
        {
            name = format!("Windows 11{rest}");
        }
        for part in [&self.release, &self.service_pack] {
            if !part.trim().is_empty() {
                name.push(' ');
                name.push_str(part.trim());
            }
        }
        let revision =
            if self.revision == 0 { String::new() } else { format!(".{}", self.revision) };
        format!("{name} ({major}.{minor}.{build}{revision})")
    }
}

/// How long ago `then` was at `now`, both in milliseconds since the system was started
/// by a counter that begins anew after 49.7 days.
pub fn idle_since(then: u32, now: u32) -> Duration {
    let ago = now.wrapping_sub(then);
    // Input can come between the reading of the two: that is not 49 days ago.
    if ago > u32::MAX - 10_000 { Duration::ZERO } else { Duration::from_millis(ago.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(product: &str, release: &str, number: (u32, u32, u32)) -> WindowsVersion {
        WindowsVersion {
            product: product.to_owned(),
            release: release.to_owned(),
            number,
            ..WindowsVersion::default()
        }
    }

    #[test]
    fn versions_have_the_names_that_people_use() {
        let eleven =
            WindowsVersion { revision: 3007, ..version("Windows 10 Pro", "23H2", (10, 0, 22631)) };
        assert_eq!(eleven.for_people(), "Windows 11 Pro 23H2 (10.0.22631.3007)");
        let ten = version("Windows 10 Home", "22H2", (10, 0, 19045));
        assert_eq!(ten.for_people(), "Windows 10 Home 22H2 (10.0.19045)");
        let server = version("Windows Server 2025 Standard", "24H2", (10, 0, 26100));
        assert_eq!(server.for_people(), "Windows Server 2025 Standard 24H2 (10.0.26100)");
        let seven = WindowsVersion {
            service_pack: "Service Pack 1".to_owned(),
            ..version("Windows 7 Professional", "", (6, 1, 7601))
        };
        assert_eq!(seven.for_people(), "Windows 7 Professional Service Pack 1 (6.1.7601)");
        assert_eq!(version(" ", "", (10, 0, 0)).for_people(), "Windows (10.0.0)");
    }

    #[test]
    fn the_counter_may_begin_anew() {
        let millis = Duration::from_millis;
        assert_eq!(idle_since(1_000, 61_000), millis(60_000));
        assert_eq!(idle_since(u32::MAX - 999, 9_000), millis(10_000));
        assert_eq!(idle_since(5, 5), Duration::ZERO);
        assert_eq!(idle_since(1_000, 990), Duration::ZERO, "read one after the other");
        assert_eq!(idle_since(0, 3_000_000_000), millis(3_000_000_000));
    }
}
