"""A consumer of Cognito Streams as Tidemark writes them: reads a Kinesis stream, drops repeats,
follows S3 URLs and rebuilds the datasets in SQLite. docs/guide/consumers.md says why it does what
it does; `python -m consumer --help` says how to run it."""
