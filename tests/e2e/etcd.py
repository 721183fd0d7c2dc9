"""etcd through the HTTP gateway of its members, and a client that writes until it is told to end."""
import base64
import json
import threading
import time
import urllib.error
import urllib.request


def coded(text):
    return base64.b64encode(text.encode()).decode()


def call(address, path, limit=5, **body):
    """Texts in it are base64."""
    packed = {k: coded(v) if isinstance(v, str) else v for k, v in body.items()}
    request = urllib.request.Request(f"http://{address}:2379{path}", data=json.dumps(packed).encode())
    with urllib.request.urlopen(request, timeout=limit) as answer:
        return json.load(answer)


def value(address, key):
    """What this member has itself, without asking the others."""
    found = call(address, "/v3/kv/range", key=key, serializable=True).get("kvs", [])
    return base64.b64decode(found[0]["value"]).decode() if found else None


class Writer(threading.Thread):
    """Writes key after key to whichever member takes it, and remembers those that were acknowledged."""

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.addresses, self.acknowledged, self.ended = addresses, [], threading.Event()
        self.longest = 0.0  # seconds without an acknowledgement

    def run(self):
        number, last = 0, time.monotonic()
        while not self.ended.is_set():
            number += 1
            key = f"written/{number:06}"
            for address in self.addresses():
                try:
                    call(address, "/v3/kv/put", limit=2, key=key, value="x")
                except OSError:  # also urllib's own: no answer, or a refusal
                    continue
                self.acknowledged.append(key)
                self.longest, last = max(self.longest, time.monotonic() - last), time.monotonic()
                break
            self.ended.wait(0.05)  # a client, not a flood

    def end(self):
        self.ended.set()
        self.join()

    def lost(self, address):
        found = call(address, "/v3/kv/range", key="written/", range_end="written0", keys_only=True).get("kvs", [])
        return set(self.acknowledged) - {base64.b64decode(kv["key"]).decode() for kv in found}
