#!/usr/bin/env bash
# All lints, each with its time. Ends with 1 when any of them failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
build=build/dev
failed=()

step() {
  local name=$1 begin=$SECONDS
  shift
  if "$@"; then
    printf '  lint %-18s %4d s\n' "$name" $((SECONDS - begin))
  else
    printf '  lint %-18s %4d s  FAILED\n' "$name" $((SECONDS - begin))
    failed+=("$name")
  fi
}

monitoring() {
  local promtool
  promtool=$(tests/monitoring/tools.sh promtool) && tests/monitoring/check.py "$promtool"
}
format() {
  git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' | while IFS= read -r f; do
    [[ -f $f ]] && printf '%s\0' "$f"
  done | xargs -0 clang-format-19 --dry-run --Werror
}
shell() {
  git ls-files --cached --others --exclude-standard -- '*.sh' '.ci/run' | while IFS= read -r f; do
    [[ -f $f ]] && printf '%s\0' "$f"
  done | xargs -0 shellcheck -x
}
tidy() {
  cmake --preset dev >/dev/null && ninja -C "$build" stowage_commit >/dev/null && python3 scripts/lint/clang_tidy.py "$build"
}

step format format
step include-direction python3 scripts/lint/include_direction.py
step file-length scripts/lint/file_length.sh
step docs python3 scripts/lint/docs.py
step shellcheck shell
step headers-alone scripts/lint/headers_alone.sh
step monitoring monitoring
step clang-tidy tidy
if ((${#failed[@]})); then
  echo "lint failed: ${failed[*]} (make fmt mends the format)"
  exit 1
fi
echo "lint: all fine"
