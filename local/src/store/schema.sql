-- Times are milliseconds since 1970-01-01T00:00:00Z. Digests are the 32 bytes of a SHA-256.
-- `checksum` is the CRC-32 of the name of the table and all other columns of the row, in their order here: see checksum.rs.
-- Payloads and outputs have none: their digests check them.

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
    -- Repeated from `spec` and `state` for queries.
    copies INTEGER NOT NULL,         -- how many are wanted now
    copy_timeout_ms INTEGER NOT NULL,
    receives_max INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    round INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    ended_at INTEGER,
    revision INTEGER NOT NULL,
    -- In this round the copies below this index were put on the queue.
    enqueued INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_submission ON jobs (submission);
CREATE INDEX jobs_by_submitted_at ON jobs (submitted_at);
CREATE INDEX jobs_open ON jobs (deadline_at) WHERE ended_at IS NULL;
-- The open jobs that call a function.
CREATE INDEX jobs_remote ON jobs (id)
    WHERE ended_at IS NULL AND json_extract(spec, '$.calculation.kind') = 'function';

-- One row for each process that takes copies. Its lock file tells whether the process still runs.
CREATE TABLE owners (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    checksum INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE queue (
    job INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    round INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,  -- deliveries that ended with the death of their process
    owner INTEGER,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, copy)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
    job INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    round INTEGER NOT NULL,
    receive_count INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, copy)
) WITHOUT ROWID;

CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    facts TEXT NOT NULL UNIQUE,      -- JSON
    checksum INTEGER NOT NULL
);

-- `beside` is empty in the first outcome of a copy. In a differing later outcome it is the digest of that outcome.
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
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, copy, beside)
) WITHOUT ROWID;

CREATE TABLE outputs (
    job INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (job, digest)
);

-- The change feed. A row is written in the transaction of its change, and deleted when the change was folded. Changes may
-- be folded in any order, so `sequence` is not in the checksum.
CREATE TABLE feed (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    copy INTEGER,                    -- absent when the verdict changed
    round INTEGER,
    digest BLOB,
    sandbox INTEGER,                 -- the 64 bits of its hash
    reason TEXT,
    verdict TEXT,
    decided_at INTEGER,
    revision INTEGER,
    checksum INTEGER NOT NULL
);

-- In the tallies `copies` is a bit set over the copies of the chunk.
CREATE TABLE tally_digests (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    digest BLOB NOT NULL,
    copies BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, chunk, digest)
) WITHOUT ROWID;

CREATE TABLE tally_failures (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    round INTEGER NOT NULL,
    reason TEXT NOT NULL,
    copies BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, chunk, round, reason)
) WITHOUT ROWID;

-- `hashes` has 8 bytes for each sandbox, big-endian, in ascending order, and at most `kept_max` sandboxes.
CREATE TABLE tally_sandboxes (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    kept_max INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    checksum INTEGER NOT NULL,
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
    copies INTEGER NOT NULL DEFAULT 0, -- how many were wanted then
    kept_max INTEGER NOT NULL DEFAULT 0,
    hashes BLOB,                     -- as in `tally_sandboxes`, absent when there are none
    checksum INTEGER NOT NULL
);

CREATE TABLE announcements (
    job INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (job, revision)
) WITHOUT ROWID;

-- Results that were accepted as right, by calculation and payload. `output` is absent when it was not kept.
CREATE TABLE goldens (
    calculation TEXT NOT NULL,
    payload BLOB NOT NULL,
    digest BLOB NOT NULL,
    job TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    output BLOB,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (calculation, payload)
);
