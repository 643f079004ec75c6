//! The repositories on both engines. PostgreSQL is included when
//! `GURUCONNECT_TEST_POSTGRES` holds the URL of a server in which databases may be
//! made, such as `postgres://user@localhost/postgres`.

#![expect(clippy::unwrap_used, reason = "a test ends where its preparation fails")]

use std::time::Duration;

use gc_runtime::OsEntropy;
use gc_storage::{
    AgentKeyRow, AuditFilter, CodeStatus, FileDirection, FileFilter, FileOutcome, FileTransferRow,
    LinkTrouble, MachineFacts, MachineRow, NewCode, NewLogin, NewSession, NewUser, NewViewerToken,
    NoticeRow, Refreshed, SessionKind, Storage, StorageError,
};
use gc_types::{
    AgentKeyId, CauseCode, ConsentMode, ConsentState, EventId, GrantId, MachineId, Rights, Role,
    SessionId, SupportCodeId, TenantId, UnixMillis, UserId,
};
use sqlx::Connection;
use uuid::Uuid;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const LATER: UnixMillis = UnixMillis(1_800_000_060_000);

/// Runs a test on each engine, each time on a database of its own.
async fn on_both<F: AsyncFn(Storage, String)>(test: F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let storage = Storage::connect(&url).await.unwrap();
    storage.migrate().await.unwrap();
    test(storage.clone(), url).await;
    storage.close().await;
    let Some(server) = gc_runtime::env("GURUCONNECT_TEST_POSTGRES") else { return };
    let name = format!("gc_test_{}", SessionId::random(&OsEntropy).to_string().replace('-', ""));
    sqlx::any::install_default_drivers();
    let mut control = sqlx::AnyConnection::connect(&server).await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut control).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let storage = Storage::connect(&url).await.unwrap();
    storage.migrate().await.unwrap();
    test(storage.clone(), url).await;
    storage.close().await;
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut control).await.unwrap();
}

/// Changes the database behind the program's back.
async fn behind(url: &str, sql: &str) {
    let mut connection = sqlx::AnyConnection::connect(url).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn user(name: &str, role: Role) -> NewUser {
    NewUser {
        id: UserId::random(&OsEntropy),
        username: name.into(),
        display_name: name.into(),
        role,
        permissions: vec![gc_types::Permission::ManageUsers],
        password_hash: "hash".into(),
        created: NOW,
    }
}

fn machine(name: &str) -> MachineRow {
    MachineRow {
        id: MachineId::random(&OsEntropy),
        name: name.into(),
        company: "Büro".into(),
        site: String::new(),
        department: String::new(),
        device_type: String::new(),
        tags: vec!["a".into(), "b".into()],
        consent_mode: ConsentMode::Notify,
        facts: MachineFacts::default(),
        online: None,
        offline: None,
        trouble: None,
        created: NOW,
    }
}

fn session(machine: Option<MachineId>, technician: UserId) -> NewSession {
    NewSession {
        id: SessionId::random(&OsEntropy),
        kind: SessionKind::Unattended,
        machine,
        machine_name: "pc".into(),
        technician_id: technician,
        technician: "Ada".into(),
        company: "Test".into(),
        ticket: String::new(),
        grant: GrantId::random(&OsEntropy),
        grant_rights: Rights::CONTROL,
        grant_expires: LATER,
        consent_mode: ConsentMode::Ask,
        consent_state: ConsentState::Pending,
        resume_hash: Some(Uuid::from_bytes(*GrantId::random(&OsEntropy).as_bytes()).to_string()),
        created: NOW,
    }
}

#[tokio::test]
async fn migrations_run_twice_and_refuse_a_newer_database() {
    on_both(async |storage, url| {
        storage.migrate().await.unwrap();
        let newer = "UPDATE _sqlx_migrations SET version = 9999 \
                     WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
        behind(&url, newer).await;
        assert!(matches!(storage.migrate().await, Err(StorageError::Newer(9999))));
    })
    .await;
}

#[tokio::test]
async fn a_set_up_token_makes_one_administrator() {
    on_both(async |storage, _| {
        assert!(storage.setup_required().await.unwrap());
        storage.replace_setup_token("old", NOW).await.unwrap();
        storage.replace_setup_token("new", NOW).await.unwrap();
        let redeem = async |hash: &str| {
            storage.redeem_setup_token(hash, user("root", Role::Admin)).await.unwrap().is_some()
        };
        assert!(!redeem("old").await);
        assert!(redeem("new").await);
        assert!(!redeem("new").await);
        assert!(!storage.setup_required().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn one_administrator_always_stays() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        let first = store.create_user(user("one", Role::Admin)).await.unwrap();
        let mut second = store.create_user(user("two", Role::Admin)).await.unwrap();
        assert!(matches!(
            store.create_user(user("ONE", Role::Viewer)).await,
            Err(StorageError::Conflict)
        ));
        second.role = Role::Viewer;
        assert!(store.update_user(&second).await.unwrap());
        assert!(!store.delete_user(first.id, NOW).await.unwrap());
        let disabled = gc_storage::UserRow { disabled: Some(NOW), ..first.clone() };
        assert!(!store.update_user(&disabled).await.unwrap());
        let renamed = gc_storage::UserRow { display_name: "x".into(), ..first };
        assert!(store.update_user(&renamed).await.unwrap());
        assert_eq!(store.active_admins().await.unwrap(), 1);
        assert_eq!(store.user_by_name("Two").await.unwrap(), Some(second));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_used_twice_revokes_its_login() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        let owner = store.create_user(user("one", Role::Admin)).await.unwrap();
        let id = Uuid::from_u128(7);
        let login = NewLogin {
            id,
            user: owner.id,
            address: "192.0.2.1".into(),
            created: NOW,
            expires: LATER,
            refresh_hash: "a".into(),
        };
        store.create_login(login).await.unwrap();
        let rotated = storage.rotate_refresh("a", "b", NOW).await.unwrap();
        assert!(matches!(rotated, Refreshed::Rotated { login, .. } if login == id));
        assert!(storage.login_state(id).await.unwrap().unwrap().alive);
        let reused = storage.rotate_refresh("a", "c", NOW).await.unwrap();
        assert!(matches!(reused, Refreshed::Reused { .. }));
        assert!(!storage.login_state(id).await.unwrap().unwrap().alive);
        assert_eq!(storage.rotate_refresh("b", "c", NOW).await.unwrap(), Refreshed::Refused);
        storage.forget_ended_logins(UnixMillis(LATER.0 + 1)).await.unwrap();
        assert_eq!(storage.login_state(id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_code_is_bound_once_also_by_two_at_the_same_moment() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        let maker = store.create_user(user("one", Role::Admin)).await.unwrap();
        let code = |hash: &str| NewCode {
            id: SupportCodeId::random(&OsEntropy),
            code_hash: hash.into(),
            code_sealed: "00".into(),
            created_by: maker.id,
            assigned_to: None,
            note: String::new(),
            created: NOW,
            expires: LATER,
        };
        let (first, second) = (code("a"), code("b"));
        let cancelled = second.id;
        store.create_code(first).await.unwrap();
        store.create_code(second).await.unwrap();
        let bind = async |hash: &'static str, now| {
            let bound =
                storage.bind_code(hash, now, |code| session(None, code.technician_id)).await;
            bound.unwrap().is_some()
        };
        assert!(!bind("a", LATER).await, "expired");
        let both = futures_pair(bind("a", NOW), bind("a", NOW)).await;
        assert!(both.0 != both.1, "{both:?}");
        assert!(store.cancel_code(cancelled, NOW).await.unwrap());
        assert!(!bind("b", NOW).await);
        let row = storage.code_by_hash("a").await.unwrap().unwrap();
        assert_eq!(row.status(NOW), CodeStatus::Used);
        assert_eq!(row.consent, Some(ConsentState::Pending));
        assert!(!store.cancel_code(row.id, NOW).await.unwrap());
    })
    .await;
}

async fn futures_pair<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    tokio::join!(a, b)
}

#[tokio::test]
async fn machines_keys_and_sessions_live_and_end() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        let owner = store.create_user(user("one", Role::Admin)).await.unwrap();
        let pc = machine("PC");
        store.create_machine(&pc).await.unwrap();
        assert_eq!(store.machine(pc.id).await.unwrap(), Some(pc.clone()));
        let key = AgentKeyRow {
            id: AgentKeyId::random(&OsEntropy),
            machine: pc.id,
            name: "k".into(),
            prefix: "12345678".into(),
            created: NOW,
            created_by: owner.id,
            last_used: None,
            revoked: None,
        };
        store.create_key(&key, "hash").await.unwrap();
        assert_eq!(storage.key_owner("hash").await.unwrap().map(|one| one.machine), Some(pc.id));
        let live = store.create_session(session(Some(pc.id), owner.id)).await.unwrap();
        assert!(matches!(
            store.create_session(session(Some(pc.id), owner.id)).await,
            Err(StorageError::Conflict)
        ));
        store.set_consent(live.id, ConsentState::Granted, Rights::VIEW_ONLY).await.unwrap();
        let token = NewViewerToken {
            id: Uuid::from_u128(9),
            session: live.id,
            user: owner.id,
            login: Uuid::from_u128(1),
            expires: LATER,
        };
        store.create_viewer_token(token).await.unwrap();
        let redeem = async |session, now| {
            store.redeem_viewer_token(Uuid::from_u128(9), session, now).await.unwrap()
        };
        assert!(!redeem(SessionId::random(&OsEntropy), NOW).await, "another session's");
        assert!(!redeem(live.id, LATER).await, "expired");
        let both = futures_pair(redeem(live.id, NOW), redeem(live.id, NOW)).await;
        assert!(both.0 != both.1, "{both:?}");
        let end =
            async || store.end_session(live.id, CauseCode::Reaped, None, "", NOW).await.unwrap();
        assert!(end().await && !end().await);
        let row = store.session(live.id).await.unwrap().unwrap();
        assert_eq!((row.end_cause, row.rights), (Some(CauseCode::Reaped), Rights::VIEW_ONLY));
        assert!(store.revoke_key(pc.id, key.id, NOW).await.unwrap());
        assert_eq!(storage.key_owner("hash").await.unwrap(), None);
        assert!(store.delete_machine(pc.id, NOW).await.unwrap());
        assert_eq!(store.machine(pc.id).await.unwrap(), None);
        let facts = MachineFacts::default;
        store.machine_online(pc.id, facts(), None, NOW).await.unwrap();
        let back = store.machine(pc.id).await.unwrap().expect("coming back revives");
        assert_eq!(back.trouble, None);
        let trouble = LinkTrouble {
            cause: CauseCode::LinkClockWrong,
            detail: "not valid yet".into(),
            attempts: 41,
            lasted: Duration::from_hours(1),
            ended: NOW,
        };
        store.machine_online(pc.id, facts(), Some(&trouble), NOW).await.unwrap();
        store.machine_online(pc.id, facts(), None, NOW).await.unwrap();
        let later = store.machine(pc.id).await.unwrap().unwrap();
        assert_eq!(later.trouble, Some(trouble), "a link that came at once forgets nothing");
        assert!(store.purge_machine(pc.id).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn one_tenant_sees_nothing_of_another() {
    on_both(async |storage, url| {
        let other = TenantId::from(Uuid::from_u128(2));
        let insert = format!("INSERT INTO tenants VALUES ('{other}', 'Other', 0)");
        behind(&url, &insert).await;
        let (own, foreign) = (storage.tenant(TenantId::DEFAULT), storage.tenant(other));
        let owner = foreign.create_user(user("canary", Role::Admin)).await.unwrap();
        let pc = machine("canary");
        foreign.create_machine(&pc).await.unwrap();
        let live = foreign.create_session(session(Some(pc.id), owner.id)).await.unwrap();
        assert_eq!(own.user(owner.id).await.unwrap(), None);
        assert_eq!(own.user_by_name("canary").await.unwrap(), None);
        assert_eq!(own.machine(pc.id).await.unwrap(), None);
        assert_eq!(own.session(live.id).await.unwrap(), None);
        assert!(own.users(50, None).await.unwrap().items.is_empty());
        assert!(own.machines(&["canary".into()], 50, None).await.unwrap().items.is_empty());
        assert!(own.sessions(None, 50, None).await.unwrap().items.is_empty());
        assert!(own.audit(&AuditFilter::default(), 50, None).await.unwrap().items.is_empty());
        assert!(!own.delete_machine(pc.id, NOW).await.unwrap());
        assert!(!own.end_session(live.id, CauseCode::Reaped, None, "", NOW).await.unwrap());
        assert_eq!(foreign.machines(&[], 50, None).await.unwrap().items.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_notice_is_set_anew_and_belongs_to_one_tenant() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        assert_eq!(store.connection_notice().await.unwrap(), None);
        let mut notice = NoticeRow {
            enabled: true,
            template: "{{company}}\nß".into(),
            duration_s: 5,
            position: "center".into(),
            dismissible: false,
        };
        store.set_connection_notice(&notice, NOW).await.unwrap();
        assert_eq!(store.connection_notice().await.unwrap(), Some(notice.clone()));
        (notice.enabled, notice.dismissible, notice.duration_s) = (false, true, 60);
        store.set_connection_notice(&notice, LATER).await.unwrap();
        assert_eq!(store.connection_notice().await.unwrap(), Some(notice));
        let other = TenantId::random(&OsEntropy);
        assert_eq!(storage.tenant(other).connection_notice().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn files_are_listed_newest_first_by_every_filter() {
    on_both(async |storage, _| {
        let store = storage.tenant(TenantId::DEFAULT);
        let session = SessionId::random(&OsEntropy);
        let file = |number: u8, direction, outcome| FileTransferRow {
            id: EventId::from_bytes([number; 16]),
            tenant: TenantId::DEFAULT,
            at: NOW,
            session,
            machine: None,
            machine_name: "pc".into(),
            user: None,
            user_name: "Ada".into(),
            transfer: "07".repeat(16),
            direction,
            path: format!("docs/Größe_{number}%.txt"),
            size: 1 << 40,
            moved: 5,
            sha256: (outcome == FileOutcome::Done).then(|| "ab".repeat(32)),
            outcome,
            cause: (outcome == FileOutcome::Denied).then_some(CauseCode::FileTypeBlocked),
            duration_ms: 12,
        };
        let rows = [
            file(1, FileDirection::Upload, FileOutcome::Done),
            file(2, FileDirection::Download, FileOutcome::Denied),
            file(3, FileDirection::Upload, FileOutcome::Cancelled),
        ];
        storage.write_file_transfers(&rows).await.unwrap();
        storage.write_file_transfers(&rows).await.unwrap();
        let list = async |filter: FileFilter| {
            let page = store.file_transfers(&filter, 2, None).await.unwrap();
            (page.items, page.next)
        };
        let (first, next) = list(FileFilter::default()).await;
        assert_eq!(first, [rows[2].clone(), rows[1].clone()]);
        let rest = store.file_transfers(&FileFilter::default(), 2, next).await.unwrap();
        assert_eq!(rest.items, [rows[0].clone()]);
        let up = FileFilter { direction: Some(FileDirection::Upload), ..FileFilter::default() };
        assert_eq!(list(up).await.0.len(), 2);
        let denied = FileFilter { outcome: Some(FileOutcome::Denied), ..FileFilter::default() };
        assert_eq!(list(denied).await.0, [rows[1].clone()]);
        let named = |text: &str| FileFilter { search: Some(text.into()), ..FileFilter::default() };
        assert_eq!(list(named("_2%")).await.0, [rows[1].clone()], "no wildcards");
        assert_eq!(list(named("DOCS/")).await.0.len(), 2);
        let other = TenantId::random(&OsEntropy);
        let none = storage.tenant(other).file_transfers(&FileFilter::default(), 9, None).await;
        assert!(none.unwrap().items.is_empty());
        assert_eq!(store.file_rules().await.unwrap(), None);
        store.set_file_rules("{}", NOW).await.unwrap();
        store.set_file_rules("{\"a\":1}", LATER).await.unwrap();
        assert_eq!(store.file_rules().await.unwrap().as_deref(), Some("{\"a\":1}"));
        assert_eq!(storage.tenant(other).file_rules().await.unwrap(), None);
    })
    .await;
}
