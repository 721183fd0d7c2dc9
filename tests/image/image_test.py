#!/usr/bin/env python3
"""The image that `make image` wrote: what is in it, and that its programs run from it against a real kube-apiserver, as
the image's user, with a read-only root and nothing around them that the image does not bring.

tests/image/image_test.py [ARCHIVE]      needs root for namespaces and chroot
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts/image"))

import archive  # noqa: E402
from container import Container, wait_for  # noqa: E402

VERSION = (ROOT / "VERSION").read_text().strip()
ARCHIVE = pathlib.Path(sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1].endswith(".tar")
                       else ROOT / f"build/image/stowage-{VERSION}.oci.tar").resolve()
CONTROLPLANE = str(ROOT / "tests/controlplane/controlplane.sh")
PROGRAMS = {"stowage-scheduler", "stowage-operator", "stowage-etcd-agent", "kubectl-stowage"}
PACKED_LIMIT = 20_000_000  # bytes; docs/image.md has what it is
IMAGE = archive.Image(ARCHIVE)


def command(*words, stdin=None):
    done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Content(unittest.TestCase):
    files = IMAGE.files()

    def test_has_programs_libraries_papers_and_nothing_else(self):
        self.assertEqual({n.removeprefix("usr/bin/") for n in self.files if n.startswith("usr/bin/")}, PROGRAMS)
        expected = (r"usr/bin/(?:[a-z]+-)?stowage(?:-[a-z]+)*|usr/lib(?:64)?/(?:[^/]+/)?(?:lib|ld-)[^/]*\.so(?:\.[0-9.]+)?|lib(?:64)?"
                    r"|etc/(?:passwd|group|nsswitch\.conf|os-release)|usr/share/doc/[^/]+/copyright|var/lib/dpkg/status\.d/[^/]+"
                    r"|usr/share/doc/stowage/(?:LICENSE|sbom\.spdx\.json)")
        self.assertEqual([n for n in self.files if not re.fullmatch(expected, n)], [])

    def test_belongs_to_root_and_only_root_writes_it(self):
        for _, member in IMAGE.members():
            with self.subTest(member.name):
                self.assertEqual((member.uid, member.gid), (0, 0))
                if not member.issym():
                    self.assertEqual(member.mode & 0o7022, 0, "set-id, sticky, or for others to write")

    def test_its_times_are_one_time(self):
        self.assertEqual(len({m.mtime for _, m in IMAGE.members()}), 1)

    def test_is_small(self):
        self.assertLess(IMAGE.packed, PACKED_LIMIT)

    def test_configuration(self):
        config = IMAGE.config["config"]
        self.assertEqual(config["User"], "65532:65532")
        self.assertEqual(config["Env"], ["PATH=/usr/bin"])
        self.assertNotIn("Entrypoint", config)
        self.assertEqual({k: config["Labels"][k] for k in ("org.opencontainers.image.version", "org.opencontainers.image.title")},
                         {"org.opencontainers.image.version": VERSION, "org.opencontainers.image.title": "stowage"})
        if "io.buildah.version" in config["Labels"]:  # Docker 20.10 takes the time of the build
            self.assertEqual(IMAGE.config["created"][:19], config["Labels"]["org.opencontainers.image.created"][:19])


class Sbom(unittest.TestCase):
    files = IMAGE.files()
    sbom = json.loads(files["usr/share/doc/stowage/sbom.spdx.json"].content)

    def related(self, kind):
        names = {p["SPDXID"]: p["name"] for p in self.sbom["packages"]}
        return {names[r["relatedSpdxElement"]] for r in self.sbom["relationships"] if r["relationshipType"] == kind}

    def test_names_what_scanners_find(self):
        entries = {n.removeprefix("var/lib/dpkg/status.d/") for n in self.files if n.startswith("var/lib/dpkg/status.d/")}
        self.assertEqual(entries, self.related("CONTAINS") - PROGRAMS)
        self.assertLessEqual({"libc6", "libssl3", "libstdc++6"}, entries)
        versions = {p["name"]: p["versionInfo"] for p in self.sbom["packages"]}
        for entry in entries:
            self.assertIn(f"\nVersion: {versions[entry]}\n", self.files[f"var/lib/dpkg/status.d/{entry}"].content.decode())
            self.assertIn(f"usr/share/doc/{entry}/copyright", self.files)

    def test_names_what_was_compiled_in(self):
        self.assertLessEqual({"nlohmann-json3-dev", "libcli11-dev", "libexpected-dev"}, self.related("STATIC_LINK"))

    def test_tells_licences(self):
        comments = {p["name"]: p.get("licenseComments", "") for p in self.sbom["packages"]}
        self.assertIn("Apache-2.0", comments["libssl3"])
        self.assertEqual([n for n, text in comments.items() if not text and n not in PROGRAMS | {"stowage"}], [])

    def test_sums_are_those_of_the_programs(self):
        for package in self.sbom["packages"]:
            if "packageFileName" in package:
                content = self.files[package["packageFileName"].lstrip("/")].content
                self.assertEqual(package["checksums"][0]["checksumValue"], hashlib.sha256(content).hexdigest())

    def test_has_what_spdx_demands(self):
        """https://spdx.github.io/spdx-spec/v2.3: fields that must be there, and references that lead somewhere."""
        for field in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"):
            self.assertTrue(self.sbom[field], field)
        ids = [p["SPDXID"] for p in self.sbom["packages"]]
        self.assertEqual(len(ids), len(set(ids)))
        for package in self.sbom["packages"]:
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(package["name"] and package["downloadLocation"])
        for relation in self.sbom["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, {*ids, "SPDXRef-DOCUMENT"})


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise AssertionError("running programs in the image needs root (namespaces, chroot): sudo make image-test")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stowage-image."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "root").mkdir()
        IMAGE.unpack(cls.folder / "root")
        cls.container = Container(cls.folder / "root", IMAGE.config["config"])
        cp = cls.folder / "cp"
        command(CONTROLPLANE, "build")
        cls.addClassCleanup(command, CONTROLPLANE, "stop", cp)
        command(CONTROLPLANE, "start", cp, "--no-node-taints", "--owner-pid", os.getpid())
        cls.cp, cls.admin, cls.kubectl = cp, cp / "admin.kubeconfig", command(CONTROLPLANE, "path", "kubectl")
        hosts = cls.folder / "hosts"
        hosts.write_text("127.0.0.1 kubernetes.default.svc\n")
        cls.hosts = (hosts, "/etc/hosts")
        cls.k("create", "serviceaccount", "default", "-n", "default")  # no controller makes it here
        cls.k("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]}}))
        cls.k("apply", "-f", ROOT / "lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml")
        # kubectl get is an error of its own until the definition is served.
        wait_for("the definition is served", lambda: subprocess.run(
            [cls.kubectl, "--kubeconfig", cls.admin, "get", "sfg", "-A"], capture_output=True, check=False).returncode == 0)

    @classmethod
    def k(cls, *words, stdin=None):
        return command(cls.kubectl, "--kubeconfig", cls.admin, *words, stdin=stdin)

    def identity(self, program, name="kubernetes.default.svc"):
        """The program's kubeconfig, readable by the image's user; the server by a name that only /etc/hosts knows."""
        text = pathlib.Path(command(CONTROLPLANE, f"{program}-identity", self.cp)).read_text()
        place = self.folder / f"{self.id().rsplit('.', 1)[-1]}.kubeconfig.d"
        place.mkdir()
        (place / "kubeconfig").write_text(text.replace("https://127.0.0.1:", f"https://{name}:"))
        return place

    def start(self, program, place, *flags):
        process = self.container.start(
            f"stowage-{program}", "--kubeconfig=/run/test/kubeconfig", "--bind-address=127.0.0.1", "--secure-port=0", *flags,
            log=self.folder / f"{self.id()}.log", mounts=[self.hosts, (place, "/run/test")])
        self.addCleanup(process.kill)
        return process

    def test_every_program_tells_what_it_is(self):
        revision = IMAGE.config["config"]["Labels"]["org.opencontainers.image.revision"]
        for program in sorted(PROGRAMS):
            for env in ({}, {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "TZ": "Europe/Berlin"}):
                with self.subTest(program=program, env=env):
                    shown = self.container.run(program, "--version", env=env)
                    self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                    self.assertIn(VERSION, shown.stdout)
                    self.assertIn(revision, shown.stdout)
                    helped = self.container.run(program, "--help", env=env)
                    self.assertEqual((helped.returncode, helped.stderr), (0, ""))
                    self.assertIn("--kubeconfig", helped.stdout)

    def test_there_is_no_shell(self):
        for name in ("sh", "bash", "/bin/sh", "/usr/bin/env", "busybox"):
            self.assertEqual(self.container.run(name, "-c", "true").returncode, 127, name)

    def test_the_scheduler_places_a_pod(self):
        process = self.start("scheduler", self.identity("scheduler"))
        self.k("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"},
            "spec": {"schedulerName": "stowage-scheduler", "containers": [{"name": "main", "image": "example.org/a:1"}]}}))
        node = wait_for("the pod has a node", lambda: self.k("get", "pod", "pod", "-o", "jsonpath={.spec.nodeName}"))
        self.assertEqual(node, "node")
        self.assertEqual(process.terminate(), 0, process.text())

    def test_the_operator_makes_members(self):
        process = self.start("operator", self.identity("operator"))
        self.k("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "stowage.dev/v1alpha1", "kind": "StatefulGroup", "metadata": {"name": "db", "namespace": "default"},
            "spec": {"shards": 1, "replicas": 3, "template": {"spec": {"containers": [{"name": "main", "image": "example.org/a:1"}]}}}}))
        wait_for("a member's pod", lambda: "db-" in self.k("get", "pods", "-o", "name"))
        self.assertEqual(process.terminate(), 0, process.text())

    def test_kubectl_stowage_finds_its_server(self):
        place = self.identity("operator")
        shown = self.container.run("kubectl-stowage", "--kubeconfig=/run/test/kubeconfig", "-n", "default", "status", "nobody",
                                   mounts=[self.hosts, (place, "/run/test")])
        self.assertNotEqual(shown.returncode, 0)
        self.assertIn("there is no StatefulGroup nobody in namespace default", shown.stderr)

    def test_a_server_of_another_authority_is_refused(self):
        place = self.identity("scheduler")
        other = self.folder / "other.crt"
        command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", os.devnull, "-out", other)
        encoded = command("base64", "-w0", other)
        config = place / "kubeconfig"
        config.write_text(re.sub(r"certificate-authority-data: \S+", f"certificate-authority-data: {encoded}", config.read_text()))
        process = self.start("scheduler", place)
        wait_for("it says why", lambda: re.search("(?i)certificate verify failed|self.signed certificate|unable to get local issuer",
                                                  process.text()))

    def test_a_server_by_a_name_that_is_not_in_its_certificate_is_refused(self):
        self.hosts[0].write_text("127.0.0.1 kubernetes.default.svc other.example\n")
        process = self.start("scheduler", self.identity("scheduler", "other.example"))
        wait_for("it says why", lambda: re.search("(?i)certificate|host.?name", process.text()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
