//! Every setting there is. Parsing, `--help` and `docs/settings.md` all come from
//! this table.

use std::fmt::Write as _;

/// One setting.
pub(crate) struct Setting {
    /// Environment variable.
    pub(crate) name: &'static str,
    /// Default, for people; empty when there is none.
    pub(crate) default: &'static str,
    /// What it does, in one line.
    pub(crate) meaning: &'static str,
}

/// All of them, in the order people need them.
pub(crate) const TABLE: &[Setting] = &[
    Setting {
        name: "CONNECT_LISTEN",
        default: "127.0.0.1:8080",
        meaning: "Address and port to listen on. Beyond this machine only with TLS, or behind a declared proxy.",
    },
    Setting {
        name: "CONNECT_PUBLIC_URL",
        default: "the address it listens on",
        meaning: "Origin by which people and agents reach the server, such as https://help.example.com. Links are made from it; other host names are refused.",
    },
    Setting {
        name: "CONNECT_DATA_DIR",
        default: "./data",
        meaning: "Folder for the database and the generated secret. Made when missing.",
    },
    Setting {
        name: "DATABASE_URL",
        default: "sqlite file guruconnect.db in the data folder",
        meaning: "Database: sqlite://path, or postgres://user:password@host/database.",
    },
    Setting {
        name: "JWT_SECRET",
        default: "generated into the data folder, readable by its owner only",
        meaning: "At least 32 characters. Keys of all tokens and of stored support codes are derived from it; changing it ends every login and code.",
    },
    Setting {
        name: "CONNECT_TLS_CERT",
        default: "",
        meaning: "Certificate chain (PEM file) for built-in TLS. Read again within half a minute of a change, or at once on SIGHUP.",
    },
    Setting {
        name: "CONNECT_TLS_KEY",
        default: "",
        meaning: "Private key (PEM file) of the certificate.",
    },
    Setting {
        name: "CONNECT_BEHIND_PROXY",
        default: "false",
        meaning: "true: a reverse proxy named in CONNECT_TRUSTED_PROXIES does TLS, so that plain HTTP may leave this machine.",
    },
    Setting {
        name: "CONNECT_TRUSTED_PROXIES",
        default: "this machine (127.0.0.0/8, ::1)",
        meaning: "Addresses and networks, separated by commas, whose X-Forwarded-For is believed.",
    },
    Setting {
        name: "CONNECT_COMPANY",
        default: "GuruConnect",
        meaning: "Company name that end users see.",
    },
    Setting {
        name: "CONNECT_CONSENT_TIMEOUT_S",
        default: "60",
        meaning: "Seconds, 5 to 600, that a user may take to answer the consent prompt; then it counts as a denial.",
    },
    Setting {
        name: "CONNECT_DOWNLOADS_DIR",
        default: "the program's own folder",
        meaning: "Folder with the support program that guests download.",
    },
    Setting { name: "CONNECT_MAX_CONNECTIONS", default: "20000", meaning: "Sockets at a time." },
    Setting {
        name: "CONNECT_MAX_CONNECTIONS_PER_ADDRESS",
        default: "512",
        meaning: "Sockets at a time from one address that is no trusted proxy.",
    },
    Setting {
        name: "CONNECT_READY_JSON",
        default: "",
        meaning: "File to write address, set-up link and process id into once the server answers.",
    },
    Setting {
        name: "RUST_LOG",
        default: "info",
        meaning: "What is logged, such as warn or gc_relay=debug.",
    },
];

/// The settings' part of `--help`.
pub(crate) fn help() -> String {
    let mut out = String::from("Settings come from the environment:\n\n");
    for setting in TABLE {
        // Writing to a string cannot fail.
        let _ = write!(out, "  {}\n      {}\n", setting.name, setting.meaning);
        if !setting.default.is_empty() {
            let _ = writeln!(out, "      Default: {}.", setting.default);
        }
    }
    out
}

/// `docs/settings.md`.
#[cfg(test)]
pub(crate) fn markdown() -> String {
    let mut out = String::from(
        "# Settings of the server\n\n\
         Generated from `crates/server/src/settings/table.rs`; \
         `UPDATE=1 cargo test -p guruconnect-server` writes it anew.\n\n\
         The server reads its environment at the start and nothing else. \
         A setting that is wrong stops the start with one sentence and exit code 2. \
         An empty value counts as unset.\n\n\
         | variable | default | meaning |\n|---|---|---|\n",
    );
    for Setting { name, default, meaning } in TABLE {
        let default = if default.is_empty() { "none" } else { default };
        let _ = writeln!(out, "| `{name}` | {default} | {meaning} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_page_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
        if gc_runtime::env("UPDATE").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == markdown(), "docs/settings.md is out of date: run with UPDATE=1");
    }
}
