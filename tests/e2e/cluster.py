"""What is put on the node: the cluster's DNS, the image of Stowage, pods."""
import os
import pathlib

import node
import provisional

HERE = pathlib.Path(__file__).resolve().parent
VERSION = (node.ROOT / "VERSION").read_text().strip()
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


def said(name, scheduler="default-scheduler"):
    """A pod that says something and ends."""
    return SAID.format(name=name, scheduler=scheduler, image=node.APP)


def start_dns(on):
    on.load("stowage.dev/e2e/coredns:1", {"usr/bin/coredns": os.environ["E2E_DNS"]}, ["coredns"])
    on.k("apply", "-f", HERE / "manifests/dns.yaml")
    on.k("rollout", "status", "deployment/coredns", "-n", "kube-system", f"--timeout={node.LIMIT}s")


def load_image(on):
    """Flags for helm that name it."""
    files = provisional.files(os.environ["E2E_BUILD"], on.folder / "passwd")
    on.load(f"docker.io/library/stowage:{VERSION}", files, [])
    return ()
