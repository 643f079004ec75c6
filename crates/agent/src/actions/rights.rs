//! Administrator rights, which are the user's to give.

use std::sync::Arc;

use gc_actions::Action;
use gc_platform::{ActionError, ElevationHandle};
use gc_proto::v2::{MachineActionRequest, NoticeTopic};
use gc_proto::{Channel, Flags};
use gc_types::CauseCode;

use super::{Command, DONE, Worker, outcome};
use crate::input_thread::notice;

/// A request whose answer is the user's to give.
pub(super) struct Asked {
    participant: u16,
    request: MachineActionRequest,
    who: String,
}

impl Worker {
    /// Asks on a thread of its own: a user may take minutes, and the session may end
    /// before they answer.
    pub(super) fn ask_user(&mut self, participant: u16, request: &MachineActionRequest) {
        self.tell_state(0);
        self.show_question(participant);
        let who = self.people.get(&participant).map_or_else(String::new, |it| it.name.clone());
        let platform = Arc::clone(&self.setup.platform);
        let (commands, gone) = (self.commands.clone(), self.commands.clone());
        let asked = Asked { participant, request: *request, who };
        let lost = Box::new(move |error| {
            // Nobody is there to be told once the session is over.
            let _ = gone.send(Command::RightsLost(error));
        });
        let thread = std::thread::Builder::new().name("elevation".into()).spawn(move || {
            let answer = platform.actions().elevate(lost);
            // Rights that come after the end of the session go at once.
            let _ = commands.send(Command::Elevated(asked, answer));
        });
        if let Err(error) = thread {
            let error = ActionError::new(CauseCode::ActionFailed, error.to_string());
            let asked = Asked { participant, request: *request, who: String::new() };
            self.elevated(&asked, Err(error));
        }
    }

    pub(super) fn elevated(
        &mut self,
        asked: &Asked,
        answer: Result<Box<dyn ElevationHandle>, ActionError>,
    ) {
        let lost = self.lost_early.take();
        let (rights, failure) = match (answer, lost) {
            (Ok(rights), None) => (Some(rights), None),
            (Ok(_), Some(error)) | (Err(error), _) => (None, Some(error)),
        };
        self.desk.elevated(rights.is_some());
        self.rights = rights;
        self.question = None;
        if self.rights.is_some() && std::mem::take(&mut self.told) {
            let message = notice(NoticeTopic::Action, None, "");
            self.setup.outlet.send(Channel::Control, 0, Flags::END, &message);
        }
        let outcome = outcome(failure.as_ref());
        let (name, who) = (Action::Elevate.name(), &asked.who);
        self.report(DONE, &format!("{name} by {who}: {outcome}"));
        self.tell_state(0);
        let cause = failure.map(|error| (error.cause, error.detail));
        self.answer(asked.participant, &asked.request, cause);
    }

    pub(super) fn rights_lost(&mut self, error: &ActionError) {
        if self.rights.take().is_none() {
            // The word of the user is still on its way.
            self.lost_early = Some(error.clone());
            return;
        }
        self.desk.elevated(false);
        self.report(DONE, &format!("{} lost: {}", Action::Elevate.name(), outcome(Some(error))));
        self.tell_state(0);
        let message = notice(NoticeTopic::Action, Some(error.cause), &error.detail);
        self.setup.outlet.send(Channel::Control, 0, Flags::END, &message);
        self.told = true;
    }

    /// Windows' own prompt names the program, and not who wants the rights.
    fn show_question(&mut self, participant: u16) {
        self.question = self.tell_user(participant, |who| {
            format!(
                "{who} asks for administrator rights on this computer.\n\
                 Choose Yes in the next question only if you want that."
            )
        });
    }
}
