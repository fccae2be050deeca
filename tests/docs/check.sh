#!/usr/bin/env bash
# Checks that the documents list what the code has: error and close codes, settings, commands, limits,
# endpoints, metrics, events, links. Prints one line per difference and ends with "N passed, N failed".
#
#   tests/docs/check.sh [ROOT]
#   tests/docs/check.sh --limits    prints every limit of the code with its value
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
option=()
if [[ ${1:-} == --* ]]; then option=("$1"); shift; fi
cd "${1:-$here/../..}"
exec perl "$here/check.pl" ${option[@]+"${option[@]}"}
