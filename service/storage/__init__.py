"""The only code that speaks to the database: models, queries, search and migrations."""
