#!/usr/bin/env bash
# Runs the end-to-end tests on a real node: kubelet, containerd and runc on this machine. See --help.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/lib/common.sh
source "$here/../../scripts/lib/common.sh"
# shellcheck source=scripts/lib/processes.sh
source "$here/../../scripts/lib/processes.sh"

usage() {
  cat <<'HELP'
usage: e2e.sh COMMAND

  test           build what is missing, then run all tests
  check          say why this machine cannot run them, by name; nothing and success when it can
  run COMMAND... build, and run COMMAND in namespaces of its own (network, mounts, processes), where E2E_FOLDER is its folder and
                 E2E_CGROUP its control group, E2E_APP the program in app/. However this ends, also by SIGKILL, nothing of it stays.

The image of Stowage is the one that `make image` wrote, or the OCI archive E2E_IMAGE.
Root is needed. Missing Debian packages (containerd, runc, containernetworking-plugins, iptables, iproute2) are installed.
HELP
}

out="$(cd "$here/../.." && pwd)/build/e2e"
image="${E2E_IMAGE:-$here/../../build/image/stowage-$(<"$here/../../VERSION").oci.tar}"
# what is called: the Debian package that has it
readonly TOOLS=(containerd:containerd ctr:containerd runc:runc iptables:iptables ip:iproute2 unshare:util-linux setpriv:util-linux)

missing_packages() {
  local tool
  for tool in "${TOOLS[@]}"; do
    command -v "${tool%%:*}" >/dev/null || printf '%s\n' "${tool#*:}"
  done | sort -u
  [[ -x /usr/lib/cni/ptp || -x /opt/cni/bin/ptp ]] || echo containernetworking-plugins
}

# Named reasons, the first that applies. A package is no reason as long as it can be installed.
check() {
  local missing reason
  [[ $(id -u) -eq 0 ]] || die "a real node needs root: its kubelet mounts, makes control groups and network devices"
  reason="$(unshare --net --mount --pid --fork --mount-proc true 2>&1)" || die "no namespaces of our own here: $reason"
  missing="$(missing_packages)"
  # Word splitting is meant: one package a line.
  # shellcheck disable=SC2086
  if [[ -n "$missing" ]]; then
    command -v apt-get >/dev/null || die "missing, and no apt-get to install it with: ${missing//$'\n'/ }"
    say "installing ${missing//$'\n'/ }"
    reason="$({ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } 2>&1)" ||
      die "${missing//$'\n'/ } cannot be installed: $(tail -n 3 <<<"$reason")"
  fi
  missing="$(missing_packages)"
  [[ -z "$missing" ]] || die "installed, and still without programs that are needed: ${missing//$'\n'/ }"
  reason="$(unshare --net iptables -t nat -L -n 2>&1)" || die "no nat table of iptables, which kube-proxy needs: $reason"
  [[ -n "$(cgroup_roots)" ]] || die "no control groups in /proc/mounts"
  # What every run begins with. Words of mount are the kernel's.
  local probe="stowage-e2e-check.$$"
  reason="$(
    {
      make_cgroup "$probe" && for root in $(cgroup_roots); do rmdir "$root/$probe"; done &&
        unshare --mount bash -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/{upper,work} &&
          mount -t overlay -o lowerdir=/var,upperdir=/mnt/upper,workdir=/mnt/work overlay /var'
    } 2>&1
  )" || die "no control groups or overlays of our own here: $reason"
}

# The hierarchies of version 1, and the one of version 2.
cgroup_roots() { awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts; }

make_cgroup() {
  local root controller
  local -a controllers
  for root in $(cgroup_roots); do
    # Version 2 gives a child the controllers that its parent says.
    controllers=()
    if [[ -e "$root/cgroup.controllers" ]]; then read -ra controllers <"$root/cgroup.controllers"; fi
    for controller in "${controllers[@]}"; do
      echo "+$controller" >"$root/cgroup.subtree_control"
    done
    mkdir "$root/$1"
    # Version 1's cpuset takes no process before it has CPUs and memory: its parent's.
    if [[ -e "$root/cpuset.mems" && -e "$root/tasks" ]]; then
      cat "$root/cpuset.cpus" >"$root/$1/cpuset.cpus"
      cat "$root/cpuset.mems" >"$root/$1/cpuset.mems"
    fi
  done
}

# Takes away what a run left: its control group and its folder. Its processes, mounts and devices went with the namespaces.
sweep() {
  local folder="$1" root left
  for _ in {1..200}; do
    left=''
    for root in $(cgroup_roots); do
      root+="/$(basename "$folder")"
      [[ ! -d "$root" ]] || find "$root" -depth -type d -exec rmdir {} + 2>/dev/null || left+=" $root"
    done
    rm -rf "$folder" 2>/dev/null || left+=" $folder"
    [[ -n "$left" ]] || return 0
    sleep 0.1 # the kernel takes a moment to end all processes
  done
  die "could not be taken away:$left"
}

# Process 1 of the namespaces, and so who reaps orphans. A fresh /run hides the sockets of the machine's own containerd, and
# what is written below /var goes to our folder.
inside() {
  mount --make-rshared /
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir "$E2E_FOLDER/var" "$E2E_FOLDER/var.work"
  mount -t overlay -o "lowerdir=/var,upperdir=$E2E_FOLDER/var,workdir=$E2E_FOLDER/var.work" overlay /var
  ip link set lo up
  "$@" && exit 0
  exit 1
}

build() {
  "$here/../controlplane/controlplane.sh" build all
  "$here/../controlplane/controlplane.sh" build kubelet kube-proxy
  mkdir -p "$out"
  "$here/../tools/tools.sh" build helm helm4
  (cd "$here/app" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/app" .)
  (cd "$here/dns" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/coredns" .)
}

run() {
  local folder status=0
  check
  build
  [[ -s "$image" ]] || die "there is no image at $image: make image"
  folder="$(mktemp -d "/tmp/stowage-e2e.XXXXXX")"
  make_cgroup "$(basename "$folder")"
  # Also after a SIGKILL of this script: then the runner below ends with it, the namespaces' process 1 with that one, and
  # everything else with process 1.
  setsid bash "$here/e2e.sh" sweep-after $$ "$folder" </dev/null >/dev/null 2>&1 &
  E2E_FOLDER="$folder" E2E_CGROUP="/$(basename "$folder")" E2E_APP="$out/app" E2E_DNS="$out/coredns" \
    E2E_IMAGE="$image" setpriv --pdeathsig KILL \
    unshare --net --mount --pid --fork --kill-child --mount-proc bash "$here/e2e.sh" inside "$@" || status=$?
  if ((status)) && [[ -d "$folder/logs" ]]; then
    rm -rf "$out/logs"
    cp -r "$folder/logs" "$out/logs"
    cp -r "$folder/cp/logs/." "$out/logs" 2>/dev/null || true
    say "the logs of the node and of its control plane: build/e2e/logs"
  fi
  sweep "$folder"
  return "$status"
}

case "${1:-help}" in
  help | --help | -h) usage ;;
  test)
    run "$here/release_test.py"
    run "$here/nodes_test.py"
    "$here/killed_test.py"
    ;;
  check) check ;;
  run) shift && run "$@" ;;
  inside) shift && inside "$@" ;;
  sweep-after)
    wait_for_end "$2"
    sweep "$3"
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
