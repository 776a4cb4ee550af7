#include "journal/sqlite/migrations.hpp"

namespace fenceline::sqlite {

namespace {

// Format 1: the journal itself. Rows are only ever added at the end; the triggers hold anyone to
// it who writes with another program. The insert triggers also stop INSERT OR REPLACE, which
// would otherwise delete a row without firing a delete trigger.
constexpr char journal_tables[] = R"sql(
PRAGMA application_id = 0x464E434C;
PRAGMA user_version = 1;

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  position     INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  recorder     INTEGER NOT NULL,
  operation    INTEGER NOT NULL,
  outcome      INTEGER NOT NULL,
  failed_check INTEGER NOT NULL,
  origin       INTEGER NOT NULL,
  caller       INTEGER NOT NULL,
  worker       INTEGER NOT NULL,
  image        INTEGER NOT NULL,
  org          INTEGER NOT NULL,
  owner        INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  state_from   INTEGER NOT NULL,
  state_to     INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  count        INTEGER NOT NULL,
  request_id   TEXT,
  kind         INTEGER NOT NULL,
  payload      BLOB,
  chain        BLOB,
  measured     BLOB,
  CHECK ((operation | outcome | failed_check | origin | state_from | state_to | kind) >> 8 = 0),
  CHECK ((caller | image | org | owner | count) >> 32 = 0),
  CHECK (recorder > 0 AND epoch >= 0 AND version >= 0 AND version < position),
  CHECK (state_from = state_to OR outcome = 1),
  CHECK (chain IS NULL OR length(chain) = 32),
  CHECK (measured IS NULL OR chain IS NOT NULL)
) STRICT;

CREATE TABLE text (
  id       INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  value    TEXT NOT NULL,
  CHECK (id < 4294967296 AND value <> '')
) STRICT;

CREATE TABLE recorder (
  id       INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  instance TEXT NOT NULL,
  run      TEXT NOT NULL
) STRICT;

CREATE TABLE flush (
  id       INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  recorder INTEGER NOT NULL,
  measured BLOB NOT NULL,
  chain    BLOB NOT NULL,
  CHECK (recorder > 0 AND length(chain) = 32)
) STRICT;

CREATE TRIGGER event_insert BEFORE INSERT ON event
WHEN NEW.position IS NOT (SELECT ifnull(max(position), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'event: positions continue without a gap'); END;
CREATE TRIGGER event_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event: rows are never changed'); END;
CREATE TRIGGER event_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event: rows are never deleted'); END;

CREATE TRIGGER text_insert BEFORE INSERT ON text
WHEN NEW.id IS NOT (SELECT ifnull(max(id), 0) + 1 FROM text)
  OR NEW.position IS NOT (SELECT ifnull(max(position), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'text: numbers continue without a gap'); END;
CREATE TRIGGER text_update BEFORE UPDATE ON text
BEGIN SELECT RAISE(ABORT, 'text: rows are never changed'); END;
CREATE TRIGGER text_delete BEFORE DELETE ON text
BEGIN SELECT RAISE(ABORT, 'text: rows are never deleted'); END;

CREATE TRIGGER recorder_insert BEFORE INSERT ON recorder
WHEN NEW.id IS NOT (SELECT ifnull(max(id), 0) + 1 FROM recorder)
  OR NEW.position IS NOT (SELECT ifnull(max(position), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'recorder: numbers continue without a gap'); END;
CREATE TRIGGER recorder_update BEFORE UPDATE ON recorder
BEGIN SELECT RAISE(ABORT, 'recorder: rows are never changed'); END;
CREATE TRIGGER recorder_delete BEFORE DELETE ON recorder
BEGIN SELECT RAISE(ABORT, 'recorder: rows are never deleted'); END;

CREATE TRIGGER flush_insert BEFORE INSERT ON flush
WHEN NEW.id IS NOT (SELECT ifnull(max(id), 0) + 1 FROM flush)
  OR NEW.position IS NOT (SELECT ifnull(max(position), 0) FROM event)
BEGIN SELECT RAISE(ABORT, 'flush: numbers continue without a gap'); END;
CREATE TRIGGER flush_update BEFORE UPDATE ON flush
BEGIN SELECT RAISE(ABORT, 'flush: rows are never changed'); END;
CREATE TRIGGER flush_delete BEFORE DELETE ON flush
BEGIN SELECT RAISE(ABORT, 'flush: rows are never deleted'); END;

CREATE TRIGGER meta_update BEFORE UPDATE ON meta
BEGIN SELECT RAISE(ABORT, 'meta: rows are never changed'); END;
CREATE TRIGGER meta_delete BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'meta: rows are never deleted'); END;
)sql";

// Format 2: saved folds, so that opening does not start at the first event; and the view that
// people read with the SQLite shell. No program reads the view or the labels.
constexpr char checkpoints_and_view[] = R"sql(
PRAGMA user_version = 2;

CREATE TABLE checkpoint (
  position  INTEGER PRIMARY KEY,
  format    INTEGER NOT NULL,
  chain     BLOB NOT NULL,
  texts     INTEGER NOT NULL,
  recorders INTEGER NOT NULL,
  flushes   INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  size      INTEGER NOT NULL,
  state     BLOB NOT NULL,
  digest    BLOB NOT NULL,
  CHECK (position >= 0 AND length(chain) = 32 AND length(digest) = 32)
) STRICT;

CREATE TABLE label (
  vocabulary TEXT NOT NULL,
  number     INTEGER NOT NULL,
  text       TEXT NOT NULL,
  PRIMARY KEY (vocabulary, number)
) STRICT, WITHOUT ROWID;

CREATE VIEW events AS SELECT
  e.position,
  strftime('%Y-%m-%dT%H:%M:%S', (e.at - ((e.at % 1000000000) + 1000000000) % 1000000000)
    / 1000000000, 'unixepoch')
    || printf('.%09dZ', ((e.at % 1000000000) + 1000000000) % 1000000000) AS at,
  r.instance AS recorder,
  ifnull((SELECT text FROM label WHERE vocabulary = 'operation' AND number = e.operation),
    e.operation) AS operation,
  ifnull((SELECT text FROM label WHERE vocabulary = 'outcome' AND number = e.outcome),
    e.outcome) AS outcome,
  ifnull((SELECT text FROM label WHERE vocabulary = 'check' AND number = e.failed_check),
    e.failed_check) AS failed_check,
  ifnull((SELECT text FROM label WHERE vocabulary = 'origin' AND number = e.origin),
    e.origin) AS origin,
  ifnull((SELECT value FROM text WHERE id = e.caller), '') AS caller,
  e.worker,
  ifnull((SELECT value FROM text WHERE id = e.image), '') AS image,
  ifnull((SELECT value FROM text WHERE id = e.org), '') AS org,
  ifnull((SELECT value FROM text WHERE id = e.owner), '') AS owner,
  e.epoch,
  ifnull((SELECT text FROM label WHERE vocabulary = 'state' AND number = e.state_from),
    e.state_from) AS state_from,
  ifnull((SELECT text FROM label WHERE vocabulary = 'state' AND number = e.state_to),
    e.state_to) AS state_to,
  e.version,
  e.count,
  ifnull(e.request_id, '') AS request_id,
  ifnull((SELECT text FROM label WHERE vocabulary = 'payload' AND number = e.kind),
    e.kind) AS payload,
  lower(hex(e.payload)) AS payload_bytes,
  lower(hex(e.chain)) AS chain
FROM event AS e LEFT JOIN recorder AS r ON r.id = e.recorder;
)sql";

// Format 3: segments. One takes the place of the event rows that it holds, in one transaction. Only
// our own writer, whose triggers are off, can do that; texts, recorders and flushes stay rows.
constexpr char segments[] = R"sql(
PRAGMA user_version = 3;

CREATE TABLE segment (
  first            INTEGER PRIMARY KEY,
  last             INTEGER NOT NULL,
  layout           INTEGER NOT NULL,
  commits          INTEGER NOT NULL,
  at_last          INTEGER NOT NULL,
  before_texts     INTEGER NOT NULL,
  before_recorders INTEGER NOT NULL,
  before_flushes   INTEGER NOT NULL,
  before_chain     BLOB NOT NULL,
  after_texts      INTEGER NOT NULL,
  after_recorders  INTEGER NOT NULL,
  after_flushes    INTEGER NOT NULL,
  after_chain      BLOB NOT NULL,
  last_chain       BLOB NOT NULL,
  digest           BLOB NOT NULL,
  columns          BLOB NOT NULL,
  CHECK (first > 0 AND last >= first AND commits > 0),
  CHECK (length(before_chain) = 32 AND length(after_chain) = 32),
  CHECK (length(last_chain) = 32 AND length(digest) = 32)
) STRICT;

CREATE TRIGGER segment_insert BEFORE INSERT ON segment
WHEN NEW.first IS NOT (SELECT ifnull(max(last), 0) + 1 FROM segment)
BEGIN SELECT RAISE(ABORT, 'segment: they continue without a gap'); END;
CREATE TRIGGER segment_update BEFORE UPDATE ON segment
BEGIN SELECT RAISE(ABORT, 'segment: rows are never changed'); END;
CREATE TRIGGER segment_delete BEFORE DELETE ON segment
BEGIN SELECT RAISE(ABORT, 'segment: rows are never deleted'); END;
)sql";

// Format 4: a journal may begin at a base, the fold of what is not in it. The triggers count on
// from there; texts and recorders of before are rows like all others. What is dropped behind a base
// is written down, and what is pinned is not dropped. Only our own writer drops.
constexpr char bases[] = R"sql(
PRAGMA user_version = 4;

CREATE TABLE base (
  position  INTEGER PRIMARY KEY,
  format    INTEGER NOT NULL,
  chain     BLOB NOT NULL,
  texts     INTEGER NOT NULL,
  recorders INTEGER NOT NULL,
  flushes   INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  size      INTEGER NOT NULL,
  state     BLOB NOT NULL,
  digest    BLOB NOT NULL,
  source    TEXT NOT NULL,
  redacted  TEXT NOT NULL,
  seal      BLOB NOT NULL,
  CHECK (position >= 0 AND texts > 0 AND recorders >= 0 AND flushes >= 0),
  CHECK (length(chain) = 32 AND length(digest) = 32 AND length(seal) = 32)
) STRICT;

CREATE TABLE pin (
  name  TEXT PRIMARY KEY,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL,
  CHECK (name <> '' AND first > 0 AND last >= first)
) STRICT, WITHOUT ROWID;

CREATE TABLE dropped (
  id           INTEGER PRIMARY KEY,
  first        INTEGER NOT NULL,
  last         INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  by           TEXT NOT NULL,
  chain_before BLOB NOT NULL,
  chain_after  BLOB NOT NULL,
  CHECK (first > 0 AND last >= first),
  CHECK (length(chain_before) = 32 AND length(chain_after) = 32)
) STRICT;

CREATE TRIGGER pin_update BEFORE UPDATE ON pin
BEGIN SELECT RAISE(ABORT, 'pin: rows are never changed'); END;
CREATE TRIGGER dropped_insert BEFORE INSERT ON dropped
BEGIN SELECT RAISE(ABORT, 'dropped: written by what drops'); END;
CREATE TRIGGER dropped_update BEFORE UPDATE ON dropped
BEGIN SELECT RAISE(ABORT, 'dropped: rows are never changed'); END;
CREATE TRIGGER dropped_delete BEFORE DELETE ON dropped
BEGIN SELECT RAISE(ABORT, 'dropped: rows are never deleted'); END;

CREATE TRIGGER base_insert BEFORE INSERT ON base
WHEN EXISTS (SELECT 1 FROM base) OR EXISTS (SELECT 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'base: a journal begins once'); END;
CREATE TRIGGER base_update BEFORE UPDATE ON base
BEGIN SELECT RAISE(ABORT, 'base: rows are never changed'); END;
CREATE TRIGGER base_delete BEFORE DELETE ON base
BEGIN SELECT RAISE(ABORT, 'base: rows are never deleted'); END;

DROP TRIGGER event_insert;
CREATE TRIGGER event_insert BEFORE INSERT ON event
WHEN NEW.position IS NOT
  (SELECT ifnull(max(position), (SELECT ifnull(max(position), 0) FROM base)) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'event: positions continue without a gap'); END;

DROP TRIGGER text_insert;
CREATE TRIGGER text_insert BEFORE INSERT ON text
WHEN NEW.id IS NOT (SELECT ifnull(max(id), 0) + 1 FROM text)
  OR NEW.position IS NOT
  (SELECT ifnull(max(position), (SELECT ifnull(max(position), 0) FROM base)) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'text: numbers continue without a gap'); END;

DROP TRIGGER recorder_insert;
CREATE TRIGGER recorder_insert BEFORE INSERT ON recorder
WHEN NEW.id IS NOT (SELECT ifnull(max(id), 0) + 1 FROM recorder)
  OR NEW.position IS NOT
  (SELECT ifnull(max(position), (SELECT ifnull(max(position), 0) FROM base)) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'recorder: numbers continue without a gap'); END;

DROP TRIGGER flush_insert;
CREATE TRIGGER flush_insert BEFORE INSERT ON flush
WHEN NEW.id IS NOT
  (SELECT ifnull(max(id), (SELECT ifnull(max(flushes), 0) FROM base)) + 1 FROM flush)
  OR NEW.position IS NOT
  (SELECT ifnull(max(position), (SELECT ifnull(max(position), 0) FROM base)) FROM event)
BEGIN SELECT RAISE(ABORT, 'flush: numbers continue without a gap'); END;

DROP TRIGGER segment_insert;
CREATE TRIGGER segment_insert BEFORE INSERT ON segment
WHEN NEW.first IS NOT
  (SELECT ifnull(max(last), (SELECT ifnull(max(position), 0) FROM base)) + 1 FROM segment)
BEGIN SELECT RAISE(ABORT, 'segment: they continue without a gap'); END;
)sql";

constexpr Migration steps[] = {
    {1, journal_tables}, {2, checkpoints_and_view}, {3, segments}, {4, bases}};

}  // namespace

std::span<const Migration> migrations() {
    return steps;
}

}  // namespace fenceline::sqlite
