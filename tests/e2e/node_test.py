#!/usr/bin/env python3
"""A pod that really runs, on a real node. Run by `make e2e`, inside the namespaces of e2e.sh."""
import unittest

import node

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: default}}
spec:
  restartPolicy: Never
  containers: [{{name: main, image: "stowage.dev/e2e/app:1", args: {args}}}]
"""


class RealNode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = node.Node()
        cls.node.start()

    def test_a_container_runs_and_its_log_is_read(self):
        k = self.node.k
        k("apply", "-f", "-", stdin=POD.format(name="said", args='[say, "from the container"]'))
        node.wait_for("the pod ends well", lambda: k("get", "pod", "said", "-o", "jsonpath={.status.phase}") == "Succeeded")
        self.assertEqual(k("logs", "said"), "from the container")


if __name__ == "__main__":
    unittest.main(verbosity=2)
