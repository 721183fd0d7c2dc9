#!/usr/bin/env bash
# Runs every fuzz target on its seed corpus and on new inputs: fuzz.sh BUILD_DIR SECONDS_EACH
# New inputs are kept outside the tree; a crash is written to build/fuzz/crashes and fails the run.
set -euo pipefail
build=${1:?usage: fuzz.sh BUILD_DIR SECONDS_EACH}
seconds=${2:-20}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${STOWAGE_CACHE:-$HOME/.cache/stowage}/fuzz
mkdir -p "$build/crashes"
found=no
while IFS= read -r program; do
  found=yes
  name=$(basename "$program")
  seeds=$root/tests/fuzz/corpus/${name%_fuzz}
  mkdir -p "$cache/$name"
  arguments=("$cache/$name")
  [[ -d $seeds ]] && arguments+=("$seeds")
  echo "== $name for $seconds s"
  log=$build/crashes/$name.log
  if ! "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$build/crashes/$name-" "${arguments[@]}" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "$name failed: its input is $build/crashes/$name-*, its output $log" >&2
    exit 1
  fi
  grep -E 'stat::(number_of_executed|average)' "$log"
  rm -f "$log"
done < <(find "$build/tests/fuzz" -maxdepth 1 -type f -executable -name '*_fuzz' | sort)
[[ $found == yes ]] || { echo "no fuzz target in $build" >&2; exit 1; }
