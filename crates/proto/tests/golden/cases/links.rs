//! What endpoints and relay say to each other.

use gc_proto::v2::{
    AgentHello, AgentMode, AgentPresence, AgentStatus, AuditReport, Cause, CauseCode, Close,
    CloseCode, ConnectionNotice, ConsentMode, ConsentState, ControlAction, ControlChanged,
    ControlVerb, FilePolicy, Grant, Heartbeat, HeartbeatAck, HeldSession, Hello, LinkTrouble,
    NoticePosition, Participant, ParticipantJoined, ParticipantLeft, PictureNeeded, PictureReason,
    SessionAnswer, SessionEnd, SessionOffer, SessionState, VersionRange, VideoCodec,
    ViewerCapabilities, ViewerHello, ViewerSeat, Welcome, hello, link_message,
};
use link_message::Body;

use super::{Case, link, session};

pub(super) fn links() -> Vec<Case> {
    let versions = Some(VersionRange { min: 2, max: 2 });
    vec![
        link("heartbeat", Body::Heartbeat(Heartbeat { nonce: 0xDEAD_BEEF })),
        link("heartbeat_ack", Body::HeartbeatAck(HeartbeatAck { nonce: 0xDEAD_BEEF })),
        link(
            "close",
            Body::Close(Close {
                code: CloseCode::GoingAway.into(),
                reason: "the server is restarting".into(),
                retry_after_ms: 2_000,
            }),
        ),
        link(
            "hello_viewer",
            Body::Hello(Hello {
                versions,
                software: "0.1.0".into(),
                endpoint: Some(hello::Endpoint::Viewer(ViewerHello {
                    token: "example-token".into(),
                    capabilities: Some(ViewerCapabilities {
                        codecs: vec![VideoCodec::H264.into(), VideoCodec::Av1.into()],
                        max_width: 3_840,
                        max_height: 2_160,
                        scaled_motion: false,
                    }),
                })),
            }),
        ),
        link(
            "hello_agent",
            Body::Hello(Hello {
                versions,
                software: "0.1.0".into(),
                endpoint: Some(hello::Endpoint::Agent(AgentHello {
                    mode: AgentMode::Managed.into(),
                    hostname: "reception-3".into(),
                    os: "linux".into(),
                    os_version: "Debian 12".into(),
                    architecture: "x86_64".into(),
                    logged_on_user: "Zoë".into(),
                    held_sessions: vec![HeldSession { session_id: session(), epoch: 2 }],
                    trouble: Some(LinkTrouble {
                        cause: Some(Cause {
                            code: CauseCode::LinkClockWrong.into(),
                            detail: "the certificate is not valid yet".into(),
                        }),
                        attempts: 41,
                        lasted_seconds: 3_600,
                    }),
                })),
            }),
        ),
        link(
            "welcome_viewer",
            Body::Welcome(Welcome {
                version: 2,
                heartbeat_ms: 2_000,
                silence_ms: 28_000,
                server_unix_ms: 1_767_225_600_000,
                server_software: "0.1.0".into(),
                resume_token: String::new(),
                seat: Some(ViewerSeat {
                    session_id: session(),
                    participant: 1,
                    rights: 0b1111,
                    epoch: 3,
                }),
            }),
        ),
        link(
            "session_offer",
            Body::SessionOffer(SessionOffer {
                session_id: session(),
                grant: Some(Grant {
                    grant_id: b"fedcba9876543210".to_vec(),
                    technician: "Ada".into(),
                    company: "Example Ltd".into(),
                    rights: 0b1111,
                    expires_unix_ms: 1_767_225_600_000,
                    ticket: "T-17".into(),
                    signature: Vec::new(),
                }),
                consent: ConsentMode::Ask.into(),
                epoch: 3,
                consent_given: false,
                consent_timeout_ms: 60_000,
                connection_notice: None,
                files: Some(FilePolicy {
                    upload: true,
                    download: false,
                    max_file_bytes: 1 << 33,
                    allowed_extensions: Vec::new(),
                    blocked_extensions: vec!["exe".into()],
                    ..FilePolicy::default()
                }),
            }),
        ),
        link(
            "session_offer_notice",
            Body::SessionOffer(SessionOffer {
                session_id: session(),
                grant: Some(Grant {
                    grant_id: b"fedcba9876543210".to_vec(),
                    rights: 1,
                    ..Grant::default()
                }),
                consent: ConsentMode::Notify.into(),
                epoch: 1,
                connection_notice: Some(Box::new(ConnectionNotice {
                    template: "{{technician_name}} ist da: ä\n{{time}}".into(),
                    duration_s: 15,
                    position: NoticePosition::TopRight.into(),
                    dismissible: true,
                })),
                ..SessionOffer::default()
            }),
        ),
        link(
            "session_answer",
            Body::SessionAnswer(SessionAnswer {
                session_id: session(),
                consent: ConsentState::Denied.into(),
                rights: 0,
                cause: Some(Cause {
                    code: CauseCode::ConsentTimedOut.into(),
                    detail: String::new(),
                }),
            }),
        ),
        link(
            "participant_joined",
            Body::ParticipantJoined(ParticipantJoined {
                session_id: session(),
                participant: 1,
                name: "Ada".into(),
                rights: 0b0001,
                capabilities: Some(ViewerCapabilities {
                    codecs: vec![VideoCodec::H264.into()],
                    max_width: 1_920,
                    max_height: 1_080,
                    scaled_motion: false,
                }),
            }),
        ),
        link(
            "participant_left",
            Body::ParticipantLeft(ParticipantLeft { session_id: session(), participant: 65_535 }),
        ),
        link(
            "picture_needed",
            Body::PictureNeeded(PictureNeeded {
                session_id: session(),
                participant: 1,
                reason: PictureReason::Skipped.into(),
            }),
        ),
        link(
            "agent_status",
            Body::AgentStatus(AgentStatus {
                logged_on_user: "Zoë".into(),
                idle_seconds: 61,
                no_picture: Some(Cause {
                    code: CauseCode::NoDisplay.into(),
                    detail: String::new(),
                }),
            }),
        ),
        link(
            "audit_report",
            Body::AuditReport(AuditReport {
                session_id: session(),
                event: "clipboard_set".into(),
                detail: "12 bytes".into(),
            }),
        ),
        link(
            "session_state",
            Body::SessionState(SessionState {
                session_id: session(),
                consent: ConsentState::Granted.into(),
                agent: AgentPresence::Online.into(),
                agent_since_unix_ms: 1_767_225_600_000,
                controller: 1,
                participants: vec![
                    Participant {
                        participant: 1,
                        name: "Ada".into(),
                        rights: 0b1111,
                        asks_for_control: false,
                    },
                    Participant {
                        participant: 2,
                        name: "Grace".into(),
                        rights: 0b0011,
                        asks_for_control: true,
                    },
                ],
                machine_name: "reception-3".into(),
                epoch: 3,
                cause: None,
            }),
        ),
        link(
            "control_action",
            Body::ControlAction(ControlAction { verb: ControlVerb::Give.into(), participant: 2 }),
        ),
        link(
            "control_changed",
            Body::ControlChanged(ControlChanged { session_id: session(), controller: 2 }),
        ),
        link(
            "session_end",
            Body::SessionEnd(SessionEnd {
                session_id: session(),
                cause: Some(Cause { code: CauseCode::EndedByUser.into(), detail: "Stop".into() }),
            }),
        ),
    ]
}
