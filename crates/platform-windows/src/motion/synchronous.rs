//! Events of a transform that has none of its own.

use std::collections::VecDeque;

use super::transform::{Message, Output, TransformEvent};

/// Says for a synchronous transform what an asynchronous one would have said: input is
/// wanted until some is taken, output is tried after each input until there is none
/// ("Basic MFT Processing Model", Microsoft Learn).
#[derive(Debug, Default)]
pub struct SynchronousEvents {
    due: VecDeque<TransformEvent>,
    draining: bool,
}

impl SynchronousEvents {
    /// What it says next; nothing comes without a call.
    pub fn say(&mut self) -> Option<TransformEvent> {
        self.due.pop_front()
    }

    /// It was told something and agreed.
    pub fn told(&mut self, message: Message) {
        match message {
            Message::StartOfStream => {
                self.draining = false;
                self.due.clear();
                self.due.push_back(TransformEvent::NeedInput);
            }
            Message::Drain => {
                self.draining = true;
                self.due.push_back(TransformEvent::HaveOutput);
            }
            Message::Flush => self.due.clear(),
            Message::BeginStreaming | Message::EndOfStream | Message::EndStreaming => {}
        }
    }

    /// It took a picture.
    pub fn took_input(&mut self) {
        self.due.push_back(TransformEvent::HaveOutput);
    }

    /// Output was asked for, and this came.
    pub fn gave(&mut self, output: Output) {
        self.due.push_back(match output {
            Output::Sample | Output::StreamChange => TransformEvent::HaveOutput,
            Output::NeedMoreInput if self.draining => TransformEvent::DrainComplete,
            Output::NeedMoreInput => TransformEvent::NeedInput,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransformEvent::{DrainComplete, HaveOutput, NeedInput};

    #[test]
    fn input_and_output_take_turns() {
        let mut events = SynchronousEvents::default();
        events.told(Message::BeginStreaming);
        assert_eq!(events.say(), None);
        events.told(Message::StartOfStream);
        assert_eq!(events.say(), Some(NeedInput));
        for _ in 0..3 {
            events.took_input();
            assert_eq!(events.say(), Some(HaveOutput));
            events.gave(Output::Sample);
            assert_eq!(events.say(), Some(HaveOutput));
            events.gave(Output::NeedMoreInput);
            assert_eq!(events.say(), Some(NeedInput));
            assert_eq!(events.say(), None);
        }
    }

    #[test]
    fn draining_ends_when_nothing_is_left() {
        let mut events = SynchronousEvents::default();
        events.told(Message::StartOfStream);
        assert_eq!(events.say(), Some(NeedInput));
        events.took_input();
        events.told(Message::Flush);
        assert_eq!(events.say(), None);
        events.told(Message::Drain);
        assert_eq!(events.say(), Some(HaveOutput));
        events.gave(Output::StreamChange);
        assert_eq!(events.say(), Some(HaveOutput));
        events.gave(Output::NeedMoreInput);
        assert_eq!(events.say(), Some(DrainComplete));
        events.told(Message::StartOfStream);
        assert_eq!(events.say(), Some(NeedInput));
    }
}
