-- +goose Up
-- Who asked, as the edge has found it, with which roles, and what stood before and after. Older entries have none of it.
ALTER TABLE actions ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE actions ADD COLUMN old_value TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN new_value TEXT NOT NULL DEFAULT '';
CREATE INDEX actions_account ON actions (account);

-- Every change of an account, so that one can say who had which role when.
CREATE TABLE account_changes (
    seq    INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    name   TEXT NOT NULL,
    change TEXT NOT NULL, -- added, roles, disabled, enabled, password
    roles  TEXT NOT NULL, -- those that it has from then on, where they changed; else []
    actor  TEXT NOT NULL,
    why    TEXT NOT NULL
) STRICT;
CREATE INDEX account_changes_name ON account_changes (name);
