#!/usr/bin/env python3
"""Writes charts/stowage's values.yaml, values.schema.json, the table in README.md and the copy of the CRD.

`chart_values.py` writes, `chart_values.py --check` ends with 1 when what is there differs. The values
are in VALUES below, once: path, default, description, and what the schema says beyond the default's type.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHART = ROOT / "charts/stowage"
CRD = "statefulgroups.stowage.dev.yaml"
MARKS = ("<!-- values: begin, written by make docs -->", "<!-- values: end -->")

FREE = {"type": "object", "additionalProperties": True}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
OBJECTS = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
STRINGS = {"type": "array", "items": {"type": "string"}}
ALERTS = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": False, "properties": {
    "enabled": {"type": "boolean"}, "for": {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}, "severity": {"type": "string", "minLength": 1}}}}
NULLABLE_COUNT = {"type": ["integer", "string", "null"]}
# Of an object: lower case, as the API server wants it.
NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
LEVEL = {"type": "integer", "minimum": 0, "maximum": 10}


def one_of(*values):
    return {"type": "string", "enum": list(values)}


def program(name, port, what):
    """What both programs have."""
    return [
        (f"{name}.enabled", True, f"Whether {what} is installed"),
        (f"{name}.replicaCount", 2, "Replicas; one leads, the others take over", {"minimum": 0, "maximum": 9}),
        (f"{name}.port", port, "HTTPS port of health checks and metrics", PORT),
        (f"{name}.tlsSecret", "", "Secret of type kubernetes.io/tls to serve with; empty: a self-signed certificate in memory"),
        (f"{name}.tlsMinVersion", "VersionTLS12", "Oldest TLS version that is served", one_of("VersionTLS12", "VersionTLS13")),
        (f"{name}.logging.format", "json", "Format of the log", one_of("json", "text")),
        (f"{name}.logging.verbosity", 0, "0 info, 1 and more debug", LEVEL),
        (f"{name}.livenessProbe", {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6}, "Times and thresholds of the probe of /livez", COUNTS),
        (f"{name}.readinessProbe", {"periodSeconds": 5, "timeoutSeconds": 5}, "Of the probe of /readyz", COUNTS),
        (f"{name}.startupProbe", {"periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 60}, "Of the probe of /livez until it answers first", COUNTS),
        (f"{name}.resources", {"requests": {"cpu": "100m", "memory": "128Mi"}}, "Resources of the container", FREE),
        (f"{name}.serviceAccount.create", True, "Whether the service account is made"),
        (f"{name}.serviceAccount.name", "", "Its name; empty: from the release"),
        (f"{name}.serviceAccount.annotations", {}, "Its annotations", TEXTS),
        (f"{name}.serviceAccount.automount", True, "Whether pods get its token by themselves; else mount one at /var/run/secrets/kubernetes.io/serviceaccount"),
        (f"{name}.podDisruptionBudget.enabled", True, "Whether there is a budget; only with more than one replica"),
        (f"{name}.podDisruptionBudget.maxUnavailable", 1, "How many may be away", {"type": ["integer", "string"]}),
        (f"{name}.podDisruptionBudget.minAvailable", "", "How many must stay, instead of maxUnavailable; empty: that", {"type": ["integer", "string"]}),
        (f"{name}.podDisruptionBudget.unhealthyPodEvictionPolicy", "AlwaysAllow", "Whether pods that are not ready may be evicted", one_of("AlwaysAllow", "IfHealthyBudget")),
        (f"{name}.strategy", {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, "How pods are replaced", FREE),
        (f"{name}.revisionHistoryLimit", 3, "Old ReplicaSets that are kept", {"minimum": 0}),
        (f"{name}.podAnnotations", {}, "Annotations of pods", TEXTS),
        (f"{name}.podLabels", {}, "Labels of pods", TEXTS),
        (f"{name}.nodeSelector", {}, "Nodes to run on", TEXTS),
        (f"{name}.tolerations", [{"key": "CriticalAddonsOnly", "operator": "Exists"}], "Taints that are tolerated", OBJECTS),
        (f"{name}.affinity", {}, "Affinity of pods", FREE),
        (f"{name}.topologySpreadConstraints", [], "Spreading of pods; empty: softly over zones and nodes", OBJECTS),
        (f"{name}.extraArgs", [], "More arguments; see --help", STRINGS),
        (f"{name}.extraEnv", [], "More environment variables", OBJECTS),
        (f"{name}.extraEnvFrom", [], "ConfigMaps and Secrets with more environment variables", OBJECTS),
        (f"{name}.extraVolumes", [], "More volumes", OBJECTS),
        (f"{name}.extraVolumeMounts", [], "More mounts", OBJECTS),
        (f"{name}.extraContainers", [], "More containers in the pods", OBJECTS),
        (f"{name}.extraPodSpec", {}, "More fields of the pods' spec, such as hostNetwork, dnsPolicy, runtimeClassName or initContainers", FREE),
    ]


def monitor(name, what, authorization):
    """What both kinds of monitors have."""
    return [
        (f"metrics.{name}.enabled", False, f"{what} for the Prometheus operator"),
        (f"metrics.{name}.renderMode", "skipIfMissing", "When its definition is missing", one_of("skipIfMissing", "failIfMissing", "alwaysRender")),
        (f"metrics.{name}.interval", "30s", "Scrape interval"),
        (f"metrics.{name}.labels", {}, "Labels, for Prometheus' selector", TEXTS),
        (f"metrics.{name}.relabelings", [], "More relabelings of targets, after the one that names the job", OBJECTS),
        (f"metrics.{name}.metricRelabelings", [], "Relabelings of samples", OBJECTS),
        (f"metrics.{name}.authorization", {}, authorization, FREE),
        (f"metrics.{name}.tlsConfig", {"insecureSkipVerify": True}, "How the certificate is verified; without tlsSecret it is self-signed, in memory", FREE),
    ]


VALUES = [
    ("nameOverride", "", "Instead of the chart's name in names and labels", {"maxLength": 40}),
    ("fullnameOverride", "", "Instead of release and chart name in names", {"maxLength": 40}),
    ("commonLabels", {}, "Labels of every object", TEXTS),
    ("commonAnnotations", {}, "Annotations of Deployments and their pods", TEXTS),
    ("image.registry", "", "Registry of the image; empty: the container runtime's own default"),
    ("image.repository", "stowage", "Repository of the image"),
    ("image.tag", "", "Tag; empty: the chart's appVersion"),
    ("image.digest", "", "Digest such as sha256:...; wins over the tag", {"pattern": "^(sha256:[0-9a-f]{64})?$"}),
    ("image.pullPolicy", "IfNotPresent", "When to pull", one_of("Always", "IfNotPresent", "Never")),
    ("imagePullSecrets", [], "Secrets to pull with: [{name: ...}]", OBJECTS),
    ("priorityClassName", "system-cluster-critical", "Priority class of the pods"),
    ("terminationGracePeriodSeconds", 30, "Time to end", {"minimum": 0}),
    ("podSecurityContext", {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532,
                            "seccompProfile": {"type": "RuntimeDefault"}}, "Security context of pods", FREE),
    ("containerSecurityContext", {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                  "capabilities": {"drop": ["ALL"]}}, "Security context of containers", FREE),
    ("rbac.create", True, "Whether roles and bindings are made"),
    ("rbac.aggregate", True, "Whether view, edit and admin get rights on StatefulGroups"),
    ("crds.install", True, "Whether the CustomResourceDefinition is installed and upgraded"),
    ("crds.keep", True, "Whether it, and every group with it, stays when the release is uninstalled"),
    *program("scheduler", 10259, "the scheduler"),
    ("scheduler.schedulerName", "stowage-scheduler", "spec.schedulerName of the pods to take; each release needs its own", {"minLength": 1, "maxLength": 63, "pattern": NAME}),
    ("scheduler.config", {}, "Fields of the KubeSchedulerConfiguration (docs/configuration.md), over what the chart writes; profiles replace the one of schedulerName", FREE),
    ("scheduler.existingConfigMap", "", "ConfigMap with the key scheduler.yaml instead; it has to name the lease: leaderElection.resourceName"),
    ("scheduler.tracing.endpoint", "", "URL of an OpenTelemetry collector that is sent a trace of each attempt; empty: none"),
    ("scheduler.tracing.samplingRatePerMillion", 1000000, "Traces that are sent, of a million", {"minimum": 0, "maximum": 1000000}),
    ("scheduler.rbac.preemption", True, "Rights to preempt: delete pods, see budgets"),
    ("scheduler.rbac.volumes", True, "Rights for pods with persistent volumes; without them such pods wait"),
    ("scheduler.rbac.defaultSpreading", "auto", "Rights to see Services and workloads, for default spreading; auto: when a profile has plugins or args of PodTopologySpread, or the configuration is not the chart's", one_of("auto", "on", "off")),
    *program("operator", 8443, "the operator"),
    ("operator.namespace", "", "Only groups of this namespace, and rights on groups there only; empty: all",
     {"maxLength": 63, "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"}),
    ("operator.workers", 4, "Groups that are worked on at once", {"minimum": 1, "maximum": 64}),
    ("operator.leaderElection.leaseDurationSeconds", 15, "How long others wait after the leader's last sign before they take over", {"minimum": 1, "maximum": 3600}),
    ("operator.leaderElection.renewDeadlineSeconds", 10, "How long the leader tries to renew before it ends", {"minimum": 1, "maximum": 3600}),
    ("operator.leaderElection.retryPeriodSeconds", 2, "Time between tries", {"minimum": 1, "maximum": 3600}),
    ("operator.rbac.hooks", True, "Right to request tokens of its own account, for agents (docs/hooks.md)"),
    ("apf.enabled", True, "FlowSchemas: leases and requests go before other service accounts' when the API server is busy"),
    ("networkPolicy.enabled", False, "NetworkPolicies that let in only the port of health checks and metrics"),
    ("networkPolicy.ingressFrom", [], "Who may reach it; empty: everybody", OBJECTS),
    ("networkPolicy.egress", [], "What the pods may reach, as egress rules; empty: everything. They need the API server, extenders, agents of hooks and a trace collector", OBJECTS),
    ("metrics.readerRole", True, "ClusterRole that may read /metrics; bind it to the service account of Prometheus"),
    *monitor("serviceMonitor", "ServiceMonitors", "Credentials for /metrics; empty: the token of Prometheus' own pod"),
    *monitor("podMonitor", "PodMonitors, instead of ServiceMonitors",
             "Credentials for /metrics, needed here: {credentials: {name: SECRET, key: KEY}}"),
    ("metrics.prometheusRule.enabled", False, "Alerts and recording rules for the Prometheus operator"),
    ("metrics.prometheusRule.renderMode", "skipIfMissing", "When its definition is missing", one_of("skipIfMissing", "failIfMissing", "alwaysRender")),
    ("metrics.prometheusRule.labels", {}, "Labels, for Prometheus' selector", TEXTS),
    ("metrics.prometheusRule.runbooks", "", "URL that is put before docs/runbooks, where each alert has its page"),
    ("metrics.prometheusRule.alerts", {}, "Changes of alerts by their names: {StowageSLISlow: {enabled: false, for: 20m, severity: info}}", ALERTS),
    ("metrics.dashboards.enabled", False, "ConfigMaps with the dashboards for Grafana's sidecar"),
    ("metrics.dashboards.labels", {"grafana_dashboard": "1"}, "Labels that the sidecar looks for", TEXTS),
    ("metrics.dashboards.annotations", {}, "Annotations, such as the one that names the folder in Grafana", TEXTS),
    ("metrics.dashboards.namespace", "", "Namespace of the ConfigMaps; empty: that of the release"),
    ("tests.enabled", True, "The pod of helm test"),
    ("extraObjects", [], "More objects: maps or texts, rendered as templates", {"type": "array", "items": {"type": ["object", "string"], "additionalProperties": True}}),
]


def json_type(value):
    return {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}[type(value)]


def schema():
    root = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart stowage",
            "type": "object", "additionalProperties": False, "properties": {}}
    for path, default, text, *more in VALUES:
        *folders, leaf = path.split(".")
        here = root
        for folder in folders:
            here = here["properties"].setdefault(
                folder, {"type": "object", "additionalProperties": False, "properties": {}})
        here["properties"][leaf] = {"description": text, "type": json_type(default), "default": default,
                                    **(more[0] if more else {})}
    # Helm hands these to every chart that is used as a dependency.
    root["properties"]["global"] = {"description": "Values of a parent chart; not used", "type": "object", "default": {}}
    return json.dumps(root, indent=2) + "\n"


def values():
    tree = {}
    for path, default, text, *_ in VALUES:
        *folders, leaf = path.split(".")
        here = tree
        for folder in folders:
            here = here.setdefault(folder, {})
        here[leaf] = (text, default)
    lines = ["# Values of the chart stowage. Written by scripts/chart_values.py: change it there.", ""]

    def put(node, depth):
        for key, value in node.items():
            pad = "  " * depth
            if isinstance(value, dict):
                lines.append(f"{pad}{key}:")
                put(value, depth + 1)
            else:
                text, default = value
                lines.append(f"{pad}# {key}: {text}.")
                lines.append(f"{pad}{key}: {json.dumps(default)}")

    put(tree, 0)
    return "\n".join(lines) + "\n"


def readme():
    path = CHART / "README.md"
    text = path.read_text()
    rows = ["| Value | Default | Meaning |", "|---|---|---|"]
    rows += [f"| `{p}` | `{json.dumps(d)}` | {t} |" for p, d, t, *_ in VALUES]
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return before + MARKS[0] + "\n" + "\n".join(rows) + "\n" + MARKS[1] + after


def main():
    wanted = {
        CHART / "values.yaml": values(),
        CHART / "values.schema.json": schema(),
        CHART / "README.md": readme(),
        CHART / "files/crds" / CRD: (ROOT / "lib/statefulgroup/crd" / CRD).read_text(),
    }
    old = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what scripts/chart_values.py writes: make docs")
        sys.exit(1 if old else 0)
    for path in old:
        path.write_text(wanted[path])
        print("wrote", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
