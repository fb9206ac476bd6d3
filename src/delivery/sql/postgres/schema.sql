-- The tables of axum-partnero's outbox and its inbox in PostgreSQL. Each statement can be repeated.
-- Times are milliseconds since 1970. Rows are written by axum-partnero, or with PostgresOutbox::INSERT.

CREATE TABLE IF NOT EXISTS partnero_calls (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- the order
    call_id         TEXT COLLATE "C" NOT NULL UNIQUE,                 -- a UUID: storing a call can be repeated
    name            TEXT COLLATE "C" NOT NULL,                        -- the handle's name
    kind            TEXT COLLATE "C" NOT NULL,                        -- sign_up, sale, refund, adjustment
    version         BIGINT  NOT NULL,                                 -- of the payload
    customer_key    TEXT COLLATE "C",
    transaction_key TEXT COLLATE "C",
    amount          TEXT,                                             -- of a sale, of what remains of one: decimal digits
    referred        BOOLEAN NOT NULL DEFAULT FALSE,                   -- names a referrer
    state           TEXT COLLATE "C" NOT NULL DEFAULT 'pending',      -- pending, claimed, uncertain, deleted, parked, dead, done, gone
    outcome         TEXT,                                             -- of what is done
    open            BIGINT  NOT NULL DEFAULT 1,                       -- whether it is pending or under way: 1, or 0 if it is out of the way or over
    uncertain       BOOLEAN NOT NULL DEFAULT FALSE,                   -- an attempt may have been carried out
    deleted         BOOLEAN NOT NULL DEFAULT FALSE,                   -- an adjustment whose deletion is done
    suspect         BOOLEAN NOT NULL DEFAULT FALSE,                   -- was refused for want of rights
    due             BIGINT  DEFAULT (CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)), -- when to look at it
    quiet_until     BIGINT  NOT NULL DEFAULT 0,                       -- until then a request of it may be under way
    waited          BIGINT  NOT NULL DEFAULT 0,                       -- between its own attempts
    attempts        BIGINT  NOT NULL DEFAULT 0,
    token           BIGINT  NOT NULL DEFAULT 0,                       -- counts its claims
    behind          BIGINT,                                           -- the dead letter that it is parked behind
    reason          TEXT,                                             -- why it is a dead letter
    message         TEXT,
    tracked_at      BIGINT  NOT NULL DEFAULT (CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)),
    died_at         BIGINT,                                           -- when it became a dead letter
    over_at         BIGINT,                                           -- when it was done
    payload         TEXT    NOT NULL                                  -- the request's body; empty once it is done
);

CREATE INDEX IF NOT EXISTS partnero_calls_due ON partnero_calls (name, due, id) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_customer ON partnero_calls (name, customer_key, open, id)
    WHERE customer_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_transaction ON partnero_calls (name, transaction_key, open, kind, id)
    WHERE transaction_key IS NOT NULL;
-- Neither has the state in it: calls of one claim are far apart in them, and a claim would write all those pages. What
-- is under way has indexes of its own, which are small.
CREATE INDEX IF NOT EXISTS partnero_calls_busy_customer ON partnero_calls (name, customer_key, id)
    WHERE state NOT IN ('pending', 'parked', 'dead', 'done', 'gone');
CREATE INDEX IF NOT EXISTS partnero_calls_busy_transaction ON partnero_calls (name, transaction_key, id)
    WHERE state NOT IN ('pending', 'parked', 'dead', 'done', 'gone') AND transaction_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_sign_up ON partnero_calls (name, customer_key, state, id)
    WHERE kind = 'sign_up' AND open = 0;
-- What waits for another call of its customer or of its transaction. Neither index fits a question for the other.
CREATE INDEX IF NOT EXISTS partnero_calls_waiting_customer ON partnero_calls (name, customer_key, state, id)
    WHERE due IS NULL AND over_at IS NULL AND customer_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_waiting_transaction ON partnero_calls (name, transaction_key, state, kind, id)
    WHERE due IS NULL AND over_at IS NULL AND transaction_key IS NOT NULL;
-- What is open, what is out of the way, and whether anything waits at all: for questions that say `id > 0`, as others go
-- by their keys.
CREATE INDEX IF NOT EXISTS partnero_calls_open ON partnero_calls (name, id) WHERE open = 1 AND id > 0;
CREATE INDEX IF NOT EXISTS partnero_calls_aside ON partnero_calls (name, state, id)
    WHERE open = 0 AND over_at IS NULL AND id > 0;
CREATE INDEX IF NOT EXISTS partnero_calls_waiting ON partnero_calls (name, id)
    WHERE due IS NULL AND id > 0 AND state IN ('pending', 'uncertain', 'deleted');
CREATE INDEX IF NOT EXISTS partnero_calls_dead ON partnero_calls (name, died_at) WHERE died_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_over ON partnero_calls (name, state, over_at) WHERE over_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_calls_behind ON partnero_calls (name, behind) WHERE behind IS NOT NULL;

-- What the observer hasn't been told.
CREATE TABLE IF NOT EXISTS partnero_notices (
    id           BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    customer_key TEXT COLLATE "C",
    due          BIGINT  NOT NULL,
    failures     BIGINT  NOT NULL DEFAULT 0,
    created_at   BIGINT  NOT NULL,
    payload      TEXT    NOT NULL
);

CREATE INDEX IF NOT EXISTS partnero_notices_due ON partnero_notices (name, due, id);
CREATE INDEX IF NOT EXISTS partnero_notices_customer ON partnero_notices (name, customer_key)
    WHERE customer_key IS NOT NULL;

-- The program that an outbox belongs to.
CREATE TABLE IF NOT EXISTS partnero_programs (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    program TEXT NOT NULL
);

-- The webhooks that Partnero sent: a repeat of one of them isn't stored.
CREATE TABLE IF NOT EXISTS partnero_seen (
    id          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of arrival
    name        TEXT COLLATE "C" NOT NULL,                        -- the inbox's name
    digest      TEXT COLLATE "C" NOT NULL,                        -- its time, and half the SHA-256 of its body
    seen_at     BIGINT  NOT NULL,                                 -- when it came, or was done long after that
    UNIQUE (digest, name)                                         -- in this order, it fits no other question
);

CREATE INDEX IF NOT EXISTS partnero_seen_at ON partnero_seen (name, seen_at);

-- What they brought, until it is handled: the inbox. It is a table of its own to stay small.
CREATE TABLE IF NOT EXISTS partnero_events (
    id          BIGINT  PRIMARY KEY,                              -- as in partnero_seen
    name        TEXT COLLATE "C" NOT NULL,
    version     BIGINT  NOT NULL,                                 -- of the payload
    event       TEXT COLLATE "C" NOT NULL,
    webhook_key TEXT COLLATE "C",
    resource    TEXT COLLATE "C",                                 -- what it is about: events of one wait for each other
    state       TEXT COLLATE "C" NOT NULL DEFAULT 'pending',      -- pending, claimed, dead
    due         BIGINT,                                           -- when to look at it
    token       BIGINT  NOT NULL DEFAULT 0,                       -- of its last claim
    attempts    BIGINT  NOT NULL DEFAULT 0,                       -- handled in vain
    message     TEXT,                                             -- what went wrong last
    arrived_at  BIGINT  NOT NULL,
    died_at     BIGINT,                                           -- when it became a dead letter
    payload     TEXT    NOT NULL                                  -- the body, `\x` before what isn't text
);

CREATE INDEX IF NOT EXISTS partnero_events_due ON partnero_events (name, due, id) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS partnero_events_resource ON partnero_events (name, resource, id) WHERE resource IS NOT NULL;
-- By state: for questions that say `id > 0`.
CREATE INDEX IF NOT EXISTS partnero_events_state ON partnero_events (name, state, id) WHERE id > 0;
CREATE INDEX IF NOT EXISTS partnero_events_dead ON partnero_events (name, died_at) WHERE died_at IS NOT NULL;
