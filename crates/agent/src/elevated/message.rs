//! What program, service and worker say to each other. All are one program of one
//! version, so this is no wire format that others rely on.

use gc_proto::v2;

/// From the program, and what the service hands on of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FromProgram {
    #[prost(oneof = "Wish", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11")]
    pub(super) wish: Option<Wish>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Wish {
    /// First of all, and for the service alone.
    #[prost(message, tag = "1")]
    Hello(Hello),
    /// Release everything, and end.
    #[prost(message, tag = "2")]
    Goodbye(Goodbye),
    #[prost(message, tag = "3")]
    OpenScreen(Line),
    #[prost(message, tag = "4")]
    OpenInput(Line),
    #[prost(message, tag = "5")]
    Close(Line),
    #[prost(message, tag = "6")]
    Wait(WaitFor),
    /// Ends the wait of this line.
    #[prost(message, tag = "7")]
    Wake(Line),
    #[prost(message, tag = "8")]
    Select(Select),
    #[prost(message, tag = "9")]
    Grab(Grab),
    #[prost(message, tag = "10")]
    Inject(Inject),
    /// Ctrl+Alt+Del; for the service alone.
    #[prost(message, tag = "11")]
    Attention(Request),
}

/// To the program.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ToProgram {
    #[prost(oneof = "Word", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    pub(super) word: Option<Word>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Word {
    /// First of all: from the worker to the service with its ticket, from the service
    /// to the program without.
    #[prost(message, tag = "1")]
    Ready(Hello),
    /// Instead of it: there will be none.
    #[prost(message, tag = "2")]
    Refused(v2::Cause),
    /// Of a line that was opened, or chosen anew.
    #[prost(message, tag = "3")]
    Surface(Surface),
    #[prost(message, tag = "4")]
    Events(Events),
    /// It was grabbed, or injected, or the input is open.
    #[prost(message, tag = "5")]
    Done(Line),
    #[prost(message, tag = "6")]
    Failed(Failed),
    #[prost(message, tag = "7")]
    Attention(AttentionDone),
    /// The service ends.
    #[prost(message, tag = "8")]
    Over(Goodbye),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Hello {
    #[prost(string, tag = "1")]
    pub(super) software: String,
    #[prost(string, tag = "2")]
    pub(super) proof: String,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Goodbye {}

/// One screen, or one keyboard and pointer.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Line {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct WaitFor {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    #[prost(uint32, tag = "2")]
    pub(super) millis: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Select {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    /// None: all of them.
    #[prost(uint32, optional, tag = "2")]
    pub(super) display: Option<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Grab {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    #[prost(message, repeated, tag = "2")]
    pub(super) region: Vec<Rect>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Rect {
    #[prost(uint32, tag = "1")]
    pub(super) x: u32,
    #[prost(uint32, tag = "2")]
    pub(super) y: u32,
    #[prost(uint32, tag = "3")]
    pub(super) width: u32,
    #[prost(uint32, tag = "4")]
    pub(super) height: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Inject {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    #[prost(message, repeated, tag = "2")]
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Step {
    #[prost(oneof = "Act", tags = "1, 2, 3, 4, 5, 6")]
    pub(super) act: Option<Act>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Act {
    #[prost(message, tag = "1")]
    Key(Key),
    #[prost(string, tag = "2")]
    Text(String),
    #[prost(message, tag = "3")]
    Move(Place),
    #[prost(message, tag = "4")]
    Button(Press),
    #[prost(message, tag = "5")]
    Wheel(Place),
    #[prost(message, tag = "6")]
    Locks(Locks),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Key {
    #[prost(uint32, tag = "1")]
    pub(super) code: u32,
    #[prost(bool, tag = "2")]
    pub(super) extended: bool,
    #[prost(bool, tag = "3")]
    pub(super) down: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Place {
    #[prost(sint32, tag = "1")]
    pub(super) x: i32,
    #[prost(sint32, tag = "2")]
    pub(super) y: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Press {
    /// As viewers name it.
    #[prost(enumeration = "v2::Button", tag = "1")]
    pub(super) button: i32,
    #[prost(bool, tag = "2")]
    pub(super) down: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Locks {
    #[prost(bool, tag = "1")]
    pub(super) caps: bool,
    #[prost(bool, tag = "2")]
    pub(super) num: bool,
    #[prost(bool, tag = "3")]
    pub(super) scroll: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Request {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AttentionDone {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    /// None: pressed.
    #[prost(message, optional, tag = "2")]
    pub(super) failure: Option<v2::Cause>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Surface {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    /// Zero while nothing is chosen.
    #[prost(uint32, tag = "2")]
    pub(super) width: u32,
    #[prost(uint32, tag = "3")]
    pub(super) height: u32,
    #[prost(message, optional, tag = "4")]
    pub(super) origin: Option<Place>,
    #[prost(message, repeated, tag = "5")]
    pub(super) displays: Vec<v2::Display>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Failed {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    #[prost(message, optional, tag = "2")]
    pub(super) cause: Option<v2::Cause>,
    #[prost(bool, tag = "3")]
    pub(super) lost: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Events {
    #[prost(uint32, tag = "1")]
    pub(super) line: u32,
    #[prost(message, repeated, tag = "2")]
    pub(super) events: Vec<Event>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Event {
    #[prost(oneof = "Seen", tags = "1, 2, 3, 4, 5, 6")]
    pub(super) seen: Option<Seen>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Seen {
    #[prost(message, tag = "1")]
    Damage(Rect),
    #[prost(message, tag = "2")]
    DisplaysChanged(Goodbye),
    /// The shape that was sent before this message; false: it is hidden.
    #[prost(bool, tag = "3")]
    CursorShape(bool),
    #[prost(message, tag = "4")]
    CursorMoved(Place),
    #[prost(message, tag = "5")]
    Notice(v2::Cause),
    #[prost(message, tag = "6")]
    NoticeOver(Goodbye),
}
