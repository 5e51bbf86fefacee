-- +goose Up
-- The life of an alarm after ISA-18.2: which occurrence it was, and what people and time did to it.
ALTER TABLE alarms ADD COLUMN occurrence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alarms ADD COLUMN confirmed_seq INTEGER;
ALTER TABLE alarms ADD COLUMN confirmed_us INTEGER;
ALTER TABLE alarms ADD COLUMN confirmed_by TEXT;
ALTER TABLE alarms ADD COLUMN reset_seq INTEGER;
ALTER TABLE alarms ADD COLUMN reset_us INTEGER;
ALTER TABLE alarms ADD COLUMN reset_by TEXT;
CREATE INDEX alarms_occurrence ON alarms (alarm, occurrence);
CREATE INDEX alarms_unconfirmed ON alarms (alarm) WHERE confirmed_seq IS NULL;

-- Everything else that was done to an alarm, one row each: who, why, and until when.
CREATE TABLE alarm_actions (
    seq        INTEGER PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    alarm      TEXT NOT NULL,
    station    TEXT NOT NULL,
    occurrence INTEGER NOT NULL, -- 0 where the alarm as a whole is meant
    action     TEXT NOT NULL,    -- acknowledged, confirmed, commented, shelved, unshelved, suppressed, unsuppressed, reset, repeated, disabled, enabled
    actor      TEXT NOT NULL,    -- empty where nobody did it
    why        TEXT NOT NULL,    -- reason or comment
    until_us   INTEGER           -- shelved: when it returns alone
) STRICT;
CREATE INDEX alarm_actions_alarm ON alarm_actions (alarm);

-- Journals that are older than this: folding them anew must give the same rows.
UPDATE alarms SET occurrence = (SELECT COUNT(*) FROM alarms earlier WHERE earlier.alarm = alarms.alarm AND earlier.seq <= alarms.seq);
INSERT INTO alarm_actions (seq, at_us, alarm, station, occurrence, action, actor, why)
    SELECT seq, at_us, CAST(body AS TEXT) ->> '$.alarm', station, 0, 'acknowledged', CAST(body AS TEXT) ->> '$.by', ''
    FROM journal WHERE kind = 'alarm-acknowledged';
