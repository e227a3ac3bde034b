-- Despatch: what left the warehouse, what the marketplace is told of it, and the clock that runs meanwhile.

-- One row per despatched item, as the warehouse last told it.
create table despatch_rows (
  warehouse text not null,
  despatch_number text not null,
  sales_order_number text not null,
  item_code text not null,
  -- The kit that a component was sent for; empty for an item of its own.
  parent_code text not null,
  line text not null,
  quantity integer not null,
  parent_quantity integer,
  carrier text not null,
  service text not null,
  service_type_code text not null,
  tracking_number text not null,
  despatched_at timestamptz,
  first_seen_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (warehouse, despatch_number, sales_order_number, item_code, parent_code, line)
);
create index despatch_rows_order on despatch_rows (warehouse, sales_order_number);
create index despatch_rows_at on despatch_rows (warehouse, despatched_at);

-- When a sales order was last looked up by its number, and the status it showed.
create table despatch_looks (
  warehouse text not null,
  sales_order_number text not null,
  looked_at timestamptz not null,
  status text,
  primary key (warehouse, sales_order_number)
);

-- What the marketplace is told: one row per parcel, or per order where the operator knows whole orders only. The key
-- is what keeps a despatch from being told twice.
create table confirmations (
  channel text not null,
  marketplace_order_id text not null,
  -- The despatch number; 'whole' where the order is confirmed as one.
  parcel text not null,
  warehouse text not null,
  -- See src/despatch/state.ts.
  step text not null,
  -- Why it waits, in words a person understands; null when it does not.
  waits_for text,
  -- [{ "orderLineId": ..., "units": ... }] of the marketplace order.
  lines jsonb not null,
  carrier text not null,
  service text not null,
  carrier_code text,
  carrier_name text,
  tracking_number text not null,
  tracking_url text,
  despatched_at timestamptz not null,
  first_seen_at timestamptz not null,
  deadline_at timestamptz,
  due_at timestamptz,
  attempts integer not null default 0,
  sent_at timestamptz,
  -- The marketplace's id of the shipment, where it has several per order.
  shipment_id text,
  -- Tracking number that the marketplace took.
  told_tracking text,
  -- A doubtful number that a person let pass.
  accepted_tracking text,
  shipped_at timestamptz,
  verified_at timestamptz,
  last_error text,
  primary key (channel, marketplace_order_id, parcel),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);
create index confirmations_due on confirmations (channel, due_at) where due_at is not null;
create unique index confirmations_shipment on confirmations (channel, shipment_id) where shipment_id is not null;

-- From the warehouse's carrier and service to what a channel calls it.
create table carrier_mappings (
  channel text not null,
  carrier text not null,
  -- Empty: any service of the carrier.
  service text not null,
  -- A carrier that the operator has registered, or else a name and a page to track at ({number} stands for it).
  code text,
  name text,
  url text,
  made_at timestamptz not null,
  made_by text not null,
  primary key (channel, carrier, service),
  check (code is not null or name is not null)
);

-- Alerts given: each stage of an order's clock at most once.
create table sla_alerts (
  channel text not null,
  marketplace_order_id text not null,
  clock text not null,
  stage text not null,
  at timestamptz not null,
  -- The order needs it no more.
  closed_at timestamptz,
  primary key (channel, marketplace_order_id, clock, stage),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);

create index sla_alerts_open on sla_alerts (channel) where closed_at is null;

-- What the warehouse will not send: proposed to a person, or done by policy.
create table withdrawals (
  id bigint generated always as identity primary key,
  channel text not null,
  marketplace_order_id text not null,
  order_line_id text not null,
  units integer not null check (units > 0),
  -- cancel before the line is shipped, refund after.
  kind text not null check (kind in ('cancel', 'refund')),
  why text not null,
  -- proposed, approved, sent, done, refused, dismissed.
  state text not null,
  amount numeric,
  shipping_amount numeric,
  reason_code text,
  proposed_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  sent_at timestamptz,
  done_at timestamptz,
  attempts integer not null default 0,
  due_at timestamptz,
  last_error text,
  unique (channel, marketplace_order_id, order_line_id, kind, why),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);
create index withdrawals_due on withdrawals (channel, due_at) where due_at is not null;
