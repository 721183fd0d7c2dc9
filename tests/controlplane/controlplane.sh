#!/usr/bin/env bash
# Builds and runs a real Kubernetes control plane on loopback for tests and the demo. See --help.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/lib/common.sh
source "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/processes.sh
source "$here/../../scripts/lib/processes.sh"
# shellcheck source=tests/controlplane/pki.sh
source "$here/pki.sh"

readonly DEFAULT_K8S=1.36.3
readonly K8S="${K8S:-$DEFAULT_K8S}"
readonly ETCD_PACKAGE=go.etcd.io/etcd/server/v3

usage() {
  cat <<'HELP'
usage: controlplane.sh COMMAND [ARGUMENTS]

A real etcd and kube-apiserver (and, when asked for, kube-controller-manager and kube-scheduler) on free
loopback ports, with TLS, RBAC, an audit log and certificates of their own. Everything is kept in DIR.

commands
  build [NAME...]          build what is missing into the cache: etcd kube-apiserver kubectl (default),
                           kube-controller-manager, kube-scheduler, or "all"; of a node: kubelet, kube-proxy
  path NAME                print where the binary NAME is (or would be built to)
  start DIR [OPTIONS]      start; ready when it returns (about 5 s); builds what is missing first
  stop DIR                 end every process of DIR by its process id; logs and data stay
  env DIR                  print shell assignments: KUBECONFIG, KUBECTL, AUDIT_LOG, APISERVER
  identity DIR USER [--group G]...   print a kubeconfig for a user with a client certificate and no rights
  scheduler-identity DIR   apply manifests/scheduler-rbac.yaml and print the scheduler's own kubeconfig
  operator-identity DIR    the same for the operator
  token DIR NAMESPACE SERVICEACCOUNT print a fresh token of a service account
  kill-apiserver DIR       SIGKILL the API server (an outage; etcd goes on)
  restart-apiserver DIR    start it again on the same port and data (kills it first when it still runs)
  rotate-serving-cert DIR  give the API server a new serving certificate; it reloads it by itself
  start-controller-manager DIR [CONTROLLERS [ARGUMENT...]]   all of them, or those of a comma-separated list
  stop-controller-manager DIR
  start-scheduler DIR [CONFIG_FILE]  stop-scheduler DIR       upstream's kube-scheduler, for comparisons

options of start
  --with-controller-manager   also start it: service accounts, node lifecycle, garbage collection
  --with-scheduler            also start kube-scheduler
  --with-service-accounts     pods get their service account's token (they do with --with-controller-manager)
  --no-node-taints            new nodes get no not-ready taint (for use without a controller-manager)
  --audit-policy FILE         instead of manifests/audit-policy.yaml
  --owner-pid PID             stop everything when the process PID ends, however it ends
  --advertise-address IP      listen on every address, not on 127.0.0.1 alone, and make IP what pods reach the
                              Service "kubernetes" by; for a network namespace of its own (tests/e2e)
  --apiserver-arg ARG         one more argument for kube-apiserver (repeatable)

environment
  K8S                  version to build, default 1.36.3 (the module of another one is generated)
  KUBEBUILDER_ASSETS   a folder with prebuilt etcd, kube-apiserver and kubectl to use instead
  STOWAGE_CACHE        default ~/.cache/stowage
  STOWAGE_AUDIT_KEEP   a folder that gets, at the end, what the scheduler and the operator asked for
HELP
}

# --- binaries ------------------------------------------------------------------------------------

bin_dir() { printf '%s/controlplane/%s/bin\n' "$(stowage_cache)" "$K8S"; }

# binary_path NAME: the prebuilt one when KUBEBUILDER_ASSETS has it, else the cache's.
binary_path() {
  if [[ -n "${KUBEBUILDER_ASSETS:-}" && -x "$KUBEBUILDER_ASSETS/$1" ]]; then
    printf '%s\n' "$KUBEBUILDER_ASSETS/$1"
  else
    printf '%s/%s\n' "$(bin_dir)" "$1"
  fi
}

# module_dir: the Go module to build from: this folder for the default version, a generated one otherwise.
module_dir() {
  if [[ "$K8S" == "$DEFAULT_K8S" ]]; then
    printf '%s\n' "$here"
  else
    bash "$here/module_for_version.sh" "$K8S" "$(stowage_cache)/controlplane/$K8S/module"
  fi
}

version_ldflags() {
  local p=k8s.io/component-base/version major minor
  IFS=. read -r major minor _ <<<"$K8S"
  printf -- '-s -w -X %s.gitVersion=v%s -X %s.gitMajor=%s -X %s.gitMinor=%s -X %s.gitTreeState=clean' \
    "$p" "$K8S" "$p" "$major" "$p" "$minor" "$p"
}

build_one() {
  local name="$1" package hint
  case "$name" in
    etcd) package="$ETCD_PACKAGE" hint='about 1 minute on 2 cores' ;;
    kube-apiserver) package="k8s.io/kubernetes/cmd/$name" hint='about 5 minutes on 2 cores' ;;
    kube-controller-manager | kubectl) package="k8s.io/kubernetes/cmd/$name" hint='about 1 minute on 2 cores' ;;
    kube-scheduler | kube-proxy) package="k8s.io/kubernetes/cmd/$name" hint='seconds' ;;
    kubelet) package="k8s.io/kubernetes/cmd/$name" hint='half a minute on 2 cores' ;;
    *) die "no such binary: $name" ;;
  esac
  build_go_binary "$module" "$package" "$(bin_dir)/$name" "$(version_ldflags)" "$hint"
}

# build NAME...: one builder at a time per cache folder; nothing at all when everything is there.
build() {
  local name dir module
  local -a missing=()
  [[ "$K8S" =~ ^1\.[0-9]+\.[0-9]+$ ]] || die "K8S=$K8S is not a version like $DEFAULT_K8S"
  for name in "$@"; do
    [[ -x "$(binary_path "$name")" ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  require_go
  dir="$(bin_dir)"
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  module="$(module_dir)"
  for name in "${missing[@]}"; do build_one "$name"; done
  exec 9>&-
}

command_build() {
  local -a names=(etcd kube-apiserver kubectl)
  if [[ "${1:-}" == all ]]; then
    names+=(kube-controller-manager kube-scheduler)
  elif (($#)); then
    names=("$@")
  fi
  build "${names[@]}"
}

# --- start ---------------------------------------------------------------------------------------

kubectl() {
  local dir="$1"
  shift
  "$(<"$dir/kubectl.path")" --kubeconfig "$dir/admin.kubeconfig" --cache-dir "$dir/kubectl-cache" "$@"
}

start_etcd() {
  local dir="$1" client peer
  client="$(free_port)"
  peer="$(free_port)"
  printf '%s\n' "$client" >"$dir/etcd.port"
  spawn "$dir/etcd.pid" "$dir/logs/etcd.log" "$(binary_path etcd)" --name test --data-dir "$dir/etcd" --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "test=http://127.0.0.1:$peer" --quota-backend-bytes 8589934592 --log-level warn
}

# Writes the API server's arguments, one a line, so that a restart uses the very same ones.
write_apiserver_args() {
  local dir="$1" pki="$1/pki" disabled="$2" policy="$3" advertise="$4"
  local -a address=(--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none)
  shift 4
  [[ -z "$advertise" ]] || address=(--bind-address=0.0.0.0 "--advertise-address=$advertise" --endpoint-reconciler-type=lease)
  free_port >"$dir/apiserver.port"
  cp "$policy" "$dir/audit-policy.yaml"
  printf '%s\n' \
    "--etcd-servers=http://127.0.0.1:$(<"$dir/etcd.port")" \
    "${address[@]}" \
    "--secure-port=$(<"$dir/apiserver.port")" \
    "--tls-cert-file=$pki/apiserver.crt" "--tls-private-key-file=$pki/apiserver.key" \
    "--client-ca-file=$pki/ca.crt" --authorization-mode=Node,RBAC \
    "--service-account-key-file=$pki/service-account.pub" \
    "--service-account-signing-key-file=$pki/service-account.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true \
    "--audit-policy-file=$dir/audit-policy.yaml" "--audit-log-path=$dir/audit.log" --audit-log-maxsize=1024 \
    "--disable-admission-plugins=$disabled" "$@" >"$dir/apiserver.args"
}

spawn_apiserver() {
  local -a arguments
  mapfile -t arguments <"$1/apiserver.args"
  spawn "$1/apiserver.pid" "$1/logs/kube-apiserver.log" "$(<"$1/apiserver.path")" "${arguments[@]}"
}

# apiserver_ready DIR SECONDS: 0 ready, 1 ended or too slow.
apiserver_ready() {
  local dir="$1" port deadline
  port="$(<"$dir/apiserver.port")"
  deadline=$((SECONDS + $2))
  while ((SECONDS < deadline)); do
    alive "$dir/apiserver.pid" || return 1
    alive "$dir/etcd.pid" || return 1
    if port_listening "$port" && kubectl "$dir" get --raw /readyz >/dev/null 2>&1; then
      return 0
    fi
    sleep 0.1
  done
  return 1
}

# wait_created DIR ARGS...: until kubectl get ARGS finds it.
wait_created() {
  local dir="$1"
  shift
  for _ in {1..150}; do
    kubectl "$dir" get "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  die "not created within 15 s: $*"
}

# Ends everything when the process OWNER ends. Runs in a session of its own.
watch_owner() {
  local dir="$1" owner="$2"
  wait_for_end "$owner"
  rm -f "$dir/watch-owner.pid"
  stop_all "$dir"
}

start_servers() {
  local dir="$1"
  shift
  rm -rf "$dir/etcd"
  start_etcd "$dir"
  write_apiserver_args "$dir" "$@"
  pki_client_kubeconfig "$dir" "$dir/admin.kubeconfig" admin system:masters
  spawn_apiserver "$dir"
  apiserver_ready "$dir" 150
}

command_start() {
  local dir="${1:?start needs a folder}" manager='' scheduler='' accounts='' taints=1 policy="$here/manifests/audit-policy.yaml" owner=''
  local disabled='' advertise='' attempt
  local -a extra=()
  shift
  while (($#)); do
    case "$1" in
      --with-controller-manager) manager=1 ;;
      --with-scheduler) scheduler=1 ;;
      --with-service-accounts) accounts=1 ;;
      --no-node-taints) taints='' ;;
      --audit-policy) policy="$2" && shift ;;
      --owner-pid) owner="$2" && shift ;;
      --advertise-address) advertise="$2" && shift ;;
      --apiserver-arg) extra+=("$2") && shift ;;
      *) die "start: unknown option $1" ;;
    esac
    shift
  done
  build etcd kube-apiserver kubectl ${manager:+kube-controller-manager} ${scheduler:+kube-scheduler}
  mkdir -p "$dir/logs"
  dir="$(cd "$dir" && pwd)"
  if alive "$dir/etcd.pid" || alive "$dir/apiserver.pid"; then die "a control plane already runs in $dir"; fi
  # Without a controller-manager nobody makes service accounts, and that plugin would refuse every pod.
  [[ -n "$manager$accounts" ]] || disabled=ServiceAccount
  [[ -n "$taints" ]] || disabled+="${disabled:+,}TaintNodesByCondition"
  binary_path kubectl >"$dir/kubectl.path"
  binary_path kube-apiserver >"$dir/apiserver.path"
  trap 'stop_all "$dir"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  if [[ -n "$owner" ]]; then
    spawn "$dir/watch-owner.pid" "$dir/logs/watch-owner.log" bash "$here/controlplane.sh" watch-owner "$dir" "$owner"
  fi
  pki_create "$dir"
  printf '%s' "$advertise" >"$dir/advertise-address"
  pki_serving "$dir"
  for attempt in 1 2 3; do
    start_servers "$dir" "$disabled" "$policy" "$advertise" "${extra[@]}" && break
    # A port that was free a moment ago may have been taken: once more with others.
    if ((attempt == 3)) || ! grep -qs 'address already in use' "$dir"/logs/*.log; then
      tail -n 15 "$dir/logs/etcd.log" "$dir/logs/kube-apiserver.log" >&2 || true
      die "the control plane did not become ready; logs are in $dir/logs"
    fi
    end_process "$dir/apiserver.pid" 0
    end_process "$dir/etcd.pid" 0
  done
  wait_created "$dir" namespace default kube-system
  [[ -z "$manager" ]] || start_controller_manager "$dir"
  [[ -z "$scheduler" ]] || start_scheduler "$dir"
  trap - EXIT INT TERM HUP
}

# --- the other components ------------------------------------------------------------------------

# spawn_component DIR NAME ARGS...: on a free port, with an identity of its own; up when its /healthz port listens.
spawn_component() {
  local dir="$1" name="$2" port
  shift 2
  build "$name"
  [[ -s "$dir/$name.kubeconfig" ]] || pki_client_kubeconfig "$dir" "$dir/$name.kubeconfig" "system:$name"
  port="$(free_port)"
  spawn "$dir/$name.pid" "$dir/logs/$name.log" "$(binary_path "$name")" --bind-address=127.0.0.1 --secure-port="$port" \
    --authentication-kubeconfig="$dir/$name.kubeconfig" --authorization-kubeconfig="$dir/$name.kubeconfig" "$@"
  for _ in {1..300}; do
    port_listening "$port" && return 0
    alive "$dir/$name.pid" || break
    sleep 0.1
  done
  tail -n 15 "$dir/logs/$name.log" >&2
  die "$name did not start; its log is $dir/logs/$name.log"
}

# start_controller_manager DIR [CONTROLLERS [ARGUMENT...]]
start_controller_manager() {
  local dir="$1" controllers="${2:-*}"
  shift
  (($# == 0)) || shift
  spawn_component "$dir" kube-controller-manager --kubeconfig="$dir/kube-controller-manager.kubeconfig" \
    --controllers="$controllers" --leader-elect=false --use-service-account-credentials=true --kube-api-qps=500 --kube-api-burst=1000 \
    --pvclaimbinder-sync-period=1s \
    --service-account-private-key-file="$dir/pki/service-account.key" --root-ca-file="$dir/pki/ca.crt" "$@"
  [[ "$controllers" != '*' ]] || wait_created "$dir" serviceaccount default --namespace default
}

start_scheduler() {
  local dir="$1" config="${2:-}"
  [[ -s "$dir/kube-scheduler.kubeconfig" ]] ||
    pki_client_kubeconfig "$dir" "$dir/kube-scheduler.kubeconfig" system:kube-scheduler
  if [[ -z "$config" ]]; then
    config="$dir/kube-scheduler.yaml"
    cat >"$config" <<YAML
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: "$dir/kube-scheduler.kubeconfig", qps: 5000, burst: 10000}
YAML
  fi
  spawn_component "$dir" kube-scheduler --config="$config"
}

# --- commands on a running control plane ---------------------------------------------------------

known_dir() {
  [[ -n "${1:-}" && -s "$1/apiserver.args" ]] || die "no control plane was started in '${1:-}'"
  (cd "$1" && pwd)
}

stop_all() {
  local dir="$1" name
  for name in watch-owner kube-scheduler kube-controller-manager apiserver etcd; do
    end_process "$dir/$name.pid" 0
  done
  keep_audit "$dir"
}

# What the two programs asked for, for tests/chart/rights_test.py.
keep_audit() {
  [[ -n "${STOWAGE_AUDIT_KEEP:-}" && -s "$1/audit.log" ]] || return 0
  mkdir -p "$STOWAGE_AUDIT_KEEP"
  grep -E '"username":"(system:serviceaccount:stowage-system:)?stowage-(scheduler|operator)"' "$1/audit.log" \
    >"$(mktemp --suffix=.log "$STOWAGE_AUDIT_KEEP/$(basename "$1").XXXXXX")" || true
}

command_env() {
  local dir
  dir="$(known_dir "$@")"
  printf 'export KUBECONFIG=%q\nKUBECTL=%q\nAUDIT_LOG=%q\nAPISERVER=%q\n' "$dir/admin.kubeconfig" \
    "$(<"$dir/kubectl.path")" "$dir/audit.log" "https://127.0.0.1:$(<"$dir/apiserver.port")"
}

command_identity() {
  local dir user file
  local -a groups=()
  dir="$(known_dir "$@")"
  user="${2:?identity needs a user name}"
  shift 2
  while (($#)); do
    [[ "$1" == --group && -n "${2:-}" ]] || die "identity: unknown option $1"
    groups+=("$2")
    shift 2
  done
  file="$dir/${user//:/_}.kubeconfig"
  pki_client_kubeconfig "$dir" "$file" "$user" "${groups[@]}"
  printf '%s\n' "$file"
}

# own_identity PROGRAM DIR: its least-privilege role from manifests/, and its kubeconfig.
own_identity() {
  local program="$1" dir
  dir="$(known_dir "$2")"
  kubectl "$dir" apply -f "$here/manifests/$program-rbac.yaml" >&2
  command_identity "$dir" "stowage-$program"
}

command_restart_apiserver() {
  local dir
  dir="$(known_dir "$@")"
  alive "$dir/etcd.pid" || die "etcd of $dir does not run"
  end_process "$dir/apiserver.pid" 0
  wait_port_released "$(<"$dir/apiserver.port")" 30 || die "port $(<"$dir/apiserver.port") is still in use"
  spawn_apiserver "$dir"
  apiserver_ready "$dir" 150 || die "the API server did not become ready again; logs are in $dir/logs"
}

main() {
  local command="${1:-help}" dir
  (($# == 0)) || shift
  case "$command" in
    help | --help | -h) usage ;;
    build) command_build "$@" ;;
    path) binary_path "${1:?path needs a name}" ;;
    start) command_start "$@" ;;
    stop) stop_all "${1:?stop needs a folder}" ;;
    env) command_env "$@" ;;
    identity) command_identity "$@" ;;
    scheduler-identity) own_identity scheduler "$@" ;;
    operator-identity) own_identity operator "$@" ;;
    token)
      dir="$(known_dir "$@")"
      kubectl "$dir" create token "${3:?token needs a namespace and a service account}" --namespace "$2"
      ;;
    kill-apiserver)
      dir="$(known_dir "$@")"
      end_process "$dir/apiserver.pid" 0
      ;;
    restart-apiserver) command_restart_apiserver "$@" ;;
    rotate-serving-cert)
      dir="$(known_dir "$@")"
      pki_serving "$dir"
      ;;
    start-controller-manager)
      dir="$(known_dir "$@")"
      start_controller_manager "$dir" "${@:2}"
      ;;
    stop-controller-manager) end_process "$(known_dir "$@")/kube-controller-manager.pid" ;;
    start-scheduler)
      dir="$(known_dir "$@")"
      start_scheduler "$dir" "${2:-}"
      ;;
    stop-scheduler) end_process "$(known_dir "$@")/kube-scheduler.pid" ;;
    watch-owner) watch_owner "$@" ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

main "$@"
