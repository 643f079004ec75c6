//! The helper as a real service, asked by another one.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::PathBuf;
use std::process::Command;

use gc_platform::{SecureAttention, SecureAttentionError};
use gc_platform_windows::sas::{HelperSettings, WindowsSecureAttention, serve};
use gc_platform_windows::service::{
    Recovery, Service, ServiceDefinition, ServiceFailure, ServiceManager, ServiceState, Start,
    run_service,
};

const HELPER: &str = env!("CARGO_BIN_EXE_guruconnect-sas-service");
const POLICIES: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
const POLICY: &str = "SoftwareSASGeneration";

/// Exit codes of the service that asks.
const SENT: u32 = 100;
const FORBIDDEN: u32 = 101;
const REFUSED: u32 = 102;
const OTHER: u32 = 103;

fn set_policy(value: Option<u32>) {
    let mut reg = Command::new("reg");
    match value {
        Some(value) => reg
            .args(["add", POLICIES, "/v", POLICY, "/t", "REG_DWORD", "/d"])
            .arg(value.to_string()),
        None => reg.args(["delete", POLICIES, "/v", POLICY]),
    };
    reg.args(["/f", "/reg:64"]);
    // Removing what is not there fails, and is as well.
    let done = reg.output().unwrap();
    assert!(done.status.success() || value.is_none(), "{done:?}");
}

/// With its drive: the service manager starts it from elsewhere.
fn helper_program() -> PathBuf {
    std::path::absolute(HELPER).unwrap()
}

fn define(name: &str, program: PathBuf, arguments: &[&str]) -> Service {
    ServiceManager::connect_to_change()
        .unwrap()
        .ensure(&ServiceDefinition {
            name: name.to_owned(),
            display_name: name.to_owned(),
            description: "made by a test".to_owned(),
            program,
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            start: Start::Demand,
            recovery: Recovery::Leave,
        })
        .unwrap()
}

/// A helper and a service that asks it, with names of this test.
struct Pair {
    helper_name: String,
    helper: Service,
    asker: Service,
}

impl Pair {
    /// With the real helper.
    fn new(test: &str) -> Self {
        Self::with(test, helper_program(), &[])
    }

    /// With one that is only told to press: Wine ends who calls `SendSAS`.
    fn that_only_counts(test: &str) -> Self {
        let test_runner = ["--ignored", "--exact", "a_helper_that_only_counts"];
        Self::with(test, std::env::current_exe().unwrap(), &test_runner)
    }

    fn with(test: &str, program: PathBuf, before: &[&str]) -> Self {
        let number = std::process::id();
        let helper_name = format!("GcTestSas{test}-{number}");
        let asker_name = format!("GcTestAsker{test}-{number}");
        let mut arguments = before.to_vec();
        arguments.extend([helper_name.as_str(), &helper_name, &asker_name]);
        let helper = define(&helper_name, program, &arguments);
        let asker = define(
            &asker_name,
            std::env::current_exe().unwrap(),
            &["--ignored", "--exact", "the_asker", &asker_name, &helper_name],
        );
        Self { helper_name, helper, asker }
    }

    /// What the service that asks says came of it.
    fn ask(&self) -> u32 {
        self.asker.start(&[]).unwrap();
        let mut status = self.asker.status().unwrap();
        while status.state != ServiceState::Stopped {
            std::thread::yield_now();
            status = self.asker.status().unwrap();
        }
        status.exit_code
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for service in [&self.asker, &self.helper] {
            let _ = service.stop();
            let _ = service.delete();
        }
        set_policy(None);
    }
}

#[test]
#[ignore = "is started by other tests, as a service"]
fn the_asker() {
    let arguments: Vec<String> = std::env::args().collect();
    let [name, helper] = &arguments[4..] else { panic!("{arguments:?}") };
    let helper = helper.clone();
    run_service(name, move |context| {
        context.running().unwrap();
        let code = match WindowsSecureAttention::with(&helper, &helper).send() {
            Ok(()) => SENT,
            Err(SecureAttentionError::PolicyForbids) => FORBIDDEN,
            Err(SecureAttentionError::Refused) => REFUSED,
            Err(_) => OTHER,
        };
        Err(ServiceFailure { code, reason: "to be read by a test".to_owned() })
    })
    .unwrap();
}

#[test]
#[ignore = "is started by other tests, as a service"]
fn a_helper_that_only_counts() {
    let arguments: Vec<String> = std::env::args().collect();
    let [name, pipe, asker] = &arguments[4..] else { panic!("{arguments:?}") };
    let settings = HelperSettings { pipe: pipe.clone(), asker: asker.clone(), idle: 60_000 };
    run_service(name, move |context| {
        context.running().unwrap();
        serve(&settings, &context.stop, &|| Ok(())).unwrap();
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_service_may_ask_as_often_as_it_likes_and_nobody_else() {
    let pair = Pair::that_only_counts("May");
    assert_eq!(pair.ask(), SENT);
    assert_eq!(pair.helper.status().unwrap().state, ServiceState::Running, "started on demand");
    assert_eq!(pair.ask(), SENT);
    // This process is an administrator's, and not the service.
    let name = &pair.helper_name;
    let answer = WindowsSecureAttention::with(name, name).send();
    assert_eq!(answer, Err(SecureAttentionError::Refused));
    assert_eq!(pair.ask(), SENT, "a refusal does no harm");
    pair.helper.stop().unwrap();
    assert_eq!(pair.helper.status().unwrap().exit_code, 0);
}

#[test]
fn without_the_policy_nothing_is_pressed() {
    let pair = Pair::new("Policy");
    let name = &pair.helper_name;
    let answer = WindowsSecureAttention::with(name, name).send();
    assert_eq!(answer, Err(SecureAttentionError::Refused), "not the service");
    for value in [None, Some(0), Some(2)] {
        set_policy(value);
        assert_eq!(pair.ask(), FORBIDDEN, "{value:?}");
    }
}

#[test]
fn without_a_helper_it_says_so() {
    let answer = WindowsSecureAttention::with("GcTestNoSuchHelper", "GcTestNoSuchHelper").send();
    assert_eq!(answer, Err(SecureAttentionError::NotInstalled));
}

#[test]
fn started_by_hand_it_says_so() {
    let output = Command::new(helper_program()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("service manager"), "{text}");
}
