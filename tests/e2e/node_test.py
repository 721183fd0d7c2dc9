#!/usr/bin/env python3
"""A pod that really runs, on a real node. Run by `make e2e`, inside the namespaces of e2e.sh."""
import unittest

import cluster
import node


class RealNode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = node.Cluster()
        cls.node.start()

    def test_a_container_runs_and_its_log_is_read(self):
        k = self.node.k
        k("apply", "-f", "-", stdin=cluster.said("said"))
        node.wait_for("the pod ends well", lambda: k("get", "pod", "said", "-o", "jsonpath={.status.phase}") == "Succeeded")
        self.assertEqual(k("logs", "said"), "from the container")


if __name__ == "__main__":
    unittest.main(verbosity=2)
