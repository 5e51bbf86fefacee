-- +goose Up

-- One row. The fence is the incarnation of the supervisor; it rises in a transaction of its own.
CREATE TABLE store (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    fence    INTEGER NOT NULL CHECK (fence BETWEEN 0 AND 65535)
) STRICT;
INSERT INTO store (only_row, fence) VALUES (1, 0);

-- The journal is the truth. Every table below it is a fold of it and can be rebuilt.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,
    pack    TEXT    NOT NULL,
    station TEXT    NOT NULL,
    at_us   INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_is_not_shortened BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd

-- Every column named seq, or ending in _seq, is the journal entry that the row comes from.
-- A pack_id of 0 means that no pack is concerned.

CREATE TABLE line_starts (
    seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, fence INTEGER NOT NULL, version TEXT NOT NULL, simulated INTEGER NOT NULL
) STRICT;

CREATE TABLE recipes (
    recipe_id INTEGER PRIMARY KEY,
    hash      TEXT NOT NULL UNIQUE,
    product   TEXT NOT NULL,
    revision  TEXT NOT NULL,
    source    TEXT,
    seq       INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
    order_id  INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    product   TEXT NOT NULL,
    recipe_id INTEGER REFERENCES recipes (recipe_id),
    quantity  INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    at_us     INTEGER NOT NULL
) STRICT;

CREATE TABLE packs (
    pack_id      INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    product      TEXT NOT NULL,
    order_id     INTEGER REFERENCES orders (order_id),
    number       INTEGER NOT NULL,
    recipe_id    INTEGER REFERENCES recipes (recipe_id),
    simulated    INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    at_us        INTEGER NOT NULL,
    build        INTEGER NOT NULL,
    state        TEXT NOT NULL,
    station      TEXT NOT NULL,
    serial       TEXT,
    first_pass   INTEGER NOT NULL,
    disposed_seq INTEGER,
    disposed_us  INTEGER
) STRICT;
CREATE INDEX packs_serial ON packs (serial) WHERE serial IS NOT NULL;

CREATE TABLE modules (
    module_id INTEGER PRIMARY KEY,
    pack_id   INTEGER NOT NULL REFERENCES packs (pack_id),
    number    INTEGER NOT NULL,
    name      TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX modules_pack ON modules (pack_id, number);

CREATE TABLE lots (
    lot_id INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    item   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    UNIQUE (name, item)
) STRICT;

CREATE TABLE cells (
    cell_id INTEGER PRIMARY KEY,
    code    TEXT NOT NULL UNIQUE,
    item    TEXT NOT NULL,
    lot_id  INTEGER REFERENCES lots (lot_id),
    seq     INTEGER NOT NULL
) STRICT;

-- A cell code that nobody could read has cell_id 0.
CREATE TABLE receipts (
    cell_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    station     TEXT NOT NULL,
    lot_id      INTEGER REFERENCES lots (lot_id),
    verdict     TEXT NOT NULL,
    bin         INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    supplier    TEXT NOT NULL, -- JSON, as it stood at receipt
    PRIMARY KEY (cell_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE gradings (
    cell_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    station     TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    capacity_ah REAL NOT NULL,
    verdict     TEXT NOT NULL,
    bin         INTEGER NOT NULL,
    lane        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (cell_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
    pack_id  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at_us    INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    spread   TEXT NOT NULL, -- JSON
    bound    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE pack_cells (
    pack_id      INTEGER NOT NULL REFERENCES packs (pack_id),
    slot         INTEGER NOT NULL,
    group_no     INTEGER NOT NULL,
    module_no    INTEGER NOT NULL,
    cell_id      INTEGER NOT NULL REFERENCES cells (cell_id), -- reserved
    lot_id       INTEGER REFERENCES lots (lot_id),
    lane         INTEGER NOT NULL,
    reserved_seq INTEGER NOT NULL,
    placed_cell  TEXT,    -- the code that the gripper read when it placed the cell
    placed_seq   INTEGER,
    placed_us    INTEGER,
    PRIMARY KEY (pack_id, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX pack_cells_cell ON pack_cells (cell_id);
CREATE INDEX pack_cells_lot ON pack_cells (lot_id, pack_id);

CREATE TABLE devices (
    device_id INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE
) STRICT;

-- An act: its intent, and how that was closed. Without an intent (which must not happen) seq is that of the closing entry.
CREATE TABLE attempts (
    pack_id      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    token        INTEGER NOT NULL, -- 64 bits, the fence in the upper 16
    at_us        INTEGER NOT NULL,
    station      TEXT NOT NULL,
    device_id    INTEGER NOT NULL REFERENCES devices (device_id),
    task         INTEGER NOT NULL,
    part         TEXT NOT NULL,
    index_no     INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    rework       INTEGER NOT NULL,
    params       TEXT, -- JSON
    recipe_hash  TEXT NOT NULL,
    retain_id    INTEGER NOT NULL,
    end_kind     TEXT, -- done, refused, quarantined; NULL while open
    end_seq      INTEGER,
    end_us       INTEGER,
    end_part     TEXT,
    outcome      INTEGER,
    reason       INTEGER,
    verdict      TEXT,
    code         TEXT,
    text         TEXT,
    effect_count INTEGER,
    simulated    INTEGER,
    evidence     TEXT, -- JSON, of a quarantined act
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_intents (
    token   INTEGER PRIMARY KEY,
    pack_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL
) STRICT;

CREATE TABLE characteristics (
    characteristic_id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    source  TEXT NOT NULL, -- act, grading or master
    name    TEXT NOT NULL,
    unit    TEXT NOT NULL,
    UNIQUE (station, source, name, unit)
) STRICT;

CREATE TABLE measurements (
    pack_id           INTEGER NOT NULL,
    seq               INTEGER NOT NULL, -- the act, grading or master check
    ordinal           INTEGER NOT NULL,
    characteristic_id INTEGER NOT NULL REFERENCES characteristics (characteristic_id),
    index_no          INTEGER NOT NULL,
    at_us             INTEGER NOT NULL,
    value             REAL, -- base unit; NULL = not measured
    lsl               REAL,
    usl               REAL,
    verdict           TEXT NOT NULL,
    code              TEXT NOT NULL,
    PRIMARY KEY (pack_id, seq, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX measurements_characteristic ON measurements (characteristic_id, at_us, value);

-- One row a weld. A weld is superseded when a rework of its joint is decided.
CREATE TABLE joints (
    pack_id        INTEGER NOT NULL REFERENCES packs (pack_id),
    joint          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    task           INTEGER NOT NULL,
    attempt        INTEGER NOT NULL,
    rework         INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,
    verdict        TEXT NOT NULL,
    code           TEXT NOT NULL,
    superseded_seq INTEGER,
    PRIMARY KEY (pack_id, joint, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    pack_id         INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    at_us           INTEGER NOT NULL,
    station         TEXT NOT NULL,
    part            TEXT NOT NULL,
    step            TEXT NOT NULL,
    build           INTEGER NOT NULL,
    verdict         TEXT NOT NULL,
    codes           TEXT NOT NULL, -- JSON
    text            TEXT NOT NULL,
    acts            INTEGER NOT NULL,
    clean           INTEGER NOT NULL,
    nok             TEXT NOT NULL, -- JSON
    next            TEXT NOT NULL,
    invalidated_seq INTEGER,
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE moves (
    pack_id    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    station    TEXT NOT NULL,
    part       TEXT NOT NULL,
    to_station TEXT, -- NULL for an arrival
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
    part    TEXT PRIMARY KEY,
    station TEXT NOT NULL,
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reworks (
    pack_id  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at_us    INTEGER NOT NULL,
    step     TEXT NOT NULL,
    indexes  TEXT NOT NULL, -- JSON
    build    INTEGER NOT NULL,
    decider  TEXT NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE invalidations (
    pack_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    step    TEXT NOT NULL,
    PRIMARY KEY (pack_id, seq, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE dispositions (
    pack_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    disposition TEXT NOT NULL,
    serial      TEXT NOT NULL,
    first_pass  INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    evidence    TEXT NOT NULL, -- JSON
    PRIMARY KEY (pack_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    seq             INTEGER PRIMARY KEY,
    at_us           INTEGER NOT NULL,
    subject         TEXT NOT NULL,
    reason          TEXT NOT NULL,
    holder          TEXT NOT NULL,
    released_seq    INTEGER,
    released_us     INTEGER,
    released_by     TEXT,
    released_reason TEXT
) STRICT;
CREATE INDEX holds_subject ON holds (subject);

CREATE TABLE alarms (
    seq              INTEGER PRIMARY KEY,
    at_us            INTEGER NOT NULL,
    alarm            TEXT NOT NULL,
    station          TEXT NOT NULL,
    pack_id          INTEGER NOT NULL,
    severity         INTEGER NOT NULL,
    text             TEXT NOT NULL,
    cause            TEXT NOT NULL,
    consequence      TEXT NOT NULL,
    action           TEXT NOT NULL,
    group_name       TEXT NOT NULL,
    cleared_seq      INTEGER,
    cleared_us       INTEGER,
    acknowledged_seq INTEGER,
    acknowledged_us  INTEGER,
    acknowledged_by  TEXT
) STRICT;
CREATE INDEX alarms_cleared ON alarms (cleared_seq);
CREATE INDEX alarms_active ON alarms (alarm) WHERE cleared_seq IS NULL;
CREATE INDEX alarms_unseen ON alarms (alarm) WHERE acknowledged_seq IS NULL;

CREATE TABLE actions (
    seq      INTEGER PRIMARY KEY,
    at_us    INTEGER NOT NULL,
    station  TEXT NOT NULL,
    pack_id  INTEGER NOT NULL,
    request  TEXT NOT NULL,
    asker    TEXT NOT NULL,
    why      TEXT NOT NULL,
    command  TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    reply    TEXT NOT NULL
) STRICT;

CREATE TABLE materials (
    seq       INTEGER PRIMARY KEY,
    at_us     INTEGER NOT NULL,
    station   TEXT NOT NULL,
    item      TEXT NOT NULL,
    lot_id    INTEGER NOT NULL REFERENCES lots (lot_id),
    quantity  REAL NOT NULL,
    expiry_us INTEGER NOT NULL,
    loader    TEXT NOT NULL
) STRICT;

-- What is loaded at a station now.
CREATE TABLE loaded (
    station TEXT NOT NULL,
    item    TEXT NOT NULL,
    lot_id  INTEGER NOT NULL REFERENCES lots (lot_id),
    seq     INTEGER NOT NULL,
    PRIMARY KEY (station, item)
) STRICT, WITHOUT ROWID;

-- What a pack took of a lot in one step.
CREATE TABLE pack_lots (
    pack_id  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    lot_id   INTEGER NOT NULL REFERENCES lots (lot_id),
    quantity REAL NOT NULL,
    PRIMARY KEY (pack_id, seq, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX pack_lots_lot ON pack_lots (lot_id, pack_id);

CREATE TABLE tools (
    seq     INTEGER PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    station TEXT NOT NULL,
    tool    TEXT NOT NULL,
    action  TEXT NOT NULL,
    servicer TEXT NOT NULL
) STRICT;
CREATE INDEX tools_station ON tools (station, seq);

CREATE TABLE masters (
    seq            INTEGER PRIMARY KEY,
    at_us          INTEGER NOT NULL,
    station        TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    valid_until_us INTEGER NOT NULL
) STRICT;
CREATE INDEX masters_station ON masters (station, seq);

CREATE TABLE stations (
    station TEXT PRIMARY KEY,
    state   TEXT NOT NULL,
    cause   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    at_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
