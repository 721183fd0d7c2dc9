#!/usr/bin/env bash
# Prometheus and promtool for the tests of metrics, rules and dashboards.
#   tests/monitoring/tools.sh promtool|prometheus    prints the path of one
# Those in the PATH are taken; else Debian's package is unpacked into ~/.cache/stowage. It is not
# installed, because that would need root and start a service.
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"

name=${1:?which of promtool and prometheus}
cache=$(stowage_cache)/prometheus

if command -v "$name"; then exit 0; fi
if [[ ! -x $cache/bin/$name ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/unpack.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if ! (cd "$work" && apt-get download -qq prometheus >apt.log 2>&1 && dpkg-deb -x prometheus_*.deb root); then
    cat "$work/apt.log" >&2
    die "$name is not there and Debian's package prometheus cannot be had: install it, or run apt-get update first"
  fi
  # Of two that unpack at the same time the first wins, with the same files.
  mv -T "$work/root/usr/bin" "$cache/bin" 2>/dev/null || [[ -x $cache/bin/$name ]]
fi
printf '%s\n' "$cache/bin/$name"
