#!/bin/bash
# Tests of sql/: makes a throw-away PostgreSQL cluster, applies sql/ the way `chatpad migrate` does,
# runs every pgTAP file, every lint and the concurrency checks, and ends with "N passed, N failed".
# Usage: tests/sql/run.sh [name-part ...]   (only test files whose name contains one of the parts)
# Environment: PG_BIN, KEEP=1 (leave the cluster's directory for a look; the server still stops).
# Works as root (drops to the postgres user) and as an ordinary user. Safe to run in parallel.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
sql=$(cd "$here/../../sql" && pwd)
PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}
passed=0
failed=0

work=$(mktemp -d /tmp/cpsql.XXXXXX) || exit 1
chmod 700 "$work"
if [ "$(id -u)" = 0 ]; then
  chown postgres "$work"
  as() { runuser -u postgres -- "$@"; }
else
  as() { "$@"; }
fi
stop() {
  if [ -f "$work/data/postmaster.pid" ]; then
    pid=$(head -1 "$work/data/postmaster.pid")
    kill -INT "$pid" 2>/dev/null
    for _ in $(seq 100); do [ -f "$work/data/postmaster.pid" ] || break; sleep 0.1; done
  fi
  [ "${KEEP:-0}" = 1 ] || rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

cd /  # the postgres user may not enter the caller's directory
as "$PG_BIN/initdb" -D "$work/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 \
  >"$work/initdb.log" 2>&1 || { cat "$work/initdb.log"; echo "0 passed, 1 failed"; exit 1; }
as tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$work'
unix_socket_permissions = 0700
wal_level = logical
fsync = off
max_connections = 50
jit = off
timezone = 'Europe/Berlin'
CONF
as "$PG_BIN/pg_ctl" -D "$work/data" -l "$work/data/server.log" -w -s start \
  || { cat "$work/data/server.log"; echo "0 passed, 1 failed"; exit 1; }

# The port names the socket file only; every run has its own directory.
psql() { as "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -p 5432 -U "${user:-postgres}" -d chatpad "$@"; }
good() { passed=$((passed + 1)); [ "${VERBOSE:-0}" = 1 ] && echo "ok $1"; return 0; }
bad() { failed=$((failed + 1)); echo "not ok $1"; [ -n "${2:-}" ] && printf '%s\n' "$2" | sed 's/^/# /'; return 0; }
die() { bad "$1" "${2:-}"; echo "$passed passed, $failed failed"; exit 1; }

as "$PG_BIN/createdb" -h "$work" -p 5432 -U postgres chatpad || die "createdb"

# Applies bootstrap, migrations and objects; migrations only the first time.
apply() {
  local out file version
  for file in "$sql"/bootstrap/*.sql; do
    out=$(psql -1 -f - <"$file" 2>&1) || die "bootstrap ${file##*/}" "$out"
  done
  psql -c 'set client_min_messages = warning; set role chatpad_owner; create table if not exists private.migrations (
    version int primary key, name text not null, sha256 text not null,
    applied_at timestamptz not null default now())' || die "migrations table"
  for file in "$sql"/migrations/*.sql; do
    version=$((10#$(basename "$file" | cut -c1-4)))
    [ "$(psql -At -c "select count(*) from private.migrations where version = $version")" = 0 ] || continue
    out=$( (echo "set role chatpad_owner; set row_security = off;"; cat "$file"; echo ";
      insert into private.migrations (version, name, sha256) values ($version, '${file##*/}', '')") \
      | psql -1 -f - 2>&1) || die "migration ${file##*/}" "$out"
  done
  while IFS= read -r file; do
    out=$( (echo "set role chatpad_owner; set row_security = off;"; cat "$file") \
      | psql -1 -f - 2>&1) || die "object ${file#"$sql"/objects/}" "$out"
  done < <(find "$sql/objects" -name '*.sql' | LC_ALL=C sort)
  psql -At -c 'set role chatpad_owner; select realtime.ensure_partitions()' >/dev/null || die "partitions"
}
apply
good "sql/ applies"
schema_of() { as "$PG_BIN/pg_dump" -h "$work" -p 5432 -U postgres -s chatpad | grep -vE '^.(un)?restrict '; }
schema_of >"$work/before.sql"
apply
schema_of >"$work/after.sql"
if out=$(diff "$work/before.sql" "$work/after.sql"); then good "applying twice changes nothing"
else bad "applying twice changes nothing" "$out"; fi
psql -c 'create schema tap; create extension pgtap schema tap;
  grant usage on schema tap to public; grant execute on all functions in schema tap to public;' \
  || die "pgtap is installed"

wanted() {
  [ $# = 1 ] && return 0
  local name=$1 part
  shift
  for part in "$@"; do case $name in *"$part"*) return 0 ;; esac; done
  return 1
}

for file in "$here"/*_test.sql; do
  [ -e "$file" ] || continue
  name=$(basename "$file" .sql)
  wanted "$name" "$@" || continue
  out=$( (cat "$here/setup.sql" "$file"; echo '
    select * from finish(); rollback;') | psql -At -f - 2>&1)
  code=$?
  ok=$(printf '%s\n' "$out" | grep -cE '^ok [0-9]+')
  no=$(printf '%s\n' "$out" | grep -cE '^not ok [0-9]+')
  passed=$((passed + ok))
  failed=$((failed + no))
  if [ $code != 0 ]; then bad "$name ran to its end" "$(printf '%s\n' "$out" | grep -vE '^ok ' | tail -20)"
  elif [ "$no" != 0 ]; then printf '%s\n' "$out" | grep -A8 -E '^not ok' | sed "s/^/$name: /"
  elif [ "$ok" = 0 ]; then bad "$name has tests"
  fi
  [ "${VERBOSE:-0}" = 1 ] && printf '%s\n' "$out"
done

for file in "$sql"/lints/*.sql; do
  [ -e "$file" ] || continue
  name=lint_$(basename "$file" .sql)
  wanted "$name" "$@" || continue
  if out=$(psql -At -f - <"$file" 2>&1) && [ -z "$out" ]; then good "$name"; else bad "$name" "$out"; fi
done

for file in "$here"/*_check.sh; do
  [ -e "$file" ] || continue
  wanted "$(basename "$file" .sh)" "$@" || continue
  # shellcheck source=/dev/null
  . "$file"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
