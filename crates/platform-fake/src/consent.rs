//! A user who answers as scripted, and a bar that can be looked at.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    BarHandle, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, PromptError,
    PromptHandle,
};

use crate::watched::Watched;

type Answer = Box<dyn FnOnce(ConsentAnswer) + Send>;

/// What happens to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptedConsent {
    /// The user answers at once.
    Answer(ConsentAnswer),
    /// Nobody answers until [`FakeConsentControl::answer`].
    Wait,
    /// No window can be shown.
    Fail,
}

#[derive(Default)]
struct Prompts {
    script: VecDeque<ScriptedConsent>,
    requests: Vec<ConsentRequest>,
    open: Vec<(u64, Answer)>,
    next: u64,
}

/// Answers as scripted; without a script, waits.
pub struct FakeConsent(Arc<Watched<Prompts>>);

/// The user in front of the prompt.
#[derive(Clone)]
pub struct FakeConsentControl(Arc<Watched<Prompts>>);

impl FakeConsent {
    /// A machine with a patient user.
    pub fn new() -> (Self, FakeConsentControl) {
        let prompts = Arc::new(Watched::default());
        (Self(Arc::clone(&prompts)), FakeConsentControl(prompts))
    }
}

impl FakeConsentControl {
    /// Appends what happens to the prompt after those scripted before.
    pub fn script(&self, next: ScriptedConsent) {
        self.0.update(|prompts| prompts.script.push_back(next));
    }

    /// Every prompt so far.
    pub fn requests(&self) -> Vec<ConsentRequest> {
        self.0.read().requests.clone()
    }

    /// How many prompts are on the screen.
    pub fn open(&self) -> usize {
        self.0.read().open.len()
    }

    /// Answers the oldest open prompt; `false` when there is none.
    pub fn answer(&self, answer: ConsentAnswer) -> bool {
        let oldest =
            self.0.update(|prompts| (!prompts.open.is_empty()).then(|| prompts.open.remove(0)));
        let Some((_, callback)) = oldest else { return false };
        callback(answer);
        true
    }

    /// Blocks until so many prompts are on the screen; `false` when the time is over.
    pub fn wait_for_open(&self, count: usize, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |prompts| prompts.open.len() == count)
    }
}

struct OpenPrompt {
    id: u64,
    prompts: Arc<Watched<Prompts>>,
}

impl PromptHandle for OpenPrompt {}

impl Drop for OpenPrompt {
    fn drop(&mut self) {
        self.prompts.update(|prompts| prompts.open.retain(|(id, _)| *id != self.id));
    }
}

impl ConsentPrompt for FakeConsent {
    fn ask(
        &self,
        request: ConsentRequest,
        answer: Answer,
    ) -> Result<Box<dyn PromptHandle>, PromptError> {
        let (id, step, answer) = self.0.update(|prompts| {
            prompts.requests.push(request);
            prompts.next += 1;
            let id = prompts.next;
            let step = prompts.script.pop_front().unwrap_or(ScriptedConsent::Wait);
            if step == ScriptedConsent::Wait {
                prompts.open.push((id, answer));
                (id, step, None)
            } else {
                (id, step, Some(answer))
            }
        });
        match (step, answer) {
            (ScriptedConsent::Answer(given), Some(answer)) => {
                // On another thread, as the trait promises: the caller may hold a lock
                // that the answer takes.
                let thread = std::thread::Builder::new().name("fake-consent".to_owned());
                thread
                    .spawn(move || answer(given))
                    .map_err(|error| PromptError(error.to_string()))?;
            }
            (ScriptedConsent::Fail, _) => return Err(PromptError("as scripted".to_owned())),
            _ => {}
        }
        Ok(Box::new(OpenPrompt { id, prompts: Arc::clone(&self.0) }))
    }
}

/// What the bar says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarState {
    /// Who is connected.
    pub names: Vec<String>,
    /// For whom they work.
    pub company: String,
}

type Stop = Arc<dyn Fn() + Send + Sync>;

/// A bar that can be looked at.
pub struct FakeBar(Arc<Watched<Option<(BarState, Stop)>>>);

/// The user in front of the bar.
#[derive(Clone)]
pub struct FakeBarControl(Arc<Watched<Option<(BarState, Stop)>>>);

impl FakeBar {
    /// No bar is shown at first.
    pub fn new() -> (Self, FakeBarControl) {
        let shown = Arc::new(Watched::new(None));
        (Self(Arc::clone(&shown)), FakeBarControl(shown))
    }
}

impl FakeBarControl {
    /// What the user sees; `None`: no bar.
    pub fn shown(&self) -> Option<BarState> {
        self.0.read().as_ref().map(|(state, _)| state.clone())
    }

    /// Presses Stop; `false` when there is no bar.
    pub fn stop(&self) -> bool {
        let stop = self.0.read().as_ref().map(|(_, stop)| Arc::clone(stop));
        stop.map(|stop| stop()).is_some()
    }

    /// Blocks until the user sees what is wished; `false` when the time is over.
    pub fn wait_until(&self, timeout: Duration, wish: impl Fn(Option<&BarState>) -> bool) -> bool {
        self.0.wait(Some(timeout), |shown| wish(shown.as_ref().map(|(state, _)| state)))
    }
}

struct ShownBar(Arc<Watched<Option<(BarState, Stop)>>>);

impl BarHandle for ShownBar {
    fn set_viewers(&self, names: &[String]) {
        self.0.update(|shown| {
            if let Some((state, _)) = shown {
                state.names = names.to_vec();
            }
        });
    }
}

impl Drop for ShownBar {
    fn drop(&mut self) {
        self.0.update(|shown| *shown = None);
    }
}

impl ConnectedBar for FakeBar {
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError> {
        let state = BarState { names: names.to_vec(), company: company.to_owned() };
        self.0.update(|shown| *shown = Some((state, Arc::from(stop))));
        Ok(Box::new(ShownBar(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn request() -> ConsentRequest {
        ConsentRequest {
            technician: "Anna".to_owned(),
            company: "Contoso".to_owned(),
            control: true,
            timeout: Duration::from_mins(1),
        }
    }

    #[test]
    fn prompts_are_answered_as_scripted() {
        let (consent, control) = FakeConsent::new();
        let (send, answers) = mpsc::channel();
        let ask = || {
            let send = send.clone();
            consent.ask(request(), Box::new(move |answer| send.send(answer).unwrap()))
        };
        control.script(ScriptedConsent::Answer(ConsentAnswer::ViewOnly));
        control.script(ScriptedConsent::Fail);
        let first = ask().unwrap();
        assert_eq!(answers.recv().unwrap(), ConsentAnswer::ViewOnly);
        assert!(ask().is_err());
        let third = ask().unwrap();
        assert!(control.wait_for_open(1, Duration::ZERO));
        assert!(control.answer(ConsentAnswer::Allow));
        assert_eq!(answers.recv().unwrap(), ConsentAnswer::Allow);
        let fourth = ask().unwrap();
        drop(fourth);
        assert!(!control.answer(ConsentAnswer::Allow), "closed by the agent");
        assert_eq!(control.requests(), vec![request(); 4]);
        drop((first, third));
    }

    #[test]
    fn the_bar_shows_names_and_stops() {
        let (bar, control) = FakeBar::new();
        assert!(!control.stop());
        let (send, stopped) = mpsc::channel();
        let names = ["Anna".to_owned()];
        let handle = bar.show(&names, "Contoso", Box::new(move || send.send(()).unwrap())).unwrap();
        assert!(control.stop());
        stopped.recv().unwrap();
        handle.set_viewers(&["Ben".to_owned()]);
        assert_eq!(control.shown().unwrap().names, ["Ben"]);
        drop(handle);
        assert_eq!(control.shown(), None);
    }
}
