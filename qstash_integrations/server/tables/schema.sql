-- One database of the local server. An instant is Unix seconds, rounded to milliseconds; JSON is compact.

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of acceptance; never given twice
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('queued', 'waiting', 'held', 'active', 'done')),
    url TEXT NOT NULL,
    options TEXT NOT NULL, -- JSON: what differs from the defaults
    created_at REAL NOT NULL,
    not_before_at REAL NOT NULL,
    due_at REAL NOT NULL,
    retried INTEGER NOT NULL DEFAULT 0,
    queue TEXT,
    flow_key TEXT,
    place TEXT NOT NULL, -- host and port of its destination
    parked INTEGER NOT NULL DEFAULT 0, -- 1: what is held waits for a slot at its destination, not for its flow key
    topic TEXT,
    endpoint TEXT,
    schedule_id TEXT,
    caller_ip TEXT NOT NULL,
    source INTEGER, -- the message that this one is a callback of
    slot INTEGER NOT NULL DEFAULT 0, -- 1: one of those at the head of its queue, or its callbacks are still under way
    dead INTEGER NOT NULL DEFAULT 0, -- 1: in the dead letter queue
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    finished_at REAL,
    ended TEXT,
    size INTEGER NOT NULL, -- bytes of the body and of the answers
    run INTEGER, -- the workflow run that it belongs to
    call_type TEXT,
    entry INTEGER, -- its place in the run's list, which has its body
    step INTEGER -- of a call: the step that waits for its result
) STRICT;

-- Each answers one question of the engine, and holds only the messages that the question is about.
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'waiting';
CREATE INDEX messages_held ON messages (flow_key, due_at) WHERE state = 'held' AND parked = 0;
CREATE INDEX messages_parked ON messages (place, due_at) WHERE state = 'held' AND parked = 1;
CREATE INDEX messages_active ON messages (flow_key) WHERE state = 'active';
CREATE INDEX messages_unfinished ON messages (created_at) WHERE state <> 'done';
CREATE INDEX messages_of_queue ON messages (queue) WHERE state <> 'done' AND queue IS NOT NULL;
CREATE INDEX messages_at_head ON messages (queue) WHERE slot = 1;
CREATE INDEX messages_calling_back ON messages (source) WHERE source IS NOT NULL;
CREATE INDEX messages_of_run ON messages (run) WHERE run IS NOT NULL;
CREATE INDEX messages_disposable ON messages (finished_at) WHERE state = 'done' AND slot = 0 AND dead = 0;

-- Apart from their messages, so that a change of state does not rewrite them.
CREATE TABLE bodies (
    message INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    status INTEGER NOT NULL, -- 0: no answer arrived
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_of_message ON attempts (message);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL,
    next_at REAL,
    attempt INTEGER
) STRICT;
CREATE INDEX events_of_message ON events (message);

CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    message INTEGER NOT NULL UNIQUE,
    attempt INTEGER NOT NULL
) STRICT;

CREATE TABLE duplicates (
    key TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicates_expiring ON duplicates (expires_at);

CREATE TABLE queues (
    name TEXT PRIMARY KEY,
    parallelism INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE flows (
    key TEXT PRIMARY KEY,
    parallelism INTEGER,
    rate INTEGER,
    period INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    pinned_parallelism INTEGER NOT NULL,
    pinned_rate INTEGER NOT NULL,
    rate_count INTEGER NOT NULL,
    period_start_at REAL NOT NULL,
    wake_at REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX flows_waking ON flows (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE schedules (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    destination TEXT NOT NULL,
    cron TEXT NOT NULL,
    headers TEXT NOT NULL,
    options TEXT NOT NULL,
    body BLOB NOT NULL,
    caller_ip TEXT NOT NULL,
    created_at REAL NOT NULL,
    paused INTEGER NOT NULL,
    next_at REAL,
    last_at REAL,
    last_message_ids TEXT NOT NULL,
    error TEXT
) STRICT;
CREATE INDEX schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE url_groups (
    name TEXT PRIMARY KEY,
    endpoints TEXT NOT NULL, -- JSON, in the order in which they were added
    headers TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    created_at REAL NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('RUN_STARTED', 'RUN_SUCCESS', 'RUN_FAILED', 'RUN_CANCELED')),
    ended_at REAL,
    settings TEXT NOT NULL, -- JSON: what the initial message brought for the run as a whole
    caller_ip TEXT NOT NULL,
    labels TEXT NOT NULL,
    flow_key TEXT,
    response BLOB, -- what the workflow returned
    invoker TEXT,
    dlq_id TEXT,
    failure TEXT, -- JSON: what became of the call that tells of the failure
    size INTEGER NOT NULL DEFAULT 0 -- bytes of its entries
) STRICT;
-- An id can be used again when its run is over.
CREATE UNIQUE INDEX runs_active ON runs (id) WHERE state = 'RUN_STARTED';
CREATE INDEX runs_of_id ON runs (id);
CREATE INDEX runs_invoked ON runs (invoker) WHERE invoker IS NOT NULL;
CREATE INDEX runs_disposable ON runs (ended_at) WHERE state <> 'RUN_STARTED';

-- Only ever appended to: what is delivered is the list up to an entry, put together when it is.
CREATE TABLE run_entries (
    run INTEGER NOT NULL,
    position INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    call_type TEXT NOT NULL,
    step_id INTEGER,
    target_step INTEGER,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    concurrent INTEGER NOT NULL,
    created_at REAL NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    PRIMARY KEY (run, position)
) STRICT;
CREATE UNIQUE INDEX run_results ON run_entries (run, step_id) WHERE step_id >= 1;
CREATE UNIQUE INDEX run_plans ON run_entries (run, target_step) WHERE step_id = 0;

CREATE TABLE waiters (
    run INTEGER NOT NULL,
    step_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    url TEXT NOT NULL,
    timeout TEXT NOT NULL,
    deadline_at REAL NOT NULL,
    headers TEXT NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (run, step_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiters_of_event ON waiters (event_id);
CREATE INDEX waiters_by_deadline ON waiters (deadline_at);

-- Events of one run that came before the run waited for them.
CREATE TABLE notifications (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL
) STRICT;
CREATE INDEX notifications_of_run ON notifications (run, event_id);

-- What there is one of: the signing keys, and what else the server must find again after a restart.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How much there is, kept by triggers so that no change can forget it: counting would take a scan.
CREATE TABLE totals (
    kind TEXT PRIMARY KEY,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES
    ('unfinished', 0, 0), ('finished', 0, 0), ('dead', 0, 0), ('active_runs', 0, 0), ('ended_runs', 0, 0);

CREATE TRIGGER message_accepted AFTER INSERT ON messages BEGIN
    UPDATE totals SET messages = messages + 1, bytes = bytes + new.size WHERE kind = 'unfinished';
END;

-- By the answer to an attempt: the message is not over yet.
CREATE TRIGGER message_grown AFTER UPDATE OF size ON messages BEGIN
    UPDATE totals SET bytes = bytes + new.size - old.size WHERE kind = 'unfinished';
END;

CREATE TRIGGER message_finished AFTER UPDATE OF state ON messages WHEN new.state = 'done' AND old.state <> 'done' BEGIN
    UPDATE totals SET messages = messages - 1, bytes = bytes - new.size WHERE kind = 'unfinished';
    UPDATE totals SET messages = messages + 1, bytes = bytes + new.size WHERE kind = 'finished';
END;

-- The rest of a message goes with it.
CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
    UPDATE totals SET messages = messages - 1, bytes = bytes - old.size
    WHERE kind = CASE old.state WHEN 'done' THEN 'finished' ELSE 'unfinished' END;
    DELETE FROM bodies WHERE message = old.seq;
    DELETE FROM attempts WHERE message = old.seq;
    DELETE FROM events WHERE message = old.seq;
END;

CREATE TRIGGER letter_added AFTER INSERT ON dead_letters BEGIN
    UPDATE totals SET messages = messages + 1 WHERE kind = 'dead';
    UPDATE messages SET dead = 1 WHERE seq = new.message;
END;

CREATE TRIGGER letter_removed AFTER DELETE ON dead_letters BEGIN
    UPDATE totals SET messages = messages - 1 WHERE kind = 'dead';
    UPDATE messages SET dead = 0 WHERE seq = old.message;
    UPDATE runs SET dlq_id = NULL WHERE seq = (SELECT run FROM messages WHERE seq = old.message);
END;

-- What happened to a run itself stands among the events of messages, under its number with a minus.
CREATE TRIGGER run_started AFTER INSERT ON runs BEGIN
    INSERT INTO events (message, at, state) VALUES (-new.seq, new.created_at, new.state);
    UPDATE totals SET messages = messages + 1 WHERE kind = 'active_runs';
END;

CREATE TRIGGER run_grown AFTER UPDATE OF size ON runs BEGIN
    UPDATE totals SET bytes = bytes + new.size - old.size
    WHERE kind = CASE new.state WHEN 'RUN_STARTED' THEN 'active_runs' ELSE 'ended_runs' END;
END;

CREATE TRIGGER run_ended AFTER UPDATE OF state ON runs WHEN new.state <> 'RUN_STARTED' AND old.state = 'RUN_STARTED'
BEGIN
    INSERT INTO events (message, at, state) VALUES (-new.seq, new.ended_at, new.state);
    UPDATE totals SET messages = messages - 1, bytes = bytes - new.size WHERE kind = 'active_runs';
    UPDATE totals SET messages = messages + 1, bytes = bytes + new.size WHERE kind = 'ended_runs';
END;

CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
    UPDATE totals SET messages = messages - 1, bytes = bytes - old.size
    WHERE kind = CASE old.state WHEN 'RUN_STARTED' THEN 'active_runs' ELSE 'ended_runs' END;
    DELETE FROM messages WHERE run = old.seq;
    DELETE FROM run_entries WHERE run = old.seq;
    DELETE FROM events WHERE message = -old.seq;
    DELETE FROM waiters WHERE run = old.seq;
    DELETE FROM notifications WHERE run = old.seq;
END;

CREATE TRIGGER entry_added AFTER INSERT ON run_entries BEGIN
    UPDATE runs SET size = size + length(new.body) WHERE seq = new.run;
END;

-- What waits to be waited for counts as what the run has.
CREATE TRIGGER notification_kept AFTER INSERT ON notifications BEGIN
    UPDATE runs SET size = size + length(new.body) WHERE seq = new.run;
END;

CREATE TRIGGER notification_taken AFTER DELETE ON notifications BEGIN
    UPDATE runs SET size = size - length(old.body) WHERE seq = old.run;
END;

CREATE TRIGGER entry_changed AFTER UPDATE OF body ON run_entries BEGIN
    UPDATE runs SET size = size + length(new.body) - length(old.body) WHERE seq = new.run;
END;
