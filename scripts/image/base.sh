#!/usr/bin/env bash
# Makes the base that the image is built on, from Debian's packages alone, and prints where it is: the root of a minimal
# Debian 12 with the updates of today, as a tar in the cache. Needs no registry of images; needs root, debootstrap, and a
# host that is Debian 12 itself, whose package sources it takes over. FRESH=1 makes it anew.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/lib/common.sh
source "$here/../lib/common.sh"
readonly SUITE=bookworm

[[ $(id -u) -eq 0 ]] || die "debootstrap makes device files and changes owners: run it as root, or name a base image: BASE=debian:bookworm-slim"
command -v debootstrap >/dev/null || die "debootstrap is missing. Type: apt-get install debootstrap"
cache="$(stowage_cache)/image"
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
out="$cache/base-$SUITE-$(dpkg --print-architecture).tar"
if [[ -f $out && -z ${FRESH:-} ]]; then
  printf '%s\n' "$out"
  exit 0
fi

# With the updates: what is linked into the image's programs' address space is what the distribution has mended.
# shellcheck disable=SC2016  # apt's own variables
sources="$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) main' 'Created-By: Packages' 'Origin: Debian' \
  "Codename: $SUITE" 'Component: main' | sort -u)"
[[ -n $sources ]] || die "this machine has no package sources of Debian $SUITE to take over. Type: apt-get update; on another system, BASE=debian:bookworm-slim"
root="$(mktemp -d "$cache/base.XXXXXX")"
trap 'rm -rf --one-file-system "$root" "$out.new"' EXIT
say "making a base of Debian $SUITE (once; about a minute)"
debootstrap --variant=minbase "$SUITE" "$root" >"$out.log" 2>&1 || { tail -n 20 "$out.log" >&2; die "debootstrap failed; the whole log is $out.log"; }
printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
DEBIAN_FRONTEND=noninteractive chroot "$root" sh -ec 'apt-get update -qq; apt-get dist-upgrade -y -qq; apt-get clean' >>"$out.log" 2>&1 ||
  { tail -n 20 "$out.log" >&2; die "upgrading the base failed; the whole log is $out.log"; }
rm -rf "$root"/var/lib/apt/lists/* "$root/etc/resolv.conf" "$root"/var/log/*
# Devices are the builder's business.
tar --numeric-owner --sort=name --exclude='./dev/*' -C "$root" -cf "$out.new" .
mv "$out.new" "$out"
rm -f "$out.log"
printf '%s\n' "$out"
