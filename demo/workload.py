#!/usr/bin/env python3
"""Writes the demo's nodes and pods as Kubernetes JSON lists.

  workload.py nodes                      20 nodes of three shapes in three zones
  workload.py platform                   12 pods for the cluster's own scheduler
  workload.py pods --scheduler NAME      300 pods of a real-looking mix for scheduler NAME

The mix is fixed (seeded), so two schedulers get exactly the same input in the same order.
"""
import argparse
import json
import random

ZONES = ["zone-a", "zone-b", "zone-c"]
# name, cores, GiB, count
SHAPES = [("small", 4, 16, 8), ("medium", 8, 32, 8), ("large", 16, 64, 4)]
# app, replicas, cpu request, memory request, extra
APPS = [
    ("web", 80, "100m", "256Mi", {}),
    ("api", 60, "250m", "512Mi", {}),
    ("worker", 48, "350m", "768Mi", {}),
    ("cache", 30, "100m", "2Gi", {}),
    ("search", 20, "750m", "3Gi", {"zone": "zone-a"}),
    ("reports", 16, "750m", "1Gi", {"tolerate": True}),
    ("ingest", 20, "300m", "1Gi", {"sidecar": True}),
    ("ledger", 12, "500m", "2Gi", {"shape": ["medium", "large"]}),
    ("agent", 8, "50m", "64Mi", {"host_port": 9100}),
    ("notebook", 6, "2", "4Gi", {}),
]


def node_list():
    items = []
    number = 0
    for shape, cores, gib, count in SHAPES:
        for _ in range(count):
            number += 1
            name = f"{shape}-{number:02d}"
            resources = {
                "cpu": str(cores),
                "memory": f"{gib}Gi",
                "ephemeral-storage": "100Gi",
                "pods": "110",
            }
            zone = ZONES[number % len(ZONES)]
            items.append({
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "labels": {
                        "kubernetes.io/hostname": name,
                        "topology.kubernetes.io/zone": zone,
                        "node.kubernetes.io/instance-type": shape,
                    },
                    "annotations": {"kwok.x-k8s.io/node": "fake"},
                },
                "status": {"allocatable": resources, "capacity": resources},
            })
    return items


def pod(name, namespace, scheduler, cpu, memory, extra, labels):
    spec = {
        "schedulerName": scheduler,
        "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": "main",
            "image": "registry.k8s.io/pause:3.10",
            "resources": {"requests": {"cpu": cpu, "memory": memory}},
        }],
    }
    if "zone" in extra:
        spec["nodeSelector"] = {"topology.kubernetes.io/zone": extra["zone"]}
    if "shape" in extra:
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{
                "key": "node.kubernetes.io/instance-type", "operator": "In", "values": extra["shape"]}]}]}}}
    if extra.get("tolerate"):
        spec["tolerations"] = [{"key": "batch", "operator": "Exists"}]
    if extra.get("sidecar"):
        spec["initContainers"] = [{
            "name": "proxy", "image": "registry.k8s.io/pause:3.10", "restartPolicy": "Always",
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        }]
    if "host_port" in extra:
        spec["containers"][0]["ports"] = [
            {"containerPort": extra["host_port"], "hostPort": extra["host_port"]}]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": spec,
    }


def platform_pods():
    return [pod(f"metrics-{i:02d}", "platform", "default-scheduler", "500m", "1Gi",
                {"shape": ["large"]}, {"app": "metrics"}) for i in range(12)]


def workload_pods(scheduler, seed):
    items = []
    for app, replicas, cpu, memory, extra in APPS:
        for i in range(replicas):
            items.append(pod(f"{app}-{i:02d}", "shop", scheduler, cpu, memory, extra, {"app": app}))
    random.Random(seed).shuffle(items)
    return items


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["nodes", "platform", "pods"])
    parser.add_argument("--scheduler", default="stowage-scheduler")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    items = {"nodes": node_list, "platform": platform_pods,
             "pods": lambda: workload_pods(args.scheduler, args.seed)}[args.what]()
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


if __name__ == "__main__":
    main()
