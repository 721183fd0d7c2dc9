#!/usr/bin/env python3
"""A real Prometheus scrapes the real scheduler (a leader and a standby) and operator over TLS with a token,
while they work on a real kube-apiserver. Then: promtool finds nothing wrong with what they serve; every
expression of the dashboards, of the rules and of other people's dashboards has an answer; a standby serves
the same families, and zeros where numbers are summed up over replicas. And the log level
is changed on the way, and a stand-in for a trace collector is sent a trace of every attempt.

tests/monitoring/live.py [BUILD_DIR]     needs the control plane's binaries (make controlplane)
"""
import gzip
import http.server
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import queries  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONTROLPLANE = str(ROOT / "tests/controlplane/controlplane.sh")
TOOLS = str(ROOT / "tests/tools/tools.sh")
FILES = ROOT / "charts/stowage/files"
LIMIT = 120  # seconds that anything may take

faults = []


def run(*command, stdin=None, check=True):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            found = condition()
        except (OSError, ValueError):
            found = None
        if found:
            return found
        time.sleep(0.2)  # between two looks
    raise SystemExit(f"not within {LIMIT} s: {what}")


class Collector(http.server.ThreadingHTTPServer):
    """Stands in for an OpenTelemetry collector: keeps the spans that are sent to it."""

    def __init__(self):
        self.spans = []
        spans = self.spans

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json":
                    for of in body["resourceSpans"]:
                        for scope in of["scopeSpans"]:
                            spans.extend(scope["spans"])
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Cluster:
    """The control plane, KWOK's nodes, and the processes under test; everything ends with close()."""

    def __init__(self, build):
        self.build = build
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stowage-monitoring."))
        self.processes = []
        self.kwok = False

    def start(self):
        run(CONTROLPLANE, "build", "etcd", "kube-apiserver", "kubectl", "kube-controller-manager")
        run(TOOLS, "build", "kwok")
        self.kubectl = run(CONTROLPLANE, "path", "kubectl")
        run(CONTROLPLANE, "start", str(self.folder / "cp"), "--with-controller-manager", "--owner-pid", str(os.getpid()))
        self.admin = str(self.folder / "cp/admin.kubeconfig")
        self.create(run("python3", str(ROOT / "demo/workload.py"), "nodes"))
        run(TOOLS, "kwok-start", str(self.folder / "kwok"), self.admin, str(os.getpid()))
        self.kwok = True
        self.k("apply", "-f", str(ROOT / "lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml"))
        self.k("create", "namespace", "shop")
        wait_for("the service account of shop", lambda: self.k("get", "sa", "default", "-n", "shop", check=False))
        wait_for("nodes without taints", lambda: not self.k("get", "nodes", "-o", "jsonpath={.items[*].spec.taints}"))

    def k(self, *words, stdin=None, check=True):
        return run(self.kubectl, "--kubeconfig", self.admin, *words, stdin=stdin, check=check)

    def create(self, text):
        self.k("create", "-f", "-", stdin=text)

    def spawn(self, name, command):
        with open(self.folder / f"{name}.log", "w") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def serve(self, program, identity, number, *flags):
        port = free_port()
        self.spawn(f"{program}-{number}",
                   [f"{self.build}/cmd/{program}/stowage-{program}", "--kubeconfig", identity, "--bind-address",
                    "127.0.0.1", "--secure-port", str(port), "--leader-elect-resource-namespace", "kube-system", *flags])
        wait_for(f"{program} is ready", lambda: fetch(port, "/readyz")[0] == 200)
        return port

    def token(self, name, verb, urls):
        self.k("create", "serviceaccount", name, "-n", "shop")
        self.k("create", "clusterrole", name, f"--verb={verb}", f"--non-resource-url={urls}")
        self.k("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--serviceaccount=shop:{name}")
        return self.k("create", "token", name, "-n", "shop")

    def close(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=30)
        if self.kwok:
            run(TOOLS, "kwok-stop", str(self.folder / "kwok"), check=False)
        run(CONTROLPLANE, "stop", str(self.folder / "cp"), check=False)


def free_port():
    return int(run("bash", "-c", f"source {ROOT}/scripts/lib/processes.sh && free_port"))


def fetch(port, path, token=None, scheme="https", put=None):
    request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}{path}", method="PUT" if put else "GET",
                                     data=put.encode() if put else None)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    context = ssl._create_unverified_context() if scheme == "https" else None  # the self-signed one
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def start_prometheus(cluster, binary, token, scheduler_ports, operator_port):
    (cluster.folder / "token").write_text(token)

    def job(name, ports, path="/metrics"):
        return {"job_name": name, "scheme": "https", "metrics_path": path, "honor_labels": True,
                "tls_config": {"insecure_skip_verify": True},
                "authorization": {"credentials_file": str(cluster.folder / "token")},
                "static_configs": [{"targets": [f"127.0.0.1:{p}" for p in ports], "labels": {"cluster": "here"}}]}

    config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
              "rule_files": [str(FILES / "rules/*.yaml")],
              "scrape_configs": [job("stowage-scheduler", scheduler_ports), job("stowage-operator", [operator_port]),
                                 job("slis", [*scheduler_ports, operator_port], "/metrics/slis")]}
    path = cluster.folder / "prometheus.yml"
    path.write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    cluster.spawn("prometheus", [binary, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
                                 f"--storage.tsdb.path={cluster.folder}/tsdb", "--log.level=warn"])
    wait_for("Prometheus is ready", lambda: fetch(port, "/-/ready", scheme="http")[0] == 200)
    return port


def ask(port, path, **parameters):
    status, body = fetch(port, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", scheme="http")
    answer = json.loads(body)
    return answer["data"] if status == 200 else answer["error"]


def work(cluster):
    """Pods in waves, one that fits nowhere, one that others have to leave for, and a group with an update."""
    pods = json.loads(run("python3", str(ROOT / "demo/workload.py"), "pods", "--scheduler", "stowage-scheduler"))
    for item in pods["items"]:
        item["metadata"]["namespace"] = "shop"
    cluster.create((ROOT / "demo/group.yaml").read_text())
    cluster.create(json.dumps(big_pod()))
    for begin in range(0, len(pods["items"]), 60):
        cluster.create(json.dumps({**pods, "items": pods["items"][begin:begin + 60]}))
    bound = "--field-selector=spec.nodeName!="
    wait_for("300 pods bound", lambda: len(cluster.k("get", "pods", "-n", "shop", bound, "-o", "name").split()) >= 300)
    wait_for("the group is ready", lambda: cluster.k(
        "get", "sfg", "db", "-n", "shop", "-o",
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == "True")
    cluster.k("patch", "sfg", "db", "-n", "shop", "--type=json", "-p", json.dumps(
        [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.test/db:2"}]))
    wait_for("the group is updated", lambda: cluster.k(
        "get", "sfg", "db", "-n", "shop", "-o", "jsonpath={.status.updatedReplicas}") == "6")


def big_pod():
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "too-big", "namespace": "shop"},
            "spec": {"schedulerName": "stowage-scheduler",
                     "containers": [{"name": "c", "image": "pause", "resources": {"requests": {"cpu": "500"}}}]}}


def filled(expression, job, instances):
    for name, value in (("$cluster", "here"), ("$job", job), ("$instance", instances), ("$__rate_interval", "1m")):
        expression = expression.replace(name, value)
    return expression


def has_answer(port, expression):
    data = ask(port, "query", query=expression)
    if isinstance(data, str):
        faults.append(f"{expression}: {data}")
        return False
    return any(not math.isnan(float(sample["value"][1])) for sample in data["result"])


def check_answers(port, scheduler_ports, operator_port):
    asked = 0

    def expect(where, expression, job):
        nonlocal asked
        asked += 1
        if not has_answer(port, filled(expression, job, ".+")):
            faults.append(f"{where}: no answer to {expression}")

    for name in ("scheduler", "operator"):
        board = json.loads((FILES / f"dashboards/stowage-{name}.json").read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                expect(f"dashboard {name}, {panel['title']}", target["expr"], f"stowage-{name}")
    for expression in [*queries.mixin_dashboard(), *queries.mixin_rules(), *queries.OTHERS]:
        expect("other dashboards", expression, "stowage-scheduler")
    for expression, why in queries.DEAD.items():
        if has_answer(port, filled(expression, "stowage-scheduler", ".+")):
            faults.append(f"named as dead ({why}), and has an answer: {expression}")
    for group in ask(port, "rules")["groups"]:
        for rule in group["rules"]:
            if rule["health"] != "ok":
                faults.append(f"rule {rule['name']}: {rule.get('lastError', rule['health'])}")
            if rule["type"] == "recording":
                labels = "".join(f', {k}="{v}"' for k, v in rule.get("labels", {}).items())
                expect("recording rule", f'{{__name__="{rule["name"]}"{labels}}}', "")
                continue
            if rule["state"] == "firing" and rule["labels"].get("severity") == "critical":
                faults.append(f"{rule['name']} fires in a cluster that is well")
            for selector in re.findall(r"\b[a-z_:0-9]+\{[^}]*\}", rule["query"]):
                # A result or code that has not come up yet has no series: its family has.
                expect(f"alert {rule['name']}", re.sub(r', ?(code|result)="[^"]*"|\b(code|result)="[^"]*",? ?', "",
                                                       selector), "")
    slis = ask(port, "query", query='kubernetes_healthcheck{job="slis", type="readyz"}')["result"]
    if len({sample["metric"]["instance"] for sample in slis}) != len(scheduler_ports) + 1:
        faults.append("/metrics/slis has no readyz of every instance")
    return asked


def families(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.M))


def value(text, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
    return float(found[1]) if found else None


def check_served(promtool, pages):
    late = set(re.findall(r"^\| `([a-z0-9_]+)` †", (ROOT / "docs/metrics.md").read_text(), re.M))
    for name, text in pages.items():
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        if done.returncode != 0 or done.stderr.strip():
            faults.append(f"promtool check metrics, {name}: {done.stdout}{done.stderr}")
    leader, standby = pages["leader"], pages["standby"]
    missing = families(leader) - families(standby) - late
    if missing:
        faults.append(f"a standby does not serve {sorted(missing)}")
    if value(leader, "leader_election_master_status{name=\"stowage-scheduler\"}") != 1:
        faults.append("the leader does not say that it leads")
    for series in ('stowage_packing_nodes{state="used"}', 'stowage_packing_nodes{state="empty"}',
                   'stowage_packing_requested{resource="cpu",state="used"}',
                   'scheduler_schedule_attempts_total{profile="stowage-scheduler",result="scheduled"}',
                   'leader_election_master_status{name="stowage-scheduler"}'):
        if value(standby, series) != 0:
            faults.append(f"a standby shows {series} {value(standby, series)}")
    # It is compared when the packing is looked at.
    if not value(leader, "stowage_cache_checks_total") or value(leader, "stowage_cache_drifts_total") != 0:
        faults.append("the leader's cache was not compared with its pods, or differs from them")
    if not value(leader, 'stowage_packing_nodes{state="used"}'):
        faults.append("the leader knows of no node in use")


def check_open_metrics(port, pages):
    """Who asks for OpenMetrics gets it, packed, with the same families. Prometheus asks for it."""
    for name, (target, path, token) in pages.items():
        request = urllib.request.Request(f"https://127.0.0.1:{target}{path}", headers={
            "Authorization": f"Bearer {token}", "Accept": "application/openmetrics-text;version=1.0.0",
            "Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=10, context=ssl._create_unverified_context()) as answer:
            kind, packed = answer.headers["Content-Type"], answer.read()
        if kind != "application/openmetrics-text; version=1.0.0; charset=utf-8":
            faults.append(f"{name} asked for as OpenMetrics comes as {kind}")
            continue
        text = gzip.decompress(packed).decode()
        if not text.endswith("\n# EOF\n"):
            faults.append(f"{name} has no end as OpenMetrics")
        found = {n + ("_total" if t == "counter" else "") for n, t in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)}
        different = families(fetch(target, path, token)[1]) ^ found
        if different:
            faults.append(f"{name} has other families as OpenMetrics: {sorted(different)}")
    # A bound that is whole is written with a point there only.
    if not has_answer(port, 'scheduler_pod_scheduling_attempts_bucket{le="1.0"}'):
        faults.append("Prometheus has not read OpenMetrics")


def attributes(span):
    return {a["key"]: a["value"]["stringValue"] for a in span.get("attributes", [])}


def check_traces(collector):
    """One trace for each attempt: its wait, the decision, the bind, each within the whole."""
    def roots():
        return [s for s in collector.spans if "parentSpanId" not in s]

    def scheduled():
        return {attributes(s)["k8s.pod.uid"] for s in roots() if attributes(s)["stowage.result"] == "scheduled"}

    wait_for("traces of 300 pods and more", lambda: len(scheduled()) >= 300)
    whole = {s["spanId"]: s for s in roots()}
    parts = {}
    for span in list(collector.spans):
        parent = whole.get(span.get("parentSpanId"))
        if parent is None:
            continue
        parts.setdefault(parent["spanId"], set()).add(span["name"])
        if not (int(parent["startTimeUnixNano"]) <= int(span["startTimeUnixNano"]) + 1000
                and int(span["endTimeUnixNano"]) <= int(parent["endTimeUnixNano"]) + 1000):
            faults.append(f"a span outside its trace: {span} in {parent}")
    for span in whole.values():
        said = attributes(span)
        wanted = {"Filter", "Bind"} if said["stowage.result"] == "scheduled" else {"Filter"}
        if not wanted <= parts.get(span["spanId"], set()):
            faults.append(f"a trace of {said} without {wanted - parts.get(span['spanId'], set())}")
        if abs(int(span["endTimeUnixNano"]) / 1e9 - time.time()) > 600:
            faults.append(f"a trace of another time: {span}")
    if not any("Insufficient cpu" in attributes(s).get("stowage.message", "") for s in whole.values()):
        faults.append("no trace says why the pod that is too big waits")


def check_tls(oldest):
    """Nobody is served by an older TLS than the flag says, and by that one everybody is."""
    for port, version in oldest.items():
        for wanted in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl._create_unverified_context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # to name an old version is the point
                context.minimum_version = context.maximum_version = wanted
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, context.wrap_socket(raw) as secure:
                    found = secure.version() is not None
            except OSError:
                found = False
            if found != (wanted >= version):
                faults.append(f"{wanted.name} is {'served' if found else 'refused'} where {version.name} is the oldest")


def check_log_level(cluster, port, reader, writer):
    """The level is changed while the process runs, by those who may; every line of the log is JSON."""
    path = "/debug/flags/v"
    for token, body, status in ((None, "1", 401), (reader, "1", 403), (writer, "x", 400), (writer, "11", 400),
                                (writer, "1", 200)):
        found = fetch(port, path, token, put=body)
        if found[0] != status:
            faults.append(f"PUT {path} of {body} is answered with {found}, not {status}")
    if fetch(port, path, reader)[1] != "verbosity is 1\n":
        faults.append(f"the new verbosity is not told: {fetch(port, path, reader)}")
    lines = (cluster.folder / "scheduler-2.log").read_text().splitlines()
    try:
        said = [json.loads(line) for line in lines]
    except ValueError as error:
        faults.append(f"a line of the JSON log is none: {error}")
        return
    if not all({"ts", "level", "msg"} <= line.keys() for line in said):
        faults.append("a line of the JSON log lacks ts, level or msg")
    if not any(line["msg"] == "log verbosity changed" and line["verbosity"] == 1 for line in said):
        faults.append("the log does not say that its level changed")


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/dev")
    promtool = run(str(ROOT / "tests/monitoring/tools.sh"), "promtool")
    prometheus = run(str(ROOT / "tests/monitoring/tools.sh"), "prometheus")
    cluster = Cluster(build)
    collector = Collector()
    try:
        cluster.start()
        token = cluster.token("scraper", "get", "/metrics,/metrics/slis,/debug/flags/v")
        writer = cluster.token("switcher", "put", "/debug/flags/v")
        identity = run(CONTROLPLANE, "scheduler-identity", str(cluster.folder / "cp"))
        leader = cluster.serve("scheduler", identity, 1, "--tracing-endpoint",
                               f"http://127.0.0.1:{collector.server_port}")
        wait_for("the first scheduler leads", lambda: cluster.k("get", "lease", "stowage-scheduler", "-n",
                                                                "kube-system", check=False))
        standby = cluster.serve("scheduler", identity, 2, "--logging-format=json", "--tls-min-version=VersionTLS13")
        operator = cluster.serve("operator", run(CONTROLPLANE, "operator-identity", str(cluster.folder / "cp")), 1)
        port = start_prometheus(cluster, prometheus, token, [leader, standby], operator)
        wait_for("all targets are up", lambda: len(
            [t for t in ask(port, "targets")["activeTargets"] if t["health"] == "up"]) == 6)
        work(cluster)
        # The leader looks at the packing every 15 s.
        wait_for("the packing is known", lambda: value(fetch(leader, "/metrics", token)[1],
                                                       'stowage_packing_nodes{state="used"}'))
        wait_for("the packing is recorded", lambda: has_answer(port, "stowage:packing_utilisation:ratio"))
        asked = check_answers(port, [leader, standby], operator)
        check_served(promtool, {"leader": fetch(leader, "/metrics", token)[1],
                                "standby": fetch(standby, "/metrics", token)[1],
                                "operator": fetch(operator, "/metrics", token)[1],
                                "slis": fetch(leader, "/metrics/slis", token)[1]})
        check_open_metrics(port, {"the scheduler's page": (leader, "/metrics", token),
                                  "the operator's page": (operator, "/metrics", token),
                                  "the scheduler's health": (leader, "/metrics/slis", token)})
        check_traces(collector)
        check_tls({leader: ssl.TLSVersion.TLSv1_2, standby: ssl.TLSVersion.TLSv1_3})
        check_log_level(cluster, standby, token, writer)
        for path in ("/metrics", "/metrics/slis", "/configz", "/debug/flags/v"):
            if fetch(leader, path)[0] != 401:
                faults.append(f"{path} is open")
    finally:
        cluster.close()
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(f"monitoring: {len(faults)} faults; logs in {cluster.folder}")
    shutil.rmtree(cluster.folder)
    print(f"monitoring: {asked} expressions have an answer, all fine")


if __name__ == "__main__":
    main()
