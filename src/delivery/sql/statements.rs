//! The SQL of an outbox: one text for all databases, but for how a list of parameters is unfolded.
//!
//! A list is one parameter, a JSON array of objects: so a batch of any size is one statement, and a statement has one
//! text. In it, `EACH($n)` is the table of a list's elements, with a column `value`; `LIST($n)` the same of a list of
//! texts or numbers, as texts; `OBJECT($n)` an object by itself; `[[…]]` is one of what a query gives; `ALL{column|$n|condition}` the ids of the calls that have one of the keys of a list and meet the condition.
//!
//! PostgreSQL is asked for each key by itself, and told what is found as an array: left to itself, it chooses orders of
//! joins and indexes by statistics, which a table that fills and empties doesn't have, and reads all that waits. And
//! `id > 0` says that a question is one for the indexes of what is open, aside, or waits: no other may go by those.

use std::sync::LazyLock;

use super::driver::Dialect;

/// What is read of a call, in the order in which [`Stored`](super::stored::Stored) takes it.
macro_rules! columns {
    () => {
        "c.id, c.call_id, c.kind, c.customer_key, c.transaction_key, c.amount, c.referred, c.state, c.outcome, \
         c.uncertain, c.deleted, c.suspect, c.due, c.quiet_until, c.waited, c.attempts, c.token, c.tracked_at"
    };
}

/// The first call of each key that waits untouched: of as many as there may be, only that one is read.
macro_rules! first {
    ($column:literal, $keys:literal $(, $and:expr)*) => {
        concat!(
            "SELECT (SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND c.",
            $column,
            " = k.value AND c.state = 'pending'" $(, $and)*,
            " ORDER BY c.id LIMIT 1) FROM LIST(",
            $keys,
            ") AS k"
        )
    };
}

/// It is pending or under way. Of a key, there is no index by state: a claim would write it.
macro_rules! open {
    () => {
        " AND c.open = 1"
    };
}

/// It is under way, or nobody knows what it is, and there is an index of those.
macro_rules! busy {
    () => {
        "c.state NOT IN ('pending', 'parked', 'dead', 'done', 'gone')"
    };
}

/// It waits for another call, and there is an index of those.
macro_rules! waits {
    () => {
        " AND c.due IS NULL AND c.over_at IS NULL"
    };
}

/// The one after it.
macro_rules! second {
    ($column:literal, $keys:literal) => {
        concat!(
            "SELECT (SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND c.",
            $column,
            " = k.value AND c.state = 'pending'",
            open!(),
            " ORDER BY c.id LIMIT 1 OFFSET 1) FROM LIST(",
            $keys,
            ") AS k"
        )
    };
}

#[cfg(test)]
pub(super) use columns;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        /// One dialect's texts.
        pub(crate) struct Statements { $($(#[$doc])* pub(crate) $name: String,)* }

        impl Statements {
            fn of(dialect: Dialect) -> Self {
                Self { $($name: dialect.text($text),)* }
            }
        }
    };
}

statements! {
    /// What may be sent. Parameters: name, now, the newest version that can be read, how many.
    due = concat!("SELECT ", columns!(), " FROM partnero_calls c \
         WHERE c.name = $1 AND c.due <= $2 AND c.version <= $3 ORDER BY c.due, c.id LIMIT $4");
    /// Takes what is out of the way or over off the agenda, where it never is but by hand. Parameter: ids.
    strike = "UPDATE partnero_calls SET due = NULL WHERE id [[SELECT CAST(k.value AS BIGINT) FROM LIST($1) AS k]]";
    /// When something will be due. Parameters: name, now, version.
    next_due = "SELECT c.due FROM partnero_calls c WHERE c.name = $1 AND c.due > $2 AND c.version <= $3 \
         ORDER BY c.due, c.id LIMIT 1";
    /// Every call that decisions about others depend on: of a key, what isn't waiting untouched, and the first of each
    /// kind that is, and of those that only a newer version knows; those that a refund would cancel; of a customer, what
    /// is in flight, begun or next, and whether it is known. Not what is known already.
    /// Parameters: name, keys of customers, of transactions, of refunds' transactions, ids of what is known.
    related = concat!("SELECT ", columns!(), " FROM partnero_calls c WHERE c.id [[\
         ALL{transaction_key|$3|c.open = 0} UNION ALL ALL{transaction_key|$3|", busy!(), "} \
         UNION ALL ", first!("transaction_key", "$3", open!(), " AND c.kind = 'sale'"), " \
         UNION ALL ", first!("transaction_key", "$3", open!(), " AND c.kind = 'adjustment'"), " \
         UNION ALL ", first!("transaction_key", "$3", open!(), " AND c.kind = 'refund'"), " \
         UNION ALL ", first!("transaction_key", "$3", open!(), " AND c.kind NOT IN ('sale', 'adjustment', 'refund')"), " \
         UNION ALL ALL{transaction_key|$4|c.open = 1 AND c.state = 'pending'} \
         UNION ALL ALL{customer_key|$2|", busy!(), "} \
         UNION ALL ", first!("customer_key", "$2", open!()), " UNION ALL ", second!("customer_key", "$2"), " \
         UNION ALL ALL{customer_key|$2|c.kind = 'sign_up' AND c.open = 0 AND c.state = 'dead'} \
         UNION ALL ALL{customer_key|$2|c.kind = 'sign_up' AND c.open = 0 AND c.state = 'done'}]] \
         AND NOT c.id [[SELECT CAST(k.value AS BIGINT) FROM LIST($5) AS k]]");
    /// Parameters: name, ids.
    load = concat!("SELECT ", columns!(), " FROM partnero_calls c WHERE c.id \
         [[SELECT CAST(k.value AS BIGINT) FROM LIST($2) AS k]] AND c.name = $1");
    /// Writes what changes of calls that were open and stay so, the same for all of them, and gives the bodies of what is
    /// to be sent. SQLite writes an index whose columns a statement names, whether they change or not: this one leaves
    /// those of keys alone. Parameters: ids, what is written.
    save_open = "UPDATE partnero_calls AS c SET state = OBJECT($2) ->> 'state', \
         uncertain = CAST(OBJECT($2) ->> 'uncertain' AS BOOLEAN), deleted = CAST(OBJECT($2) ->> 'deleted' AS BOOLEAN), \
         suspect = CAST(OBJECT($2) ->> 'suspect' AS BOOLEAN), due = CAST(OBJECT($2) ->> 'due' AS BIGINT), \
         quiet_until = CAST(OBJECT($2) ->> 'quiet_until' AS BIGINT), waited = CAST(OBJECT($2) ->> 'waited' AS BIGINT), \
         attempts = CAST(OBJECT($2) ->> 'attempts' AS BIGINT), token = CAST(OBJECT($2) ->> 'token' AS BIGINT) \
         WHERE c.id [[SELECT CAST(k.value AS BIGINT) FROM LIST($1) AS k]] \
         RETURNING id, CASE WHEN state = 'claimed' THEN payload END";
    /// Writes everything of calls that changes, the same for all of them. None of them is to be sent.
    /// Parameters: ids, what is written.
    save = "UPDATE partnero_calls AS c SET state = OBJECT($2) ->> 'state', outcome = OBJECT($2) ->> 'outcome', \
         open = CAST(OBJECT($2) ->> 'open' AS BIGINT), \
         uncertain = CAST(OBJECT($2) ->> 'uncertain' AS BOOLEAN), deleted = CAST(OBJECT($2) ->> 'deleted' AS BOOLEAN), \
         suspect = CAST(OBJECT($2) ->> 'suspect' AS BOOLEAN), due = CAST(OBJECT($2) ->> 'due' AS BIGINT), \
         quiet_until = CAST(OBJECT($2) ->> 'quiet_until' AS BIGINT), waited = CAST(OBJECT($2) ->> 'waited' AS BIGINT), \
         attempts = CAST(OBJECT($2) ->> 'attempts' AS BIGINT), token = CAST(OBJECT($2) ->> 'token' AS BIGINT), \
         behind = CAST(OBJECT($2) ->> 'behind' AS BIGINT), reason = OBJECT($2) ->> 'reason', \
         message = OBJECT($2) ->> 'message', died_at = CAST(OBJECT($2) ->> 'died_at' AS BIGINT), \
         over_at = CAST(OBJECT($2) ->> 'over_at' AS BIGINT), \
         payload = CASE WHEN OBJECT($2) ->> 'state' IN ('done', 'gone') THEN '' ELSE c.payload END, \
         customer_key = CASE WHEN OBJECT($2) ->> 'state' = 'gone' THEN NULL ELSE c.customer_key END, \
         transaction_key = CASE WHEN OBJECT($2) ->> 'state' = 'gone' THEN NULL ELSE c.transaction_key END \
         WHERE c.id [[SELECT CAST(k.value AS BIGINT) FROM LIST($1) AS k]]";
    /// Ends what is still claimed as it was, and says of what that held. A plain question for the state would have
    /// PostgreSQL read all that is under way. Parameters: name, ids, the token, state, outcome and time of all of them.
    end = "UPDATE partnero_calls AS c SET state = OBJECT($3) ->> 'state', outcome = OBJECT($3) ->> 'outcome', open = 0, \
         uncertain = CAST('false' AS BOOLEAN), due = NULL, over_at = CAST(OBJECT($3) ->> 'over_at' AS BIGINT), payload = '', \
         customer_key = CASE WHEN OBJECT($3) ->> 'state' = 'gone' THEN NULL ELSE c.customer_key END, \
         transaction_key = CASE WHEN OBJECT($3) ->> 'state' = 'gone' THEN NULL ELSE c.transaction_key END \
         WHERE c.id [[SELECT CAST(k.value AS BIGINT) FROM LIST($2) AS k]] AND c.name = $1 \
         AND CASE WHEN c.state = 'claimed' THEN c.token END = CAST(OBJECT($3) ->> 'token' AS BIGINT) RETURNING id";
    /// Looks again at the calls that may have waited for others of these keys: of each, what was begun and the next, and
    /// those that only a newer version knows: it may have put them off.
    /// Parameters: name, now, keys of customers, of transactions.
    wake = concat!("UPDATE partnero_calls SET due = $2 WHERE id [[\
         ALL{customer_key|$3|c.state = 'uncertain'", waits!(), "} \
         UNION ALL ALL{customer_key|$3|c.state = 'deleted'", waits!(), "} \
         UNION ALL ", first!("customer_key", "$3", waits!()), " \
         UNION ALL ALL{transaction_key|$4|c.state = 'uncertain'", waits!(), "} \
         UNION ALL ALL{transaction_key|$4|c.state = 'deleted'", waits!(), "} \
         UNION ALL ", first!("transaction_key", "$4", " AND c.kind = 'sale'", waits!()), " \
         UNION ALL ", first!("transaction_key", "$4", " AND c.kind = 'adjustment'", waits!()), " \
         UNION ALL ", first!("transaction_key", "$4", " AND c.kind = 'refund'", waits!()), " \
         UNION ALL ALL{transaction_key|$4|c.state = 'pending' AND c.kind NOT IN ('sale', 'adjustment', 'refund')",
         waits!(), "}]]");
    /// Whether anything waits for another call at all. There is an index of just those, and no other fits: one of all
    /// that is pending is no smaller than the backlog. Parameter: name.
    any_waiting = "SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND c.due IS NULL \
         AND c.id > 0 AND c.state IN ('pending', 'uncertain', 'deleted') LIMIT 1";
    /// Those parked behind a letter go on. Parameters: name, the letter, now.
    unpark = "UPDATE partnero_calls SET state = CASE WHEN uncertain THEN 'uncertain' ELSE 'pending' END, open = 1, \
         due = $3, behind = NULL WHERE name = $1 AND behind = $2 AND state = 'parked'";
    /// Parameters: name, ids.
    fates = "SELECT c.call_id, c.kind, c.customer_key, c.transaction_key, c.state, c.outcome, c.reason, c.message \
         FROM partnero_calls c WHERE c.call_id [[SELECT k.value FROM LIST($2) AS k]] AND c.name = $1 \
         AND c.state IN ('done', 'gone', 'dead')";
    /// Parameters: name, after, how many.
    letters = "SELECT c.id, c.kind, c.customer_key, c.transaction_key, c.amount, c.reason, c.message, c.attempts, \
         c.uncertain, c.tracked_at, c.died_at, \
         (SELECT COUNT(*) FROM partnero_calls p WHERE p.name = $1 AND p.behind = c.id) \
         FROM partnero_calls c WHERE c.name = $1 AND c.state = 'dead' AND c.open = 0 AND c.over_at IS NULL \
         AND c.id > 0 AND c.id > $2 ORDER BY c.id LIMIT $3";
    /// The oldest letters beyond how many there may be. Parameters: name, that.
    letters_beyond = "SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND c.state = 'dead' \
         AND c.open = 0 AND c.over_at IS NULL AND c.id > 0 ORDER BY c.id DESC LIMIT 50 OFFSET $2";
    /// Parameters: name, before when, how many.
    old_letters = "SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND c.died_at < $2 \
         ORDER BY c.died_at LIMIT $3";
    /// Parameters: name, state, before when, how many.
    prune = "DELETE FROM partnero_calls WHERE id [[SELECT c.id FROM partnero_calls c WHERE c.name = $1 \
         AND c.state = $2 AND c.over_at < $3 ORDER BY c.over_at LIMIT $4]] RETURNING id";
    /// Parameters: name, before when, how many.
    prune_notices = "DELETE FROM partnero_notices WHERE id [[SELECT n.id FROM partnero_notices n \
         WHERE n.name = $1 AND n.due < $2 AND n.created_at < $2 ORDER BY n.due LIMIT $3]] RETURNING id";
    /// All that is open, what of that is under way, and what is out of the way. Parameter: name.
    counts = concat!("SELECT 'open', COUNT(*) FROM partnero_calls c WHERE c.name = $1 AND c.open = 1 AND c.id > 0 \
         UNION ALL SELECT c.state, COUNT(*) FROM partnero_calls c WHERE c.name = $1 AND ", busy!(), " \
         GROUP BY c.state \
         UNION ALL SELECT c.state, COUNT(*) FROM partnero_calls c WHERE c.name = $1 AND c.open = 0 \
         AND c.over_at IS NULL AND c.id > 0 GROUP BY c.state");
    /// Parameter: name.
    count_notices = "SELECT COUNT(*) FROM partnero_notices WHERE name = $1";
    /// The first call that is neither settled nor out of the way. Parameter: name.
    first_open = "SELECT c.id, c.tracked_at FROM partnero_calls c WHERE c.name = $1 AND c.open = 1 AND c.id > 0 \
         ORDER BY c.id LIMIT 1";
    last = "SELECT MAX(id) FROM partnero_calls";
    /// Parameters: name, customer.
    forget_sign_ups = "DELETE FROM partnero_calls WHERE name = $1 AND customer_key = $2 AND open = 0 \
         AND state = 'done' AND transaction_key IS NULL RETURNING id";
    forget_settled = "UPDATE partnero_calls SET customer_key = NULL WHERE name = $1 AND customer_key = $2 \
         AND open = 0 AND state = 'done' RETURNING id";
    forget_notices = "DELETE FROM partnero_notices WHERE name = $1 AND customer_key = $2";
    /// Parameters: name, customer, after, how many.
    payloads = "SELECT c.id, c.payload FROM partnero_calls c WHERE c.name = $1 AND c.customer_key = $2 \
         AND c.open IN (0, 1) AND c.state NOT IN ('done', 'gone') AND c.id > $3 \
         ORDER BY c.id LIMIT $4";
    /// Parameter: ids and payloads.
    set_payloads = "UPDATE partnero_calls AS c SET payload = j.value ->> 'payload' FROM EACH($1) AS j \
         WHERE c.id = CAST(j.value ->> 'id' AS BIGINT)";
    /// Parameters: name, notices, now.
    notify = "INSERT INTO partnero_notices (name, customer_key, payload, due, created_at) \
         SELECT $1, j.value ->> 'customer', j.value ->> 'payload', $3, $3 FROM EACH($2) AS j";
    /// Hands out notices for the time of a lease. Parameters: name, now, the end of the lease, how many.
    due_notices = "UPDATE partnero_notices SET due = $3, failures = failures + 1 WHERE id [[\
         SELECT n.id FROM partnero_notices n WHERE n.name = $1 AND n.due <= $2 ORDER BY n.due, n.id LIMIT $4]] \
         RETURNING id, payload, failures - 1";
    /// Whether there are any. Parameters: name, now.
    any_due_notice = "SELECT n.id FROM partnero_notices n WHERE n.name = $1 AND n.due <= $2 LIMIT 1";
    /// Parameters: id, when.
    put_notice_off = "UPDATE partnero_notices SET due = $2 WHERE id = $1";
    /// Parameter: id.
    drop_notice = "DELETE FROM partnero_notices WHERE id = $1";
    /// Parameters: name, program.
    set_program = "INSERT INTO partnero_programs (name, program) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    /// Parameter: name.
    program = "SELECT program FROM partnero_programs WHERE name = $1";
}

impl Dialect {
    pub(crate) fn statements(self) -> &'static Statements {
        #[cfg(feature = "sqlx-sqlite")]
        static SQLITE: LazyLock<Statements> = LazyLock::new(|| Statements::of(Dialect::Sqlite));
        #[cfg(feature = "sqlx-postgres")]
        static POSTGRES: LazyLock<Statements> = LazyLock::new(|| Statements::of(Dialect::Postgres));
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => &SQLITE,
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => &POSTGRES,
        }
    }

    /// A text of this notation as the database takes it.
    pub(crate) fn text(self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some((before, rest)) = text.split_once("ALL{") {
            let Some((all, after)) = rest.split_once('}') else { break };
            let mut parts = all.splitn(3, '|').map(str::to_owned);
            let [column, list, condition] = std::array::from_fn(|_| parts.next().unwrap_or_default());
            text = format!("{before}{}{after}", self.all(&column, &list, &condition));
        }
        for n in 1..=5 {
            text = text.replace(&format!("EACH(${n})"), &self.each(n));
            text = text.replace(&format!("LIST(${n})"), &self.list(n));
            text = text.replace(&format!("OBJECT(${n})"), &self.object(n));
        }
        let (begin, end) = self.one_of();
        text.replace("[[", begin).replace("]]", end)
    }

    fn all(self, column: &str, list: &str, condition: &str) -> String {
        let calls = format!("SELECT c.id FROM partnero_calls c WHERE c.name = $1 AND {condition} AND c.{column}");
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => format!("{calls} IN (SELECT k.value FROM LIST({list}) AS k)"),
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => format!("SELECT unnest(ARRAY({calls} = k.value)) FROM LIST({list}) AS k"),
        }
    }

    fn each(self, n: u32) -> String {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => format!("json_each(${n})"),
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => format!("json_array_elements(CAST(${n} AS JSON))"),
        }
    }

    fn list(self, n: u32) -> String {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => format!("json_each(${n})"),
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => format!("json_array_elements_text(CAST(${n} AS JSON))"),
        }
    }

    fn object(self, n: u32) -> String {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => format!("${n}"),
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => format!("CAST(${n} AS JSON)"),
        }
    }

    fn one_of(self) -> (&'static str, &'static str) {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => ("IN (", ")"),
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => ("= ANY (ARRAY(", "))"),
        }
    }
}
