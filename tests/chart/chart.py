"""What the tests of the chart share: helm, rendering, and rights as sets that can be compared."""
import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "charts/stowage"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
TOOLS = str(ROOT / "tests/tools/tools.sh")
CONTROLPLANE = str(ROOT / "tests/controlplane/controlplane.sh")
HELMS = ("helm", "helm4")
KUBE = ["--kube-version", "1.36.3"]


def command(*words, stdin=None, env=None, check=True):
    done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(str(w) for w in words)}\n{done.stdout}{done.stderr}")
    return done


def tool(name):
    """The path of a program of tests/tools, built when it is not there."""
    command(TOOLS, "build", name)
    return command(TOOLS, "path", name).stdout.strip()


def helms():
    """Every helm that the chart is for."""
    return {name: tool(name) for name in HELMS}


def render(helm, *flags, release="first", namespace="one", chart=CHART):
    """The documents, without empty ones."""
    done = command(helm, "template", release, chart, "--namespace", namespace, *KUBE, *flags)
    return [d for d in yaml.safe_load_all(done.stdout) if d]


def grants(documents, *names):
    """(group, resource, resourceName or "", verb) of the roles whose names start with one of names."""
    found = set()
    for d in documents:
        if d["kind"] not in ("Role", "ClusterRole") or not any(d["metadata"]["name"].startswith(n) for n in names):
            continue
        for rule in d["rules"]:
            for group in rule.get("apiGroups", []):
                for resource in rule["resources"]:
                    for name in rule.get("resourceNames", [""]):
                        found |= {(group, resource, name, verb) for verb in rule["verbs"]}
    return found


def leaves(schema, path=()):
    """Every schema below a closed object that is not one itself."""
    for key, below in schema.get("properties", {}).items():
        if "properties" in below:
            yield from leaves(below, (*path, key))
        else:
            yield (*path, key), below
