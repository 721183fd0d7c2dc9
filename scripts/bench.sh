#!/usr/bin/env bash
# Runs every benchmark program of a release build: bench.sh BUILD_DIR
set -euo pipefail
build=${1:?usage: bench.sh BUILD_DIR}
found=no
while IFS= read -r program; do
  found=yes
  echo "== $(basename "$program")"
  "$program"
done < <(find "$build/bench" -maxdepth 1 -type f -executable | sort)
[[ $found == yes ]] || { echo "no benchmark in $build/bench" >&2; exit 1; }
