-- No query reads by it, and it misled PostgreSQL: on a table that was empty a moment ago the check of a foreign
-- key (planned once per connection) took it in place of the primary key, and walked a whole channel for each
-- line and each entry of history written.
drop index orders_updated;

-- A handful of rows that change all the time. Without an index on what changes, and with room in the page, an
-- update stays in its page and leaves nothing behind for the next reader to step over.
drop index flows_due;
alter table flows set (fillfactor = 20);
alter table pace set (fillfactor = 20);
