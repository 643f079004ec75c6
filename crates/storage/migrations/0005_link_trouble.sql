-- What kept a machine's agent from its link the last time that something did.
ALTER TABLE connect_machines ADD COLUMN trouble_cause TEXT;
-- What the machine's system said.
ALTER TABLE connect_machines ADD COLUMN trouble_detail TEXT NOT NULL DEFAULT '';
-- Attempts that failed in a row.
ALTER TABLE connect_machines ADD COLUMN trouble_attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connect_machines ADD COLUMN trouble_lasted_ms BIGINT NOT NULL DEFAULT 0;
-- When it was over.
ALTER TABLE connect_machines ADD COLUMN trouble_ms BIGINT NOT NULL DEFAULT 0;
