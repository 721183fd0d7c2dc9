"""One real node of a test control plane on this machine: containerd, kubelet and kube-proxy. Runs inside the namespaces that
e2e.sh makes: everything here may take whole ports, addresses and firewall tables, and dies with them."""
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/chart"))
import archive  # noqa: E402
import chart  # noqa: E402

NAME = "node-1"
ADDRESS = "10.89.0.1"  # of the node; pods reach the API server there
POD_CIDR = "10.88.0.0/16"
DNS = "10.96.0.10"
APP = "stowage.dev/e2e/app:1"  # without arguments it waits, as the sandbox of a pod does
LIMIT = 240  # seconds that anything may take, also on a machine that has other work

CONTAINERD = """
version = 2
root = "{folder}/containerd"
state = "/run/stowage-containerd"
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
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""

# A cable per pod, and routes: needs no bridge, and so no bridge netfilter either.
CNI = """{{"cniVersion": "0.4.0", "name": "e2e", "plugins": [
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
clusterDNS: [{dns}]
clusterDomain: cluster.local
resolvConf: {folder}/resolv.conf
podLogsDir: {folder}/logs/pods
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


class Node:
    """Started as a whole; nothing of it outlives the namespaces, so there is no stop."""

    def __init__(self):
        self.folder = pathlib.Path(os.environ["E2E_FOLDER"])
        self.cp = self.folder / "cp"
        self.logs = self.folder / "logs"
        self.socket = "/run/stowage-containerd.sock"
        self.admin = str(self.cp / "admin.kubeconfig")
        self.processes = {}
        self.logs.mkdir()
        (self.folder / "cni").mkdir()
        (self.folder / "resolv.conf").write_text("")

    def start(self):
        """The parts that need no API server come up beside it."""
        chart.command("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        self.start_containerd()
        client = self.cp / "pki/client-admin"
        chart.command(chart.CONTROLPLANE, "start", self.cp, "--with-controller-manager", "--with-scheduler",
                      "--advertise-address", ADDRESS,
                      "--apiserver-arg", f"--kubelet-client-certificate={client}.crt",
                      "--apiserver-arg", f"--kubelet-client-key={client}.key",
                      "--apiserver-arg", "--kubelet-preferred-address-types=InternalIP")
        self.kubectl = chart.command(chart.CONTROLPLANE, "path", "kubectl").stdout.strip()
        wait_for("containerd answers", lambda: self.alive("containerd") and not self.ctr("version", check=False).returncode)
        self.load(APP, {"usr/bin/app": os.environ["E2E_APP"]}, ["app"])
        self.start_kubelet()
        self.start_proxy()
        ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints}'
        wait_for("the node is ready", lambda: self.alive("kubelet") and self.k("get", "node", NAME, "-o", ready, check=False) == "True")

    def spawn(self, name, *words):
        with open(self.logs / f"{name}.log", "w") as log:
            self.processes[name] = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def alive(self, name):
        if self.processes[name].poll() is not None:
            raise AssertionError(f"{name} ended:\n" + (self.logs / f"{name}.log").read_text()[-3000:])
        return True

    def file(self, name, text, **values):
        path = self.folder / name
        path.write_text(text.format(folder=self.folder, cp=self.cp, socket=self.socket, cidr=POD_CIDR, name=NAME, **values))
        return path

    def identity(self, user, *groups):
        flags = [word for group in groups for word in ("--group", group)]
        return chart.command(chart.CONTROLPLANE, "identity", self.cp, user, *flags).stdout.strip()

    def start_containerd(self):
        self.file("cni/10-e2e.conflist", CNI)
        config = self.file("containerd.toml", CONTAINERD, cni=cni_plugins(), pause=APP)
        self.spawn("containerd", "containerd", "--config", config)

    def start_kubelet(self):
        identity = self.identity(f"system:node:{NAME}", "system:nodes")
        config = self.file("kubelet.yaml", KUBELET, cgroup=os.environ["E2E_CGROUP"], dns=DNS)
        binary = chart.command(chart.CONTROLPLANE, "path", "kubelet").stdout.strip()
        self.spawn("kubelet", binary, "--config", config, "--kubeconfig", identity, "--root-dir", self.folder / "kubelet",
                   "--hostname-override", NAME, "--node-ip", ADDRESS)

    def start_proxy(self):
        config = self.file("proxy.yaml", PROXY, kubeconfig=self.identity("system:kube-proxy"))
        binary = chart.command(chart.CONTROLPLANE, "path", "kube-proxy").stdout.strip()
        self.spawn("kube-proxy", binary, "--config", config)

    def ctr(self, *words, check=True):
        return chart.command("ctr", "--address", self.socket, "--namespace", "k8s.io", *words, check=check)

    def load(self, reference, files, entrypoint):
        packed = self.folder / "image.tar"
        archive.write(packed, reference, files, entrypoint)
        self.ctr("images", "import", packed)

    def k(self, *words, stdin=None, check=True):
        return chart.command(self.kubectl, "--kubeconfig", self.admin, *words, stdin=stdin, check=check).stdout.strip()
