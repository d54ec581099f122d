-- A batch that meets a locked row is only the first try: its requests follow one by one, each with
-- its second. Until then all of its lane waits.
ALTER FUNCTION dataset.update_batch SET lock_timeout = '200ms';
