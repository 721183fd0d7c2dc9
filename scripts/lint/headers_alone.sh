#!/usr/bin/env bash
# Every header of lib/ and cmd/ compiles by itself. Through ccache, so unchanged ones cost nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# Always the same place: ccache knows a compilation by its paths, too.
out=build/headers-alone
mkdir -p "$out"
export out
compiler=(g++)
command -v ccache >/dev/null && compiler=(ccache g++)
check() {
  local header=$1 object
  object=$out/$(tr / _ <<<"$header").o
  # A one-line source next to nothing else: what the header needs, it must include.
  printf '#include "%s"\n' "${header#lib/}" >"$object.cc"
  "${@:2}" -std=c++20 -O0 -w -Ilib -I. -c "$object.cc" -o "$object" || { echo "does not compile alone: $header"; return 1; }
}
export -f check
find lib cmd -name '*.h' -print0 | sort -z |
  xargs -0 -P "$(nproc)" -I{} bash -c 'check "$@"' _ {} "${compiler[@]}"
echo "headers: $(find lib cmd -name '*.h' | wc -l) compile alone"
