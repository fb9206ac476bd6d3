//! The SQL of an inbox, in the notation of the outbox's: see [`Dialect::text`].
//!
//! Each event that is due is looked up by itself, and so is the first open one of its resource: the cost of a claim is
//! that of the few events it looks at, whatever else waits. `>=` and `<=` is an equality that PostgreSQL doesn't see
//! through: it would read the table in the order of ids until one of the resource comes.

use std::sync::LazyLock;

use crate::delivery::sql::{Dialect, Several};

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)* => $($(#[$docs:meta])* $names:ident = $texts:expr;)*) => {
        /// One dialect's texts.
        pub(super) struct Statements {
            $($(#[$doc])* pub(super) $name: String,)*
            $($(#[$docs])* pub(super) $names: Several,)*
        }

        impl Statements {
            fn of(dialect: Dialect) -> Self {
                Self { $($name: dialect.text($text),)* $($names: Several::of(dialect, &$texts),)* }
            }
        }
    };
}

statements! {
    /// Adds those that got an id. Parameters: name, events, version, now.
    add = "INSERT INTO partnero_events \
         (id, name, version, event, webhook_key, resource, payload, arrived_at, state, due, token) \
         SELECT CAST(j.value ->> 0 AS BIGINT), $1, $3, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, \
         $4, j.value ->> 5, CAST(j.value ->> 6 AS BIGINT), CAST(j.value ->> 7 AS BIGINT) FROM EACH($2) AS j";
    /// What is due, each with the first of its resource that isn't over.
    /// Parameters: name, now, the newest version that can be read, how many.
    due = "SELECT e.id, e.state, e.due, e.token, e.attempts, e.resource, e.arrived_at, e.payload, \
         (SELECT f.id FROM partnero_events f WHERE f.name = $1 AND f.resource >= e.resource \
         AND f.resource <= e.resource ORDER BY f.resource, f.id LIMIT 1) \
         FROM partnero_events e WHERE e.name = $1 AND e.due <= $2 AND e.version <= $3 ORDER BY e.due, e.id LIMIT $4";
    /// When something will be due. Parameters: name, now, version.
    next_due = "SELECT e.due FROM partnero_events e WHERE e.name = $1 AND e.due > $2 AND e.version <= $3 \
         ORDER BY e.due, e.id LIMIT 1";
    /// Parameters: name, ids.
    load = "SELECT e.id, e.state, e.due, e.token, e.attempts, e.resource FROM partnero_events e WHERE e.id \
         [[SELECT CAST(k.value AS BIGINT) FROM LIST($2) AS k]] AND e.name = $1";
    /// Writes everything of an event that changes. Parameters: events, now.
    save = "UPDATE partnero_events AS e SET state = j.value ->> 1, due = CAST(j.value ->> 2 AS BIGINT), \
         token = CAST(j.value ->> 3 AS BIGINT), attempts = CAST(j.value ->> 4 AS BIGINT), \
         message = COALESCE(j.value ->> 5, e.message), died_at = CASE WHEN j.value ->> 1 = 'dead' THEN $2 END \
         FROM EACH($1) AS j WHERE e.id = CAST(j.value ->> 0 AS BIGINT)";
    /// Counts from now on how long these are known. Parameters: ids, now.
    remember = "UPDATE partnero_seen SET seen_at = $2 WHERE id [[SELECT CAST(k.value AS BIGINT) FROM LIST($1) AS k]]";
    /// What these tokens have claimed. Parameters: name, now, tokens.
    take_back = "UPDATE partnero_events SET state = 'pending', due = $2 WHERE name = $1 AND state = 'claimed' AND id > 0 \
         AND token IN (SELECT CAST(k.value AS BIGINT) FROM LIST($3) AS k) RETURNING id";
    /// Parameter: name.
    counts = "SELECT e.state, COUNT(*) FROM partnero_events e WHERE e.name = $1 AND e.id > 0 \
         GROUP BY e.state";
    /// When the oldest open one came. Parameter: name.
    oldest = "SELECT o.arrived_at FROM (\
         SELECT * FROM (SELECT e.id, e.arrived_at FROM partnero_events e WHERE e.name = $1 AND e.state = 'pending' \
         AND e.id > 0 ORDER BY e.id LIMIT 1) AS p UNION ALL \
         SELECT * FROM (SELECT e.id, e.arrived_at FROM partnero_events e WHERE e.name = $1 AND e.state = 'claimed' \
         AND e.id > 0 ORDER BY e.id LIMIT 1) AS c) AS o ORDER BY o.id LIMIT 1";
    /// Dead letters, each with how many wait behind it. Parameters: name, after, how many.
    dead = "SELECT e.id, e.event, e.webhook_key, e.message, e.attempts, e.arrived_at, e.died_at, e.payload, \
         (SELECT COUNT(*) FROM partnero_events w WHERE w.name = $1 AND w.resource = e.resource \
         AND w.id > e.id) \
         FROM partnero_events e WHERE e.name = $1 AND e.state = 'dead' \
         AND e.id > 0 AND e.id > $2 ORDER BY e.id LIMIT $3";
    /// The newest of the letters beyond how many there may be. Parameters: name, that, how many.
    dead_beyond = "SELECT e.id FROM partnero_events e WHERE e.name = $1 AND e.state = 'dead' \
         AND e.id > 0 ORDER BY e.id DESC LIMIT $3 OFFSET $2";
    /// Parameters: name, before when, how many.
    old_dead = "SELECT e.id FROM partnero_events e WHERE e.name = $1 AND e.died_at < $2 ORDER BY e.died_at LIMIT $3";
    /// What came or was over long ago, each with its id if it is open. Parameters: name, before when, how many.
    old_seen = "SELECT s.id, (SELECT e.id FROM partnero_events e WHERE e.id = s.id) FROM partnero_seen s \
         WHERE s.name = $1 AND s.seen_at < $2 ORDER BY s.seen_at LIMIT $3";
    /// Parameter: ids.
    forget = "DELETE FROM partnero_seen WHERE id [[SELECT CAST(k.value AS BIGINT) FROM LIST($1) AS k]]";
    =>
    /// Remembers the digests that aren't known yet, and gives them ids in their order, which is how both databases read an
    /// array. And which of these resources something is open of. Parameters: name, digests, now, resources.
    come = ["INSERT INTO partnero_seen (name, digest, seen_at) SELECT $1, k.value, $3 FROM LIST($2) AS k WHERE TRUE \
         ON CONFLICT (digest, name) DO NOTHING RETURNING id, digest",
        "SELECT k.value FROM LIST($4) AS k WHERE (SELECT f.id FROM partnero_events f WHERE f.name = $1 \
         AND f.resource >= k.value AND f.resource <= k.value ORDER BY f.resource, f.id LIMIT 1) IS NOT NULL"];
    /// These are over, if these are their tokens: nothing is kept of them. Then the first open one of each of these
    /// resources is looked at again. Parameters: name, pairs of id and token, now, resources.
    end = ["DELETE FROM partnero_events WHERE id [[SELECT CAST(j.value ->> 0 AS BIGINT) FROM EACH($2) AS j]] \
         AND (id, token) IN (SELECT CAST(j.value ->> 0 AS BIGINT), CAST(j.value ->> 1 AS BIGINT) FROM EACH($2) AS j) \
         AND name = $1 RETURNING id, arrived_at",
        "UPDATE partnero_events SET due = $3 WHERE id [[\
         SELECT (SELECT f.id FROM partnero_events f WHERE f.name = $1 AND f.resource >= k.value \
         AND f.resource <= k.value ORDER BY f.resource, f.id LIMIT 1) FROM LIST($4) AS k]] \
         AND state = 'pending' AND due IS NULL RETURNING id"];
}

pub(super) fn statements(dialect: Dialect) -> &'static Statements {
    #[cfg(feature = "sqlx-sqlite")]
    static SQLITE: LazyLock<Statements> = LazyLock::new(|| Statements::of(Dialect::Sqlite));
    #[cfg(feature = "sqlx-postgres")]
    static POSTGRES: LazyLock<Statements> = LazyLock::new(|| Statements::of(Dialect::Postgres));
    match dialect {
        #[cfg(feature = "sqlx-sqlite")]
        Dialect::Sqlite => &SQLITE,
        #[cfg(feature = "sqlx-postgres")]
        Dialect::Postgres => &POSTGRES,
    }
}
