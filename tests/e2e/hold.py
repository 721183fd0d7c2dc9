#!/usr/bin/env python3
"""A node with a pod that runs, until somebody ends it: what killed_test.py ends."""
import signal

import node

POD = """
apiVersion: v1
kind: Pod
metadata: {name: held, namespace: default}
spec:
  containers: [{name: main, image: "stowage.dev/e2e/app:1"}]
"""

held = node.Cluster()
held.start()
held.k("apply", "-f", "-", stdin=POD)
node.wait_for("the pod runs", lambda: held.k("get", "pod", "held", "-o", "jsonpath={.status.phase}") == "Running")
print("held", held.folder, flush=True)
signal.pause()
