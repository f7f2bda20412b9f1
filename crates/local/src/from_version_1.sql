ALTER TABLE outcomes ADD COLUMN facts TEXT;

UPDATE environments SET facts = json_object(
    'sandbox', facts ->> '$.sandbox',
    'identity', json_object(),
    'facts', json_object('cpu.model_name', facts ->> '$.cpu', 'host.architecture', facts ->> '$.architecture')
);

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

ALTER TABLE feed ADD COLUMN sandbox INTEGER;
ALTER TABLE rolls ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rolls ADD COLUMN kept_max INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rolls ADD COLUMN hashes BLOB;
CREATE TABLE tally_sandboxes (
    job INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    kept_max INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (job, chunk)
) WITHOUT ROWID;
