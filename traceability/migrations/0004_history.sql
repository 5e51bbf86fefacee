-- +goose Up
-- What reports and histories ask for over a span of time. Every change of a station's state, where the table stations has the
-- last one only.
CREATE TABLE state_changes (
    station    TEXT NOT NULL,
    at_us      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    cause      TEXT NOT NULL,
    PRIMARY KEY (station, at_us, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX packs_at ON packs (at_us);
CREATE INDEX packs_disposed ON packs (disposed_us) WHERE disposed_us IS NOT NULL;
CREATE INDEX packs_order ON packs (order_id);
CREATE INDEX steps_station ON steps (station, at_us);
CREATE INDEX attempts_not_good ON attempts (end_us) WHERE verdict IN ('NOK', 'UNKNOWN');
CREATE INDEX alarms_at ON alarms (at_us);
CREATE INDEX alarm_actions_at ON alarm_actions (at_us);
CREATE INDEX actions_at ON actions (at_us);
CREATE INDEX materials_item ON materials (station, item, at_us);

-- Journals that are older than this: folding them anew must give the same rows.
INSERT INTO state_changes (station, at_us, seq, from_state, to_state, cause)
    SELECT station, at_us, seq, CAST(body AS TEXT) ->> '$.from', CAST(body AS TEXT) ->> '$.to', CAST(body AS TEXT) ->> '$.cause'
    FROM journal WHERE kind = 'state-changed';
