//! The policy "Disable or enable software Secure Attention Sequence".

#[cfg(windows)]
use crate::win32::{CallError, RegistryKey};

/// Where Windows has it.
#[cfg(windows)]
pub(super) const POLICIES: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
#[cfg(windows)]
pub(super) const POLICY: &str = "SoftwareSASGeneration";
/// What the policy was before us; [`NONE_BEFORE`] where there was none.
#[cfg(windows)]
const FORMER: &str = "FormerSoftwareSASGeneration";
#[cfg(windows)]
const NONE_BEFORE: u32 = u32::MAX;

/// Its values: 0 nobody, 1 services, 2 programs of accessibility, 3 both.
const SERVICES: u32 = 1;
#[cfg(windows)]
const BOTH: u32 = 3;

/// Whether this value of the policy lets services press Ctrl+Alt+Del. Without a value
/// nobody may.
pub const fn services_may(policy: Option<u32>) -> bool {
    match policy {
        Some(value) => value <= 3 && value & SERVICES != 0,
        None => false,
    }
}

/// The value with services added to whoever may already.
#[cfg(windows)]
fn with_services(policy: Option<u32>) -> u32 {
    match policy {
        Some(2 | 3) => BOTH,
        _ => SERVICES,
    }
}

/// Whether services may now.
#[cfg(windows)]
pub(super) fn allowed(path: &str) -> Result<bool, CallError> {
    let Some(key) = RegistryKey::open(path)? else { return Ok(false) };
    Ok(services_may(key.number(POLICY)?))
}

/// Lets services, and writes down in our own key what was before, unless an earlier
/// installation has done so.
#[cfg(windows)]
pub(crate) fn set_policy(own: &RegistryKey) -> Result<(), CallError> {
    let policies = RegistryKey::create(POLICIES)?;
    let before = policies.number(POLICY)?;
    if own.number(FORMER)?.is_none() {
        own.set_number(FORMER, before.unwrap_or(NONE_BEFORE))?;
    }
    if services_may(before) {
        return Ok(());
    }
    policies.set_number(POLICY, with_services(before))
}

/// Lets services for as long as `work` takes, where nobody has decided about it: an
/// administrator's decision stays.
#[cfg(windows)]
pub(super) fn while_allowed<T>(work: impl FnOnce() -> T) -> Result<T, CallError> {
    let policies = RegistryKey::create(POLICIES)?;
    if policies.number(POLICY)?.is_some() {
        return Ok(work());
    }
    policies.set_number(POLICY, SERVICES)?;
    let done = work();
    policies.remove(POLICY)?;
    Ok(done)
}

/// Puts back what was before, unless somebody has changed it since.
#[cfg(windows)]
pub(crate) fn restore_policy(own: &RegistryKey) -> Result<(), CallError> {
    let Some(former) = own.number(FORMER)? else { return Ok(()) };
    let before = (former != NONE_BEFORE).then_some(former);
    let policies = RegistryKey::create(POLICIES)?;
    if policies.number(POLICY)? == Some(with_services(before)) {
        match before {
            Some(value) => policies.set_number(POLICY, value)?,
            None => policies.remove(POLICY)?,
        }
    }
    own.remove(FORMER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_may_with_1_and_3_only() {
        let may: Vec<u32> = (0..10).filter(|value| services_may(Some(*value))).collect();
        assert_eq!(may, [1, 3]);
        assert!(!services_may(None));
    }
}

#[cfg(all(test, windows))]
mod registry_tests {
    use std::sync::Mutex;

    use super::*;

    const OWN: &str = "GuruConnectPolicyTest";
    /// There is one policy.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn a_service_for_one_session_leaves_the_policy_as_it_was() {
        let _alone = ALONE.lock();
        let policies = RegistryKey::create(POLICIES).unwrap();
        for before in [None, Some(0), Some(3)] {
            match before {
                Some(value) => policies.set_number(POLICY, value).unwrap(),
                None => policies.remove(POLICY).unwrap(),
            }
            let meanwhile = while_allowed(|| allowed(POLICIES).unwrap()).unwrap();
            assert_eq!(meanwhile, before != Some(0), "{before:?}");
            assert_eq!(policies.number(POLICY).unwrap(), before);
        }
        policies.remove(POLICY).unwrap();
    }

    #[test]
    fn the_policy_is_set_remembered_once_and_put_back() {
        let _alone = ALONE.lock();
        let policies = RegistryKey::create(POLICIES).unwrap();
        for before in [None, Some(0), Some(2), Some(1)] {
            RegistryKey::remove_tree("SOFTWARE", OWN).unwrap();
            let own = RegistryKey::create(&format!(r"SOFTWARE\{OWN}")).unwrap();
            match before {
                Some(value) => policies.set_number(POLICY, value).unwrap(),
                None => policies.remove(POLICY).unwrap(),
            }
            set_policy(&own).unwrap();
            assert!(allowed(POLICIES).unwrap(), "{before:?}");
            set_policy(&own).unwrap();
            restore_policy(&own).unwrap();
            assert_eq!(policies.number(POLICY).unwrap(), before);
            restore_policy(&own).unwrap();
            assert_eq!(policies.number(POLICY).unwrap(), before, "twice");
        }
        // Somebody's own decision after ours stays.
        policies.remove(POLICY).unwrap();
        let own = RegistryKey::create(&format!(r"SOFTWARE\{OWN}")).unwrap();
        set_policy(&own).unwrap();
        policies.set_number(POLICY, 0).unwrap();
        restore_policy(&own).unwrap();
        assert_eq!(policies.number(POLICY).unwrap(), Some(0));
        policies.remove(POLICY).unwrap();
        RegistryKey::remove_tree("SOFTWARE", OWN).unwrap();
    }
}
