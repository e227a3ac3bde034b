-- Stock: what the warehouse has, what is promised, what each channel should show and does show.
-- Codes are compared byte by byte, so their columns sort and join so too.

-- What a warehouse last said of an item at a site.
create table stock_figures (
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  site text collate "C" not null,
  available integer not null,
  on_hand integer,
  allocated integer,
  -- When the figure last became another one, and when the read began that wrote it. A later complete read
  -- (stock_feeds.full_at) that found nothing to change vouches for it as well.
  changed_at timestamptz not null,
  read_at timestamptz not null,
  -- A complete read no longer shows it: it counts as none.
  absent_since timestamptz,
  -- The last read held something for it that is no figure: the older figure stands.
  unreadable_since timestamptz,
  primary key (warehouse, item_code, site)
);

-- One row per warehouse: how fresh its truth is.
create table stock_feeds (
  warehouse text primary key,
  -- When the last complete read began; null before the first.
  full_at timestamptz,
  -- When the last good read of any kind began.
  seen_at timestamptz,
  -- How far the numbers have been made smaller because the truth is old; 0: not at all.
  decay_step integer not null default 0,
  -- What the numbers were last worked out by: rule set, dated rules in force.
  rules_mark text not null default '',
  -- A person let a mass change pass until then.
  approved_until timestamptz,
  -- Measured: from the start of a read to the end of the import that published it. Units: seconds.
  lag_seconds double precision not null default 180
);

create table stock_reads (
  id bigint generated always as identity primary key,
  warehouse text not null,
  -- full: every item. changes: those that the warehouse named. items: those that were asked for.
  kind text not null check (kind in ('full', 'changes', 'items')),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  row_count integer not null,
  changed_count integer not null,
  -- applied, partial (an incomplete answer: nothing was taken as absent), held (a mass change waits for a person).
  outcome text not null,
  note text
);
create index stock_reads_of on stock_reads (warehouse, started_at);

-- Items whose numbers are to be worked out again.
create table stock_due (
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  primary key (warehouse, item_code)
);

-- Items that the warehouse says have changed; read again soon.
create table stock_hints (
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  at timestamptz not null,
  source text not null,
  primary key (warehouse, item_code)
);

create table stock_kits (
  warehouse text collate "C" not null,
  parent text collate "C" not null,
  child text collate "C" not null,
  quantity integer not null check (quantity > 0),
  primary key (warehouse, parent, child)
);
create index stock_kits_child on stock_kits (warehouse, child);

-- What the item master says: whether a listed item is there at all, and what rules may match by.
create table stock_items (
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  is_known boolean not null,
  read_at timestamptz not null,
  item_group text,
  tags text[] not null default '{}',
  primary key (warehouse, item_code)
);

-- Units sold on any channel that the warehouse has not reserved yet, and how fast they sell. By the ItemCode as
-- sold: a kit stands here as the kit.
create table stock_demand (
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  promised integer not null,
  -- Sales per hour, by the busiest of the windows that are looked at.
  units_per_hour double precision not null,
  as_of timestamptz not null,
  primary key (warehouse, item_code)
);

-- Whether the warehouse has reserved stock for a sales order. Figures read after absorbed_at include it; before,
-- or while it is null, its units are taken off by us.
create table stock_reservations (
  warehouse text not null,
  sales_order_number text not null,
  absorbed_at timestamptz,
  status text not null,
  checked_at timestamptz not null,
  primary key (warehouse, sales_order_number)
);

-- What a channel lists, what it should show and what it does show.
create table stock_listings (
  channel text collate "C" not null,
  shop_sku text collate "C" not null,
  warehouse text collate "C" not null,
  item_code text collate "C" not null,
  offer_id text,
  is_active boolean not null default true,
  -- The channel no longer lists it.
  missing_since timestamptz,
  -- As last read from the channel.
  shown integer,
  shown_at timestamptz,
  -- The most that the channel may be showing now: the read figure, or what is on its way there.
  most_shown integer not null default 0,
  -- What it should show, when that was worked out, from figures of which age, and of how many units.
  wanted integer,
  wanted_at timestamptz,
  basis_at timestamptz,
  pool integer,
  why text not null default '',
  -- What was last sent.
  sent integer,
  sent_at timestamptz,
  import_id bigint,
  -- quiet: nothing to do. due: to be sent. sent: in an import. taken: imported, to be read back.
  step text not null default 'quiet' check (step in ('quiet', 'due', 'sent', 'taken')),
  due_at timestamptz,
  -- Times it was sent or read back in vain since it was last right.
  attempts integer not null default 0,
  verified_at timestamptz,
  last_error text,
  primary key (channel, shop_sku)
);
create index stock_listings_item on stock_listings (warehouse, item_code);
create index stock_listings_unfigured on stock_listings (warehouse, item_code)
  where wanted is null or why = 'no figure';
create index stock_listings_mapped on stock_listings (channel) where item_code <> shop_sku;
create index stock_listings_step on stock_listings (channel, step, due_at) where step <> 'quiet';

-- One row per file of quantities sent to a channel: the intent first, then the answer.
create table stock_imports (
  id bigint generated always as identity primary key,
  channel text not null,
  method text not null,
  -- intended, running, complete, failed, lost (no answer: it may or may not come into force).
  state text not null,
  -- The channel's own number for it.
  reference text,
  line_count integer not null,
  error_count integer not null default 0,
  basis_at timestamptz,
  made_at timestamptz not null,
  sent_at timestamptz,
  check_at timestamptz,
  finished_at timestamptz,
  attempts integer not null default 0,
  note text
);
create index stock_imports_open on stock_imports (channel, check_at) where state in ('intended', 'running');
create index stock_imports_of on stock_imports (channel, made_at);

create table stock_import_lines (
  import_id bigint not null references stock_imports on delete cascade,
  shop_sku text collate "C" not null,
  quantity integer not null,
  -- What the channel may have shown before, and the units that the number was worked out from.
  was integer,
  pool integer,
  basis_at timestamptz,
  -- taken or refused; null while nothing is known.
  outcome text,
  reason text,
  primary key (import_id, shop_sku)
);
create index stock_import_lines_sku on stock_import_lines (shop_sku, import_id);

-- Every rule set there ever was; one is in force.
create table stock_rule_sets (
  id bigint generated always as identity primary key,
  made_at timestamptz not null,
  made_by text not null,
  note text not null,
  body jsonb not null,
  is_in_force boolean not null,
  -- Rolled back to from this one.
  previous_id bigint references stock_rule_sets
);
create unique index stock_rule_sets_one on stock_rule_sets (is_in_force) where is_in_force;

-- Lines that are sold and not on their way yet: what is promised is summed over them.
create index order_lines_open on order_lines (channel, marketplace_order_id)
  where wire_state not in ('REFUSED', 'CANCELED', 'REFUNDED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED');
create index orders_created on orders (warehouse, wire_created_at);
