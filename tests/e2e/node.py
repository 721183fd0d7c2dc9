"""A test control plane with real nodes on this machine, each a containerd and a kubelet; one kube-proxy, as they share network and
kernel. Runs inside the namespaces that e2e.sh makes: everything here may take whole ports, addresses and firewall tables, and
dies with them."""
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/chart"))
import archive  # noqa: E402
import chart  # noqa: E402

ADDRESS = "10.89.0.{}"  # of a node by its number; pods reach the API server at the first
POD_CIDR = "10.88.0.0/16"
NODE_CIDR = "10.88.{}.0/24"
DNS = "10.96.0.10"
APP = "stowage.dev/e2e/app:1"  # without arguments it waits, as the sandbox of a pod does
LIMIT = 600  # seconds that anything may take: it is a machine with other work that needs minutes

CONTAINERD = """
version = 2
root = "{folder}/{name}/containerd"
state = "/run/{name}"
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# Without CAP_SYS_RESOURCE a process cannot be made less likely to be killed than its parent.
restrict_oom_score_adj = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{cni}"
conf_dir = "{folder}/{name}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""

# A cable per pod, and routes: needs no bridge, and so no bridge netfilter either.
CNI = """{{"cniVersion": "0.4.0", "name": "{name}", "plugins": [
  {{"type": "ptp", "ipam": {{"type": "host-local", "subnet": "{cidr}", "routes": [{{"dst": "0.0.0.0/0"}}]}}}}]}}"""

KUBELET = """
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: {cgroup}
failSwapOn: false
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix://{socket}
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {cp}/pki/ca.crt}}
authorization: {{mode: Webhook}}
address: {address}
healthzBindAddress: {address}
clusterDNS: [{dns}]
clusterDomain: cluster.local
resolvConf: {folder}/resolv.conf
podLogsDir: {folder}/logs/{name}-pods
volumePluginDir: {folder}/volume-plugins
evictionHard: {{memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}}
imageGCHighThresholdPercent: 100
# A changed ConfigMap reaches the pods that mount it within this time.
syncFrequency: 5s
nodeStatusUpdateFrequency: 5s
"""

PROXY = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: {name}
clusterCIDR: {cidr}
clientConnection: {{kubeconfig: {kubeconfig}}}
# These are the whole machine's, and not to be changed from here.
conntrack: {{maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
"""


def wait_for(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)  # between two looks
    raise AssertionError(f"not within {limit} s: {what}")


def cni_plugins():
    return next(str(p) for p in map(pathlib.Path, ("/usr/lib/cni", "/opt/cni/bin")) if (p / "ptp").exists())


def socket_of(name):
    return f"/run/{name}.sock"


def cgroup_roots():
    """Where the control group of this run is: the hierarchies of version 1, and the one of version 2."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    return [pathlib.Path(m[1]) for m in mounts if m[2] in ("cgroup", "cgroup2")]


def make_cgroup(parent, name):
    """A kubelet wants its own to be there, with all controllers. Version 1's cpuset takes no process before it has CPUs and
    memory: its parent's."""
    if (parent / "cgroup.subtree_control").exists():
        for controller in (parent / "cgroup.controllers").read_text().split():
            (parent / "cgroup.subtree_control").write_text(f"+{controller}")
    (parent / name).mkdir()
    for file in ("cpuset.cpus", "cpuset.mems"):
        if (parent / "tasks").exists() and (parent / file).exists():
            (parent / name / file).write_text((parent / file).read_text())


class Cluster:
    """Started as a whole; nothing of it outlives the namespaces, so there is no stop."""

    def __init__(self, nodes=1):
        self.folder = pathlib.Path(os.environ["E2E_FOLDER"])
        self.cp = self.folder / "cp"
        self.logs = self.folder / "logs"
        self.nodes = [f"node-{number}" for number in range(1, nodes + 1)]
        self.admin = str(self.cp / "admin.kubeconfig")
        self.processes = {}
        self.logs.mkdir()
        (self.folder / "resolv.conf").write_text("")

    def start(self):
        """The parts that need no API server come up beside it."""
        for number, _ in enumerate(self.nodes, 1):
            chart.command("ip", "address", "add", ADDRESS.format(number) + "/32", "dev", "lo")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        for number, name in enumerate(self.nodes, 1):
            self.start_containerd(number, name)
        client = self.cp / "pki/client-admin"
        chart.command(chart.CONTROLPLANE, "start", self.cp, "--with-controller-manager", "--with-scheduler",
                      "--advertise-address", ADDRESS.format(1),
                      "--apiserver-arg", f"--kubelet-client-certificate={client}.crt",
                      "--apiserver-arg", f"--kubelet-client-key={client}.key",
                      "--apiserver-arg", "--kubelet-preferred-address-types=InternalIP")
        self.kubectl = chart.command(chart.CONTROLPLANE, "path", "kubectl").stdout.strip()
        for name in self.nodes:
            wait_for("containerd answers", lambda name=name: not self.ctr(name, "version", check=False).returncode)
        self.load(APP, {"usr/bin/app": os.environ["E2E_APP"]}, ["app"])
        for number, name in enumerate(self.nodes, 1):
            self.start_kubelet(number, name)
        self.start_proxy()
        for name in self.nodes:
            wait_for(f"{name} is ready", lambda name=name: self.ready(name))

    def ready(self, name):
        """As its kubelet says, and no taint keeps pods away."""
        self.alive(f"{name}-kubelet")
        return self.k("get", "node", name, "-o", 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints}', check=False) == "True"

    def spawn(self, name, *words):
        with open(self.logs / f"{name}.log", "w") as log:
            self.processes[name] = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def alive(self, name):
        if self.processes[name].poll() is not None:
            raise AssertionError(f"{name} ended:\n" + (self.logs / f"{name}.log").read_text()[-3000:])

    def file(self, place, text, **values):
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(folder=self.folder, cp=self.cp, **values))
        return path

    def identity(self, user, *groups):
        flags = [word for group in groups for word in ("--group", group)]
        return chart.command(chart.CONTROLPLANE, "identity", self.cp, user, *flags).stdout.strip()

    def start_containerd(self, number, name):
        self.file(f"{name}/cni/10-e2e.conflist", CNI, name=name, cidr=NODE_CIDR.format(number))
        config = self.file(f"{name}/containerd.toml", CONTAINERD, name=name, socket=socket_of(name), cni=cni_plugins(), pause=APP)
        self.spawn(f"{name}-containerd", "containerd", "--config", config)

    def start_kubelet(self, number, name):
        identity = self.identity(f"system:node:{name}", "system:nodes")
        for root in cgroup_roots():
            make_cgroup(root / os.environ["E2E_CGROUP"].lstrip("/"), name)
        config = self.file(f"{name}/kubelet.yaml", KUBELET, name=name, address=ADDRESS.format(number), socket=socket_of(name),
                           cgroup=f"{os.environ['E2E_CGROUP']}/{name}", dns=DNS)
        binary = chart.command(chart.CONTROLPLANE, "path", "kubelet").stdout.strip()
        self.spawn(f"{name}-kubelet", binary, "--config", config, "--kubeconfig", identity, "--root-dir", self.folder / name / "kubelet",
                   "--hostname-override", name, "--node-ip", ADDRESS.format(number))

    def start_proxy(self):
        config = self.file("proxy.yaml", PROXY, name=self.nodes[0], cidr=POD_CIDR, kubeconfig=self.identity("system:kube-proxy"))
        binary = chart.command(chart.CONTROLPLANE, "path", "kube-proxy").stdout.strip()
        self.spawn("kube-proxy", binary, "--config", config)

    def ctr(self, name, *words, check=True):
        return chart.command("ctr", "--address", socket_of(name), "--namespace", "k8s.io", *words, check=check)

    def load(self, reference, files, entrypoint):
        packed = self.folder / "image.tar"
        archive.write(packed, reference, files, entrypoint)
        self.load_archive(packed)

    def load_archive(self, packed):
        for name in self.nodes:
            self.ctr(name, "images", "import", packed)

    def k(self, *words, stdin=None, check=True):
        return chart.command(self.kubectl, "--kubeconfig", self.admin, *words, stdin=stdin, check=check).stdout.strip()
