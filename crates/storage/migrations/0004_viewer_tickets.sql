-- One-time tickets by which a program other than a browser joins a session.
CREATE TABLE viewer_tickets (
    -- SHA-256 of the ticket, lower-case hexadecimal.
    ticket_hash TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    login_id TEXT NOT NULL,
    -- Bits of the rights asked for.
    rights BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    redeemed_ms BIGINT,
    -- SHA-256 of what the ticket was exchanged for: with it the same program comes
    -- back to the same session for as long as the login lives.
    seat_hash TEXT UNIQUE
);
CREATE INDEX viewer_tickets_by_time ON viewer_tickets (expires_ms);
