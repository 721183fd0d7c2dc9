"""A real API server (with controllers and KWOK when asked for) that the chart is installed on, and the real programs as the
accounts that the chart makes. One per test program; everything is ended and removed by close()."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import yaml

import chart

LIMIT = 120  # seconds that anything may take


def wait_for(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)  # between two looks
    raise AssertionError(f"not within {limit} s: {what}")


class Cluster:
    def __init__(self, *options, kwok=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stowage-chart."))
        self.helm = chart.helms()["helm"]
        self.processes = {}
        self._kwok = kwok
        self._dir = self.folder / "cp"
        try:
            chart.command(chart.CONTROLPLANE, "build", "all")
            chart.command(chart.CONTROLPLANE, "start", self._dir, *options, "--owner-pid", os.getpid())
            self.admin = str(self._dir / "admin.kubeconfig")
            self.audit = self._dir / "audit.log"
            self.kubectl = chart.command(chart.CONTROLPLANE, "path", "kubectl").stdout.strip()
            if kwok:
                self.k("create", "-f", "-", stdin=chart.command("python3", chart.ROOT / "demo/workload.py", "nodes").stdout)
                chart.command(chart.TOOLS, "kwok-start", self.folder / "kwok", self.admin, os.getpid())
        except BaseException:
            self.close()
            raise

    def close(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)
        if self._kwok:
            chart.command(chart.TOOLS, "kwok-stop", self.folder / "kwok", check=False)
        chart.command(chart.CONTROLPLANE, "stop", self._dir)
        shutil.rmtree(self.folder)

    def k(self, *words, stdin=None, check=True):
        return chart.command(self.kubectl, "--kubeconfig", self.admin, *words, stdin=stdin, check=check).stdout.strip()

    def h(self, *words, check=True):
        """helm, and not a word of warning."""
        done = chart.command(self.helm, *words, env={"KUBECONFIG": self.admin}, check=check)
        warned = re.search(r"(?i)\bwarning\b.*|.*would violate.*", done.stdout + done.stderr)
        if warned:
            raise AssertionError(f"{words}: {warned[0]}")
        return done

    def restricted_namespace(self, name):
        self.k("create", "namespace", name)
        self.k("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted",
               "pod-security.kubernetes.io/warn=restricted")

    def await_definition(self, name):
        """kubectl wait is an error of its own before the definition has conditions."""
        wait_for(f"{name} is served", lambda: self.k("wait", "--for=condition=Established", f"crd/{name}", f"--timeout={LIMIT}s", check=False))

    def as_account(self, namespace, account):
        """A kubeconfig of a service account: its file."""
        config = yaml.safe_load(pathlib.Path(self.admin).read_text())
        config["users"][0]["user"] = {"token": self.k("create", "token", account, "-n", namespace, "--duration=1h")}
        identity = self.folder / f"{namespace}.{account}.kubeconfig"
        identity.write_text(yaml.safe_dump(config))
        return identity

    def log_of(self, program):
        return self.folder / f"{program}.log"

    def run_program(self, build, program, *flags, namespace="stowage-system", account=None, name=None):
        """The real program as the account of a release."""
        name = name or program
        with open(self.log_of(name), "w") as log:
            self.processes[name] = subprocess.Popen(
                [build / f"cmd/{program}/stowage-{program}", "--kubeconfig", self.as_account(namespace, account or f"stowage-{program}"),
                 "--bind-address=127.0.0.1", "--secure-port=0", *flags], stdout=log, stderr=log)

    def run_release(self, build, namespace="stowage-system", **changes):
        """Both programs with what the release stowage runs them with: its configuration, its arguments."""
        config = self.folder / "scheduler.yaml"
        config.write_text(self.k("get", "configmap", "stowage-scheduler", "-n", namespace, "-o", r"jsonpath={.data.scheduler\.yaml}"))
        self.run_program(build, "scheduler", "--config", config, namespace=namespace, **changes)
        arguments = json.loads(self.k("get", "deployment", "stowage-operator", "-n", namespace, "-o",
                                      "jsonpath={.spec.template.spec.containers[0].args}"))
        self.run_program(build, "operator", *[a for a in arguments if not a.startswith("--secure-port")], namespace=namespace, **changes)

    def requests(self, prefix):
        """What the audit log has of users whose names start so."""
        events = map(json.loads, self.audit.read_text().splitlines())
        return [e for e in events if e["user"]["username"].startswith(prefix)]


def refusals(events):
    """For want of a right. The API server's OwnerReferencesPermissionEnforcement looks at what is defined every 30 seconds
    (apiserver pkg/server/options/admission.go, v0.36.3), and until then refuses what a group owns."""
    def refused(status):
        return status.get("code") == 403 and "cannot find RESTMapping" not in status.get("message", "")
    return [(e["user"]["username"], e["verb"], e["requestURI"]) for e in events if refused(e.get("responseStatus", {}))]
