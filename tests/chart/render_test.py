#!/usr/bin/env python3
"""What can be said of the chart without a cluster, with helm 3 and helm 4."""
import json
import os
import unittest

import yaml

import chart

HELMS = chart.helms()
HELM = HELMS["helm"]
MANIFESTS = chart.ROOT / "tests/controlplane/manifests"


def put(tree, path, value):
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value


def refusal(helm, values):
    """The lines with which helm refuses values."""
    done = chart.command(helm, "template", "x", chart.CHART, *chart.KUBE, "-f", "-", stdin=json.dumps(values), check=False)
    assert done.returncode, values
    return done.stderr.splitlines()


class Render(unittest.TestCase):
    def test_lint_and_template_without_a_warning_and_alike(self):
        self.assertGreaterEqual(len(chart.CI), 12)
        for values in [chart.CHART / "values.yaml", *chart.CI]:
            shown = []
            for helm in HELMS.values():
                with self.subTest(helm=helm, values=values.name):
                    done = chart.command(helm, "lint", "--strict", *chart.KUBE, chart.CHART, "-f", values)
                    self.assertNotIn("[WARNING]", done.stdout + done.stderr)
                    shown.append(sorted(json.dumps(d, sort_keys=True) for d in chart.render(helm, "-f", values)))
                    self.assertTrue(shown[-1])
                    self.assertEqual(shown[-1], shown[0])

    def test_a_typo_or_a_wrong_type_fails_by_name(self):
        for flag, named in [("replicaCout=3", "replicaCout"), ("scheduler.replicaCout=3", "replicaCout"),
                            ("operator.rbac.hook=true", "hook"), ("scheduler.replicaCount=two", "replicaCount"),
                            ("image.digest=latest", "digest"), ("operator.workers=65", "workers"),
                            ("metrics.serviceMonitor.renderMode=maybe", "renderMode"),
                            ("metrics.prometheusRule.alerts.StowageSLISlow.fro=1m", "fro"),
                            ("scheduler.livenessProbe.periodSeconds=often", "periodSeconds")]:
            for helm in HELMS.values():
                with self.subTest(flag=flag, helm=helm):
                    done = chart.command(helm, "template", "x", chart.CHART, *chart.KUBE, "--set", flag, check=False)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(named, done.stderr)

    def test_every_value_has_a_type_and_every_object_is_closed(self):
        """Wrong values everywhere at once: the answer names each of them, in a line of its own."""
        schema = json.loads((chart.CHART / "values.schema.json").read_text())
        wrong, unknown, paths = {}, {}, [p for p, s in chart.leaves(schema) if p != ("global",)]
        for path, below in chart.leaves(schema):
            types = below["type"] if isinstance(below["type"], list) else [below["type"]]
            if path != ("global",):
                put(wrong, path, True if "boolean" not in types else "text")
        objects = [(), *sorted({p[:n] for p in paths for n in range(1, len(p))})]
        for path in objects:
            put(unknown, (*path, "noSuchKey"), 1)
        for helm in HELMS.values():
            said = [line for line in refusal(helm, wrong) if "at '/" in line and "validation failed" not in line]
            self.assertEqual({line.split("'")[1] for line in said}, {"/" + "/".join(p) for p in paths})
            said = [line for line in refusal(helm, unknown) if "noSuchKey" in line]
            self.assertEqual({line.split("'")[1] for line in said}, {"/".join(("", *p)) for p in objects})

    def test_every_value_has_a_description_and_a_default(self):
        for path, schema in chart.leaves(json.loads((chart.CHART / "values.schema.json").read_text())):
            with self.subTest(value=".".join(path)):
                self.assertTrue(schema.get("description"))
                self.assertIn("default", schema)

    def test_what_is_generated_is_current(self):
        chart.command(chart.ROOT / "scripts/chart_values.py", "--check")
        version = (chart.ROOT / "VERSION").read_text().strip()
        about = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
        self.assertEqual((about["version"], about["appVersion"]), (version, version))

    def test_the_definition_says_what_its_source_says(self):
        source = yaml.safe_load(next((chart.ROOT / "lib/statefulgroup/crd").glob("*.yaml")).read_text())
        for keep in (True, False):
            shown = [d for d in chart.render(HELM, "--set", f"crds.keep={str(keep).lower()}")
                     if d["kind"] == "CustomResourceDefinition"]
            self.assertEqual(len(shown), 1)
            self.assertEqual((shown[0]["metadata"]["name"], shown[0]["spec"]), (source["metadata"]["name"], source["spec"]))
            self.assertEqual("annotations" in shown[0]["metadata"], keep)

    def test_two_releases_share_no_name(self):
        def names(documents):
            # The one API of the cluster is shared on purpose: a second release leaves it out.
            return {(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents
                    if d["kind"] != "CustomResourceDefinition"}
        for other in [("second", "one"), ("first", "two"), ("second", "two")]:
            both = names(chart.render(HELM)) & names(chart.render(HELM, release=other[0], namespace=other[1]))
            self.assertEqual(both, set(), other)

    def test_own_pods_are_not_for_stowage_and_are_restricted(self):
        pods = [d["spec"]["template"]["spec"] for d in chart.render(HELM) if d["kind"] == "Deployment"]
        self.assertEqual(len(pods), 2)
        for pod in pods:
            self.assertEqual(pod["schedulerName"], "default-scheduler")
            self.assertEqual(pod["priorityClassName"], "system-cluster-critical")
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            for container in pod["containers"]:
                self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
                self.assertTrue({"livenessProbe", "readinessProbe", "startupProbe"} <= set(container))

    def test_pods_are_replaced_for_what_the_scheduler_does_not_reload(self):
        def checksum(*flags):
            return [d["spec"]["template"]["metadata"]["annotations"]["stowage.dev/config-checksum"]
                    for d in chart.render(HELM, *flags) if d["kind"] == "Deployment" and "scheduler" in d["metadata"]["name"]]
        self.assertNotEqual(checksum(), checksum("--set", "scheduler.config.leaderElection.leaseDuration=20s"))
        self.assertEqual(checksum(), checksum("--set", "scheduler.config.podMaxBackoffSeconds=20"))

    def test_monitors_follow_their_definitions(self):
        kinds = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
        service = ("--set", "metrics.serviceMonitor.enabled=true", "--set", "metrics.prometheusRule.enabled=true")
        pod = ("--set", "metrics.podMonitor.enabled=true", "--set", "metrics.podMonitor.authorization.credentials.key=token")

        def shown(*flags):
            return {d["kind"] for d in chart.render(HELM, *flags)} & kinds
        apis = [f"--api-versions=monitoring.coreos.com/v1/{k}" for k in kinds]
        for flags, what in [(service, {"ServiceMonitor", "PrometheusRule"}), (pod, {"PodMonitor"})]:
            self.assertEqual(shown(*flags), set())
            self.assertEqual(shown(*flags, *apis), what)
        self.assertRefused("monitoring.coreos.com/v1/ServiceMonitor is not there", *service,
                           "--set", "metrics.serviceMonitor.renderMode=failIfMissing")

    def assertRefused(self, why, *flags):
        """By one line that says what to do, after helm's own words."""
        for helm in HELMS.values():
            with self.subTest(flags=flags, helm=helm):
                done = chart.command(helm, "template", "x", chart.CHART, *chart.KUBE, *flags, check=False)
                self.assertNotEqual(done.returncode, 0)
                said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("Use --debug")]
                self.assertEqual(len(said), 1, said)
                self.assertIn(why, said[0])

    def test_what_a_schema_cannot_say_is_refused_in_one_line(self):
        for why, *settings in [
                ("scheduler.config.leaderElection.leaderElect: has to be true", "scheduler.config.leaderElection.leaderElect=false"),
                ("schedulerName default-scheduler belongs to kube-scheduler", "scheduler.schedulerName=default-scheduler"),
                ("schedulerName default-scheduler belongs to kube-scheduler",
                 "scheduler.config.profiles[0].schedulerName=default-scheduler"),
                ("scheduler.extraArgs: --leader-elect=false is not for a Deployment", "scheduler.extraArgs={--leader-elect=false}"),
                ("operator.extraArgs: --leader-elect=false is not for a Deployment", "operator.extraArgs={--leader-elect=false}"),
                ("scheduler.serviceAccount.name is needed when create is false", "scheduler.serviceAccount.create=false"),
                ("operator.extraPodSpec.tolerations: the chart writes this field itself", "operator.extraPodSpec.tolerations=[]"),
                ("metrics.prometheusRule.alerts.StowageSlow: there is no such alert", "metrics.prometheusRule.enabled=true",
                 "metrics.prometheusRule.renderMode=alwaysRender", "metrics.prometheusRule.alerts.StowageSlow.for=1h"),
                ("metrics.podMonitor.authorization is needed", "metrics.podMonitor.enabled=true"),
                ("metrics.podMonitor.enabled: not beside metrics.serviceMonitor.enabled", "metrics.podMonitor.enabled=true",
                 "metrics.serviceMonitor.enabled=true")]:
            self.assertRefused(why, *(w for s in settings for w in ("--set", s)))
        chart.render(HELM, "--set", "scheduler.config.leaderElection.leaderElect=true")

class OthersChecks(unittest.TestCase):
    # What kube-score asks for, and is not so on purpose.
    IGNORED = {
        "container-image-pull-policy": "tags of releases do not move, and a digest cannot",
        "container-resources": "a limit of CPU would slow a leader down; one of memory is the administrator's (resources)",
        "container-ephemeral-storage-request-and-limit": "nothing is written: the file systems are read-only",
        "deployment-has-host-podantiaffinity": "replicas are spread softly, over zones and nodes",
    }

    def test_suites_of_helm_unittest(self):
        """charts/stowage/tests."""
        done = chart.command(chart.tool("helm-unittest"), "--strict", chart.CHART)
        said = "".join(suite.read_text() for suite in (chart.CHART / "tests").glob("*_test.yaml"))
        for template in (chart.CHART / "templates").rglob("[!_]*.*"):
            self.assertIn(f"template: {template.relative_to(chart.CHART / 'templates')}\n", said, "no suite looks at it")
        self.assertRegex(done.stdout, r"Tests:\s+[1-9]\d+ passed, \d+ total")

    def test_kube_score_finds_nothing_else(self):
        shown = chart.command(HELM, "template", "first", chart.CHART, "--namespace", "one", *chart.KUBE, "--no-hooks", "-f",
                              chart.CHART / "ci/network-policy-values.yaml").stdout
        ignored = [word for check in self.IGNORED for word in ("--ignore-test", check)]
        done = chart.command(chart.tool("kube-score"), "score", "-", "--kubernetes-version", "v1.36", "-o", "ci", *ignored, stdin=shown)
        self.assertEqual([line for line in done.stdout.splitlines() if not line.startswith(("[OK]", "[SKIPPED]"))], [])


class Notes(unittest.TestCase):
    """What helm says at the end; its commands are run by install_test.py. Only helm 4 shows it without a cluster."""

    def notes(self, values):
        done = chart.command(HELMS["helm4"], "install", "stowage", chart.CHART, "--namespace", "one", "--dry-run=client", "-f", values,
                             env={"KUBECONFIG": os.devnull})
        return done.stdout.split("NOTES:\n", 1)[1]

    def test_they_are_of_what_is_installed(self):
        first, waiting, groups = '"schedulerName":"stowage-scheduler"', "spec.schedulerName=stowage-scheduler,", "get statefulgroups --all-namespaces"
        roles, monitors = "No roles were made", "No ServiceMonitor was made"
        for values, there in [
                ("values", [first, waiting, "helm test stowage --namespace one", groups, "ends both"]),
                ("ci/scheduler-only-values", [first, waiting]),
                ("ci/operator-only-values", [groups, "ends both"]),
                ("ci/second-release-values", ['"schedulerName":"stowage-batch"', "spec.schedulerName=stowage-batch,"]),
                ("ci/existing-configmap-values", ["ConfigMap my-scheduler-config names the profiles", first, groups]),
                ("ci/operator-namespaced-values", [first, "get statefulgroups --namespace default"]),
                ("ci/own-accounts-values", [roles, first, groups]),
                ("ci/monitoring-values", [monitors, "--clusterrole=stowage-metrics-reader.one", first, groups])]:
            text = self.notes(chart.CHART / f"{values}.yaml")
            for part in there:
                with self.subTest(values=values, part=part):
                    self.assertIn(part, text)
            for part in {first, groups, roles, monitors} - set(there):
                with self.subTest(values=values, part=part):
                    self.assertNotIn(part, text)
            self.assertNotIn("<no value>", text)
            self.assertFalse([line for line in text.splitlines() if len(line) > 200])


class Rights(unittest.TestCase):
    """The integration tests run with the roles in tests/controlplane/manifests: never as an administrator, and the
    audit log shows no refusal. What the chart grants is the same."""

    def granted(self, program, *flags):
        shown = chart.render(HELM, *flags, release="stowage", namespace="stowage-system")
        return chart.grants(shown, f"stowage-{program}")

    def test_the_chart_grants_what_the_integration_tests_run_with(self):
        chart.command(chart.ROOT / "scripts/chart_roles.py", "--check")
        for program in ("scheduler", "operator"):
            proven = chart.grants(list(yaml.safe_load_all((MANIFESTS / f"{program}-rbac.yaml").read_text())), "stowage-")
            self.assertEqual(self.granted(program, "--set", "scheduler.rbac.defaultSpreading=on"), proven)

    def test_rights_shrink_with_features(self):
        full = self.granted("scheduler", "--set", "scheduler.rbac.defaultSpreading=on")
        for switch, resources in [("preemption=false", {"poddisruptionbudgets"}),
                                  ("volumes=false", {"persistentvolumeclaims", "persistentvolumes", "csinodes", "csidrivers",
                                                     "storageclasses", "csistoragecapacities", "volumeattachments"}),
                                  ("defaultSpreading=off", {"services", "replicationcontrollers", "replicasets", "statefulsets"})]:
            less = self.granted("scheduler", "--set", "scheduler.rbac.defaultSpreading=on", "--set", f"scheduler.rbac.{switch}")
            gone = full - less
            self.assertLess(less, full)
            self.assertEqual({r for _, r, _, _ in gone} - {"pods"}, resources)
        self.assertNotIn(("", "pods", "", "delete"), self.granted("scheduler", "--set", "scheduler.rbac.preemption=false"))
        self.assertFalse([g for g in self.granted("operator", "--set", "operator.rbac.hooks=false") if "token" in g[1] and "serviceaccounts" in g[1]])

    def test_spreading_rights_come_with_profiles_that_need_them(self):
        service = ("", "services", "", "watch")
        self.assertNotIn(service, self.granted("scheduler"))
        self.assertIn(service, self.granted("scheduler", "-f", chart.CHART / "ci/profiles-values.yaml"))

    def test_an_operator_of_one_namespace_has_no_rights_on_pods_elsewhere(self):
        shown = chart.render(HELM, "--set", "operator.namespace=shop")
        cluster = chart.grants([d for d in shown if d["kind"] == "ClusterRole"], "first-stowage-operator")
        self.assertEqual({r for _, r, _, _ in cluster}, {"nodes", "persistentvolumes", "tokenreviews", "subjectaccessreviews"})
        self.assertIn(("", "pods", "", "create"),
                      chart.grants([d for d in shown if d["metadata"].get("namespace") == "shop"], "first-stowage-operator"))

    def test_nobody_may_read_secrets_and_nothing_is_a_star(self):
        every = chart.grants(chart.render(HELM, "--set", "scheduler.rbac.defaultSpreading=on"), "")
        self.assertFalse([g for g in every if g[1] == "secrets" or "*" in g])


if __name__ == "__main__":
    unittest.main(verbosity=1)
