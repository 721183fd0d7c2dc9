"""What tests of the chart on a real node share: the node, its DNS, the image, helm."""
import json
import re
import unittest

import cluster
import node

NAMESPACE = "stowage-system"
LIMIT = f"{node.LIMIT}s"


class Installed(unittest.TestCase):
    NODES = 1

    @classmethod
    def setUpClass(cls):
        cls.node = node.Cluster(cls.NODES)
        cls.helm = node.chart.helms()["helm"]
        cls.node.start()
        cluster.start_dns(cls.node)
        cluster.load_stowage(cls.node)
        cls.k = cls.node.k
        cls.k("create", "namespace", NAMESPACE)
        cls.k("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")

    @classmethod
    def h(cls, *words):
        done = node.chart.command(cls.helm, *words, "--namespace", NAMESPACE, env={"KUBECONFIG": cls.node.admin})
        text = done.stdout + done.stderr
        if re.search(r"(?i)\bwarning\b|would violate", text):
            raise AssertionError(text)
        return done.stdout

    @classmethod
    def change(cls, verb, *flags):
        chart = () if verb == "rollback" else (node.chart.CHART,)
        cls.h(verb, "stowage", *chart, "--wait", "--timeout", LIMIT, *flags)

    def pods(self, namespace, labels):
        """Those that are there to stay."""
        found = json.loads(self.k("get", "pods", "-n", namespace, "-l", labels, "-o", "json"))["items"]
        return [p for p in found if "deletionTimestamp" not in p["metadata"]]
