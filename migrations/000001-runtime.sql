-- What the runtime keeps: who is alive, which flow runs where, leave to call, sessions, watermarks, the journal.

-- One row per process. While it lives it holds the advisory lock (5001, id) on a connection of its own,
-- so PostgreSQL itself says who is dead.
create table instances (
  id integer generated always as identity primary key,
  host text not null,
  pid integer not null,
  started_at timestamptz not null
);

-- One row per flow and connection: its cadence, its fence and how its last run went.
create table flows (
  flow text not null,
  connection text not null,
  every_ms bigint not null,
  next_due_at timestamptz not null,
  -- Counts runs begun. A run may write only while its token is the newest.
  token bigint not null default 0,
  instance integer,
  job_id uuid,
  started_at timestamptz,
  finished_at timestamptz,
  last_ok_at timestamptz,
  failures integer not null default 0,
  last_error text,
  paused_at timestamptz,
  paused_why text,
  primary key (flow, connection)
);
create index flows_due on flows (next_due_at);

-- Leave to call a vendor: one row per connection and lane (a vendor's ceiling).
create table pace (
  connection text not null,
  lane text not null,
  next_at timestamptz not null,
  -- Set while a call is in flight on a lane that allows one at a time.
  holder integer,
  holder_until timestamptz,
  -- Calls of lower urgency wait while a more urgent one wants this lane.
  urgent_until timestamptz,
  primary key (connection, lane)
);

-- The warehouse session that all processes share.
create table warehouse_sessions (
  connection text primary key,
  session_id text,
  created_at timestamptz,
  renewing_by integer,
  renewing_until timestamptz
);

create table watermarks (
  flow text not null,
  connection text not null,
  at timestamptz not null,
  primary key (flow, connection)
);

-- What a vendor said of itself (platform settings, templates), as last read.
create table vendor_facts (
  connection text not null,
  kind text not null,
  body jsonb not null,
  read_at timestamptz not null,
  primary key (connection, kind)
);

-- The journal of vendor calls. No personal data. Pruned after policies.keepCallsDays.
create table vendor_calls (
  id bigint generated always as identity primary key,
  vendor text not null,
  connection text not null,
  operation text not null,
  started_at timestamptz not null,
  took_ms integer not null,
  status integer,
  outcome text not null,
  correlation_id text,
  request_bytes integer not null,
  response_bytes bigint not null,
  rows integer
);
create index vendor_calls_started on vendor_calls using brin (started_at);

-- Work that waits for a person. One row per cause and subject for ever: the constraint is what keeps a
-- cause from being raised twice.
create table exceptions (
  id bigint generated always as identity primary key,
  code text not null,
  connection text not null,
  subject_kind text not null,
  subject_id text not null,
  state text not null check (state in ('open', 'retrying', 'resolved', 'ignored')),
  owner text not null,
  severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
  message text not null,
  evidence jsonb not null,
  money_pence bigint,
  deadline_at timestamptz,
  opened_at timestamptz not null,
  last_seen_at timestamptz not null,
  closed_at timestamptz,
  times_opened integer not null default 1,
  unique (code, connection, subject_kind, subject_id)
);
create index exceptions_open on exceptions (state, opened_at) where state in ('open', 'retrying');
create index exceptions_subject on exceptions (connection, subject_kind, subject_id);

create table exception_events (
  exception_id bigint not null references exceptions on delete cascade,
  at timestamptz not null,
  what text not null,
  who text not null,
  note text
);
create index exception_events_of on exception_events (exception_id, at);
