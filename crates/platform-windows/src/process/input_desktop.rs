//! Follows the desktop that shows: the user's own one, the one of UAC prompts, logon
//! and lock screen (`Winlogon`), a screen saver. Only SYSTEM may open the second, and a
//! user's files and clipboard are not SYSTEM's business, so that the worker is ended
//! for one of the other account when the desktop asks for it. No Win32, so that it is
//! tested everywhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Exit code of a worker that wants a worker of SYSTEM in its place.
pub const WORKER_LEFT_FOR_SYSTEM: u32 = 0x4743_0001;
/// Exit code of a worker that wants a worker of the user in its place.
pub const WORKER_LEFT_FOR_USER: u32 = 0x4743_0002;

/// How long a desktop must be closed to us before it counts: while Windows switches it
/// is closed to everybody for a moment.
const CLOSED_FOR: Duration = Duration::from_millis(200);
/// How long the user's desktop must be back before SYSTEM leaves it to the user: one
/// prompt often follows another.
const BACK_FOR: Duration = Duration::from_secs(5);
/// The desktop of the user's programs. Names of desktops ignore case.
const USERS_DESKTOP: &str = "default";

/// Who a worker runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerAccount {
    /// The user who is logged on.
    User,
    /// LocalSystem, in the user's session.
    System,
}

impl WorkerAccount {
    /// Exit code of a worker that leaves its place to one of this account.
    pub const fn exit_code(self) -> u32 {
        match self {
            Self::User => WORKER_LEFT_FOR_USER,
            Self::System => WORKER_LEFT_FOR_SYSTEM,
        }
    }

    /// The account that a worker with this exit code asked for.
    pub const fn asked_for(exit_code: u32) -> Option<Self> {
        match exit_code {
            WORKER_LEFT_FOR_USER => Some(Self::User),
            WORKER_LEFT_FOR_SYSTEM => Some(Self::System),
            _ => None,
        }
    }
}

/// Why the desktop that shows cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DesktopSeamError {
    /// It is not for this account.
    #[error("the desktop that shows is closed to this account")]
    Denied,
    /// A call failed; the text names it.
    #[error("the desktop that shows cannot be opened: {0}")]
    Failed(String),
}

/// What the operating system does for it, on the calling thread.
pub trait DesktopSeam {
    /// Name of the desktop that shows and takes input.
    fn showing(&mut self) -> Result<String, DesktopSeamError>;

    /// Puts the calling thread on the desktop that shows, and tells its name. The thread
    /// has no window and no hook.
    fn enter(&mut self) -> Result<String, DesktopSeamError>;
}

/// What came of looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The thread is where it was, and that shows.
    Same,
    /// The thread is on another desktop: screen and input are opened anew there, and
    /// held keys are forgotten with the former one.
    Switched(String),
    /// The desktop that shows cannot be had at the moment; look again.
    Blind(DesktopSeamError),
    /// This process ends with [`WorkerAccount::exit_code`], for a worker of this account.
    Leave(WorkerAccount),
}

/// Since when the desktop is as it is, for all followers of one process.
#[derive(Debug, Clone, Default)]
pub struct DesktopTimes(Arc<Mutex<Times>>);

#[derive(Debug, Default)]
struct Times {
    closed_since: Option<Duration>,
    back_since: Option<Duration>,
}

impl DesktopTimes {
    fn lock(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps one thread on the desktop that shows.
pub struct DesktopFollower<D> {
    seam: D,
    account: WorkerAccount,
    current: Option<String>,
    times: DesktopTimes,
    /// Whatever shows, nobody takes over.
    stays: bool,
}

impl<D: DesktopSeam> DesktopFollower<D> {
    /// For the thread that calls [`Self::follow`].
    pub fn new(seam: D, account: WorkerAccount, times: DesktopTimes) -> Self {
        Self { seam, account, current: None, times, stays: false }
    }

    /// The same for LocalSystem that does not leave the user's desktop to the user, as it
    /// has neither clipboard nor files there.
    pub fn that_stays(seam: D) -> Self {
        let times = DesktopTimes::default();
        Self { seam, account: WorkerAccount::System, current: None, times, stays: true }
    }

    /// Looks, and follows. Called before a picture is taken and when taking one failed;
    /// `now` never steps back.
    pub fn follow(&mut self, now: Duration) -> Followed {
        let name = match self.seam.showing() {
            Ok(name) => name,
            Err(error) => {
                self.times.lock().back_since = None;
                return self.closed(error, now);
            }
        };
        if self.is_the_users_for_good(&name, now) {
            return Followed::Leave(WorkerAccount::User);
        }
        if self.current.as_deref() == Some(name.as_str()) {
            self.times.lock().closed_since = None;
            return Followed::Same;
        }
        // It may have changed again in between: what was entered is what counts.
        match self.seam.enter() {
            Ok(entered) => {
                self.times.lock().closed_since = None;
                self.current = Some(entered.clone());
                Followed::Switched(entered)
            }
            // One that shows, and lets nobody in, is as closed as one that does not show.
            Err(error) => self.closed(error, now),
        }
    }

    /// Whether SYSTEM has nothing to do here any longer.
    fn is_the_users_for_good(&self, name: &str, now: Duration) -> bool {
        let mut times = self.times.lock();
        if self.stays
            || self.account == WorkerAccount::User
            || !name.eq_ignore_ascii_case(USERS_DESKTOP)
        {
            times.back_since = None;
            return false;
        }
        let since = *times.back_since.get_or_insert(now);
        now.saturating_sub(since) >= BACK_FOR
    }

    fn closed(&self, error: DesktopSeamError, now: Duration) -> Followed {
        let mut times = self.times.lock();
        let since = *times.closed_since.get_or_insert(now);
        let long_enough = now.saturating_sub(since) >= CLOSED_FOR;
        if error == DesktopSeamError::Denied && self.account == WorkerAccount::User && long_enough {
            return Followed::Leave(WorkerAccount::System);
        }
        Followed::Blind(error)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    type Shown = Rc<RefCell<Result<&'static str, DesktopSeamError>>>;

    struct Fake {
        shown: Shown,
        entered: Rc<RefCell<Vec<String>>>,
        locked: bool,
    }

    impl DesktopSeam for Fake {
        fn showing(&mut self) -> Result<String, DesktopSeamError> {
            self.shown.borrow().clone().map(str::to_owned)
        }

        fn enter(&mut self) -> Result<String, DesktopSeamError> {
            let name = self.showing()?;
            if self.locked {
                return Err(DesktopSeamError::Denied);
            }
            self.entered.borrow_mut().push(name.clone());
            Ok(name)
        }
    }

    fn follower(
        account: WorkerAccount,
    ) -> (DesktopFollower<Fake>, Shown, Rc<RefCell<Vec<String>>>) {
        let shown: Shown = Rc::new(RefCell::new(Ok("Default")));
        let entered = Rc::default();
        let (its, shows) = (Rc::clone(&entered), Rc::clone(&shown));
        let fake = Fake { shown: shows, entered: its, locked: false };
        (DesktopFollower::new(fake, account, DesktopTimes::default()), shown, entered)
    }

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_thread_enters_each_desktop_once() {
        let (mut follower, shown, entered) = follower(WorkerAccount::User);
        assert_eq!(follower.follow(at(0)), Followed::Switched("Default".into()));
        assert_eq!(follower.follow(at(10)), Followed::Same);
        *shown.borrow_mut() = Ok("Screen-saver");
        assert_eq!(follower.follow(at(20)), Followed::Switched("Screen-saver".into()));
        *shown.borrow_mut() = Ok("Default");
        assert_eq!(follower.follow(at(30)), Followed::Switched("Default".into()));
        assert_eq!(*entered.borrow(), ["Default", "Screen-saver", "Default"]);
    }

    #[test]
    fn one_that_stays_follows_and_leaves_nothing_to_anybody() {
        let shown: Shown = Rc::new(RefCell::new(Ok("Default")));
        let entered = Rc::default();
        let fake = Fake { shown: Rc::clone(&shown), entered: Rc::clone(&entered), locked: false };
        let mut follower = DesktopFollower::that_stays(fake);
        follower.follow(at(0));
        assert_eq!(follower.follow(at(60_000)), Followed::Same);
        *shown.borrow_mut() = Ok("Winlogon");
        assert_eq!(follower.follow(at(60_010)), Followed::Switched("Winlogon".into()));
        *shown.borrow_mut() = Err(DesktopSeamError::Denied);
        assert_eq!(follower.follow(at(70_000)), Followed::Blind(DesktopSeamError::Denied));
        assert_eq!(follower.follow(at(80_000)), Followed::Blind(DesktopSeamError::Denied));
        *shown.borrow_mut() = Ok("Default");
        assert_eq!(follower.follow(at(90_000)), Followed::Switched("Default".into()));
        assert_eq!(*entered.borrow(), ["Default", "Winlogon", "Default"]);
    }

    #[test]
    fn the_users_worker_leaves_for_the_system_when_a_desktop_stays_closed() {
        let (mut follower, shown, _) = follower(WorkerAccount::User);
        follower.follow(at(0));
        *shown.borrow_mut() = Err(DesktopSeamError::Denied);
        assert_eq!(follower.follow(at(100)), Followed::Blind(DesktopSeamError::Denied));
        *shown.borrow_mut() = Ok("Default");
        assert_eq!(follower.follow(at(150)), Followed::Same, "it was only a moment");
        *shown.borrow_mut() = Err(DesktopSeamError::Denied);
        assert_eq!(follower.follow(at(400)), Followed::Blind(DesktopSeamError::Denied));
        assert_eq!(follower.follow(at(600)), Followed::Leave(WorkerAccount::System));
    }

    #[test]
    fn a_desktop_that_shows_and_lets_nobody_in_is_closed_too() {
        let (mut follower, _, entered) = follower(WorkerAccount::User);
        follower.seam.locked = true;
        assert_eq!(follower.follow(at(0)), Followed::Blind(DesktopSeamError::Denied));
        assert_eq!(follower.follow(at(100)), Followed::Blind(DesktopSeamError::Denied));
        assert_eq!(follower.follow(at(200)), Followed::Leave(WorkerAccount::System));
        assert!(entered.borrow().is_empty());
    }

    #[test]
    fn a_failure_that_is_no_refusal_is_waited_out() {
        let (mut follower, shown, _) = follower(WorkerAccount::User);
        let failure = DesktopSeamError::Failed("OpenInputDesktop".into());
        *shown.borrow_mut() = Err(failure.clone());
        assert_eq!(follower.follow(at(0)), Followed::Blind(failure.clone()));
        assert_eq!(follower.follow(at(60_000)), Followed::Blind(failure));
    }

    #[test]
    fn the_systems_worker_leaves_when_the_users_desktop_is_back_for_good() {
        let (mut follower, shown, _) = follower(WorkerAccount::System);
        *shown.borrow_mut() = Ok("Winlogon");
        assert_eq!(follower.follow(at(0)), Followed::Switched("Winlogon".into()));
        *shown.borrow_mut() = Ok("Default");
        assert_eq!(follower.follow(at(1_000)), Followed::Switched("Default".into()));
        *shown.borrow_mut() = Ok("Winlogon");
        assert_eq!(follower.follow(at(4_000)), Followed::Switched("Winlogon".into()), "a prompt");
        *shown.borrow_mut() = Ok("Default");
        assert_eq!(follower.follow(at(8_000)), Followed::Switched("Default".into()));
        assert_eq!(follower.follow(at(12_999)), Followed::Same);
        assert_eq!(follower.follow(at(13_000)), Followed::Leave(WorkerAccount::User));
        *shown.borrow_mut() = Err(DesktopSeamError::Denied);
        let blind = Followed::Blind(DesktopSeamError::Denied);
        assert_eq!(follower.follow(at(14_000)), blind, "nobody could do better");
        assert_eq!(follower.follow(at(90_000)), blind);
    }

    #[test]
    fn an_exit_code_says_whose_turn_it_is() {
        for account in [WorkerAccount::User, WorkerAccount::System] {
            assert!(gc_platform::WORKER_HANDS_OVER.contains(&account.exit_code().into()));
            assert_eq!(WorkerAccount::asked_for(account.exit_code()), Some(account));
        }
        for code in [0, 1, 0xC000_0005] {
            assert_eq!(WorkerAccount::asked_for(code), None);
        }
    }
}
