-- Moments are milliseconds since 1970-01-01T00:00:00Z. Digests are the 32 bytes of a SHA-256.

CREATE TABLE payloads (
    digest BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL UNIQUE,
    submission TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    payload BLOB NOT NULL REFERENCES payloads (digest),
    spec TEXT NOT NULL,              -- JSON, fixed
    state TEXT NOT NULL,             -- JSON, replaced as a whole
    -- What queries need of the two above.
    copies INTEGER NOT NULL,         -- wanted now
    copy_timeout_ms INTEGER NOT NULL,
    receives_max INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    round INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    ended_at INTEGER,
    revision INTEGER NOT NULL,
    -- Copies below this index are on the queue, or were, in this round.
    enqueued INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_submission ON jobs (submission);
CREATE INDEX jobs_by_submitted_at ON jobs (submitted_at);
CREATE INDEX jobs_open ON jobs (deadline_at) WHERE ended_at IS NULL;
-- Only for speed: a store that an earlier build made works without it.
CREATE INDEX jobs_elsewhere ON jobs (id)
    WHERE ended_at IS NULL AND json_extract(spec, '$.calculation.kind') = 'function';

-- One row a live process that takes copies; its lock file tells whether it is still there.
CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE queue (
    job INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    round INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,  -- deliveries that ended with the death of their process
    owner INTEGER,
    PRIMARY KEY (job, copy)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
    job INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    round INTEGER NOT NULL,
    receive_count INTEGER NOT NULL,
    PRIMARY KEY (job, copy)
) WITHOUT ROWID;

CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    facts TEXT NOT NULL UNIQUE       -- JSON
);

-- The first outcome of a copy has an empty `beside`; a differing second one has its own digest there.
CREATE TABLE outcomes (
    job INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    beside BLOB NOT NULL,
    round INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    digest BLOB,
    bytes INTEGER,
    reason TEXT,
    started_at INTEGER NOT NULL,
    run_us INTEGER NOT NULL,
    stderr_tail TEXT,
    environment INTEGER,
    facts TEXT,                      -- JSON; absent when there are none
    PRIMARY KEY (job, copy, beside)
) WITHOUT ROWID;

CREATE TABLE outputs (
    job INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (job, digest)
);

-- The change feed: written with what it tells of, deleted when it was folded.
CREATE TABLE feed (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    copy INTEGER,                    -- absent: the verdict changed
    round INTEGER,
    digest BLOB,
    sandbox INTEGER,                 -- the bits of its hash
    reason TEXT,
    verdict TEXT,
    decided_at INTEGER,
    revision INTEGER
);

-- `copies` is a bit set over the copies of the chunk.
CREATE TABLE tally_digests (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    digest BLOB NOT NULL,
    copies BLOB NOT NULL,
    PRIMARY KEY (job, chunk, digest)
) WITHOUT ROWID;

CREATE TABLE tally_failures (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    round INTEGER NOT NULL,
    reason TEXT NOT NULL,
    copies BLOB NOT NULL,
    PRIMARY KEY (job, chunk, round, reason)
) WITHOUT ROWID;

-- `hashes` has 8 bytes of each sandbox, big-endian, smallest first: `kept_max` of them at most.
CREATE TABLE tally_sandboxes (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    kept_max INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (job, chunk)
) WITHOUT ROWID;

-- `produced` and `accounted` are bit sets over the chunks of the job.
CREATE TABLE rollups (
    job INTEGER PRIMARY KEY,
    witness_1 BLOB,
    witness_2 BLOB,
    produced BLOB NOT NULL,
    round INTEGER NOT NULL,
    accounted BLOB NOT NULL,
    copies INTEGER NOT NULL DEFAULT 0, -- wanted when that was so
    kept_max INTEGER NOT NULL DEFAULT 0,
    hashes BLOB                      -- as in a tally; absent when there are none
);

CREATE TABLE announcements (
    job INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (job, revision)
) WITHOUT ROWID;

-- Results that were accepted as right, by calculation and payload; `output` is absent when it was not kept.
CREATE TABLE goldens (
    calculation TEXT NOT NULL,
    payload BLOB NOT NULL,
    digest BLOB NOT NULL,
    job TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    output BLOB,
    PRIMARY KEY (calculation, payload)
);
