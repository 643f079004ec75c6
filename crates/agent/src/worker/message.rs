//! What service and worker say to each other beside records. Both are the same
//! program of the same version, so this is no wire format that others rely on: a
//! worker of another version is refused.

use gc_proto::v2;

/// From the service.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ToWorker {
    #[prost(
        oneof = "Order",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21"
    )]
    pub(crate) order: Option<Order>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Order {
    /// First of all; the worker sends nothing before its own hello.
    #[prost(message, tag = "1")]
    Welcome(Welcome),
    #[prost(message, tag = "2")]
    Open(Open),
    #[prost(message, tag = "3")]
    Close(OfSession),
    /// With the rights that count here.
    #[prost(message, tag = "4")]
    Joined(v2::ParticipantJoined),
    #[prost(message, tag = "5")]
    Left(OfParticipant),
    #[prost(message, tag = "6")]
    ControlLost(OfParticipant),
    #[prost(message, tag = "7")]
    ReleaseKeys(OfSession),
    #[prost(message, tag = "8")]
    LinkLost(OfSession),
    #[prost(message, tag = "9")]
    PictureNeeded(v2::PictureNeeded),
    #[prost(message, tag = "10")]
    InputGap(OfParticipant),
    #[prost(message, tag = "11")]
    Ask(Ask),
    #[prost(message, tag = "12")]
    CancelAsk(OfSession),
    #[prost(message, tag = "13")]
    Ping(Ping),
    #[prost(message, tag = "14")]
    Progress(Progress),
    /// Keys that a worker before this one left down.
    #[prost(message, tag = "15")]
    ReleaseHeld(v2::InputMessage),
    /// Records were not taken: every viewer of the session misses something.
    #[prost(message, tag = "16")]
    Missed(OfSession),
    /// Release everything, and end.
    #[prost(message, tag = "17")]
    Goodbye(Goodbye),
    /// Before a viewer of the session joins.
    #[prost(message, tag = "18")]
    Files(Files),
    /// Who has control from now on; 0 for nobody.
    #[prost(message, tag = "19")]
    InControl(OfParticipant),
    /// The relay says anew what it said when the session opened.
    #[prost(message, tag = "20")]
    OfferedAgain(v2::SessionOffer),
    /// What became of [`Word::Attention`].
    #[prost(message, tag = "21")]
    Attention(AttentionDone),
}

/// From the worker.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FromWorker {
    #[prost(oneof = "Word", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    pub(crate) word: Option<Word>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Word {
    /// First of all.
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "2")]
    Answered(Answered),
    #[prost(message, tag = "3")]
    StopPressed(OfSession),
    /// The session's threads could not be started.
    #[prost(message, tag = "4")]
    Failed(OfSession),
    #[prost(message, tag = "5")]
    Picture(Picture),
    #[prost(message, tag = "6")]
    Pong(Pong),
    /// For the service's log.
    #[prost(message, tag = "7")]
    Log(Log),
    #[prost(message, tag = "8")]
    LockAtEnd(LockAtEnd),
    /// The service is to press Ctrl+Alt+Del.
    #[prost(message, tag = "9")]
    Attention(AttentionAsked),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct AttentionAsked {
    #[prost(uint64, tag = "1")]
    pub(crate) request: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AttentionDone {
    #[prost(uint64, tag = "1")]
    pub(crate) request: u64,
    /// Unset: it was pressed.
    #[prost(message, optional, tag = "2")]
    pub(crate) failure: Option<v2::Cause>,
}

/// Whether the machine is to be locked when the session ends.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct LockAtEnd {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
    #[prost(bool, tag = "2")]
    pub(crate) on: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Welcome {
    /// The service's half of the ticket.
    #[prost(string, tag = "1")]
    pub(crate) proof: String,
    /// Ctrl+Alt+Del is the service's to press.
    #[prost(bool, tag = "2")]
    pub(crate) attention: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Hello {
    /// Product version; only the very same one is served.
    #[prost(string, tag = "1")]
    pub(crate) software: String,
    /// The worker's half of the ticket.
    #[prost(string, tag = "2")]
    pub(crate) proof: String,
    #[prost(string, tag = "3")]
    pub(crate) user: String,
    #[prost(uint64, tag = "4")]
    pub(crate) idle_ms: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Open {
    #[prost(message, optional, tag = "1")]
    pub(crate) offer: Option<v2::SessionOffer>,
    /// At most so many frames were sent in this session so far.
    #[prost(uint32, tag = "2")]
    pub(crate) frames_before: u32,
    /// Wished for while another worker served.
    #[prost(bool, tag = "3")]
    pub(crate) lock_at_end: bool,
    /// Participants of whom another worker has told the user.
    #[prost(uint32, repeated, tag = "4")]
    pub(crate) told_of: Vec<u32>,
}

/// What the server allows of files by its last offer; unset: nothing.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Files {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(crate) policy: Option<v2::FilePolicy>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Log {
    #[prost(string, tag = "1")]
    pub(crate) line: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OfSession {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OfParticipant {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) participant: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Ask {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(crate) technician: String,
    #[prost(string, tag = "3")]
    pub(crate) company: String,
    /// As in `gc_types::Rights`.
    #[prost(uint32, tag = "4")]
    pub(crate) rights: u32,
    /// What is left of the time to answer.
    #[prost(uint64, tag = "5")]
    pub(crate) timeout_ms: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Answered {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) session: Vec<u8>,
    #[prost(enumeration = "AnswerKind", tag = "2")]
    pub(crate) answer: i32,
}

/// Anything else counts as a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum AnswerKind {
    Decline = 0,
    Allow = 1,
    ViewOnly = 2,
    TimedOut = 3,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Picture {
    /// 0: there is one.
    #[prost(int32, tag = "1")]
    pub(crate) cause: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Ping {
    #[prost(uint64, tag = "1")]
    pub(crate) nonce: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Pong {
    #[prost(uint64, tag = "1")]
    pub(crate) nonce: u64,
    #[prost(string, tag = "2")]
    pub(crate) user: String,
    #[prost(uint64, tag = "3")]
    pub(crate) idle_ms: u64,
    /// For how long one of its threads has been in a call that does not return.
    #[prost(uint64, tag = "4")]
    pub(crate) stalled_ms: u64,
}

/// How far the worker's records have come.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Progress {
    /// Bytes of records that the service has read since the hello.
    #[prost(uint64, tag = "1")]
    pub(crate) received: u64,
    /// Bytes that wait on the service's link.
    #[prost(uint64, tag = "2")]
    pub(crate) backlog: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Goodbye {}
