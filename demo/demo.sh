#!/usr/bin/env bash
# Watch Stowage schedule on a real local control plane. Started by `make demo`; cleans up on Ctrl-C.
#   demo/demo.sh [--keep]     --keep: stay up after the picture even without a terminal
set -euo pipefail
shopt -s inherit_errexit

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${STOWAGE_BIN:-$root/build/dev/cmd/scheduler/stowage-scheduler}
controlplane=$root/tests/controlplane/controlplane.sh
tools=$root/tests/tools/tools.sh
operator_bin=${STOWAGE_OPERATOR_BIN:-$root/build/dev/cmd/operator/stowage-operator}
verbs_bin=${STOWAGE_KUBECTL_BIN:-$root/build/dev/cmd/kubectl-stowage/kubectl-stowage}
total=300
keep=no
[[ ${1:-} == --keep ]] && keep=yes
[[ ${1:-} == -h || ${1:-} == --help ]] && { sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}"; exit 0; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/stowage-demo.XXXXXX")
stowage_pid=""
operator_pid=""

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
plain() { [[ -t 1 && -z ${NO_COLOR:-} ]] || say() { printf '\n==> %s\n' "$*"; }; }
plain

cleanup() {
  local code=$?
  trap - EXIT INT TERM HUP
  local pid
  for pid in $operator_pid $stowage_pid; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  "$tools" kwok-stop "$dir/kwok" >/dev/null 2>&1 || true
  "$controlplane" stop "$dir/cp" >/dev/null 2>&1 || true
  if [[ $code -ne 0 && $code -ne 130 ]]; then
    echo "The demo failed (exit $code). Logs: $dir" >&2
  else
    rm -rf "$dir"
  fi
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

stowage() { "$verbs_bin" "$@" --kubeconfig "$dir/cp/admin.kubeconfig"; }

# Does to group db what is typed, and shows how its members go until all are as wanted.
timeline() {
  python3 "$root/demo/timeline.py" "$verbs_bin" status db -n shop -o json --kubeconfig "$dir/cp/admin.kubeconfig" -- "$@"
}

# Waits until the group's status is of its present spec and says that all members are as wanted.
wait_ready() {
  local start=$SECONDS
  until [[ $(k get sfg "$1" -n "$2" -o jsonpath='{.metadata.generation}={.status.observedGeneration} {.status.conditions[?(@.type=="Ready")].status}') =~ ^([0-9]+)=([0-9]+)\ True$ &&
    ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]; do
    if ((SECONDS - start > 120)); then
      echo "Group $2/$1 is not ready after 120 s:" >&2
      stowage status "$1" -n "$2" >&2
      return 1
    fi
    read -rt 0.3 <> <(:) || true
  done
}

k() { "$kubectl" --kubeconfig "$dir/cp/admin.kubeconfig" "$@"; }

# Shows progress until `total` pods of namespace shop are bound.
wait_bound() {
  local start=$SECONDS bound=0 line
  while ((bound < total)); do
    bound=$(k get pods -n shop --no-headers -o custom-columns=N:.spec.nodeName | grep -vc '^<none>$' || true)
    line=$(printf '%-*s' 30 "$(printf '#%.0s' $(seq 1 $((bound * 30 / total + 1))))")
    if [[ -t 1 ]]; then
      printf '\r  [%s] %3d of %d pods bound' "${line:0:30}" "$bound" "$total"
    else
      printf '  %3d of %d pods bound\n' "$bound" "$total"
    fi
    if ((bound >= total)); then break; fi
    if ((SECONDS - start > 180)); then
      echo; echo "Not all pods were bound within 180 s:" >&2
      k get events -n shop --field-selector type=Warning | tail -5 >&2
      return 1
    fi
    # Waiting for the cluster, not for time: each turn asks the API again.
    read -rt 0.5 <> <(:) || true
  done
  printf '\n  done in about %d s\n' $((SECONDS - start))
}

say "Starting etcd and kube-apiserver (first time: building them takes about 10 minutes)"
"$controlplane" build
"$tools" build kwok
"$controlplane" start "$dir/cp" --with-controller-manager --with-scheduler --owner-pid $$
kubectl=$("$controlplane" path kubectl)

say "Creating 20 nodes of three shapes in three zones (KWOK keeps them ready)"
python3 "$root/demo/workload.py" nodes >"$dir/nodes.list.json"
k create -f "$dir/nodes.list.json" >/dev/null
"$tools" kwok-start "$dir/kwok" "$dir/cp/admin.kubeconfig" $$
k wait --for=condition=Ready node --all --timeout=60s >/dev/null
until [[ -z $(k get nodes -o jsonpath='{.items[*].spec.taints}') ]]; do read -rt 0.3 <> <(:) || true; done
k get nodes -L topology.kubernetes.io/zone -L node.kubernetes.io/instance-type | sed -n 1,4p

say "12 platform pods and 300 shop pods go to kube-scheduler first, for comparison"
k create namespace platform >/dev/null
k create namespace shop >/dev/null
until k get serviceaccount default -n shop >/dev/null 2>&1 && k get serviceaccount default -n platform >/dev/null 2>&1; do
  read -rt 0.2 <> <(:) || true
done
python3 "$root/demo/workload.py" platform | k create -f - >/dev/null
python3 "$root/demo/workload.py" pods --scheduler default-scheduler >"$dir/default.json"
k create -f "$dir/default.json" >/dev/null &
creating=$!
wait_bound
wait "$creating"
k get nodes -o json >"$dir/nodes.json"
k get pods -A -o json >"$dir/left.json"

say "Deleting the 300 pods and giving the very same 300 to Stowage"
k delete --raw "/api/v1/namespaces/shop/pods?gracePeriodSeconds=0" >/dev/null
until [[ -z $(k get pods -n shop -o name) ]]; do read -rt 0.3 <> <(:) || true; done

identity=$("$controlplane" scheduler-identity "$dir/cp" 2>/dev/null)
k create serviceaccount metrics-reader -n stowage-system >/dev/null
k create clusterrole metrics-reader --verb=get --non-resource-url=/metrics,/configz >/dev/null
k create clusterrolebinding metrics-reader --clusterrole=metrics-reader \
  --serviceaccount=stowage-system:metrics-reader >/dev/null
port=$(source "$root/scripts/lib/processes.sh" && free_port)
"$bin" --kubeconfig "$identity" --secure-port "$port" --bind-address 127.0.0.1 \
  --leader-elect-resource-namespace kube-system >"$dir/stowage.log" 2>&1 &
stowage_pid=$!
python3 "$root/demo/workload.py" pods --scheduler stowage-scheduler >"$dir/stowage.json"
k create -f "$dir/stowage.json" >/dev/null &
creating=$!
wait_bound
wait "$creating"
k get pods -A -o json >"$dir/right.json"

say "The same 300 pods (and 12 platform pods), placed twice"
python3 "$root/demo/picture.py" "$dir/nodes.json" kube-scheduler "$dir/left.json" Stowage "$dir/right.json"

say "Now stowage-operator: a StatefulGroup of 2 shards of 3 replicas, placed by Stowage"
k apply -f "$root/lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml" >/dev/null
until k wait --for=condition=Established crd/statefulgroups.stowage.dev --timeout=30s >/dev/null 2>&1; do
  read -rt 0.2 <> <(:) || true
done
operator_identity=$("$controlplane" operator-identity "$dir/cp" 2>/dev/null)
"$operator_bin" --kubeconfig "$operator_identity" --leader-elect=false --secure-port 0 >"$dir/operator.log" 2>&1 &
operator_pid=$!
k create -f "$root/demo/group.yaml" >/dev/null
wait_ready db shop
stowage status db -n shop

say "A bug fix of its image: in the running pods, one member of a shard at a time, never below the quorum"
echo '  A figure is a member that serves, at that revision; a dot is one that does not.'
timeline "$kubectl" --kubeconfig "$dir/cp/admin.kubeconfig" patch sfg db -n shop --type=json \
  -p '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"example.test/db:2"}]'
echo
stowage history db -n shop

say "Back again: kubectl stowage rollback db"
timeline "$verbs_bin" rollback db -n shop --kubeconfig "$dir/cp/admin.kubeconfig"

node=$(k get pod db-0-0 -n shop -o jsonpath='{.spec.nodeName}')
say "Node $node is lost for good; its administrator says so by a taint"
timeline "$kubectl" --kubeconfig "$dir/cp/admin.kubeconfig" taint node "$node" node.kubernetes.io/out-of-service=nodeshutdown:NoExecute
echo
stowage status db -n shop

say "Where to look next"
cat <<TEXT
  export KUBECONFIG=$dir/cp/admin.kubeconfig
  export PATH=$(dirname "$kubectl"):$(dirname "$verbs_bin"):\$PATH
  kubectl get pods -n shop -o wide                        # which node each pod went to
  kubectl describe pod -n shop web-00                     # the Scheduled event, by stowage-scheduler
  kubectl get lease -n kube-system stowage-scheduler      # who leads
  kubectl run big --image=pause --overrides='{"spec":{"schedulerName":"stowage-scheduler","containers":[{"name":"c","image":"pause","resources":{"requests":{"cpu":"64"}}}]}}'
  kubectl describe pod big                                # FailedScheduling says why, node by node
  curl -sk https://127.0.0.1:$port/readyz?verbose         # named checks of the scheduler
  curl -sk -H "Authorization: Bearer \$(kubectl create token -n stowage-system metrics-reader)" https://127.0.0.1:$port/metrics
  kubectl stowage status db -n shop --watch               # then, elsewhere: kubectl stowage restart db -n shop
  kubectl get events -n shop --field-selector involvedObject.kind=StatefulGroup   # what the operator did, and why
  kubectl stowage replace db-0-1 -n shop                  # a new pod for one member, when it can be spared
  kubectl explain statefulgroup.spec                      # every field of a group; docs/statefulgroup.md is the guide
  less $dir/stowage.log $dir/operator.log
TEXT
if [[ -t 0 && -t 1 || $keep == yes ]]; then
  say "Everything keeps running. Press Ctrl-C to stop it and clean up."
  wait "$stowage_pid" || true
else
  say "No terminal: stopping and cleaning up."
fi
