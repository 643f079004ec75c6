//! The rules of a session as pure state machines: time and randomness come in,
//! what to do goes out.

mod agent;
mod broker;
mod control;
mod health;
mod hello;
mod reconnect;
mod rules;

pub use agent::{
    AgentSessions, Answer, ConsentQuestion, Offered, ParticipantInfo, RESUME_GRACE, Refused,
};
pub use broker::{
    Broker, BrokerEvent, BrokerSetup, Effect, JoinRefused, Joined, Joining, MAX_PARTICIPANTS, Now,
};
pub use health::{Health, LinkHealth};
pub use hello::{Greeting, HelloGate, HelloRefused, Peer};
pub use reconnect::Reconnect;
pub use rules::{
    Verdict, consent_from_wire, consent_mode_from_wire, consent_mode_to_wire, consent_to_wire,
};
