#!/usr/bin/env bash
# Builds one libFuzzer target with AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   tests/fuzz/build.sh TARGET [OUTPUT_DIRECTORY]     TARGET is the x of tests/fuzz/x_fuzz.cc
#
# Prints the program's path. `// uses: GLOB...` lines in the target name the sources it needs,
# `// c: FILE...` C sources that are not ours (built without instrumentation), `// links: FLAG...`
# further flags.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${1:?usage: build.sh TARGET [OUTPUT_DIRECTORY]}
output=${2:-$root/build/fuzz}
source=$root/tests/fuzz/${target}_fuzz.cc
[ -f "$source" ] || { echo "no such target: $target" >&2; exit 2; }
mkdir -p "$output"
cd "$root"

compiler=$(command -v clang++-14 || command -v clang++)
flags="-std=c++20 -O1 -g -fno-omit-frame-pointer -I$root"
flags="$flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
sources=$(sed -n 's|^// uses: ||p' "$source")
links=$(sed -n 's|^// links: ||p' "$source")
objects=
for file in $(sed -n 's|^// c: ||p' "$source"); do
  object=$output/$(basename "$file").o
  # shellcheck disable=SC2086
  "${compiler/++/}" -O1 -w -c "$file" $links -o "$object"
  objects="$objects $object"
done
[ -n "$sources" ] || { echo "$source names no sources (// uses:)" >&2; exit 2; }
# shellcheck disable=SC2086
files=$(ls -1 $sources | grep -v '_test\.cc$')
# shellcheck disable=SC2086
"$compiler" $flags "$source" $files $objects $links -o "$output/${target}_fuzz"
echo "$output/${target}_fuzz"
