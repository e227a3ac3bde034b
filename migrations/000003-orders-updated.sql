-- No query reads by it, and it misled PostgreSQL: on a table that was empty a moment ago the check of a foreign
-- key (planned once per connection) took it in place of the primary key, and walked a whole channel for each
-- line and each entry of history written.
drop index orders_updated;
