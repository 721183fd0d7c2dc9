"""A tenant that keeps the API server busy: many lists of much data at once, hardly read, so that each holds its place among
the requests that the server works on until the server gives up on it."""
import socket
import ssl
import threading
import time
import urllib.parse


class Flood:
    """`connections` threads as the account of `token`; ended by stop()."""

    HOLD = 50  # seconds that an answer is not read; the server ends a request after 60

    def __init__(self, server, ca, token, path, connections):
        address = urllib.parse.urlparse(server)
        self._address = (address.hostname, address.port)
        self._context = ssl.create_default_context(cafile=ca)
        self._request = (f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
                         "Accept: application/json\r\n\r\n").encode()
        self._end = threading.Event()
        self._lock = threading.Lock()
        self.held = self.refused = self.waiting = 0
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self):
        while not self._end.is_set():
            try:
                self._one()
            except OSError:
                pass  # the server is busy: that is the point
            self._end.wait(0.2)

    def _one(self):
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.settimeout(1)
            raw.connect(self._address)
            with self._context.wrap_socket(raw, server_hostname=self._address[0]) as secure:
                secure.sendall(self._request)
                status = self._status(secure)
                if b" 429 " in status:
                    self._count("refused", 1)
                elif b" 200 " in status:
                    self._count("held", 1)
                    self._end.wait(self.HOLD)
                    self._count("held", -1)

    def _status(self, secure):
        """The first bytes of the answer, which may be long in coming."""
        self._count("waiting", 1)
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not self._end.is_set():
                try:
                    return secure.recv(64)
                except TimeoutError:
                    continue
            return b""
        finally:
            self._count("waiting", -1)

    def _count(self, what, by):
        with self._lock:
            setattr(self, what, getattr(self, what) + by)
