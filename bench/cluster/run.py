#!/usr/bin/env python3
"""Measures Stowage beside kube-scheduler on a real kube-apiserver and etcd. Started by `make bench-cluster`.

Every run gets a fresh API server with fake nodes and pending pods, then a scheduler is started and binds them; then
more pods come at a fixed rate. The two schedulers take turns. Settings are environment variables:
  NODES      nodes (default 1000); several sizes: "1000 5000"
  PODS       pods that wait at the start (default 5000; preemption: half the nodes)
  WORKLOADS  of: plain spread anti-affinity mixed preemption (default: all)
  FILL       small pods that are on each node before (default 0)
  SIDES      of: kube-scheduler stowage (default: both)
  REPEAT     runs of each scheduler (default 3); medians are printed
  RATE       pods per second that come later (default 100)
  ARRIVALS   how many of those (default 10 s of them; preemption: at most a quarter of the nodes)
  STALL      seconds without a binding after which a run has failed (default 60)
  OUT        results as JSON (default build/bench-cluster.json)
docs/benchmarks.md explains the columns.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import measure  # noqa: E402
import table  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONTROLPLANE = ROOT / "tests/controlplane/controlplane.sh"
SCHEDULER = ROOT / "build/release/cmd/scheduler/stowage-scheduler"
LOAD = ROOT / "build/release/bench-load"
WORKLOADS = ["plain", "spread", "anti-affinity", "mixed", "preemption"]


class RunFailed(Exception):
    """This run gives no numbers; the text says why."""


def tool(*args):
    done = subprocess.run([str(a) for a in args], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunFailed(f"{' '.join(str(a) for a in args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def config_text(kubeconfig):
    """The same settings for both: no election, requests not throttled; all else is each one's default."""
    return ("apiVersion: kubescheduler.config.k8s.io/v1\n"
            "kind: KubeSchedulerConfiguration\n"
            "leaderElection: {leaderElect: false}\n"
            f"clientConnection: {{kubeconfig: \"{kubeconfig}\", qps: -1, burst: 1}}\n")


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K  {text}")
        sys.stderr.flush()


class Settings:
    def __init__(self, env):
        self.nodes = [int(n) for n in env.get("NODES", "1000").split()]
        self.pods = int(env.get("PODS", "5000"))
        self.workloads = env.get("WORKLOADS", " ".join(WORKLOADS)).replace(",", " ").split()
        self.fill = int(env.get("FILL", "0"))
        self.sides = env.get("SIDES", "kube-scheduler stowage").split()
        self.repeat = int(env.get("REPEAT", "3"))
        self.rate = int(env.get("RATE", "100"))
        self.arrivals = int(env.get("ARRIVALS", str(10 * self.rate)))
        self.stall = int(env.get("STALL", "60"))
        self.out = Path(env.get("OUT", ROOT / "build/bench-cluster.json"))
        unknown = set(self.sides) - {"kube-scheduler", "stowage"}
        if unknown or not self.sides:
            sys.exit(f"SIDES: kube-scheduler, stowage or both, not {' '.join(sorted(unknown))}")
        unknown = set(self.workloads) - set(WORKLOADS)
        if unknown:
            sys.exit(f"no such workload: {' '.join(sorted(unknown))}; there are: {' '.join(WORKLOADS)}")

    def counts(self, workload, nodes):
        """Pods at the start and later: a preemptor needs a node of its own."""
        if workload == "preemption":
            return min(self.pods, nodes // 2), min(self.arrivals, nodes // 4)
        return self.pods, self.arrivals


class Cluster:
    """A fresh API server and the scheduler on it, for one run; `with` ends both."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.started = None

    def __enter__(self):
        policy = self.dir / "no-audit.yaml"
        policy.write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n")
        # Priority and fairness knows kube-scheduler by name and would favour it.
        tool(CONTROLPLANE, "start", self.dir / "cp", "--no-node-taints", "--audit-policy", policy, "--owner-pid",
             os.getpid(), "--apiserver-arg", "--enable-priority-and-fairness=false")
        return self

    def __exit__(self, *unused):
        if self.started:
            self.started.terminate()
            self.started.wait()
        tool(CONTROLPLANE, "stop", self.dir / "cp")

    def prepare(self, name):
        """All that is no part of the measurement; gives the function that starts the scheduler and gives its id."""
        config = self.dir / "scheduler.yaml"
        if name == "stowage":
            identity = tool(CONTROLPLANE, "scheduler-identity", self.dir / "cp")
            config.write_text(config_text(identity))
            return lambda: self.start_stowage(config)
        identity = tool(CONTROLPLANE, "identity", self.dir / "cp", "system:kube-scheduler")
        # controlplane.sh gives it this identity for its own server's authentication, too.
        (self.dir / "cp/kube-scheduler.kubeconfig").write_text(Path(identity).read_text(encoding="utf-8"))
        config.write_text(config_text(identity))
        return lambda: self.start_upstream(config)

    def start_stowage(self, config):
        with open(self.dir / "stowage.log", "w", encoding="utf-8") as log:
            self.started = subprocess.Popen(
                [str(SCHEDULER), "--config", str(config), "--secure-port", "0"], stdout=log, stderr=subprocess.STDOUT)
        return self.started.pid

    def start_upstream(self, config):
        tool(CONTROLPLANE, "start-scheduler", self.dir / "cp", config)
        return int((self.dir / "cp/kube-scheduler.pid").read_text(encoding="utf-8").split()[0])


class Load:
    """The load program: gives reports, takes commands."""

    def __init__(self, cluster, scheduler_name, workload, nodes, pods, arrivals, settings):
        self.process = subprocess.Popen(
            [str(LOAD), "-kubeconfig", str(cluster.dir / "cp/admin.kubeconfig"), "-scheduler", scheduler_name,
             "-workload", workload, "-nodes", str(nodes), "-pods", str(pods), "-arrivals", str(arrivals),
             "-rate", str(settings.rate), "-fill", str(settings.fill), "-stall", f"{settings.stall}s"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def until(self, phase, title):
        for line in self.process.stdout:
            report = json.loads(line)
            if report["phase"] == phase:
                return report
            progress(f"{title}: {report['what']} {report['done']}/{report['of']}")
        raise RunFailed("the load program ended early")

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()


def run_once(scheduler, workload, nodes, settings, title):
    pods, arrivals = settings.counts(workload, nodes)
    name = {"stowage": "stowage-scheduler", "kube-scheduler": "default-scheduler"}[scheduler]
    with tempfile.TemporaryDirectory(prefix="stowage-bench.") as directory, Cluster(directory) as cluster:
        load = Load(cluster, name, workload, nodes, pods, arrivals, settings)
        try:
            load.until("ready", title)
            start = cluster.prepare(scheduler)
            load.command("start")
            process = measure.Process(start())
            drained = load.until("drained", title)
            if drained["done"] < pods:
                raise RunFailed(f"bound {drained['done']} of {pods} pods")
            drain_cpu = process.settled_cpu()
            # Preemptors all wait for their victims before the first of them is bound: their time begins with the scheduler.
            seconds = drained["whole_seconds"] if workload == "preemption" else drained["seconds"]
            result = {"pods_per_s": pods / seconds, "whole_s": drained["whole_seconds"],
                      "cpu_ms_per_pod": drain_cpu * 1000 / pods, "rss_mb": process.peak_rss_mb()}
            if arrivals:
                load.command("arrive")
                arrived = load.until("arrived", title)
                if arrived["done"] < arrivals:
                    raise RunFailed(f"bound {arrived['done']} of {arrivals} pods that came later")
                result.update(p50_ms=arrived["p50_ms"], p99_ms=arrived["p99_ms"], arrival_rate=arrived["rate"],
                              arrival_cpu_ms_per_pod=(process.settled_cpu() - drain_cpu) * 1000 / arrivals)
            problems = load.until("checked", title).get("problems")
            if problems:
                raise RunFailed("wrong placements: " + "; ".join(problems[:5]))
            return result
        except OSError as failure:
            raise RunFailed(f"the scheduler ended early: {failure}") from failure
        finally:
            load.end()


def measure_workload(workload, nodes, settings):
    """{scheduler: {"runs": [...], "failures": [...]}}; the schedulers take turns, and who begins too."""
    results = {name: {"runs": [], "failures": []} for name in settings.sides}
    for turn in range(settings.repeat):
        order = list(results) if turn % 2 == 0 else list(results)[::-1]
        for scheduler in order:
            title = f"{workload}, {nodes} nodes, run {turn + 1}/{settings.repeat}, {scheduler}"
            try:
                result = run_once(scheduler, workload, nodes, settings, title)
                results[scheduler]["runs"].append(result)
                progress("")
                print(f"  {title}: {table.one_line(result)}", flush=True)
            except RunFailed as failure:
                results[scheduler]["failures"].append(str(failure))
                progress("")
                print(f"  {title}: FAILED: {failure}", flush=True)
    return results


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    settings = Settings(os.environ)
    machine = measure.machine(ROOT)
    print(f"{machine['commit']} on {machine['cpus']} x {machine['model']}, load {machine['load']}")
    everything = []
    for nodes in settings.nodes:
        for workload in settings.workloads:
            pods, arrivals = settings.counts(workload, nodes)
            everything.append({"workload": workload, "nodes": nodes, "fill": settings.fill, "pods": pods, "arrivals": arrivals,
                               "rate": settings.rate, "schedulers": measure_workload(workload, nodes, settings)})
            settings.out.parent.mkdir(parents=True, exist_ok=True)
            settings.out.write_text(json.dumps({"machine": machine, "results": everything}, indent=1) + "\n")
    print("\n" + table.markdown(everything))
    print(f"Everything, run by run: {settings.out}")
    failed = any(s["failures"] for r in everything for s in r["schedulers"].values())
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
