#!/usr/bin/env python3
"""The roles are sufficient and minimal: all that both programs asked the real API server for during the integration tests,
by its audit logs, against tests/controlplane/manifests, which they ran with (and which are the chart's: render_test.py).

tests/chart/rights_test.py FOLDER    logs that STOWAGE_AUDIT_KEEP=FOLDER has gathered; `make it` does it
"""
import json
import pathlib
import sys
import unittest

import yaml

import chart

MANIFESTS = chart.ROOT / "tests/controlplane/manifests"
FOLDER = pathlib.Path(sys.argv.pop(1))

# Granted, and not to be seen in those logs. Each with its reason.
UNSEEN = {
    "scheduler": set(),
    "operator": {
        # The API server asks for it itself, of who writes an owner reference that blocks, with its admission plugin
        # OwnerReferencesPermissionEnforcement: install_test.py runs with that.
        ("stowage.dev", "statefulgroups/finalizers", "", "update"),
        # Only of a revision that was written and that the watch does not show after seconds.
        ("apps", "controllerrevisions", "", "get"),
    },
}


def streamed(rights):
    """Lists come as the beginning of a watch. They are asked for on servers that cannot do that: install_test.py has one."""
    return {(group, resource, name, "list") for group, resource, name, verb in rights if verb == "watch"}


def program_of(event):
    return event["user"]["username"].rsplit(":", 1)[-1].removeprefix("stowage-")


def forbidden(event):
    """By the roles, not by an admission plugin."""
    return event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"


def right_of(event):
    """(group, resource with subresource, name, verb)."""
    thing = event.get("objectRef", {})
    resource = "/".join(filter(None, (thing.get("resource"), thing.get("subresource"))))
    return thing.get("apiGroup", ""), resource, thing.get("name", ""), event["verb"]


class Rights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.used = {"scheduler": set(), "operator": set()}
        cls.refused = {"scheduler": set(), "operator": set()}
        cls.requests = 0
        for log in sorted(FOLDER.glob("*.log")):
            for line in log.read_text().splitlines():
                event = json.loads(line)
                if not event.get("userAgent", "").startswith("stowage-"):
                    continue  # a test that looks what the identity may do
                cls.requests += 1
                if forbidden(event):
                    cls.refused[program_of(event)].add(right_of(event))
                elif event.get("objectRef"):
                    cls.used[program_of(event)].add(right_of(event))

    def granted(self, program):
        return chart.grants(list(yaml.safe_load_all((MANIFESTS / f"{program}-rbac.yaml").read_text())), "stowage-")

    def test_every_right_was_used(self):
        self.assertGreater(self.requests, 1000, f"the integration tests leave their logs in {FOLDER}")
        for program, used in self.used.items():
            anybody = {(group, resource, "", verb) for group, resource, _, verb in used}
            granted = self.granted(program)
            unused = {g for g in granted if g not in (used if g[2] else anybody)} - streamed(granted)
            with self.subTest(program=program):
                self.assertEqual(unused, set(UNSEEN[program]))

    def test_nothing_was_missing(self):
        """A server that has just started refuses what it allows a moment later; but nobody asked for more than is granted."""
        for program, refused in self.refused.items():
            granted = self.granted(program)
            with self.subTest(program=program):
                self.assertEqual({(g, r, n, v) for g, r, n, v in refused if not {(g, r, n, v), (g, r, "", v)} & granted}, set())


if __name__ == "__main__":
    unittest.main(verbosity=1)
