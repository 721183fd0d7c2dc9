#!/usr/bin/env python3
"""Runs the commands of the pages on a real kube-apiserver with kube-controller-manager, kube-scheduler and 20 nodes of KWOK.

A block of commands (```sh) under <!-- run --> is run as it stands, the blocks of a page in one shell, the pages of PAGES one after
another. The lines of a text block under <!-- output --> must be in what the block before it prints, in that order; `...` stands
for anything. A block that only reads is read again until it prints them, since events and status come a moment later. What is different from a reader's cluster: KWOK does not run the processes of pods. So after `helm install` the
programs are started here, with the accounts, the configuration and the arguments of the release; the configuration follows its
ConfigMap as a kubelet's volume does; and their ports 10259 and 8443 are free ones.

tests/docs/run.py [--show] [BUILD_DIR [PAGE...]]     needs stowage-scheduler, stowage-operator and kubectl-stowage in it
  --show   what each block prints
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts/lint"))
import docs  # noqa: E402

SHOW = "--show" in sys.argv
ARGUMENTS = [a for a in sys.argv[1:] if a != "--show"] if __name__ == "__main__" else []
BUILD = pathlib.Path(ARGUMENTS[0] if ARGUMENTS else "build/dev").resolve()
CONTROLPLANE = str(ROOT / "tests/controlplane/controlplane.sh")
TOOLS = str(ROOT / "tests/tools/tools.sh")
PAGES = ("docs/quick-start.md", "docs/operations.md", "docs/placement.md", "docs/migration.md", "docs/metrics.md", "docs/configuration.md")
LIMIT = 300  # seconds that one block may take
NAMESPACE = "stowage-system"


def command(*words, stdin=None):
    done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(str(w) for w in words)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Cluster:
    """The control plane, its nodes, and the programs of the release once there is one. Everything ends with close()."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stowage-docs."))
        self.bin = self.folder / "bin"
        self.admin = self.folder / "cp/admin.kubeconfig"
        self.ports = {name: command("bash", "-c", f"source {ROOT}/scripts/lib/processes.sh && free_port")
                      for name in ("10259", "8443")}
        self.processes = {}
        self.logs = []
        self.follower = None
        self.closing = threading.Event()

    def start(self):
        command(CONTROLPLANE, "build", "all")
        command(TOOLS, "build", "kwok", "helm")
        self.bin.mkdir()
        for path in (command(CONTROLPLANE, "path", "kubectl"), command(TOOLS, "path", "helm"),
                     BUILD / "cmd/scheduler/stowage-scheduler", BUILD / "cmd/operator/stowage-operator",
                     BUILD / "cmd/kubectl-stowage/kubectl-stowage"):
            (self.bin / pathlib.Path(path).name.split("-v")[0]).symlink_to(path)
        command(CONTROLPLANE, "start", self.folder / "cp", "--with-controller-manager", "--with-scheduler", "--owner-pid", os.getpid())
        self.k("create", "-f", "-", stdin=command("python3", ROOT / "demo/workload.py", "nodes"))
        command(TOOLS, "kwok-start", self.folder / "kwok", self.admin, os.getpid())
        self.k("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")
        self.k("wait", "--for=create", "serviceaccount/default", "--timeout=60s")
        self.k("create", "namespace", "monitoring")  # which a reader of docs/metrics.md has
        self.make_volumes()

    def make_volumes(self):
        """A default storage class, and volumes for the claims of docs/migration.md; the real binder binds them."""
        provisioner = {"provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "Immediate"}
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        items = [{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                  "metadata": {"name": "standard", "annotations": default}, **provisioner}]
        for i in range(3):
            items.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{i}"},
                          "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                                   "storageClassName": "standard", "hostPath": {"path": f"/tmp/volume-{i}"}}})
        self.k("create", "-f", "-", stdin=yaml.safe_dump_all(items))

    def k(self, *words, stdin=None):
        return command(self.bin / "kubectl", "--kubeconfig", self.admin, *words, stdin=stdin)

    def environment(self):
        return {**os.environ, "KUBECONFIG": str(self.admin), "TMPDIR": str(self.folder), "PATH": f"{self.bin}:{os.environ['PATH']}"}

    def start_release(self):
        """What the kubelets would do for the pods of both Deployments."""
        config = self.folder / "scheduler.yaml"
        self.follow(config)
        self.follower = threading.Thread(target=self.keep_following, args=(config,), daemon=True)
        self.follower.start()
        for program, port in (("scheduler", "10259"), ("operator", "8443")):
            args = json.loads(self.k("get", "deployment", f"stowage-{program}", "-n", NAMESPACE, "-o",
                                     "jsonpath={.spec.template.spec.containers[0].args}"))
            args = [a for a in args if not a.startswith(("--config", "--secure-port"))]
            if program == "scheduler":
                args += ["--config", config]
            self.start_program(program, [*args, f"--secure-port={self.ports[port]}", "--bind-address=127.0.0.1"])

    def start_program(self, program, args):
        identity = yaml.safe_load(self.admin.read_text())
        identity["users"][0]["user"] = {"token": self.k("create", "token", f"stowage-{program}", "-n", NAMESPACE, "--duration=1h")}
        file = self.folder / f"{program}.kubeconfig"
        file.write_text(yaml.safe_dump(identity))
        log = open(self.folder / f"{program}.log", "w")
        self.logs.append(log)
        self.processes[program] = subprocess.Popen([self.bin / f"stowage-{program}", "--kubeconfig", file, *args],
                                                   stdout=log, stderr=log)

    def follow(self, file):
        text = self.k("get", "configmap", "stowage-scheduler", "-n", NAMESPACE, "-o", r"jsonpath={.data.scheduler\.yaml}")
        if not file.exists() or file.read_text() != text:
            file.with_suffix(".new").write_text(text)
            file.with_suffix(".new").rename(file)

    def keep_following(self, file):
        while not self.closing.wait(0.3):
            try:
                self.follow(file)
            except SystemExit:
                pass  # the release may be gone

    def end_programs(self):
        for program, process in self.processes.items():
            ended = process.poll()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            if ended is not None:
                raise SystemExit(f"stowage-{program} ended with {ended}:\n{(self.folder / f'{program}.log').read_text()[-2000:]}")
        self.processes = {}

    def close(self):
        self.closing.set()
        if self.follower:
            self.follower.join()
        try:
            self.end_programs()
        finally:
            for log in self.logs:
                log.close()
            for tool, folder in ((f"{TOOLS} kwok-stop", "kwok"), (f"{CONTROLPLANE} stop", "cp")):
                subprocess.run([*tool.split(), str(self.folder / folder)], capture_output=True, check=False)


class Shell:
    """One bash for the blocks of a page, so that what one sets the next has."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.bash = subprocess.Popen(["bash", "-euo", "pipefail"], cwd=ROOT, env=cluster.environment(), text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, text):
        """What it prints, and whether it ended well."""
        for port, free in self.cluster.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free}")
        file = self.cluster.folder / "block.sh"
        file.write_text(text + "\n")
        self.bash.stdin.write(f"source {file} </dev/null\necho @@done\n")
        self.bash.stdin.flush()
        timer = threading.Timer(LIMIT, self.bash.kill)
        timer.start()
        lines = []
        for line in self.bash.stdout:
            if line == "@@done\n":
                timer.cancel()
                return "".join(lines), True
            lines.append(line)
        timer.cancel()
        return "".join(lines), False

    def close(self):
        self.bash.stdin.close()
        self.bash.wait(timeout=30)
        self.bash.stdout.close()


def missing(wanted, printed):
    """The first of the wanted lines that is not among the printed ones, after those before it."""
    have = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in wanted:
        pattern = ".*".join(re.escape(part) for part in " ".join(line.split()).split("..."))
        if line.strip() and not any(re.fullmatch(pattern, other) for other in have):
            return line
    return None


def only_reads(lines):
    reads = r"(kubectl (get|events|describe|stowage (status|history))|curl (?!.*-X)) ?"
    return all(re.match(reads, line) and "$(" not in line for line in docs.commands(lines))


def printed_in_time(shell, block, wanted, printed):
    """What is missing of the wanted lines; a block that only reads is run again for a while."""
    end = time.monotonic() + 60
    while True:
        line = missing(wanted, printed)
        if line is None or not only_reads(block) or time.monotonic() > end:
            return line, printed
        time.sleep(0.5)  # between two looks
        printed, _ = shell.run("\n".join(block))


def run_page(cluster, name):
    """How many blocks were run."""
    count, block, printed, shell = 0, [], "", Shell(cluster)
    try:
        for number, language, above, lines in docs.Page(ROOT / name).blocks:
            if language == "sh" and above == "<!-- run -->":
                began = time.monotonic()
                block = lines
                printed, good = shell.run("\n".join(lines))
                print(f"{name}:{number}: {time.monotonic() - began:.1f} s", flush=True)
                if SHOW:
                    print(printed)
                if not good:
                    raise SystemExit(f"{name}:{number}: failed, or not done within {LIMIT} s\n{printed}")
                count += 1
                if any(re.match("helm (install|upgrade --install) stowage ", line) for line in lines):
                    cluster.start_release()
                if any(line.startswith("helm uninstall stowage ") for line in lines):
                    cluster.end_programs()
            elif above == "<!-- output -->":
                line, printed = printed_in_time(shell, block, lines, printed)
                if line is not None:
                    raise SystemExit(f"{name}:{number}: not printed: {line}\n--- what was printed:\n{printed}")
    finally:
        shell.close()
    return count


def check_yaml(cluster):
    """Whole objects in ```yaml blocks of all pages: the API server takes them strictly (a dry run), or the scheduler its
    configuration. How many there were."""
    count = 0
    for page in docs.pages_of(ROOT).values():
        for number, language, _, lines in page.blocks:
            if language != "yaml":
                continue
            for item in yaml.safe_load_all("\n".join(lines)):
                if not isinstance(item, dict) or not {"apiVersion", "kind"} <= set(item):
                    continue
                place = f"{page.path.relative_to(ROOT)}:{number}"
                fault = (refusal_of_scheduler if item["kind"] == "KubeSchedulerConfiguration" else refusal_of_server)(cluster, item)
                if fault:
                    raise SystemExit(f"{place}: {fault}")
                count += 1
    return count


def refusal_of_server(cluster, item):
    done = subprocess.run([cluster.bin / "kubectl", "--kubeconfig", cluster.admin, "create", "--dry-run=server", "--validate=strict",
                           "-f", "-"], input=yaml.safe_dump(item), capture_output=True, text=True, check=False)
    return (done.stderr or "refused") if done.returncode else ""


def refusal_of_scheduler(cluster, item):
    """The configuration is read before the kubeconfig, which is not there: nothing is started."""
    file = cluster.folder / "example.yaml"
    file.write_text(yaml.safe_dump(item))
    done = subprocess.run([cluster.bin / "stowage-scheduler", "--config", file, "--kubeconfig", "/nonexistent"],
                          capture_output=True, text=True, check=False)
    return "" if "/nonexistent" in done.stderr else done.stderr


def main():
    cluster = Cluster()
    try:
        cluster.start()
        pages = ARGUMENTS[1:] or PAGES
        count = sum(run_page(cluster, page) for page in pages)
        if not count:
            raise SystemExit("no page has a block to run")
        objects = check_yaml(cluster) if pages is PAGES else 0
    except SystemExit:
        print(f"logs: {cluster.folder}", file=sys.stderr)
        cluster.close()
        raise
    cluster.close()
    shutil.rmtree(cluster.folder)
    print(f"{count} blocks of {len(pages)} pages ran, and printed what they say; {objects} objects in YAML were taken")


if __name__ == "__main__":
    main()
