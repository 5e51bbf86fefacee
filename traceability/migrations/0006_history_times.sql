-- +goose Up
-- What histories ask for by time.
CREATE INDEX dispositions_at ON dispositions (at_us, disposition, first_pass);
CREATE INDEX alarms_cleared_at ON alarms (cleared_us) WHERE cleared_us IS NOT NULL;
