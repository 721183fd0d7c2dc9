#!/usr/bin/env bash
# usage: module_for_version.sh VERSION DIR
# Writes into DIR the Go module that builds Kubernetes VERSION (like 1.35.4), unless it is there, and prints DIR.
# k8s.io/kubernetes names its staging modules as v0.0.0; each is replaced by the release that belongs to VERSION.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/lib/common.sh
source "$here/../../scripts/lib/common.sh"

version="${1:?version}"
dir="${2:?folder}"
if [[ -s "$dir/go.sum" ]]; then
  printf '%s\n' "$dir"
  exit 0
fi
require_go
say "preparing the Go module of Kubernetes $version"
rm -rf "$dir" "$dir.tmp"
mkdir -p "$dir.tmp"
cd "$dir.tmp"
gomod="$(go mod download -json "k8s.io/kubernetes@v$version" | sed -nE 's/^\t"GoMod": "(.*)",?$/\1/p')"
[[ -s "$gomod" ]] || die "k8s.io/kubernetes v$version is not in the Go module proxy"
go_line="$(sed -nE 's/^go ([0-9.]+)$/\1/p' "$gomod")"
{
  printf 'module stowage.dev/tests/controlplane\n\ngo %s\n\n' "$go_line"
  printf 'require k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
  sed -nE 's#^\t(k8s\.io/[a-z-]+) v0\.0\.0( .*)?$#\1#p' "$gomod" | sort -u |
    while IFS= read -r module; do printf '\t%s => %s v0.%s\n' "$module" "$module" "${version#1.}"; done
  printf ')\n\ntool (\n\tgo.etcd.io/etcd/server/v3\n'
  printf '\tk8s.io/kubernetes/cmd/%s\n' kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet
  printf ')\n'
} >go.mod
go mod tidy >&2
cd "$here"
mv "$dir.tmp" "$dir"
printf '%s\n' "$dir"
