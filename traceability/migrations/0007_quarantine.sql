-- +goose Up
-- What people have said of packs in quarantine: seen, proposed, refused, decided.
CREATE TABLE quarantine_words (
    seq         INTEGER PRIMARY KEY,
    pack_id     INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    word        TEXT NOT NULL, -- inspected, proposed, refused, decided
    saw         TEXT NOT NULL, -- of an inspection: done, not-done, unclear; else ''
    decision    TEXT NOT NULL, -- of the others: rework, accept, scrap; else ''
    token       TEXT NOT NULL, -- of the act in doubt, where the word names it; else ''
    act         TEXT NOT NULL, -- as the evidence of a release names it, where it is accepted as done; else ''
    actor       TEXT NOT NULL,
    account     TEXT NOT NULL,
    proposed_by TEXT NOT NULL, -- of a decision, who was the first; else ''
    why         TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_words_pack ON quarantine_words (pack_id);
