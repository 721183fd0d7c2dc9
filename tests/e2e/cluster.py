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


def load_stowage(on):
    """The image as it is shipped; the chart finds it by the name that its values have from the start."""
    on.ctr("images", "import", os.environ["E2E_IMAGE"])
