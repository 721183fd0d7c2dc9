#!/usr/bin/env python3
"""Groups on several real nodes: members on nodes of their own, drained with kubectl as far as their budget lets it; etcd on
volumes that stay. Run by `make e2e`, inside the namespaces of e2e.sh."""
import json
import unittest

import cluster
import etcd
import installed
import node

WEB = """
apiVersion: stowage.dev/v1alpha1
kind: StatefulGroup
metadata: {name: db, namespace: default}
spec:
  shards: 1
  replicas: 3
  template:
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: stowage.dev/e2e/app:1
        args: [peer, "8080"]
        readinessProbe: {httpGet: {path: /name, port: 8080}, periodSeconds: 1}
"""


class Nodes(installed.Installed):
    NODES = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cluster.start_volumes(cls.node)
        cls.change("install")

    def group(self, name):
        return self.pods("default", f"stowage.dev/group={name}")

    def wait_for_group(self, name):
        def ready():
            status = json.loads(self.k("get", "sfg", name, "-n", "default", "-o", "json")).get("status", {})
            return status.get("readyReplicas") == 3 and len(self.group(name)) == 3
        node.wait_for(f"{name} is ready", ready)
        return {p["metadata"]["name"]: p["spec"]["nodeName"] for p in self.group(name)}

    def drain(self, name, limit=node.LIMIT):
        """Of the group's members only: Stowage itself stays."""
        return node.chart.command(self.node.kubectl, "--kubeconfig", self.node.admin, "drain", name, "--pod-selector=stowage.dev/group=db",
                                  f"--timeout={limit}s", check=False)

    def test_drains_go_as_far_as_the_budget(self):
        self.k("apply", "-f", "-", stdin=WEB)
        self.addCleanup(self.k, "delete", "sfg", "db", "-n", "default")
        self.addCleanup(lambda: [self.k("uncordon", name) for name in self.node.nodes])
        places = self.wait_for_group("db")
        self.assertEqual(len(set(places.values())), 3, places)
        free = next(name for name in self.node.nodes if name not in places.values())

        self.assertEqual(self.drain(places["db-0-1"]).returncode, 0)
        moved = self.wait_for_group("db")
        self.assertEqual(moved, {**places, "db-0-1": free})

        # One member finds no node, as two of four are left to two others; the next drain would take the quorum.
        self.assertEqual(self.drain(places["db-0-0"]).returncode, 0)
        message = "0/4 nodes are available: 2 node(s) didn't match pod anti-affinity rules, 2 node(s) were unschedulable."
        node.wait_for("the member waits, and says why", lambda: self.condition("db-0-0", "PodScheduled").startswith(message))
        refused = self.drain(places["db-0-2"], limit=5)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("violate the pod's disruption budget", refused.stderr)
        self.k("uncordon", places["db-0-0"])
        self.wait_for_group("db")

    def condition(self, pod, kind):
        return self.k("get", "pod", pod, "-n", "default", "-o", f'jsonpath={{.status.conditions[?(@.type=="{kind}")].message}}', check=False)

    def address(self, pod):
        return self.k("get", "pod", pod, "-n", "default", "-o", "jsonpath={.status.podIP}")

    def test_etcd_keeps_its_data(self):
        cluster.load_etcd(self.node, "stowage.dev/e2e/etcd:1")
        self.k("apply", "-f", cluster.HERE / "manifests/etcd.yaml")
        self.addCleanup(self.k, "delete", "sfg", "kv", "-n", "default")
        places = self.wait_for_group("kv")
        self.assertEqual(len(set(places.values())), 3, places)
        etcd.call(self.address("kv-0-0"), "/v3/kv/put", key="colour", value="blue")
        for pod in places:
            node.wait_for(f"{pod} has the value", lambda pod=pod: etcd.value(self.address(pod), "colour") == "blue")

        volume = ("get", "pvc", "data-kv-0-1", "-n", "default", "-o", "jsonpath={.spec.volumeName}")
        bound = self.k(*volume)
        before = next(p["metadata"]["uid"] for p in self.group("kv") if p["metadata"]["name"] == "kv-0-1")
        self.k("delete", "pod", "kv-0-1", "-n", "default")
        # The others are two of three: they go on.
        etcd.call(self.address("kv-0-0"), "/v3/kv/put", key="colour", value="green")
        self.assertEqual(self.wait_for_group("kv"), places)
        after = next(p["metadata"]["uid"] for p in self.group("kv") if p["metadata"]["name"] == "kv-0-1")
        self.assertNotEqual(before, after)
        self.assertEqual(self.k(*volume), bound)
        node.wait_for("the member has caught up", lambda: etcd.value(self.address("kv-0-1"), "colour") == "green")
        self.assertEqual(len(etcd.call(self.address("kv-0-1"), "/v3/cluster/member/list")["members"]), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
