#!/usr/bin/env bash
# Prints those of the named Debian packages that are not installed, on one line.
set -euo pipefail
command -v dpkg-query >/dev/null || { echo "This is not a Debian system: install the equivalents of: $*" >&2; exit 1; }
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" { print $1 }')
missing=()
for package in "$@"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
echo "${missing[*]}"
