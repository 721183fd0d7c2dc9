#!/usr/bin/env python3
"""Writes tests/controlplane/manifests/{scheduler,operator}-rbac.yaml, the roles that the integration tests run with, from the
chart: what the chart grants is what is tested. Needs helm (tests/tools builds it); the tests that use the manifests do not.

`chart_roles.py` writes, `chart_roles.py --check` ends with 1 when what is there differs.
"""
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFESTS = ROOT / "tests/controlplane/manifests"
TOOLS = ROOT / "tests/tools/tools.sh"
HOME = "stowage-system"

HEAD = """\
# The rights of the {program} under test, and no more: it is never run as an administrator. They go to the user
# stowage-{program} (client certificate) and to the service account of that name in stowage-system.
# Written by scripts/chart_roles.py from charts/stowage/templates/_rules.tpl: change it there.
apiVersion: v1
kind: Namespace
metadata:
  name: stowage-system
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: stowage-{program}
  namespace: stowage-system
"""
ROLE = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata:
  name: {name}
{place}rules:
{rules}
"""
BINDING = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata:
  name: {name}
{place}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {role}
  name: {name}
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: stowage-{program}
"""
ACCOUNT = """\
- kind: ServiceAccount
  name: stowage-{program}
  namespace: stowage-system
"""


def rendered():
    """The text of the rules, comments and all, by the role's name."""
    subprocess.run([TOOLS, "build", "helm"], check=True)
    helm = subprocess.run([TOOLS, "path", "helm"], check=True, capture_output=True, text=True).stdout.strip()
    shown = subprocess.run([helm, "template", "stowage", ROOT / "charts/stowage", "--namespace", HOME, "--kube-version", "1.36.3",
                            "--set", "scheduler.rbac.defaultSpreading=on"], check=True, capture_output=True, text=True).stdout
    found = {}
    for text in shown.split("\n---\n"):
        document = yaml.safe_load(text) or {}
        if document.get("kind") in ("Role", "ClusterRole"):
            rules = [line for line in text.split("\nrules:\n")[1].splitlines() if line.strip()]
            found[document["metadata"]["name"].removesuffix(f".{HOME}")] = "\n".join(rules)
    return found


def manifest(program, rules):
    name = f"stowage-{program}"

    def place(namespace):
        return f"  namespace: {namespace}\n" if namespace else ""

    def binding(role, of, namespace, account=True):
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        text = BINDING.format(kind=kind, name=of, place=place(namespace), role=role, program=program)
        return text + (ACCOUNT.format(program=program) if account else "")

    text = HEAD.format(program=program)
    text += ROLE.format(kind="ClusterRole", name=name, place="", rules=rules[name]) + binding("ClusterRole", name, "")
    # A ClusterRole, so that a test can grant it in its own namespace by one RoleBinding.
    lease = f"{name}-lease"
    text += ROLE.format(kind="ClusterRole", name=lease, place="", rules=rules[lease])
    text += binding("ClusterRole", lease, "kube-system", account=False) + binding("ClusterRole", lease, HOME)
    hooks = f"{name}-hooks"
    if hooks in rules:
        text += ROLE.format(kind="Role", name=hooks, place=place(HOME), rules=rules[hooks]) + binding("Role", hooks, HOME)
    return text


def main():
    rules = rendered()
    wanted = {MANIFESTS / f"{program}-rbac.yaml": manifest(program, rules) for program in ("scheduler", "operator")}
    old = [path for path, text in wanted.items() if path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what scripts/chart_roles.py writes: run it")
        sys.exit(1 if old else 0)
    for path in old:
        path.write_text(wanted[path])
        print("wrote", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
