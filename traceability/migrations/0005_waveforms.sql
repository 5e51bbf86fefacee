-- +goose Up
-- The waveform of a weld: SHA-256 of its file, or why there is none. Older entries have neither.
ALTER TABLE joints ADD COLUMN waveform TEXT;
ALTER TABLE joints ADD COLUMN no_waveform TEXT;
UPDATE joints SET
    waveform = (SELECT CAST(body AS TEXT) ->> '$.waveform' FROM journal WHERE journal.seq = joints.seq),
    no_waveform = (SELECT CAST(body AS TEXT) ->> '$.no_waveform' FROM journal WHERE journal.seq = joints.seq);
CREATE INDEX joints_waveform ON joints (waveform) WHERE waveform IS NOT NULL;
