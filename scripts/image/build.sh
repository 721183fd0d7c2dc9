#!/usr/bin/env bash
# Builds the image and writes build/image: stowage-VERSION.oci.tar (what docker load, podman load and ctr images import
# take), the SBOM, and the digest. See --help.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/../.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

usage() {
  cat <<'HELP'
usage: build.sh [builder]

builder prints which program would build: docker, podman or buildah, the first that works here.

environment
  BUILDER            docker, podman or buildah
  BASE               image to build on, of Debian 12 (debian:bookworm-slim, or one by digest). Without it root makes one
                     from Debian's packages where debootstrap is installed; else the Dockerfile's own is pulled
  NO_CACHE           1: packages are fetched anew, and so is a base that debootstrap made
  OUT                default build/image
  SOURCE_DATE_EPOCH  time of every file in the image; default: the commit's
  CCACHE_DIR         compiled objects, shared with builds outside of images (podman, buildah)
HELP
}

builder() {
  local name
  for name in ${BUILDER:-docker podman buildah}; do
    command -v "$name" >/dev/null || continue
    case "$name" in
      docker) docker info >/dev/null 2>&1 || continue ;; # the client alone builds nothing
    esac
    printf '%s\n' "$name"
    return 0
  done
  die "no ${BUILDER:-docker, podman or buildah} that works is here. Type: apt-get install buildah debootstrap"
}

# buildah works in a store of our own: what a killed build left there, a gigabyte of objects, can be removed without asking
# whose it is. podman and docker are used as their user set them up.
own_buildah() { buildah --root "$(stowage_cache)/image/storage" --runroot "$(stowage_cache)/image/storage-run" "$@"; }

# The name of the base in the builder's store: by content, so that a new base is a new name.
load_base() {
  local tar name container
  tar="$(FRESH=${NO_CACHE:-} scripts/image/base.sh)"
  name="localhost/stowage-base:$(sha256sum "$tar" | cut -c1-16)"
  case "$tool" in
    docker) docker image inspect "$name" >/dev/null 2>&1 || docker import "$tar" "$name" >&2 ;;
    podman) podman image exists "$name" || podman import --quiet "$tar" "$name" >&2 ;;
    buildah)
      if ! own_buildah inspect --type image "$name" >/dev/null 2>&1; then
        container="$(own_buildah from scratch)"
        own_buildah add --quiet "$container" "$tar" / >/dev/null
        own_buildah commit --quiet "$container" "$name" >/dev/null
        own_buildah rm "$container" >/dev/null
      fi
      ;;
  esac
  printf '%s\n' "$name"
}

# What earlier builds left in the store of podman or buildah, newest first; images without a name only.
left_behind() {
  local label
  for label in dev.stowage.stage=build org.opencontainers.image.title=stowage; do
    "${containers[@]}" images --all --quiet --no-trunc --filter dangling=true --filter "label=$label"
  done
}

build_with_docker() {
  DOCKER_BUILDKIT=1 docker build "${arguments[@]}" --tag "$image" . # mounts of caches are BuildKit's
  docker save --output "$archive" "$image"
}

# podman and buildah are one code: layers are kept, times are those of the commit, objects come out of the host's ccache.
build_with_containers() {
  local id
  local -a containers=(podman) build=(podman build)
  if [[ $tool == buildah ]]; then containers=(own_buildah) build=(own_buildah bud); fi
  local ccache="${CCACHE_DIR:-$HOME/.cache/ccache}" before after
  mkdir -p "$ccache"
  arguments+=(--quiet --layers --build-arg CCACHE_DIR=/ccache --volume "$ccache:/ccache")
  before="$(left_behind)"
  # Apart and without --timestamp: ccache knows a compiler by its time.
  "${build[@]}" "${arguments[@]}" --target packages . >/dev/null
  "${build[@]}" "${arguments[@]}" --timestamp "$SOURCE_DATE_EPOCH" --tag "$image" . >/dev/null
  "${containers[@]}" push --quiet "$image" "oci-archive:$archive:docker.io/library/$image"
  after="$(left_behind)"
  # New layers take the place of the old ones; those that are still used are refused, and stay.
  if [[ -n $before ]] && grep -qvxF -e "$before" <<<"$after"; then
    while read -r id; do "${containers[@]}" rmi "$id" >/dev/null 2>&1 || true; done <<<"$before"
  fi
}

main() {
  case "${1:-}" in
    builder)
      builder
      return
      ;;
    "") ;;
    *)
      usage
      exit 2
      ;;
  esac

  tool="$(builder)"
  out="${OUT:-build/image}"
  version="$(<VERSION)"
  mkdir -p "$(stowage_cache)/image"
  if [[ $tool == buildah ]]; then
    exec 8>"$(stowage_cache)/image/.building"
    flock 8
    own_buildah rm --all >/dev/null
    # Not by --no-cache, which makes each layer for each of the two builds below.
    [[ -z ${NO_CACHE:-} ]] || own_buildah rmi --all --force >/dev/null
  fi
  image="stowage:$version"
  archive="$out/stowage-$version.oci.tar"
  export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
  # A chroot needs no rights to make namespaces, and there is a runtime only where somebody installed one.
  export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"
  mkdir -p "$out"
  rm -f "$archive" "$out/digest"

  if [[ -z ${BASE:-} && $(id -u) -eq 0 ]] && command -v debootstrap >/dev/null; then BASE="$(load_base)"; fi
  arguments=(
    --build-arg "VERSION=$version"
    --build-arg "REVISION=$(git describe --always --dirty --abbrev=12)"
    --build-arg "CREATED=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
    --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"
  )
  [[ -z ${BASE:-} ]] || arguments+=(--build-arg "BASE=$BASE")
  [[ -z ${NO_CACHE:-} || $tool == buildah ]] || arguments+=(--no-cache)

  say "building $image with $tool on ${BASE:-the base that the Dockerfile names}"
  case "$tool" in
    docker) build_with_docker ;;
    *) build_with_containers ;;
  esac
  scripts/image/report.py "$archive" "$out"
}

main "$@"
