#!/usr/bin/env bash
# Makes the role and the database of Parley on a new PostgreSQL server: database.sh CONNECTION (as libpq reads it)
#
# docker/postgres.sh calls it, and Patroni (post_bootstrap), each with the superuser's connection.
# Setting: DATABASE_PASSWORD (of parley).
set -euo pipefail
: "${DATABASE_PASSWORD:?}"

psql --dbname="${1:?a connection}" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'END'
-- Read from the environment: what stands on a command line, every process can read.
\getenv password DATABASE_PASSWORD
CREATE ROLE parley LOGIN PASSWORD :'password';
CREATE DATABASE parley OWNER parley;
END
