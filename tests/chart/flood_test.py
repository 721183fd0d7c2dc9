#!/usr/bin/env python3
"""While a tenant's account keeps the API server busy, leases are renewed, no leader changes and pods are placed: what the
chart's FlowSchemas are for. --without shows what happens when they are taken away: leases are lost.

tests/chart/flood_test.py [BUILD_DIR] [--without]     needs stowage-scheduler and stowage-operator in it
"""
import datetime
import json
import pathlib
import sys
import time
import unittest

import yaml

import chart
from cluster import Cluster, wait_for
from flood import Flood

WITHOUT = "--without" in sys.argv
BUILD = pathlib.Path(next((w for w in sys.argv[1:] if not w.startswith("-")), "build/dev")).resolve()
SECONDS = 25  # of flood: a lease lasts 15 s
RENEW_DEADLINE = 10.0
# So few places that one tenant fills them; a big server has 600, and bigger tenants.
SMALL = ("--apiserver-arg", "--max-requests-inflight=20", "--apiserver-arg", "--max-mutating-requests-inflight=10")
CONNECTIONS = 80
PROGRAMS = ("scheduler", "operator")
TENANT = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: edit, namespace: tenant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: default, namespace: tenant}]
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: during, namespace: default}
spec: {schedulerName: stowage-scheduler, tolerations: [{operator: Exists}], containers: [{name: main, image: example.org/x:1}]}
"""
NODE = """
apiVersion: v1
kind: Node
metadata: {name: node}
status: {capacity: {cpu: 8, memory: 8Gi, pods: 100}, allocatable: {cpu: 8, memory: 8Gi, pods: 100}, conditions: [{type: Ready, status: "True"}]}
"""


class Leases:
    """What the administrator, whom no queue holds up, sees of the leases."""

    def __init__(self, cluster):
        self._k = cluster.k
        self.first = self.read()
        self.oldest = {p: 0.0 for p in PROGRAMS}

    def read(self):
        items = json.loads(self._k("get", "leases", "-n", "stowage-system", "-o", "json"))["items"]
        return {i["metadata"]["name"].removeprefix("stowage-"): i["spec"] for i in items}

    def look(self):
        """Notes how old each renewal is; the leases that changed hands or were not renewed in time."""
        now = datetime.datetime.now(datetime.timezone.utc)
        lost = set()
        for program, lease in self.read().items():
            age = (now - datetime.datetime.fromisoformat(lease["renewTime"])).total_seconds()
            self.oldest[program] = max(self.oldest[program], age)
            if age > RENEW_DEADLINE or lease["holderIdentity"] != self.first[program]["holderIdentity"]:
                lost.add(program)
        return lost


class UnderFlood(unittest.TestCase):
    def setUp(self):
        self.cluster = cluster = Cluster("--with-controller-manager", *SMALL)
        self.addCleanup(cluster.close)
        cluster.k("create", "-f", "-", stdin=NODE)
        cluster.h("install", "stowage", chart.CHART, "--namespace", "stowage-system", "--create-namespace")
        cluster.k("create", "namespace", "tenant")
        cluster.k("create", "-f", "-", stdin=TENANT)
        much = "x" * 500_000
        documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"much-{i}", "namespace": "tenant"}, "data": {"much": much}}
                     for i in range(20)]
        cluster.k("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
        cluster.run_release(BUILD)
        wait_for("both hold their leases", lambda: set(Leases(cluster).first) == set(PROGRAMS))

    def flood(self):
        server = yaml.safe_load(pathlib.Path(self.cluster.admin).read_text())["clusters"][0]["cluster"]["server"]
        token = self.cluster.k("create", "token", "default", "-n", "tenant", "--duration=1h")
        flood = Flood(server, str(self.cluster.folder / "cp/pki/ca.crt"), token, "/api/v1/namespaces/tenant/configmaps", CONNECTIONS)
        self.addCleanup(flood.stop)
        # Full: what comes on top waits or is refused.
        wait_for("the server is full", lambda: flood.held >= 5 and (flood.waiting > 5 or flood.refused > 0))
        return flood

    def alive(self):
        return {p for p, process in self.cluster.processes.items() if process.poll() is None}

    def run_flood(self, until):
        leases = Leases(self.cluster)
        flood, end, lost = self.flood(), time.monotonic() + SECONDS, set()
        while time.monotonic() < end and not until(lost):
            lost |= leases.look() | (set(PROGRAMS) - self.alive())
            time.sleep(0.3)  # between two looks
        print(f"\n  {flood.held} lists held, {flood.waiting} wait, {flood.refused} refused; oldest renewals: "
              + ", ".join(f"{p} {s:.1f} s" for p, s in leases.oldest.items()) + f"; lost: {sorted(lost) or 'none'}", file=sys.stderr)
        return leases, flood, lost

    def test_leases_are_kept_and_pods_placed(self):
        leases, flood, lost = self.run_flood(lambda lost: False)
        self.assertGreater(flood.held, 0)
        self.assertEqual(lost, set())
        for program in PROGRAMS:
            self.assertEqual(leases.read()[program]["leaseTransitions"], leases.first[program]["leaseTransitions"])
        self.cluster.k("create", "-f", "-", stdin=POD)
        wait_for("a pod is placed meanwhile", lambda: self.cluster.k("get", "pod", "during", "-o", "jsonpath={.spec.nodeName}"), 20)
        self.assertGreater(flood.held, 0)

    def test_without_the_schemas_leases_are_lost(self):
        self.cluster.k("delete", "flowschemas", "-l", "app.kubernetes.io/part-of=stowage")
        _, _, lost = self.run_flood(lambda lost: lost == set(PROGRAMS))
        self.assertTrue(lost)


if __name__ == "__main__":
    chosen = "test_without_the_schemas_leases_are_lost" if WITHOUT else "test_leases_are_kept_and_pods_placed"
    unittest.main(argv=[sys.argv[0], f"UnderFlood.{chosen}"], verbosity=2)
