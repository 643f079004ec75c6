-- What a tenant lets be moved. No row: everything, both ways.
CREATE TABLE file_rules (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id),
    -- JSON object.
    rules TEXT NOT NULL,
    changed_ms BIGINT NOT NULL
);

-- What became of each file, by the word of the agent that moved it.
CREATE TABLE connect_file_transfers (
    -- Version 7: orders by time of writing.
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    at_ms BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    machine_id TEXT,
    machine_name TEXT NOT NULL,
    user_id TEXT,
    user_name TEXT NOT NULL,
    transfer_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    path TEXT NOT NULL,
    -- Lower case, for search.
    path_key TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    moved_bytes BIGINT NOT NULL,
    -- Lower-case hexadecimal; unset when the file was not moved whole.
    sha256 TEXT,
    outcome TEXT NOT NULL,
    cause TEXT,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX connect_file_transfers_by_id ON connect_file_transfers (tenant_id, id);
CREATE INDEX connect_file_transfers_by_session
ON connect_file_transfers (tenant_id, session_id, id);
CREATE INDEX connect_file_transfers_by_machine
ON connect_file_transfers (tenant_id, machine_id, id);
