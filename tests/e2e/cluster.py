"""What is put on the node: the cluster's DNS, the image of Stowage, pods."""
import os
import pathlib

import node

HERE = pathlib.Path(__file__).resolve().parent
SAID = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: default}}
spec:
  schedulerName: {scheduler}
  restartPolicy: Never
  containers:
  - name: main
    image: {image}
    args: [say, "from the container"]
"""
CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: folders, annotations: {{storageclass.kubernetes.io/is-default-class: "{default}"}}}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
"""
VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}}}
spec:
  capacity: {{storage: 1Gi}}
  accessModes: [ReadWriteOnce]
  storageClassName: folders
  local: {{path: {folder}}}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{name}]}}]}}]
"""


def said(name, scheduler="default-scheduler"):
    """A pod that says something and ends."""
    return SAID.format(name=name, scheduler=scheduler, image=node.APP)


def load_app(on, version):
    """Another image of the same program."""
    name = f"stowage.dev/e2e/app:{version}"
    mark = on.folder / "version"
    mark.write_text(f"{version}\n")
    on.load(name, {"usr/bin/app": os.environ["E2E_APP"], "etc/version": mark}, ["app"])
    return name


def start_dns(on):
    on.load("stowage.dev/e2e/coredns:1", {"usr/bin/coredns": os.environ["E2E_DNS"]}, ["coredns"])
    on.k("apply", "-f", HERE / "manifests/dns.yaml")
    on.k("rollout", "status", "deployment/coredns", "-n", "kube-system", f"--timeout={node.LIMIT}s")


def start_volumes(on, default=False):
    """A class of volumes that are folders, one on each node; bound when a pod that wants one has a node."""
    parts = [CLASS.format(default=str(default).lower())]
    for name in on.nodes:
        folder = on.folder / name / "volume"
        folder.mkdir()
        parts.append(VOLUME.format(name=name, folder=folder))
    on.k("apply", "-f", "-", stdin="---\n".join(parts))


def load_etcd(on, name):
    etcd = node.chart.command(node.chart.CONTROLPLANE, "path", "etcd").stdout.strip()
    on.load(name, {"usr/bin/etcd": etcd}, ["etcd"])


def load_stowage(on):
    """The image as it is shipped; the chart finds it by the name that its values have from the start."""
    on.load_archive(os.environ["E2E_IMAGE"])
