"""What the kernel says of a process, and what machine this is. Linux only."""
import os
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    def __init__(self, pid):
        self.proc = Path(f"/proc/{pid}")

    def cpu(self):
        """Seconds of user and system time of all threads, since the process began."""
        fields = (self.proc / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def settled_cpu(self, limit=10.0):
        """CPU time once the process has come to rest: what follows a binding, such as events, is part of its price."""
        deadline = time.monotonic() + limit
        last = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            now = self.cpu()
            if now - last <= 0.02:
                break
            last = now
        return self.cpu()

    def peak_rss_mb(self):
        for line in (self.proc / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise OSError("no VmHWM")


def machine(root):
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    commit = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
                            check=False, stdout=subprocess.PIPE, text=True).stdout.strip()
    return {"commit": commit or "unknown", "model": model, "cpus": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2), "kernel": os.uname().release,
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
