-- migrate: no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS item_by_text ON testing_example.item (text);
