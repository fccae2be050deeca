#!/usr/bin/env bash
# Tests check.sh: each probe breaks one thing in a copy of the tree, and the check has to notice it.
# Ends with "N passed, N failed".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
passed=0 failed=0

fresh() {
  rm -rf "${copy:?}"/tree
  mkdir -p "$copy/tree"
  (cd "$root" && tar -cf - README.md LICENSE dev cmake docs runtime realtime functions sql tests/api tests/docs \
    tests/fuzz/build.sh tests/golden tests/knowledge tests/lib tests/sizes tests/sql tests/tidy widget-assets) | tar -xf - -C "$copy/tree"
}

# probe SENTENCE EXPECTED FILE SED: after the sed the check prints the expected text and fails.
probe() {
  local said
  fresh
  sed -i "$4" "$copy/tree/$3"
  if said=$(bash "$here/check.sh" "$copy/tree"); then said="(the check passed)"; fi
  if [[ $said == *"$2"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "not ok $1: $said"
  fi
}

fresh
if said=$(bash "$here/check.sh" "$copy/tree"); then passed=$((passed + 1)); else failed=$((failed + 1)); echo "not ok the tree as it is: $said"; fi
probe 'a code without a row' 'no row for code conflict' docs/errors.md '/^| `conflict`/d'
probe 'a row without a code' 'code conflicts is not in the code' docs/errors.md 's/^| `conflict`/| `conflicts`/'
probe 'another status' 'code conflict is 409' docs/errors.md 's/^| `conflict` | 409/| `conflict` | 410/'
probe 'a close reason without a row' 'no row for close reason idle' docs/errors.md '/^| 1001 | `idle`/d'
probe 'a sentence without a row' 'no row for sentence payload_size_exceeded' docs/errors.md '/^| `payload_size_exceeded`/d'
probe 'a setting without a row' 'no row for setting CHATPAD_LOOPS' docs/config.md '/^| `CHATPAD_LOOPS`/d'
probe 'a new setting' 'no row for setting CHATPAD_NEW' runtime/base/config.cc 's/"CHATPAD_HOST"/"CHATPAD_NEW"/'
probe 'another value of a limit' 'limit kJsonDepthMax' runtime/wire/json.h 's/kJsonDepthMax = 64/kJsonDepthMax = 65/'
probe 'a new limit' 'no row for limit kThingsMax' runtime/wire/json.h 's/^constexpr int kJsonDepthMax/constexpr int kThingsMax = 3;\n&/'
probe 'another rate of an endpoint' 'endpoint POST /functions/v1/widget-chat' functions/widget/widget_chat.cc 's/per_caller(30, 10)/per_caller(31, 10)/'
probe 'an event without a row' 'no row for event lead.created' docs/protocol.md '/^| `lead.created`/d'
probe 'a broken link' 'leads nowhere' README.md 's/docs\/style.md/docs\/stile.md/g'
probe 'a file that does not exist' 'there is no runtime/edge/nothing.cc' docs/style.md '1a See runtime/edge/nothing.cc.'

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
