-- What could go wrong on the way into a binary: separators, quotes, brackets, backslashes.
CREATE TABLE testing_example.item (
  text text NOT NULL
);
INSERT INTO testing_example.item VALUES (';"\[a;b]\'), (E'\\@x@ ${y}');
