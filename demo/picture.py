#!/usr/bin/env python3
"""Draws who placed what: a row per node, bars for cpu and memory, for two runs side by side.

  picture.py NODES.json "LEFT TITLE" LEFT_PODS.json "RIGHT TITLE" RIGHT_PODS.json

The files are what `kubectl get nodes -o json` and `kubectl get pods -A -o json` print. Colours when
standard output is a terminal and NO_COLOR is not set; plain ASCII when it cannot show blocks.
"""
import json
import os
import sys

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
BAR = 10


def amount(text):
    for suffix, factor in UNITS.items():
        if text.endswith(suffix):
            return float(text[: -len(suffix)]) * factor
    return float(text)


def requests(spec, resource):
    containers = spec["containers"] + [
        c for c in spec.get("initContainers", []) if c.get("restartPolicy") == "Always"]
    return sum(amount(c.get("resources", {}).get("requests", {}).get(resource, "0")) for c in containers)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["items"]


def usage(pods):
    per_node = {}
    for pod in pods:
        node = pod["spec"].get("nodeName")
        if not node or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            continue
        cpu, memory, count = per_node.get(node, (0.0, 0.0, 0))
        per_node[node] = (cpu + requests(pod["spec"], "cpu"), memory + requests(pod["spec"], "memory"), count + 1)
    return per_node


class Pen:
    def __init__(self):
        encoding = (sys.stdout.encoding or "").lower()
        self.full, self.light = ("█", "·") if "utf" in encoding else ("#", ".")
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, text, code):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def bar(self, share):
        filled = max(0, min(BAR, round(share * BAR)))
        if share > 0 and filled == 0:
            filled = 1
        code = "32" if share >= 0.75 else "33" if share > 0 else "90"
        return self.paint(self.full * filled + self.light * (BAR - filled), code)


def cell(pen, node, used):
    cpu, memory, count = used.get(node["metadata"]["name"], (0.0, 0.0, 0))
    allocatable = node["status"]["allocatable"]
    cpu_share = cpu / amount(allocatable["cpu"])
    memory_share = memory / amount(allocatable["memory"])
    if count == 0:
        return f"{pen.bar(0)}      {pen.bar(0)}      {pen.paint('empty', '36')}"
    return f"{pen.bar(cpu_share)} {cpu_share:4.0%} {pen.bar(memory_share)} {memory_share:4.0%} {count:5d}"


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    nodes = sorted(load(sys.argv[1]), key=lambda n: n["metadata"]["name"])
    left_title, right_title = sys.argv[2], sys.argv[4]
    left, right = usage(load(sys.argv[3])), usage(load(sys.argv[5]))
    pen = Pen()
    # bar, percent, bar, percent, pods
    width = (BAR + 6) * 2 + 5
    print(f"{'':22}  {left_title:<{width}}   {right_title}")
    head = f"{'cpu':<{BAR + 6}}{'memory':<{BAR + 6}}{'pods':>5}"
    print(f"{'node':<12}{'zone':<10}  {head}   {head}")
    for node in nodes:
        zone = node["metadata"]["labels"].get("topology.kubernetes.io/zone", "-")
        print(f"{node['metadata']['name']:<12}{zone:<10}  {cell(pen, node, left)}   {cell(pen, node, right)}")
    totals = [(title, sum(1 for n in nodes if used.get(n["metadata"]["name"], (0, 0, 0))[2]),
               sum(u[2] for u in used.values())) for title, used in ((left_title, left), (right_title, right))]
    print()
    for title, in_use, pods in totals:
        print(f"{title:<18} {pods} pods on {in_use} of {len(nodes)} nodes, {len(nodes) - in_use} empty")


if __name__ == "__main__":
    main()
