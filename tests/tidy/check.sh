#!/usr/bin/env bash
# Checks the rules of the source tree that a compiler does not: rooms, coroutine forms, sizes, who
# may include what. Prints one line per violation and ends with "N passed, N failed" (checks).
#
#   tests/tidy/check.sh [ROOT]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
cd "$root"
folders=()
for folder in runtime realtime functions widget-assets tests bench; do
  [ -d "$folder" ] && folders+=("$folder")
done
find "${folders[@]}" -name node_modules -prune -o -name build -prune -o -type f \
  \( -name '*.h' -o -name '*.cc' -o -name '*.sh' -o -name '*.ts' -o -name '*.tsx' -o -name '*.css' \
  -o -name '*.mjs' \) -print |
  LC_ALL=C sort | perl "$here/check.pl"
