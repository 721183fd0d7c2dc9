#!/usr/bin/env bash
# Builds the image a second time from nothing: packages, every object, every layer. Fails when a byte is another one than in
# build/image, and names the file. Takes as long as a whole build without caches (ten minutes on two idle cores).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
first="build/image/stowage-$(<VERSION).oci.tar"
[[ -f $first ]] || { echo "error: $first is missing. Type: make image" >&2; exit 1; }
objects="$(mktemp -d)"
trap 'rm -rf "$objects"' EXIT
# Both are what is in the checkout; a second image of another commit would differ by that.
NO_CACHE=1 CCACHE_DIR="$objects" OUT=build/image/again scripts/image/build.sh
scripts/image/compare.py "$first" "build/image/again/${first##*/}"
