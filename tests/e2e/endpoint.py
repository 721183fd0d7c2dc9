"""Reads the HTTPS endpoint of pods, as an account that may read what is asked for and nothing else."""
import json
import re
import ssl
import urllib.request


class Endpoint:
    def __init__(self, on, port):
        self.k, self.port = on.k, port
        on.k("create", "serviceaccount", "watcher", "-n", "default")
        on.k("create", "clusterrole", "watcher", "--verb=get", "--non-resource-url=/metrics,/configz")
        on.k("create", "clusterrolebinding", "watcher", "--clusterrole=watcher", "--serviceaccount=default:watcher")
        self.token = on.k("create", "token", "watcher", "-n", "default")
        # The certificate is one that the program made for itself.
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE

    def get(self, address, path):
        request = urllib.request.Request(f"https://{address}:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, context=self.trust, timeout=10) as answer:
            return answer.read().decode()

    def metric(self, address, name):
        """name as it is written, with its labels."""
        found = re.search("^" + re.escape(name) + r" (\S+)$", self.get(address, "/metrics"), re.M)
        return float(found[1]) if found else None

    def addresses(self, namespace, component):
        pods = json.loads(self.k("get", "pods", "-n", namespace, "-l", f"app.kubernetes.io/component={component}", "-o", "json"))["items"]
        return [p["status"]["podIP"] for p in pods if "deletionTimestamp" not in p["metadata"]]
