#!/usr/bin/env bash
# check.sh finds what it is there to find: each probe is a small tree with one violation, or none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# probe EXPECTED FILE TEXT: EXPECTED is a part of the output, or "clean".
probe() {
  local expected=$1 file=$2 text=$3 output
  rm -rf "$work/tree"
  mkdir -p "$work/tree/$(dirname "$file")"
  printf '%s\n' "$text" > "$work/tree/$file"
  output=$("$here/check.sh" "$work/tree" || true)
  if [ "$expected" = clean ] && [ "${output##*, }" = "0 failed" ]; then
    passed=$((passed + 1))
  elif [ "$expected" != clean ] && [[ $output == *"$expected"* ]] && [[ $output == *", 1 failed" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'NOT AS EXPECTED (%s): %s\n%s\n' "$expected" "$text" "$output"
  fi
}

coroutine() { probe "$1" runtime/edge/x.cc "Task<int> f() { $2 }"; }

coroutine clean 'const int x = co_await g(a, 3, std::string("a{b}?")); if (x) co_return 1;'
coroutine clean 'if (a) { co_await g(); } else { co_await h(); }'
coroutine clean 'for (;;) { auto x = co_await q.pop(); if (!x) break; }'
coroutine clean 'if (a) co_await g(b(c));'
coroutine clean '// if (co_await g()) would not run'
coroutine clean 'switch (a) { case 1: co_await g(); }'
coroutine clean 'const char* s = R"(if (co_await g()) { })";'
coroutine 'in a condition' 'if (co_await g()) co_return 1;'
coroutine 'in a condition' 'while (a && !(co_await g())) h();'
coroutine 'in a condition' 'switch (co_await g()) {}'
coroutine 'in a condition' 'if (const int x = co_await g(); x > 3) co_return 1;'
coroutine 'beside a brace' 'co_await g(Agg{1, "x"});'
coroutine 'beside a brace' 'Agg a{co_await g(), 3};'
coroutine 'beside a brace' 'co_return Agg{co_await g()};'
coroutine 'beside a brace' 'co_await g([x] { return x; });'
coroutine 'beside a brace' 'const int x = co_await g({"a", "b"});'
coroutine 'beside a brace' 'v[0] = co_await g();'
coroutine 'beside a ternary' 'const int x = a ? co_await g() : 2;'
coroutine 'beside a ternary' 'co_await g(a ? T() : T("z"));'
coroutine 'two co_await' 'const int x = co_await g() + co_await h();'
coroutine 'two co_await' 'co_await g(co_await h());'
coroutine 'capturing lambda' 'auto f = [x](int y) -> Task<int> { co_return y; };'
probe clean runtime/coro/task.h $'// x\n#pragma once\nAwaiter operator co_await() && {\n  return Awaiter(h_);\n}'

probe clean runtime/pg/x.cc '#include "runtime/wire/json.h"'
probe 'not on a lower floor' runtime/wire/x.cc '#include "runtime/loop/loop.h"'
probe 'not on a lower floor' runtime/base/x.cc '#include "runtime/coro/task.h"'
probe 'not on a lower floor' runtime/pg/x.cc '#include "runtime/http/server.h"'
probe 'not on a lower floor' functions/inbox/x.cc '#include "functions/leads/y.h"'
probe 'never include each other' functions/widget/x.cc '#include "realtime/hub/hub.h"'
probe 'is no room' runtime/misc/x.cc ''
probe 'not written from the root' runtime/pg/x.cc '#include "pool.h"'

probe 'libwebsockets' realtime/hub/x.cc '#include <libwebsockets.h>'
probe clean realtime/socket/x.cc '#include <libwebsockets.h>'
probe 'libcurl' runtime/edge/x.h $'// x\n#pragma once\n#include <curl/curl.h>'
probe 'json.hpp' runtime/edge/x.cc '#include <nlohmann/json.hpp>'
probe 'json.hpp' runtime/wire/x.h $'// x\n#pragma once\n#include <nlohmann/json.hpp>'
probe 'libjwt' runtime/edge/x.cc '#include <jwt.h>'
probe 'llhttp' runtime/edge/x.cc '#include <llhttp.h>'
probe 'longer than 100' runtime/pg/x.cc "// $(printf 'x%.0s' {1..98})"
probe clean runtime/pg/x.cc "// $(printf 'é%.0s' {1..97})"
probe 'at most 200' runtime/pg/x.h $'// x\n#pragma once\n'"$(printf '//\n%.0s' {1..200})"
probe 'at most 600' runtime/pg/x.cc "$(printf '//\n%.0s' {1..601})"
probe 'detached' runtime/pg/x.cc 'void f() { std::thread(g).detach(); }'
probe 'detached' runtime/pg/x.cc 'void f() { thread.detach(); }'
probe clean runtime/pg/x.cc 'void f() { exchange.detach(); }'
probe 'clock.h' runtime/pg/x.cc 'auto now = std::chrono::steady_clock::now();'
probe 'never right' runtime/pg/x.cc 'void f() { sprintf(a, "x"); }'
probe 'left-over' runtime/pg/x.cc '// TO''DO: later'
probe 'opens with a comment' runtime/pg/x.h '#pragma once'
probe 'pragma once' runtime/pg/x.h '// x'
probe clean widget-assets/app/x.ts $'// x\n// never innerHTML\nel.textContent = text;'
probe 'makes markup' widget-assets/app/x.ts $'// x\nlist.item.innerHTML = text;'
probe 'makes markup' widget-assets/app/x.tsx $'// x\nconst a = <p dangerouslySetInnerHTML={b} />;'
probe 'makes markup' widget-assets/app/x.ts $'// x\nconst f = new Function(text);'
probe 'at most 400' widget-assets/app/x.ts "$(printf '//\n%.0s' {1..401})"
probe 'opens with a comment' widget-assets/app/x.tsx 'export const x = 1;'
probe 'left-over' widget-assets/app/x.css '/* TO''DO: colours */'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
