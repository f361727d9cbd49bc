#!/usr/bin/env bash
# One of two PostgreSQL servers, of which one is the primary and the other its hot standby, synchronously.
# Which is which is said once, and after that found out by asking the other one.
#
#   postgres.sh           run it: as the primary if it is the FIRST and there is none, else as the standby
#   postgres.sh promote   make the primary of this standby, after the old one has been stopped for good
#   postgres.sh alone     at the primary, when the standby is gone for longer: have commits not wait for it
#   postgres.sh protect   once both run again: have every commit wait for the standby, as before
#   postgres.sh status    what this one is, and who follows it
#
# By hand, where a person decides. docker/patroni.yml has it decided by a majority of machines.
#
# Settings: NODE and PEER (the names of this one and the other), PEER_HOST and PEER_PORT (where that is, if not
# where its name says), FIRST (which of them makes the database), PGDATA, PGPORT, LISTEN, SOCKETS (a folder),
# DATABASE_PASSWORD (of parley), REPLICATION_PASSWORD (of replicator).
set -euo pipefail

: "${NODE:?}" "${PEER:?}" "${FIRST:?}" "${PGDATA:?}" "${DATABASE_PASSWORD:?}" "${REPLICATION_PASSWORD:?}"
export PGDATA PGPORT=${PGPORT:-5432} PGCONNECT_TIMEOUT=3
sockets=${SOCKETS:-/var/run/postgresql}
peer="host=${PEER_HOST:-$PEER} port=${PEER_PORT:-5432} user=replicator"

say() { printf 'postgres.sh: %s\n' "$*" >&2; }

# A password goes by the environment: what stands on a command line, every process can read.
replicating() { PGPASSWORD=$REPLICATION_PASSWORD "$@"; }

here() { psql --dbname="host=$sockets dbname=postgres" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1; }

peer_is_primary() {
    [[ $(replicating psql --no-psqlrc --tuples-only --no-align --dbname="$peer dbname=postgres" \
        --command='SELECT pg_is_in_recovery()' 2>/dev/null) == f ]]
}

# What is made or copied is made aside and put into place when it is whole: half of it must not be run.
whole() {
    local made=$PGDATA
    rm -rf "$made.new"
    PGDATA=$made.new "$@"
    mkdir -p "$made"
    mv --no-target-directory "$made.new" "$made"
}

make_database() {
    say "$NODE makes the database"
    # The order of texts is that of their characters, wherever this runs: a copy on another system is not corrupt.
    initdb --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale-provider=builtin \
        --builtin-locale=C.UTF-8 --locale=C --data-checksums >/dev/null
    cat >>"$PGDATA/pg_hba.conf" <<'END'
host parley      parley     all scram-sha-256
host replication replicator all scram-sha-256
host postgres    replicator all scram-sha-256
END
    cat >>"$PGDATA/postgresql.conf" <<END

# A commit is acknowledged when it is on the disks of both servers. So it waits for as long as there is no standby:
# postgres.sh promote and alone take that back, postgres.sh protect sets it again.
synchronous_commit = on
synchronous_standby_names = 'ANY 1 ("$NODE", "$PEER")'
# What a standby that was away finds when it is back; after more than that it has to be made anew.
wal_keep_size = 1GB
# How often a standby looks for the primary that it lost. It is deaf meanwhile: with the usual 5 s so long to promote.
wal_retrieve_retry_interval = 200ms
# A long read on the standby keeps the primary from clearing away what it reads, rather than being ended.
hot_standby_feedback = on
# pg_rewind and crash recovery need whole pages and sums of them.
full_page_writes = on
max_connections = 200
log_line_prefix = '%m [%p] %q%u@%d '
END
    # Until it serves, it listens to nobody but this script, and has no standby to wait for.
    pg_ctl --silent --wait --log="$PGDATA/first-start.log" start \
        --options="-c listen_addresses='' -c unix_socket_directories='$sockets' -c synchronous_standby_names=''"
    here <<'END'
\getenv password REPLICATION_PASSWORD
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'password';
-- What pg_rewind reads.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
    pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
END
    "$(dirname -- "${BASH_SOURCE[0]}")/database.sh" "host=$sockets dbname=postgres"
    pg_ctl --silent --wait stop
}

# -R writes down whom to follow, with the password, in a file that only this user reads.
copy_peer() {
    say "$NODE copies $PEER"
    replicating pg_basebackup --checkpoint=fast --wal-method=stream --write-recovery-conf --no-password \
        --pgdata="$PGDATA" --dbname="$peer"
}

# What this one wrote as the primary and no standby had was acknowledged to nobody: it is taken back.
rewind_to_peer() {
    say "$NODE was the primary, and $PEER is now: rewinding"
    replicating pg_rewind --write-recovery-conf --target-pgdata="$PGDATA" --source-server="$peer dbname=postgres"
}

run() {
    if [[ ! -s $PGDATA/PG_VERSION ]]; then
        if peer_is_primary; then
            whole copy_peer
        elif [[ $NODE == "$FIRST" ]]; then
            whole make_database
        else
            say "$NODE waits for $PEER"
            until peer_is_primary; do sleep 1; done
            whole copy_peer
        fi
    elif [[ ! -e $PGDATA/standby.signal ]] && peer_is_primary; then
        rewind_to_peer
    fi
    exec postgres -c "cluster_name=$NODE" -c "listen_addresses=${LISTEN:-*}" -c "unix_socket_directories=$sockets"
}

promote() {
    if peer_is_primary; then
        say "$PEER still is the primary. Stop it first, and see that it stays stopped: two would both take writes."
        exit 1
    fi
    # First: nobody is there that its first commit could wait for.
    alone
    here >/dev/null <<<'SELECT pg_promote();'
    say "$NODE is the primary. Bring $PEER back as its standby, then: postgres.sh protect"
}

alone() {
    here >/dev/null <<'END'
ALTER SYSTEM SET synchronous_standby_names = '';
SELECT pg_reload_conf();
END
    say "From here on there is one copy of what is written."
}

protect() {
    until [[ $(here <<<'SELECT count(*) FROM pg_stat_replication WHERE state = '"'streaming'") -ge 1 ]]; do sleep 0.2; done
    here >/dev/null <<'END'
ALTER SYSTEM RESET synchronous_standby_names;
SELECT pg_reload_conf();
END
    say "Every commit waits for the standby again."
}

status() {
    here <<'END'
SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END;
SELECT application_name, state, sync_state FROM pg_stat_replication;
END
}

case ${1:-run} in
    run | promote | alone | protect | status) "${1:-run}" ;;
    *)
        say "run, promote, alone, protect or status"
        exit 2
        ;;
esac
