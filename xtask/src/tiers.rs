//! The tier table: which crate stands where, and what may depend on what.

/// Where a crate stands. An arrow goes only as [`Tier::may_use`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// No I/O, no clock, no randomness, no runtime, no operating system.
    Core,
    /// A core crate for one capability; never depends on another such crate.
    Capability,
    /// Operating systems, codecs, sockets.
    Backend,
    /// Storage, relay, API.
    Server,
    /// Agent and viewers.
    Endpoint,
    /// Programs that people start.
    Binary,
    /// Tests, benchmarks, development.
    Internal,
}

impl Tier {
    /// Name in ARCHITECTURE.md.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Capability => "capability",
            Self::Backend => "backend",
            Self::Server => "server",
            Self::Endpoint => "endpoint",
            Self::Binary => "binary",
            Self::Internal => "internal",
        }
    }

    /// Whether a crate of this tier may depend on one of `other`.
    pub(crate) const fn may_use(self, other: Self) -> bool {
        use Tier::{Backend, Binary, Capability, Core, Endpoint, Internal, Server};
        match self {
            Core | Capability => matches!(other, Core),
            Backend => matches!(other, Core | Capability | Backend),
            Server => matches!(other, Core | Capability | Backend | Server),
            Endpoint => matches!(other, Core | Capability | Backend | Endpoint),
            Binary => !matches!(other, Internal),
            Internal => true,
        }
    }
}

/// Every crate of the workspace.
pub(crate) const CRATES: &[(&str, Tier)] = &[
    ("gc-types", Tier::Core),
    ("gc-proto", Tier::Core),
    ("gc-channel", Tier::Core),
    ("gc-session", Tier::Core),
    ("gc-policy", Tier::Core),
    ("gc-actions", Tier::Capability),
    ("gc-input", Tier::Capability),
    ("gc-video", Tier::Capability),
    ("gc-clipboard", Tier::Capability),
    ("gc-filetransfer", Tier::Capability),
    ("gc-runtime", Tier::Backend),
    ("gc-codec", Tier::Backend),
    ("gc-panel", Tier::Backend),
    ("gc-platform", Tier::Backend),
    ("gc-platform-gl", Tier::Backend),
    ("gc-platform-linux", Tier::Backend),
    ("gc-platform-windows", Tier::Backend),
    ("gc-platform-fake", Tier::Backend),
    ("gc-transport", Tier::Backend),
    ("gc-storage", Tier::Server),
    ("gc-relay", Tier::Server),
    ("gc-api", Tier::Server),
    ("guruconnect-server", Tier::Binary),
    ("gc-agent", Tier::Endpoint),
    ("gc-viewer-core", Tier::Endpoint),
    ("gc-viewer", Tier::Endpoint),
    ("guruconnect", Tier::Binary),
    ("gc-sas-service", Tier::Binary),
    ("gc-codegen", Tier::Internal),
    ("gc-testkit", Tier::Internal),
    ("gc-netem", Tier::Internal),
    ("gc-demo", Tier::Internal),
    ("gc-e2e", Tier::Internal),
    ("gc-bench", Tier::Internal),
    ("xtask", Tier::Internal),
];

/// Edges that the tiers would allow and the design forbids: (crate, dependency).
pub(crate) const FORBIDDEN: &[(&str, &str)] = &[
    ("gc-relay", "sqlx"),
    ("gc-relay", "gc-storage"),
    ("gc-relay", "axum"),
    ("gc-api", "sqlx"),
    ("gc-api", "gc-platform"),
    ("gc-relay", "gc-platform"),
    ("gc-relay", "gc-transport"),
    ("gc-api", "gc-transport"),
    ("gc-relay", "prost"),
];

/// What no core or capability crate may depend on.
pub(crate) const FORBIDDEN_IN_CORE: &[&str] =
    &["tokio", "getrandom", "rand", "x11rb", "libc", "rustix", "sqlx", "axum", "hyper", "socket2"];
