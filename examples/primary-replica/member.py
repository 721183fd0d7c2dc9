"""One member of a replicated log: see README.md.

The primary is whoever holds a Lease; its number of transitions is the term. The primary takes lines (POST /append) and says yes
to one when a majority of the members has it on disk. Replicas fetch what they lack. Who wants to become primary has to hear
from a majority first that nobody has more than it has. So a line that was said yes to outlives the loss of any minority.

Between members: GET /status, POST /replicate. For clients: POST /append, GET /log. For the kubelet: GET /ready. For the
operator, with its token: GET /v1/role, POST /v1/{switchover,pre-disruption,post-restart} (docs/hooks.md).
"""
import datetime
import http.client
import http.server
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request

ME, NAMESPACE = os.environ["POD_NAME"], os.environ["STOWAGE_NAMESPACE"]
ADDRESS, PORT = os.environ["POD_IP"], 7070
PEERS = f"{os.environ['STOWAGE_PEERS_SERVICE']}.{NAMESPACE}.svc"
LEASE = f"{os.environ['STOWAGE_GROUP']}-{os.environ['STOWAGE_SHARD']}"
OPERATOR = os.environ.get("OPERATOR_ACCOUNT", "")
DATA = pathlib.Path(os.environ.get("DATA", "/data")) / "log"
LEASE_SECONDS = 5  # how long a primary that does not renew is waited for
ACT_SECONDS = 3  # how long it acts without having renewed: less, so that it has stopped before another begins
ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")


def majority():
    """Of the members that are wanted; the operator keeps the number current in an annotation."""
    return int(pathlib.Path("/etc/podinfo/replicas").read_text()) // 2 + 1


def call(method, url, body=None, headers=None, timeout=2, context=None):
    """Status and JSON; an error of the network is an OSError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, None
    except http.client.HTTPException as error:
        raise OSError(f"half an answer: {error!r}") from error


def api(method, path, body=None):
    server = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    token = (ACCOUNT / "token").read_text()
    return call(method, server + path, body, {"Authorization": f"Bearer {token}"}, timeout=2,
                context=ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")))


def other_members():
    """Addresses, also of members that are not ready."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(PEERS, PORT, type=socket.SOCK_STREAM)}
    except OSError:
        return []
    return sorted(found - {ADDRESS})


class Log:
    """Lines with the term in which they were taken, on disk before they count. Not thread safe: Member's lock guards it."""

    def __init__(self):
        self.lines = []
        if DATA.exists():
            for text in DATA.read_text().splitlines():
                try:
                    self.lines.append(json.loads(text))
                except ValueError:
                    break  # the last one was cut by a crash, and nobody was told that it is there
        self.rewrite()

    def rewrite(self):
        new = DATA.with_suffix(".new")
        with new.open("w") as file:
            file.writelines(json.dumps(line) + "\n" for line in self.lines)
            file.flush()
            os.fsync(file.fileno())
        new.rename(DATA)
        self.file = DATA.open("a")

    def append(self, lines):
        self.file.writelines(json.dumps(line) + "\n" for line in lines)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.lines += lines

    def drop_last(self):
        self.lines.pop()
        self.rewrite()

    def place(self):
        """Compares as who has more."""
        return [self.lines[-1][0] if self.lines else 0, len(self.lines)]


class Member:
    def __init__(self):
        self.changed = threading.Condition()  # guards what follows
        self.log = Log()
        self.primary = False
        self.term = None  # unknown until the Lease was seen
        self.leader = ""
        self.acts_until = 0.0
        self.handing_over = False
        self.closed = False  # the role is, or may have been, handed over: no more lines
        self.copies = {}  # of the primary's: replica -> (length, when)
        self.fetched = 0.0  # of a replica's: when it last had all
        self.seen = (None, 0.0)  # the Lease as it was, since when

    def acts(self):
        return self.primary and time.monotonic() < self.acts_until

    def in_step(self, lag=10):
        """Replicas that lack at most so many lines, and have asked for them in the last two seconds."""
        recent = time.monotonic() - 2
        return {name for name, (length, at) in self.copies.items() if at > recent and length + lag >= len(self.log.lines)}

    # ---- who is primary

    def nobody_has_more(self):
        with self.changed:
            mine = self.log.place()
        heard = 1
        for address in other_members():
            try:
                status, other = call("GET", f"http://{address}:{PORT}/status", timeout=1)
            except OSError:
                continue
            if status == 200:
                heard += 1
                if other["place"] > mine:
                    return False
        return heard >= majority()

    def look_at_lease(self):
        path = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
        status, lease = api("GET", f"{path}/{LEASE}")
        if status == 404:
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE},
                     "spec": {"holderIdentity": "", "leaseTransitions": 0}}
        elif status != 200:
            raise OSError(f"reading the Lease: {status}")
        spec = lease["spec"]
        holder = spec.get("holderIdentity", "")
        state = (holder, spec.get("renewTime"), spec.get("leaseTransitions", 0))
        if state != self.seen[0]:
            self.seen = (state, time.monotonic())
        with self.changed:
            self.term = max(self.term or 0, spec.get("leaseTransitions", 0))
            self.leader = holder
            if holder != ME and self.primary:
                self.step_down()
        mine = holder == ME
        if not mine and holder and time.monotonic() - self.seen[1] < LEASE_SECONDS:
            return
        # The order matters: by now no other acts, so that nobody is told yes after the members were asked.
        if not self.primary and not self.nobody_has_more():
            return
        self.take(path, lease, new=status == 404, mine=mine)

    def take(self, path, lease, new, mine):
        """Renewed, or won; refused when somebody was faster."""
        begin = time.monotonic()
        spec = lease["spec"]
        spec.update(holderIdentity=ME, leaseDurationSeconds=LEASE_SECONDS,
                    renewTime=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    leaseTransitions=spec.get("leaseTransitions", 0) + (0 if mine else 1))
        status, _ = api("POST" if new else "PUT", path if new else f"{path}/{LEASE}", lease)
        if status not in (200, 201):
            return
        with self.changed:
            if not self.primary:
                print(f"{ME} is primary in term {spec['leaseTransitions']}", flush=True)
                self.copies = {}
            # A hand-over whose answer never came has not happened, and will not: the Lease has changed since it was sent.
            self.closed = self.handing_over
            self.primary, self.leader, self.term = True, ME, spec["leaseTransitions"]
            self.acts_until = begin + ACT_SECONDS
            self.changed.notify_all()

    def step_down(self):
        print(f"{ME} is primary no more", flush=True)
        self.primary, self.closed = False, False
        self.changed.notify_all()

    def elect_for_ever(self):
        while True:
            try:
                self.look_at_lease()
            except (OSError, ValueError, KeyError) as error:
                print(f"Lease: {error}", flush=True)
            time.sleep(0.5 + random.random() / 2)

    # ---- lines

    def append(self, text):
        """None: it has outlived the loss of a minority. Else why nobody knows."""
        with self.changed:
            if not self.acts() or self.closed:
                return f"the primary is {self.leader or 'nobody'}"
            term = self.term
            self.log.append([[term, text]])
            length = len(self.log.lines)
            self.changed.notify_all()
            end = time.monotonic() + 3
            while time.monotonic() < end:
                if not self.acts() or self.term != term:
                    return "the primary has changed"
                if 1 + sum(have >= length for have, _ in self.copies.values()) >= majority():
                    return None
                self.changed.wait(0.5)
            return "too few members answer"

    def replicate(self, who, length, last_term):
        """What a replica with that much lacks; waits a while for something."""
        with self.changed:
            if not self.acts():
                return None
            lines = self.log.lines
            if length > len(lines) or (length and lines[length - 1][0] != last_term):
                return {"term": self.term, "differs": True}
            self.copies[who] = (length, time.monotonic())
            self.changed.notify_all()
            if length == len(lines):
                self.changed.wait(0.5)
            return {"term": self.term, "lines": self.log.lines[length:length + 1000], "length": len(self.log.lines)}

    def fetch(self):
        with self.changed:
            leader, term, (last_term, length) = self.leader, self.term or 0, self.log.place()
            if self.primary or not leader or leader == ME:
                self.changed.wait(0.3)
                return
        status, answer = call("POST", f"http://{leader}.{PEERS}:{PORT}/replicate",
                              {"who": ME, "length": length, "lastTerm": last_term})
        if status != 200:
            time.sleep(0.2)
            return
        with self.changed:
            if self.primary or answer["term"] < term:
                return
            if answer.get("differs"):
                self.log.drop_last()  # which nobody was told yes to
                return
            if answer["lines"]:
                self.log.append(answer["lines"])
            if len(self.log.lines) == answer["length"]:
                self.fetched = time.monotonic()

    def fetch_for_ever(self):
        while True:
            try:
                self.fetch()
            except (OSError, ValueError, KeyError):
                time.sleep(0.2)

    # ---- what the operator asks

    def role(self):
        with self.changed:
            if self.term is None:
                return 503, None
            return 200, {"role": "primary" if self.primary else "replica", "term": self.term}

    def switchover(self):
        """The Lease goes to a replica that has everything, which then is what a primary has to be."""
        with self.changed:
            if not self.primary:
                return 200, {}
            if self.handing_over:
                return 202, {}
            self.handing_over = self.closed = True
        try:
            return self.hand_over()
        finally:
            self.handing_over = False

    def hand_over(self):
        with self.changed:
            end = time.monotonic() + 1
            while not self.in_step(lag=0) and time.monotonic() < end:
                self.changed.wait(0.1)
            heirs = sorted(self.in_step(lag=0))
            if not heirs:
                self.closed = False
                return 409, {"message": "no replica has everything"}
        path = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{LEASE}"
        status, lease = api("GET", path)
        if status == 200 and lease["spec"].get("holderIdentity") == ME:
            lease["spec"]["holderIdentity"] = heirs[0]
            lease["spec"]["leaseTransitions"] = lease["spec"].get("leaseTransitions", 0) + 1
            status, _ = api("PUT", path, lease)
        with self.changed:
            if status == 200:
                self.leader = heirs[0]
                self.step_down()
                return 200, {}
        return 202, {}  # the next renewal tells

    def pre_disruption(self):
        """Without this member a majority still keeps up."""
        with self.changed:
            primary, leader, names = self.primary, self.leader, self.in_step()
        if not primary:
            if not leader:
                return 409, {"message": "there is no primary"}
            status, other = call("GET", f"http://{leader}.{PEERS}:{PORT}/status", timeout=1)
            if status != 200 or not other["primary"]:
                return 409, {"message": f"{leader} does not act as primary"}
            names = set(other["inStep"]) | {leader}
        left = names - {ME}
        if len(left) < majority():
            return 409, {"message": f"only {len(left)} others keep up"}
        return 200, {}

    def post_restart(self):
        with self.changed:
            caught_up = self.acts() or time.monotonic() - self.fetched < 2
        return (200, {}) if caught_up else (202, {"message": "it has not everything yet"})


MEMBER = None  # made by main()


def is_the_operator(token):
    if not OPERATOR:
        return False
    spec = {"token": token, "audiences": [f"stowage-hooks.{NAMESPACE}"]}
    status, review = api("POST", "/apis/authentication.k8s.io/v1/tokenreviews",
                         {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec})
    told = (review or {}).get("status", {})
    return (status == 201 and told.get("authenticated", False) and spec["audiences"][0] in told.get("audiences", [])
            and told["user"]["username"] == f"system:serviceaccount:{OPERATOR}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, format, *args):
        pass

    def answer(self, status, body):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # who asked is gone

    def body(self):
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 16))

    def is_allowed(self):
        try:
            return is_the_operator(self.headers.get("Authorization", "").removeprefix("Bearer "))
        except (OSError, ValueError, KeyError):
            return False

    def do_GET(self):
        if self.path == "/v1/role":
            self.answer(*(MEMBER.role() if self.is_allowed() else (401, {})))
        elif self.path == "/status":
            with MEMBER.changed:
                told = {"primary": MEMBER.acts(), "term": MEMBER.term, "place": MEMBER.log.place(),
                        "inStep": sorted(MEMBER.in_step())}
            self.answer(200, told)
        elif self.path == "/log":
            with MEMBER.changed:
                text = "".join(f"{line[1]}\n" for line in MEMBER.log.lines)
            self.answer(200, text)
        elif self.path == "/ready":
            self.answer(200 if MEMBER.post_restart()[0] == 200 else 503, {})
        else:
            self.answer(404, {})

    def do_POST(self):
        body = self.body()
        hooks = {"/v1/switchover": MEMBER.switchover, "/v1/pre-disruption": MEMBER.pre_disruption,
                 "/v1/post-restart": MEMBER.post_restart}
        try:
            if self.path == "/append":
                why = MEMBER.append(body.decode().strip())
                self.answer(503 if why else 200, {"message": why} if why else {})
            elif self.path == "/replicate":
                asked = json.loads(body)
                told = MEMBER.replicate(asked["who"], asked["length"], asked["lastTerm"])
                self.answer(503 if told is None else 200, told)
            elif self.path in hooks:
                self.answer(*(hooks[self.path]() if self.is_allowed() else (401, {})))
            else:
                self.answer(404, {})
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.answer(500, {"message": str(error)})


def main():
    global MEMBER
    MEMBER = Member()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    for work in (MEMBER.elect_for_ever, MEMBER.fetch_for_ever):
        threading.Thread(target=work, daemon=True).start()
    http.server.ThreadingHTTPServer.daemon_threads = True
    http.server.ThreadingHTTPServer((ADDRESS, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
