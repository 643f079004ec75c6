-- Written for SQLite and PostgreSQL alike: ids and hashes are TEXT, times are
-- BIGINT Unix milliseconds, a flag is the time at which it was set.

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
INSERT INTO tenants (id, name, created_ms)
VALUES ('00000000-0000-0000-0000-000000000001', 'Default', 0);

CREATE TABLE setup_tokens (
    token_hash TEXT PRIMARY KEY,
    created_ms BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    username TEXT NOT NULL,
    -- Lower case, for look-up.
    username_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Names separated by spaces.
    permissions TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    last_login_ms BIGINT,
    disabled_ms BIGINT,
    deleted_ms BIGINT
);
CREATE UNIQUE INDEX users_by_name ON users (tenant_id, username_key) WHERE deleted_ms IS NULL;

CREATE TABLE user_client_access (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    machine_id TEXT NOT NULL,
    granted_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, machine_id)
);

CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    address TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    revoked_ms BIGINT,
    revoked_why TEXT
);
CREATE INDEX logins_by_user ON logins (tenant_id, user_id);

CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    login_id TEXT NOT NULL REFERENCES logins (id),
    created_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE INDEX refresh_tokens_by_login ON refresh_tokens (login_id);

CREATE TABLE connect_machines (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    company TEXT NOT NULL,
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    device_type TEXT NOT NULL,
    -- One a line.
    tags TEXT NOT NULL,
    consent_mode TEXT NOT NULL,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    os_version TEXT NOT NULL,
    architecture TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    logged_on_user TEXT NOT NULL,
    -- Lower case, everything that is searched.
    search TEXT NOT NULL,
    -- Lower case, for the order of lists.
    name_key TEXT NOT NULL,
    online_ms BIGINT,
    offline_ms BIGINT,
    created_ms BIGINT NOT NULL,
    deleted_ms BIGINT
);
CREATE INDEX connect_machines_by_name ON connect_machines (tenant_id, name_key, id);

CREATE TABLE connect_agent_keys (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    machine_id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    last_used_ms BIGINT,
    revoked_ms BIGINT
);
CREATE INDEX connect_agent_keys_by_machine ON connect_agent_keys (tenant_id, machine_id);

CREATE TABLE connect_sessions (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    machine_id TEXT,
    machine_name TEXT NOT NULL,
    technician_id TEXT NOT NULL,
    technician TEXT NOT NULL,
    company TEXT NOT NULL,
    ticket TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    grant_rights BIGINT NOT NULL,
    grant_expires_ms BIGINT NOT NULL,
    consent_mode TEXT NOT NULL,
    consent_state TEXT NOT NULL,
    -- What the user allowed.
    rights BIGINT NOT NULL,
    resume_hash TEXT UNIQUE,
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    end_cause TEXT,
    ended_by TEXT,
    note TEXT NOT NULL
);
CREATE UNIQUE INDEX connect_sessions_live ON connect_sessions (tenant_id, machine_id)
WHERE ended_ms IS NULL AND machine_id IS NOT NULL;
CREATE INDEX connect_sessions_by_time ON connect_sessions (tenant_id, created_ms, id);

CREATE TABLE connect_support_codes (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    -- Keyed hash, for look-up; the code itself only sealed, for showing it.
    code_hash TEXT NOT NULL UNIQUE,
    code_sealed TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    assigned_to TEXT,
    note TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    cancelled_ms BIGINT,
    used_ms BIGINT,
    session_id TEXT
);
CREATE INDEX connect_support_codes_by_time ON connect_support_codes (tenant_id, created_ms, id);

CREATE TABLE viewer_tokens (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    login_id TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    redeemed_ms BIGINT
);
CREATE INDEX viewer_tokens_by_time ON viewer_tokens (expires_ms);

CREATE TABLE connect_session_events (
    -- Version 7: orders by time of making.
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    at_ms BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    session_id TEXT,
    machine_id TEXT,
    outcome TEXT NOT NULL,
    address TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    -- JSON object.
    detail TEXT NOT NULL
);
CREATE INDEX connect_session_events_by_id ON connect_session_events (tenant_id, id);
CREATE INDEX connect_session_events_by_machine
ON connect_session_events (tenant_id, machine_id, id);
CREATE INDEX connect_session_events_by_session
ON connect_session_events (tenant_id, session_id, id);
