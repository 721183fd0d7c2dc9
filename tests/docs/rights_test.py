#!/usr/bin/env python3
"""The table of rights in docs/security.md is what the chart gives, right by right, and each value takes away what the table says."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/chart"))
import chart  # noqa: E402

PAGE = ROOT / "docs/security.md"
SPREADING = "scheduler.rbac.defaultSpreading"


def told():
    """(role, group, resource, resourceName, verb) -> the value that gives it, "" for always."""
    rows = PAGE.read_text().split("<!-- rights -->")[1].split("\n\n")[0].strip().splitlines()[2:]
    found = {}
    for row in rows:
        role, group, resources, verbs, value, why = [c.strip() for c in row.strip("|").split("|")]
        assert why, row
        resources, _, name = resources.partition(" named ")
        for resource in re.findall("`([^`]+)`", resources):
            for verb in verbs.split(", "):
                right = (role.strip("`"), group, resource, name.strip("`"), verb)
                assert right not in found, f"twice: {right}"
                found[right] = value.strip("`")
    return found


def given(*flags):
    flags = [word for flag in flags for word in ("--set", flag)]
    documents = chart.render(chart.helms()["helm"], *flags, release="stowage", namespace="stowage-system")
    found = set()
    for document in documents:
        if document["kind"] not in ("Role", "ClusterRole"):
            continue
        role = document["metadata"]["name"].split(".")[0]
        found |= {(role, *right) for right in chart.grants([{**document, "rules": [r for r in document["rules"] if "resources" in r]}], role)}
    return found


class Rights(unittest.TestCase):
    def same(self, one, other):
        self.assertEqual(sorted(one - other), sorted(other - one))

    def test_the_table_is_what_the_chart_gives(self):
        self.same(set(told()), given(f"{SPREADING}=on"))

    def test_each_value_takes_away_what_the_table_says(self):
        rights = told()
        values = set(rights.values()) - {""}
        self.assertGreaterEqual(len(values), 4)
        for value in values:
            with self.subTest(value=value):
                flags = [f"{SPREADING}=off"] if value == SPREADING else [f"{SPREADING}=on", f"{value}=false"]
                self.same({r for r, when in rights.items() if when != value}, given(*flags))

    def test_an_operator_of_one_namespace_has_the_same_rights_there(self):
        self.same(set(told()), given(f"{SPREADING}=on", "operator.namespace=db"))

    def test_what_the_page_rules_out(self):
        for _, group, resource, _, verb in given(f"{SPREADING}=on"):
            self.assertNotIn("*", (group, resource, verb))
            self.assertNotIn(resource, ("secrets", "pods/exec", "roles", "clusterroles", "rolebindings", "clusterrolebindings"))
            self.assertNotIn(verb, ("escalate", "bind", "impersonate"))
            if resource.split("/")[0] == "nodes":
                self.assertIn(verb, ("get", "list", "watch"))


if __name__ == "__main__":
    unittest.main()
