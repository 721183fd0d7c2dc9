#!/usr/bin/env python3
"""The chart on a real kube-apiserver: installed, upgraded, rolled back and uninstalled with helm, in namespaces that enforce
the restricted Pod Security Standard; kube-controller-manager, kube-scheduler and KWOK make its pods run. The processes of
those pods are not run by KWOK: the real programs are started here, with the tokens of the chart's service accounts and the
chart's configuration, and the audit log shows no refusal.

tests/chart/install_test.py [BUILD_DIR]     needs stowage-scheduler and stowage-operator in it
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

import yaml

import chart
from cluster import LIMIT, Cluster, refusals, wait_for

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "build/dev").resolve()
# What other tests have not: owner references that block need a right of their own, and lists are not streamed.
SERVER = ("--apiserver-arg", "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
          "--apiserver-arg", "--feature-gates=WatchList=false")
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


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("--with-controller-manager", "--with-scheduler", *SERVER, kwok=True)
        cls.addClassCleanup(cls.cluster.close)
        cls.k, cls.h = cls.cluster.k, cls.cluster.h
        for namespace in ("stowage-system", "other"):
            cls.cluster.restricted_namespace(namespace)

    def own_requests(self):
        own = self.cluster.requests("system:serviceaccount:stowage-system:stowage-")
        self.assertTrue(own)
        return own

    def test_life_of_a_release(self):
        helm = ("--namespace", "stowage-system", "--wait", "--timeout", f"{LIMIT}s")
        # Monitoring definitions are absent, and what needs them is left out.
        self.h("install", "stowage", self.first_chart(), *helm)
        self.h("upgrade", "stowage", chart.CHART, *helm, "-f", chart.CHART / "ci/monitoring-values.yaml")
        self.assertEqual(self.k("get", "deployments", "-n", "stowage-system", "-o", "jsonpath={.items[*].status.readyReplicas}"), "2 2")
        self.h("install", "batch", chart.CHART, "--namespace", "other", "--wait", "--timeout", f"{LIMIT}s",
               "-f", chart.CHART / "ci/second-release-values.yaml")

        self.cluster.run_release(BUILD)
        self.k("apply", "-f", "-", stdin=GROUP)
        wait_for("the group is ready", lambda: self.k("get", "sfg", "db", "-o", "jsonpath={.status.readyReplicas}") == "3")
        self.check_helm_test()
        self.check_notes()

        self.h("upgrade", "stowage", chart.CHART, *helm, "--set", "scheduler.replicaCount=3")
        self.assertEqual(self.k("get", "deployment", "stowage-scheduler", "-n", "stowage-system", "-o", "jsonpath={.status.readyReplicas}"), "3")
        self.h("rollback", "stowage", "2", *helm)
        self.assertEqual(self.k("get", "deployment", "stowage-scheduler", "-n", "stowage-system", "-o", "jsonpath={.spec.replicas}"), "2")

        for program, process in self.cluster.processes.items():
            self.assertIsNone(process.poll(), self.cluster.log_of(program).read_text()[-2000:])
        own = self.own_requests()
        self.assertEqual(refusals(own), [])
        # A server that cannot stream lists: both programs list.
        self.assertLessEqual({f"system:serviceaccount:stowage-system:stowage-{p}" for p in ("scheduler", "operator")},
                             {e["user"]["username"] for e in own if e["verb"] == "list"})
        uid = self.k("get", "sfg", "db", "-o", "jsonpath={.metadata.uid}")
        self.h("uninstall", "stowage", *helm)
        self.assertEqual(self.k("get", "crds", "-o", "name").split(),
                         ["customresourcedefinition.apiextensions.k8s.io/statefulgroups.stowage.dev"])
        kinds = "deploy,svc,cm,sa,pdb,role,rolebinding,netpol,clusterrole,clusterrolebinding,flowschema"
        left = self.k("get", kinds, "-A", "-l", "app.kubernetes.io/part-of=stowage", "-o",
                      r"jsonpath={.items[*].metadata.annotations.meta\.helm\.sh/release-name}").split()
        self.assertEqual(set(left), {"batch"})
        self.h("install", "stowage", chart.CHART, *helm)
        self.assertEqual(self.k("get", "sfg", "db", "-o", "jsonpath={.metadata.uid}"), uid)

    def first_chart(self):
        """The oldest chart that the history here has: the first one, but for a shallow clone. Without any history the same
        chart is installed and upgraded, and a line says so."""
        def git(*words):
            return chart.command("git", "-C", chart.ROOT, *words, check=False).stdout.split()
        commits = git("log", "--format=%H", "--diff-filter=A", "--", "charts/stowage/Chart.yaml")
        shallow = git("rev-parse", "--is-shallow-repository") != ["false"]
        if shallow:
            print(f"\n  no whole history: upgraded from {commits[-1] if commits else 'the chart itself'}", file=sys.stderr)
        if not commits:
            return chart.CHART
        packed = self.cluster.folder / "first.tar"
        chart.command("git", "-C", chart.ROOT, "archive", "-o", packed, commits[-1], "charts/stowage")
        chart.command("tar", "-xf", packed, "-C", self.cluster.folder)
        first = self.cluster.folder / "charts/stowage"
        self.assertTrue(shallow or (first / "values.yaml").read_text() != (chart.CHART / "values.yaml").read_text())
        return first

    def check_helm_test(self):
        """KWOK does not end pods: what the container would do is said here, once Stowage has placed the pod."""
        test = subprocess.Popen([self.cluster.helm, "test", "stowage", "--namespace", "stowage-system", "--timeout", f"{LIMIT}s"],
                                env={**os.environ, "KUBECONFIG": self.cluster.admin}, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        pod = ("stowage-test", "-n", "stowage-system")
        wait_for("the test's pod runs", lambda: self.k("get", "pod", *pod, "-o", "jsonpath={.status.phase}", check=False) == "Running")
        wait_for("the event that Stowage placed it", lambda: self.k(
            "get", "events.events.k8s.io", "-n", "stowage-system", "--field-selector", "reason=Scheduled,regarding.name=stowage-test",
            "-o", "jsonpath={.items[*].reportingController}") == "stowage-scheduler")
        self.k("patch", "pod", *pod, "--subresource=status", "-p", '{"status":{"phase":"Succeeded"}}')
        text = test.communicate(timeout=LIMIT)[0]
        self.assertEqual(test.returncode, 0, text)
        self.assertRegex(text, r"Phase:\s+Succeeded")

    def check_notes(self):
        """The commands that helm tells people at the end."""
        said = [line.strip() for line in self.h("get", "notes", "stowage", "--namespace", "stowage-system").stdout.splitlines()]
        answers = {}
        for line in said:
            if line.startswith("kubectl ") and "NAMESPACE:ACCOUNT" not in line:
                words = shlex.split(line)[1:]
                answers[words[0] + words[1]] = wait_for(line, lambda w=words: self.k(*w, check=False) or "--field-selector" in w)
        self.assertIn("hello created", answers["runhello"])
        self.assertIn("db ", answers["getstatefulgroups"])
        wait_for("the first pod's event", lambda: "Successfully assigned default/hello" in self.k("events", "--for", "pod/hello"))

    def test_the_server_takes_every_set_of_values(self):
        """A dry run on the server, strictly: unknown and doubled fields are errors. Of monitors too, by the definitions
        that the Prometheus operator has."""
        definitions = chart.command(chart.TOOLS, "monitor-definitions").stdout.strip()
        for kind in ("servicemonitors", "podmonitors", "prometheusrules"):
            self.k("create", "-f", f"{definitions}/monitoring.coreos.com_{kind}.yaml")
            self.cluster.await_definition(f"{kind}.monitoring.coreos.com")
        for namespace in ("open", "observe"):
            self.k("create", "namespace", namespace)
        kinds = set()
        for values in chart.CI:
            with self.subTest(values=values.name):
                shown = chart.render(self.cluster.helm, "-f", values, release="dry",
                                     namespace="open" if "hostNetwork" in values.read_text() else "other")
                for document in shown:
                    document["metadata"].pop("annotations", None)
                shown = [d for d in shown if d["kind"] != "CustomResourceDefinition"]
                kinds |= {d["kind"] for d in shown}
                done = chart.command(self.cluster.kubectl, "--kubeconfig", self.cluster.admin, "create", "--dry-run=server",
                                     "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(shown))
                self.assertFalse(re.search("(?i)warning", done.stderr), done.stderr)
        self.assertLessEqual({"ServiceMonitor", "PodMonitor", "PrometheusRule", "NetworkPolicy", "FlowSchema"}, kinds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
