#!/usr/bin/env python3
"""The chart on a real kube-apiserver: installed, upgraded, rolled back and uninstalled with helm, in namespaces that enforce
the restricted Pod Security Standard; kube-controller-manager, kube-scheduler and KWOK make its pods run. The processes of
those pods are not run by KWOK: the real programs are started here, with the tokens of the chart's service accounts and the
chart's configuration, and the audit log shows no refusal.

tests/chart/install_test.py [BUILD_DIR]     needs stowage-scheduler and stowage-operator in it
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

import chart

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "build/dev").resolve()
LIMIT = 120  # seconds that anything may take
GROUP = """
apiVersion: stowage.dev/v1alpha1
kind: StatefulGroup
metadata: {name: db, namespace: default}
spec:
  shards: 1
  replicas: 3
  template:
    spec:
      schedulerName: stowage-scheduler
      containers: [{name: main, image: example.org/db:1}]
"""


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)  # between two looks
    raise AssertionError(f"not within {LIMIT} s: {what}")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helm = chart.helms()["helm"]
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stowage-chart."))
        cls.processes = {}
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cp = cls.folder / "cp"
        chart.command(chart.CONTROLPLANE, "build", "all")
        chart.command(chart.TOOLS, "build", "kwok")
        cls.addClassCleanup(chart.command, chart.CONTROLPLANE, "stop", cp)
        chart.command(chart.CONTROLPLANE, "start", cp, "--with-controller-manager", "--with-scheduler", "--owner-pid", os.getpid())
        cls.admin = str(cp / "admin.kubeconfig")
        cls.audit = cp / "audit.log"
        cls.kubectl = chart.command(chart.CONTROLPLANE, "path", "kubectl").stdout.strip()
        nodes = chart.command("python3", chart.ROOT / "demo/workload.py", "nodes").stdout
        cls.k("create", "-f", "-", stdin=nodes)
        cls.addClassCleanup(chart.command, chart.TOOLS, "kwok-stop", cls.folder / "kwok", check=False)
        chart.command(chart.TOOLS, "kwok-start", cls.folder / "kwok", cls.admin, os.getpid())
        for namespace in ("stowage-system", "other"):
            cls.k("create", "namespace", namespace)
            cls.k("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted",
                  "pod-security.kubernetes.io/warn=restricted")

    @classmethod
    def k(cls, *words, stdin=None, check=True):
        return chart.command(cls.kubectl, "--kubeconfig", cls.admin, *words, stdin=stdin, check=check).stdout.strip()

    def h(self, *words, check=True):
        done = chart.command(self.helm, *words, env={"KUBECONFIG": self.admin}, check=check)
        self.assertNotRegex(done.stdout + done.stderr, r"(?i)\bwarning\b|would violate", words)
        return done

    def run_program(self, program, *flags):
        """The real program as the account of the release in stowage-system."""
        account = f"stowage-{program}"
        token = self.k("create", "token", account, "-n", "stowage-system", "--duration=1h")
        config = yaml.safe_load(pathlib.Path(self.admin).read_text())
        config["users"][0]["user"] = {"token": token}
        identity = self.folder / f"{program}.kubeconfig"
        identity.write_text(yaml.safe_dump(config))
        log = open(self.folder / f"{program}.log", "w")
        process = subprocess.Popen([BUILD / f"cmd/{program}/stowage-{program}", "--kubeconfig", identity,
                                    "--bind-address=127.0.0.1", "--secure-port=0", *flags], stdout=log, stderr=log)
        self.processes[program] = process
        self.addCleanup(log.close)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)

    def refusals(self):
        lines = [json.loads(line) for line in self.audit.read_text().splitlines()]
        own = [e for e in lines if e["user"]["username"].startswith("system:serviceaccount:stowage-system:stowage-")]
        self.assertTrue(own)
        return [(e["user"]["username"], e["verb"], e["requestURI"]) for e in own
                if e.get("responseStatus", {}).get("code") == 403]

    def crds(self):
        return self.k("get", "crds", "-o", "name").split()

    def test_life_of_a_release(self):
        helm = ("--namespace", "stowage-system", "--wait", "--timeout", f"{LIMIT}s")
        # Monitoring definitions are absent, and what needs them is left out.
        self.h("install", "stowage", self.first_chart(), *helm)
        self.h("upgrade", "stowage", chart.CHART, *helm, "-f", chart.CHART / "ci/monitoring-values.yaml")
        self.assertEqual(self.k("get", "deployments", "-n", "stowage-system", "-o", "jsonpath={.items[*].status.readyReplicas}"), "2 2")
        self.h("install", "batch", chart.CHART, "--namespace", "other", "--wait", "--timeout", f"{LIMIT}s",
               "-f", chart.CHART / "ci/second-release-values.yaml")

        config = self.folder / "scheduler.yaml"
        config.write_text(self.k("get", "configmap", "stowage-scheduler", "-n", "stowage-system", "-o", r"jsonpath={.data.scheduler\.yaml}"))
        self.run_program("scheduler", "--config", config)
        arguments = json.loads(self.k("get", "deployment", "stowage-operator", "-n", "stowage-system", "-o",
                                      "jsonpath={.spec.template.spec.containers[0].args}"))
        self.run_program("operator", *[a for a in arguments if not a.startswith("--secure-port")])
        self.k("apply", "-f", "-", stdin=GROUP)
        wait_for("the group is ready", lambda: self.k("get", "sfg", "db", "-o", "jsonpath={.status.readyReplicas}") == "3")
        self.check_helm_test()

        self.h("upgrade", "stowage", chart.CHART, *helm, "--set", "scheduler.replicaCount=3")
        self.assertEqual(self.k("get", "deployment", "stowage-scheduler", "-n", "stowage-system", "-o", "jsonpath={.status.readyReplicas}"), "3")
        self.h("rollback", "stowage", "2", *helm)
        self.assertEqual(self.k("get", "deployment", "stowage-scheduler", "-n", "stowage-system", "-o", "jsonpath={.spec.replicas}"), "2")

        for program, process in self.processes.items():
            self.assertIsNone(process.poll(), (self.folder / f"{program}.log").read_text()[-2000:])
        self.assertEqual(self.refusals(), [])
        uid = self.k("get", "sfg", "db", "-o", "jsonpath={.metadata.uid}")
        self.h("uninstall", "stowage", *helm)
        self.assertEqual(self.crds(), ["customresourcedefinition.apiextensions.k8s.io/statefulgroups.stowage.dev"])
        kinds = "deploy,svc,cm,sa,pdb,role,rolebinding,netpol,clusterrole,clusterrolebinding,flowschema"
        left = self.k("get", kinds, "-A", "-l", "app.kubernetes.io/part-of=stowage", "-o",
                      r"jsonpath={.items[*].metadata.annotations.meta\.helm\.sh/release-name}").split()
        self.assertEqual(set(left), {"batch"})
        self.h("install", "stowage", chart.CHART, *helm)
        self.assertEqual(self.k("get", "sfg", "db", "-o", "jsonpath={.metadata.uid}"), uid)

    def first_chart(self):
        """The chart as it was when it came into the repository; needs the history, not a shallow clone."""
        git = ("git", "-C", chart.ROOT)
        commit = chart.command(*git, "log", "--diff-filter=A", "--format=%H", "--", "charts/stowage/Chart.yaml").stdout.split()[-1]
        packed = self.folder / "first.tar"
        chart.command(*git, "archive", "-o", packed, commit, "charts/stowage")
        chart.command("tar", "-xf", packed, "-C", self.folder)
        return self.folder / "charts/stowage"

    def check_helm_test(self):
        """KWOK does not end pods: what the container would do is said here, once Stowage has placed the pod."""
        test = subprocess.Popen([self.helm, "test", "stowage", "--namespace", "stowage-system", "--timeout", f"{LIMIT}s"],
                                env={**os.environ, "KUBECONFIG": self.admin}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        pod = ("stowage-test", "-n", "stowage-system")
        wait_for("the test's pod runs", lambda: self.k("get", "pod", *pod, "-o", "jsonpath={.status.phase}", check=False) == "Running")
        wait_for("the event that Stowage placed it", lambda: self.k(
            "get", "events.events.k8s.io", "-n", "stowage-system", "--field-selector", "reason=Scheduled,regarding.name=stowage-test",
            "-o", "jsonpath={.items[*].reportingController}") == "stowage-scheduler")
        self.k("patch", "pod", *pod, "--subresource=status", "-p", '{"status":{"phase":"Succeeded"}}')
        text = test.communicate(timeout=LIMIT)[0]
        self.assertEqual(test.returncode, 0, text)
        self.assertRegex(text, r"Phase:\s+Succeeded")

    def test_the_server_takes_every_set_of_values(self):
        """A dry run on the server, strictly: unknown and doubled fields are errors."""
        for values in chart.CI:
            if "alwaysRender" in values.read_text():
                continue  # this cluster has no definitions of monitors
            with self.subTest(values=values.name):
                shown = chart.render(self.helm, "-f", values, release="dry", namespace="other")
                for document in shown:
                    document["metadata"].pop("annotations", None)
                shown = [d for d in shown if d["kind"] != "CustomResourceDefinition"]
                done = chart.command(self.kubectl, "--kubeconfig", self.admin, "create", "--dry-run=server",
                                     "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(shown))
                self.assertFalse(re.search("(?i)warning", done.stderr), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
