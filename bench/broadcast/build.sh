#!/bin/sh
# Builds hub_server: build.sh BUILD_DIR [FLAGS]. BUILD_DIR is a CMake build of the project that has
# the target realtime_socket; the program appears in BUILD_DIR/bench.
set -e
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
shift
mkdir -p "$build/bench"
uses="-I$root $build/librealtime_socket.a $build/librealtime_hub.a $build/librealtime_protocol.a
  $build/libruntime_edge.a $build/libruntime_pg.a $build/libruntime_http.a $build/libruntime_wire.a
  $build/libruntime_loop.a $build/libruntime_coro.a $build/libruntime_base.a $build/libllhttp.a"
libraries="$(pkg-config --cflags --libs libuv libwebsockets libpq) -lcrypto -lcurl -lpthread"
for lib in $uses; do case $lib in *.a) [ -f "$lib" ] || uses=$(echo "$uses" | grep -v "^$lib$" | sed "s#$lib##");; esac; done
${CXX:-g++} -std=c++20 -O2 -g1 "$@" -o "$build/bench/hub_server" "$root/bench/broadcast/hub_server.cc" \
  -Wl,--start-group $uses -Wl,--end-group $libraries
