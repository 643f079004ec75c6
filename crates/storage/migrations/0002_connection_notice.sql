-- What a tenant shows its users when somebody connects. No row: as delivered.
CREATE TABLE connection_notices (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id),
    -- Unset: nothing is shown.
    enabled_ms BIGINT,
    template TEXT NOT NULL,
    duration_s BIGINT NOT NULL,
    position TEXT NOT NULL,
    -- Unset: a click does not close it.
    dismissible_ms BIGINT,
    changed_ms BIGINT NOT NULL
);
