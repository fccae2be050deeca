#!/bin/bash
# Ours and uWebSockets (Bun) in one run, server on core 0, load on core 1.
#   run.sh BUILD_DIR BUN   (BUILD_DIR: a release build; BUN: the bun program, from npm)
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$1 bun=$2
"$here/build.sh" "$build"
for payload in 100 1024; do
  for in_flight in 1 8; do
    for round in 1 2 3; do
      taskset -c 0 "$build/bench/hub_server" 4471 2>/dev/null & ours=$!
      taskset -c 0 "$bun" "$here/peer_bun.js" 4472 & peer=$!
      sleep 1
      taskset -c 1 "$build/bench/load" hub 4471 $ours 1000 $in_flight 3 $payload
      taskset -c 1 "$build/bench/load" plain 4472 $peer 1000 $in_flight 3 $payload
      kill $ours $peer 2>/dev/null
      wait $ours $peer 2>/dev/null || true
    done
  done
done
