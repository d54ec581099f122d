-- Of every change of the shard at or below, devices were told, or it is too old to tell them.
ALTER TABLE publisher.lease ADD COLUMN pushed_position bigint NOT NULL DEFAULT 0;
UPDATE publisher.lease SET pushed_position = settled_position;
