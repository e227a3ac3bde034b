-- Marketplace orders, the sales orders made of them, and the history of both.

create table orders (
  channel text not null,
  marketplace_order_id text not null,
  commercial_id text not null,
  warehouse text not null,
  -- Our state; see src/orders/state.ts.
  state text not null,
  -- The marketplace's own words, verbatim.
  wire_state text not null,
  wire_created_at timestamptz not null,
  wire_updated_at timestamptz not null,
  currency text not null,
  total_price numeric not null,
  shipping_price numeric not null,
  tax_mode text not null,
  shipping_type_code text not null,
  shipping_deadline timestamptz,
  has_incident boolean not null,
  seller_reference text,
  -- Fields that later steps read and that need no column of their own. No personal data.
  detail jsonb not null,
  -- Changes whenever anything kept of the order changes.
  fingerprint text not null,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  -- First seen with a line to ship.
  payable_at timestamptz,
  -- When the next step should look again; null: nothing to do before something changes.
  due_at timestamptz,
  attempts integer not null default 0,
  primary key (channel, marketplace_order_id)
);
create index orders_due on orders (channel, due_at) where due_at is not null;
create index orders_waiting on orders (channel, wire_created_at) where wire_state = 'WAITING_ACCEPTANCE';
create index orders_updated on orders (channel, wire_updated_at);
create index orders_commercial on orders (commercial_id);

-- Personal data, apart from everything else.
create table order_people (
  channel text not null,
  marketplace_order_id text not null,
  body jsonb not null,
  primary key (channel, marketplace_order_id),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);

create table order_lines (
  channel text not null,
  marketplace_order_id text not null,
  order_line_id text not null,
  position integer not null,
  shop_sku text not null,
  offer_id text,
  title text not null,
  quantity integer not null,
  -- Units cancelled or refunded before despatch: no longer to be sent.
  withdrawn_units integer not null default 0,
  price numeric not null,
  unit_price numeric not null,
  total_price numeric not null,
  wire_state text not null,
  reason_code text,
  primary key (channel, marketplace_order_id, order_line_id),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);
create index order_lines_sku on order_lines (shop_sku);

-- Who, when, from, to, why. The unique number refuses a double move.
create table order_history (
  channel text not null,
  marketplace_order_id text not null,
  number integer not null,
  at timestamptz not null,
  kind text not null,
  from_state text,
  to_state text,
  why text not null,
  -- The vendor call that showed or made it, as `GetData Sales orders at 2026-02-03T10:00:00.000Z`.
  call text,
  primary key (channel, marketplace_order_id, number),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);

-- One marketplace order is one sales order: both keys are constraints.
create table sales_orders (
  warehouse text not null,
  sales_order_number text not null,
  channel text not null,
  marketplace_order_id text not null,
  -- See src/orders/state.ts.
  step text not null,
  row jsonb not null,
  customer jsonb,
  due_at timestamptz not null,
  attempts integer not null default 0,
  staged_at timestamptz not null,
  header_sent_at timestamptz,
  lines_sent_at timestamptz,
  -- Last time the warehouse itself was seen to show it.
  seen_at timestamptz,
  warehouse_status text,
  verified_at timestamptz,
  last_error text,
  reference_written_at timestamptz,
  reference_due_at timestamptz,
  primary key (warehouse, sales_order_number),
  unique (channel, marketplace_order_id),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);
create index sales_orders_due on sales_orders (warehouse, step, due_at)
  where step not in ('verified', 'cancelled');
create index sales_orders_reference on sales_orders (channel, reference_due_at)
  where reference_due_at is not null;

create table sales_order_lines (
  warehouse text not null,
  sales_order_number text not null,
  line text not null,
  item_code text not null,
  quantity integer not null,
  sale_price numeric not null,
  -- Marketplace lines in it: [{ "orderLineId": ..., "units": ... }].
  parts jsonb not null,
  -- As last seen in the warehouse; null: never.
  seen_quantity integer,
  primary key (warehouse, sales_order_number, line),
  foreign key (warehouse, sales_order_number) references sales_orders on delete cascade
);
create index sales_order_lines_item on sales_order_lines (warehouse, item_code);

-- What was decided about an order that waited for acceptance.
create table acceptances (
  channel text not null,
  marketplace_order_id text not null,
  decided_at timestamptz not null,
  decided_by text not null,
  decision jsonb not null,
  sent_at timestamptz,
  answered_at timestamptz,
  answer text,
  confirmed_at timestamptz,
  attempts integer not null default 0,
  due_at timestamptz,
  primary key (channel, marketplace_order_id),
  foreign key (channel, marketplace_order_id) references orders on delete cascade
);
create index acceptances_due on acceptances (channel, due_at) where due_at is not null;

-- ItemCodes as the warehouse last told them. `found` false: asked, and it has none of that code.
create table items (
  warehouse text not null,
  item_code text not null,
  found boolean not null,
  retired boolean not null,
  name text,
  read_at timestamptz not null,
  primary key (warehouse, item_code)
);

-- Exceptions to "shop SKU = ItemCode".
create table sku_mappings (
  channel text not null,
  shop_sku text not null,
  item_code text not null,
  made_at timestamptz not null,
  made_by text not null,
  primary key (channel, shop_sku)
);

-- Offer prices as last read, for the price check before acceptance.
create table offers (
  channel text not null,
  offer_id text not null,
  shop_sku text not null,
  price numeric,
  active boolean not null,
  read_at timestamptz not null,
  primary key (channel, offer_id)
);

-- Orders that could not be read: kept, never dropped.
create table unreadable_orders (
  channel text not null,
  subject text not null,
  problem text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (channel, subject)
);
