#!/usr/bin/env python3
"""The chart on a real node: the scheduler and the operator run as pods from the image, with the chart's accounts, roles and
security contexts, in a namespace that enforces the restricted Pod Security Standard. Pods that they place start, the members of a
group reach each other by the names of its headless Service, and the group lives through upgrade, rollback, uninstall and
reinstall. Run by `make e2e`, inside the namespaces of e2e.sh."""
import json
import ssl
import unittest

import cluster
import endpoint
import installed
import node
from installed import LIMIT, NAMESPACE

GROUP = """
apiVersion: stowage.dev/v1alpha1
kind: StatefulGroup
metadata: {name: db, namespace: default}
spec:
  shards: 1
  replicas: 3
  topology:
    # There is one node.
    failureDomains: [{topologyKey: kubernetes.io/hostname, maxPerDomain: 3, quorumSafe: "Off"}]
  template:
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: stowage.dev/e2e/app:1
        args: [peer, "8080"]
        resources: {requests: {cpu: 10m, memory: 16Mi}}
        readinessProbe: {httpGet: {path: /name, port: 8080}, periodSeconds: 1}
"""
MEMBERS = ["db-0-0", "db-0-1", "db-0-2"]


class Release(installed.Installed):
    def programs(self, program):
        return sorted(p["metadata"]["uid"] for p in self.pods(NAMESPACE, f"app.kubernetes.io/component={program}"))

    def members(self):
        return {p["metadata"]["name"]: p["metadata"]["uid"] for p in self.pods("default", "stowage.dev/group=db")}

    def test_life_of_a_release(self):
        self.change("install")
        self.check_programs()
        self.check_a_pod_runs("first")
        self.assertRegex(self.h("test", "stowage", "--timeout", LIMIT), r"Phase:\s+Succeeded")

        self.k("apply", "-f", "-", stdin=GROUP)
        self.wait_for_group()
        self.check_members_talk()
        members = self.members()
        self.check_an_image_changed_in_place()
        self.check_cpu_changed_in_place()
        self.assertEqual(self.members(), members)

        self.check_a_changed_configuration()
        self.check_leaders_that_are_killed()
        self.check_an_upgrade_to_certificates_of_our_own()
        self.check_a_pod_runs("upgraded")
        self.change("rollback")
        self.check_a_pod_runs("rolled-back")
        self.assertEqual(self.members(), members)
        self.assertEqual(self.refusals(), [])

        self.h("uninstall", "stowage", "--wait", "--timeout", LIMIT)
        node.wait_for("the programs have ended", lambda: not self.programs("scheduler") and not self.programs("operator"))
        self.check_members_talk()
        # A leader that ends may find its rights gone before it has given up its lease: helm takes away everything at once.
        uninstalled = len(self.audit())
        self.change("install")
        self.check_a_pod_runs("reinstalled")
        self.assertEqual(self.members(), members)
        self.k("delete", "pod", "db-0-1", "--wait=false")
        node.wait_for("the operator replaces a member", lambda: self.members().get("db-0-1") not in (None, members["db-0-1"]))
        self.wait_for_group()
        self.check_members_talk()
        self.assertEqual({n: u for n, u in self.members().items() if n != "db-0-1"}, {n: members[n] for n in ("db-0-0", "db-0-2")})
        self.check_programs()
        self.assertEqual(self.refusals(since=uninstalled), [])

    def check_programs(self):
        """Both replicas of both, ready by their own probes, and never restarted."""
        states = [p["status"]["containerStatuses"][0] for p in self.pods(NAMESPACE, "app.kubernetes.io/component in (scheduler,operator)")]
        self.assertEqual([(s["ready"], s["restartCount"]) for s in states], [(True, 0)] * 4, states)

    def check_a_pod_runs(self, name):
        self.k("apply", "-f", "-", stdin=cluster.said(name, scheduler="stowage-scheduler"))
        node.wait_for("the pod ends well", lambda: self.k("get", "pod", name, "-o", "jsonpath={.status.phase}") == "Succeeded")
        self.assertEqual(self.k("logs", name), "from the container")
        node.wait_for("the event that Stowage placed it", lambda: self.k(
            "get", "events.events.k8s.io", "-n", "default", "--field-selector", f"reason=Scheduled,regarding.name={name}",
            "-o", "jsonpath={.items[*].reportingController}") == "stowage-scheduler")

    def wait_for_group(self):
        def ready():
            status = json.loads(self.k("get", "sfg", "db", "-n", "default", "-o", "json")).get("status", {})
            return status.get("readyReplicas") == 3
        node.wait_for("the group is ready", ready)

    def check_members_talk(self):
        """Each asks everybody by the name of the Service, and each of the others by its own name."""
        for member in MEMBERS:
            for host, wanted in [("db-0-peers", MEMBERS)] + [(f"{m}.db-0-peers", [m]) for m in MEMBERS]:
                url = f"/api/v1/namespaces/default/pods/{member}:8080/proxy/ask?host={host}.default.svc.cluster.local"
                node.wait_for(f"{member} hears {wanted} at {host}", lambda url=url, wanted=wanted: sorted(
                    line.split()[1] for line in self.k("get", "--raw", url, check=False).splitlines()) == wanted)

    def change_member(self, field, value):
        change = [{"op": "replace", "path": f"/spec/template/spec/containers/0/{field}", "value": value}]
        self.k("patch", "sfg", "db", "-n", "default", "--type=json", "-p", json.dumps(change))
        node.wait_for(f"{field} is rolled out", lambda: self.rolled_out())
        return [p["status"]["containerStatuses"][0] for p in self.pods("default", "stowage.dev/group=db")]

    def rolled_out(self):
        group = json.loads(self.k("get", "sfg", "db", "-n", "default", "-o", "json"))
        status = group["status"]
        return (status["observedGeneration"] == group["metadata"]["generation"] and status["updatedReplicas"] == 3
                and status["readyReplicas"] == 3 and status["currentRevision"] == status["updateRevision"])

    def check_an_image_changed_in_place(self):
        """The kubelet restarts containers from the new image, one after another, in the same pods."""
        states = self.change_member("image", cluster.load_app(self.node, 2))
        self.assertEqual([(s["image"], s["restartCount"]) for s in states], [("stowage.dev/e2e/app:2", 1)] * 3)
        self.check_members_talk()

    def check_cpu_changed_in_place(self):
        """The kubelet writes another amount to control groups, and restarts nothing."""
        states = self.change_member("resources/requests/cpu", "20m")
        self.assertEqual([(s["resources"]["requests"]["cpu"], s["restartCount"]) for s in states], [("20m", 1)] * 3)

    def check_leaders_that_are_killed(self):
        """Their containers come back in the same pods; meanwhile the others lead."""
        pods = {program: self.programs(program) for program in ("scheduler", "operator")}
        for program in pods:
            name = f"stowage-{program}"
            lease = ("get", "lease", name, "-n", NAMESPACE, "-o", "jsonpath={.spec.holderIdentity}")
            leader = self.k(*lease)
            pod = next(p for p in self.pods(NAMESPACE, f"app.kubernetes.io/component={program}") if leader.startswith(p["metadata"]["name"]))
            container = pod["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://")
            self.node.ctr("node-1", "tasks", "kill", "--signal", "SIGKILL", container)
            node.wait_for("another leads", lambda lease=lease, leader=leader: self.k(*lease) not in ("", leader))
        self.check_a_pod_runs("after-the-leader")
        node.wait_for("all are ready again", lambda: self.k(
            "get", "deployments", "-n", NAMESPACE, "-o", "jsonpath={.items[*].status.readyReplicas}") == "2 2")
        self.assertEqual({program: self.programs(program) for program in pods}, pods)

    def check_an_upgrade_to_certificates_of_our_own(self):
        """New pods serve with the Secret's certificate, and with the next one that the kubelet puts there."""
        before = self.programs("scheduler")
        self.give_certificate("first")
        self.change("upgrade", "--set", "scheduler.tlsSecret=serving")
        pods = self.programs("scheduler")
        self.assertFalse(set(before) & set(pods))
        self.wait_for_certificate("first")
        self.give_certificate("second")
        self.wait_for_certificate("second")
        self.assertEqual(self.programs("scheduler"), pods)

    def give_certificate(self, name):
        path = self.node.folder / name
        node.chart.command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                           "-subj", f"/CN={name}", "-keyout", f"{path}.key", "-out", f"{path}.crt")
        secret = self.k("create", "secret", "tls", "serving", "-n", NAMESPACE, "--cert", f"{path}.crt", "--key", f"{path}.key",
                        "--dry-run=client", "-o", "yaml")
        self.k("apply", "-f", "-", stdin=secret)

    def wait_for_certificate(self, name):
        wanted = (self.node.folder / f"{name}.crt").read_text().strip()
        node.wait_for(f"the {name} certificate is served", lambda: all(
            ssl.get_server_certificate((p["status"]["podIP"], 10259), timeout=10).strip() == wanted
            for p in self.pods(NAMESPACE, "app.kubernetes.io/component=scheduler")))

    def check_a_changed_configuration(self):
        """The kubelet puts a changed ConfigMap into the pods, and the programs follow it: no pod is made anew."""
        pods = self.programs("scheduler")
        watch = endpoint.Endpoint(self.node, 10259)
        replicas = watch.addresses(NAMESPACE, "scheduler")
        self.assertEqual(len(replicas), 2)

        def everywhere(name, value):
            node.wait_for(f"{name} is {value} in both replicas", lambda: all(watch.metric(r, name) == value for r in replicas))

        def in_use(seconds):
            self.assertEqual([f"podMaxBackoffSeconds: {seconds}\n" in watch.get(r, "/configz") for r in replicas], [True, True])

        changed = ("--set", "scheduler.config.podMaxBackoffSeconds=7")
        self.change("upgrade", *changed)
        everywhere('stowage_config_reloads_total{result="applied"}', 1)
        in_use(7)
        wrong = {"data": {"scheduler.yaml": "kind: KubeSchedulerConfiguration\n"}}
        self.k("patch", "configmap", "stowage-scheduler", "-n", NAMESPACE, "-p", json.dumps(wrong))
        everywhere("stowage_config_last_reload_successful", 0)
        in_use(7)
        self.change("upgrade", *changed)
        everywhere("stowage_config_last_reload_successful", 1)
        in_use(7)
        self.assertEqual(self.programs("scheduler"), pods)

    def audit(self):
        return (self.node.cp / "audit.log").read_text().splitlines()

    def refusals(self, since=0):
        lines = map(json.loads, self.audit()[since:])
        own = [e for e in lines if e["user"]["username"].startswith(f"system:serviceaccount:{NAMESPACE}:stowage-")]
        self.assertTrue(own)
        return [(e["user"]["username"], e["verb"], e["requestURI"]) for e in own if e.get("responseStatus", {}).get("code") == 403]


if __name__ == "__main__":
    unittest.main(verbosity=2)
