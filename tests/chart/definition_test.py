#!/usr/bin/env python3
"""The definition of StatefulGroups as the chart installs it, on a real kube-apiserver: what kubectl prints and explains, and
what the view and edit roles give to people. Needs no program of ours."""
import json
import re
import unittest

import chart
from cluster import Cluster, wait_for

COLUMNS = "NAME SHARDS REPLICAS READY QUORATE UPDATED STATUS AGE".split()
WIDE = "REVISION RUN MANAGED IMAGES".split()
GROUP = """
apiVersion: stowage.dev/v1alpha1
kind: StatefulGroup
metadata: {name: db, namespace: default}
spec:
  shards: 2
  replicas: 3
  template: {spec: {containers: [{name: main, image: "example.org/db:1"}]}}
"""
STATUS = {"status": {"readyReplicas": 5, "quorateShards": 1, "updatedReplicas": 4, "updateRevision": "db-1", "conditions": [
    {"type": "Ready", "status": "False", "reason": "NotAllReady", "message": "one is not", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}


def fields(schema, path=()):
    """Every field below a schema with its own; what refers to Kubernetes' own types is theirs."""
    for name, below in schema.get("properties", {}).items():
        yield ".".join((*path, name)), below
        yield from fields(below, (*path, name))
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from fields(schema[inner], path)


class Definition(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("--with-controller-manager")
        cls.addClassCleanup(cls.cluster.close)
        cls.k = cls.cluster.k
        cls.cluster.h("install", "stowage", chart.CHART, "--namespace", "stowage-system", "--create-namespace")
        cls.cluster.await_definition("statefulgroups.stowage.dev")
        cls.k("create", "-f", "-", stdin=GROUP)
        cls.k("patch", "sfg", "db", "--subresource=status", "--type=merge", "-p", json.dumps(STATUS))

    def row(self, *flags):
        head, row = self.k("get", "sfg", "db", *flags).splitlines()
        return head.split(), row.split()

    def test_columns(self):
        head, row = self.row()
        self.assertEqual(head, COLUMNS)
        self.assertEqual(row[:-1], "db 2 3 5 1 4 NotAllReady".split())
        self.assertRegex(row[-1], r"^\d+[smh]$")
        head, row = self.row("-o", "wide")
        self.assertEqual(head, COLUMNS + WIDE)
        self.assertEqual(row[8:], "db-1 Running Managed example.org/db:1".split())

    def test_every_field_is_explained(self):
        def document():
            shown = json.loads(self.k("get", "--raw", "/openapi/v3/apis/stowage.dev/v1alpha1", check=False) or "{}")
            return [s for name, s in shown.get("components", {}).get("schemas", {}).items() if name.endswith(".StatefulGroup")]
        schema = wait_for("the API server publishes the definition", document)[0]
        found = list(fields(schema))
        self.assertGreater(len(found), 150)
        self.assertEqual([path for path, s in found if not s.get("description", "").strip()], [])
        # What kubectl makes of it, for the longest path of each depth.
        for depth in range(1, 6):
            path = max((p for p, _ in found if p.count(".") == depth), key=len)
            text = self.k("explain", f"sfg.{path}")
            self.assertRegex(text, r"FIELD: \S+ <", path)
            self.assertNotIn("<empty>", text, path)

    def test_people_get_rights_by_view_and_edit(self):
        for role in ("view", "edit"):
            self.k("create", "rolebinding", role, "-n", "default", f"--clusterrole={role}", f"--user={role}er")

        def may(user, verb, what, *flags):
            return self.k("auth", "can-i", verb, what, "-n", "default", f"--as={user}", *flags, check=False) == "yes"
        group = "statefulgroups.stowage.dev"
        wait_for("the roles are aggregated", lambda: may("viewer", "list", group) and may("editer", "create", group))
        self.assertTrue(may("editer", "update", group, "--subresource=scale"))
        self.assertTrue(may("editer", "get", group))
        for verb in ("create", "patch", "delete"):
            self.assertFalse(may("viewer", verb, group), verb)
        self.assertFalse(may("editer", "update", group, "--subresource=status"))
        # Nobody else has a right on anything by it.
        self.assertFalse(may("stranger", "get", group))

    def test_the_short_name_and_the_category(self):
        names = json.loads(self.k("get", "crd", "statefulgroups.stowage.dev", "-o", "json"))["spec"]["names"]
        for name in [*names["shortNames"], *names.get("categories", [])]:
            self.assertTrue(re.search(r"\bdb\b", self.k("get", name, "-n", "default")), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
