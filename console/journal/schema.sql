CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    host TEXT NOT NULL,
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    body TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    -- taken from the body by SQLite itself, so that no figure stands here that is not in the chain
    attempt INTEGER AS (coalesce(CAST(body ->> '$.attempt' AS INTEGER), 1)),
    digest TEXT AS (CAST(body ->> '$.digest' AS TEXT)),
    procedure TEXT AS (CAST(body ->> '$.procedure' AS TEXT))
) STRICT;

CREATE INDEX of_run ON entries (run, seq);
CREATE INDEX of_kind ON entries (kind, seq);
CREATE INDEX of_time ON entries (time);
CREATE INDEX starts ON entries (run, step, attempt) WHERE kind = 'started';
CREATE INDEX of_step ON entries (digest, kind, seq) WHERE digest IS NOT NULL;
CREATE INDEX done ON entries (procedure, time)
WHERE kind = 'closed' AND procedure IS NOT NULL AND body ->> '$.status' IN ('done', 'ok');

-- steps started without an end: what `entries` says too, kept so that nobody has to read all of it
CREATE TABLE underway (
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (run, step, attempt)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER chained BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    OR NEW.previous IS NOT coalesce((SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
    SELECT RAISE(ABORT, 'an entry must follow the last one');
END;

CREATE TRIGGER begun AFTER INSERT ON entries WHEN NEW.kind = 'started'
BEGIN
    INSERT INTO underway VALUES (NEW.run, NEW.step, NEW.attempt, NEW.seq)
    ON CONFLICT DO UPDATE SET seq = excluded.seq;
END;

CREATE TRIGGER finished AFTER INSERT ON entries WHEN NEW.kind = 'ended'
BEGIN
    DELETE FROM underway WHERE run = NEW.run AND step = NEW.step AND attempt = NEW.attempt;
END;

CREATE TRIGGER unchanged BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'entries are never changed');
END;

CREATE TRIGGER kept BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'entries are never deleted');
END;
