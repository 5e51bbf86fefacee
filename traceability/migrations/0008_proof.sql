-- +goose Up
-- How who has said something of a pack in quarantine has shown who they are: password; '' for a name that was typed.
ALTER TABLE quarantine_words ADD COLUMN proof TEXT NOT NULL DEFAULT '';
