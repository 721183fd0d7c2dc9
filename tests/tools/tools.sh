#!/usr/bin/env bash
# Builds and runs KWOK (nodes and pods without machines), builds helm and what checks charts, and fetches definitions of others. See --help.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/lib/common.sh
source "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/processes.sh
source "$here/../../scripts/lib/processes.sh"

usage() {
  cat <<'HELP'
usage: tools.sh COMMAND [ARGUMENTS]

commands
  build NAME...              build kwok, helm (3), helm4, helm-unittest or kube-score into the cache (about 2 minutes
                             each the first time, then nothing)
  path NAME                  print where the binary is
  kwok-start DIR KUBECONFIG [OWNER]
                             simulate a kubelet for every node: nodes become Ready, bound pods run, deleted
                             pods go; logs and the process id are kept in DIR; ends with the process OWNER
  kwok-stop DIR              end it
  monitor-definitions        print a folder with the Prometheus operator's CustomResourceDefinitions

KUBECONFIG needs the right to write status of nodes and pods, to delete pods and to write leases.
The cache is STOWAGE_CACHE, default ~/.cache/stowage.
HELP
}

# Versions are go.mod's; a new go.mod is a new folder, so an old binary is never used by mistake.
bin_dir() { printf '%s/tools/%s/bin\n' "$(stowage_cache)" "$(sha256sum <"$here/go.mod" | cut -c1-12)"; }

# Programs of their own versions, so that their dependencies do not choose those of helm 3 and KWOK.
own_module() {
  case "$1" in
    helm4) printf 'helm.sh/helm/v4 4.3.1 cmd/helm\n' ;;
    helm-unittest) printf 'github.com/helm-unittest/helm-unittest 1.1.2 cmd/helm-unittest\n' ;;
    kube-score) printf 'github.com/zegl/kube-score 1.20.0 cmd/kube-score\n' ;;
  esac
}

path_of() {
  local module version package
  read -r module version package < <(own_module "$1") || true
  if [[ -n "$module" ]]; then
    printf '%s/tools/%s-%s/%s\n' "$(stowage_cache)" "$1" "$version" "$(basename "$package")"
  else
    printf '%s/%s\n' "$(bin_dir)" "$1"
  fi
}

# In the module's own folder: go install refuses one that replaces a dependency, as helm-unittest does.
build_own() {
  local module version package out
  read -r module version package < <(own_module "$1")
  out="$(path_of "$1")"
  printf 'building %s (once; about 2 minutes on 2 cores)\n' "$1" >&2
  (cd / && go mod download "$module@v$version") >&2
  mkdir -p "$(dirname "$out")"
  (cd "$(go env GOMODCACHE)/$module@v$version" && CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -o "$out.new" "./$package") >&2
  mv "$out.new" "$out"
}

build() {
  local name package dir
  local -a missing=()
  dir="$(bin_dir)"
  for name in "$@"; do
    [[ -x "$(path_of "$name")" ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  require_go
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  for name in "${missing[@]}"; do
    case "$name" in
      kwok) package=sigs.k8s.io/kwok/cmd/kwok ;;
      helm) package=helm.sh/helm/v3/cmd/helm ;;
      helm4 | helm-unittest | kube-score)
        build_own "$name"
        continue
        ;;
      *) die "no such tool: $name (kwok, helm, helm4, helm-unittest or kube-score)" ;;
    esac
    build_go_binary "$here" "$package" "$dir/$name" '-s -w' 'about 2 minutes on 2 cores'
  done
  exec 9>&-
}

# The definitions of ServiceMonitor and others as their makers publish them, by the Go proxy.
readonly PROMETHEUS_OPERATOR=github.com/prometheus-operator/prometheus-operator@v0.85.0

monitor_definitions() {
  require_go
  (cd / && go mod download "$PROMETHEUS_OPERATOR") >&2
  printf '%s/%s/example/prometheus-operator-crd\n' "$(go env GOMODCACHE)" "$PROMETHEUS_OPERATOR"
}

kwok_stop() {
  local dir="${1:?kwok-stop needs a folder}"
  end_process "$dir/watch-owner.pid" 0
  end_process "$dir/kwok.pid"
}

# The body of the watcher: not for people.
kwok_watch_owner() {
  wait_for_end "$2"
  rm -f "$1/watch-owner.pid"
  kwok_stop "$1"
}

kwok_start() {
  local dir="${1:?kwok-start needs a folder}" kubeconfig="${2:?kwok-start needs a kubeconfig}" owner="${3:-}" port
  build kwok
  mkdir -p "$dir"
  if alive "$dir/kwok.pid"; then die "KWOK already runs in $dir"; fi
  port="$(free_port)"
  spawn "$dir/kwok.pid" "$dir/kwok.log" "$(bin_dir)/kwok" --kubeconfig "$kubeconfig" --manage-all-nodes=true \
    --node-lease-duration-seconds=40 --node-ip 127.0.0.1 --server-address "127.0.0.1:$port" \
    --config "$here/stages/node.yaml" --config "$here/stages/pod.yaml"
  for _ in {1..200}; do
    alive "$dir/kwok.pid" || break
    if port_listening "$port"; then
      [[ -z "$owner" ]] ||
        spawn "$dir/watch-owner.pid" "$dir/kwok.log" bash "$here/tools.sh" kwok-watch-owner "$dir" "$owner"
      return 0
    fi
    sleep 0.1
  done
  tail -n 15 "$dir/kwok.log" >&2
  die "KWOK did not start; its log is $dir/kwok.log"
}

main() {
  local command="${1:-help}"
  (($# == 0)) || shift
  case "$command" in
    help | --help | -h) usage ;;
    build) build "$@" ;;
    path) path_of "${1:?path needs a name}" ;;
    kwok-start) kwok_start "$@" ;;
    kwok-stop) kwok_stop "$@" ;;
    monitor-definitions) monitor_definitions ;;
    kwok-watch-owner) kwok_watch_owner "$@" ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

main "$@"
