"""Pure writers: one file a format, records and edges in, text out. They know nothing of storage."""
