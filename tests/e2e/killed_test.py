#!/usr/bin/env python3
"""Nothing of a node stays when what runs it is killed: no process, no mount, no control group, no device, no file."""
import pathlib
import signal
import subprocess
import sys
import unittest

import node

HERE = pathlib.Path(__file__).resolve().parent


def processes_of(namespace):
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            if str(link.readlink()) == namespace:
                found.append((link.parts[2], (link.parents[1] / "cmdline").read_text().replace("\0", " ")))
        except OSError:
            continue  # it has ended
    return found


def control_groups(name):
    """Also those of hierarchies that are mounted one level deeper."""
    top = pathlib.Path("/sys/fs/cgroup")
    return [p for p in [top / name, *top.glob(f"*/{name}")] if p.exists()]


def devices():
    return subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout


class Killed(unittest.TestCase):
    def test_nothing_stays(self):
        before = devices()
        runner = subprocess.Popen([HERE / "e2e.sh", "run", "python3", HERE / "hold.py"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(runner.stdout.close)
        self.addCleanup(runner.kill)
        folder = pathlib.Path(self.held(runner))
        init = next(p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if self.is_init(p, folder))
        namespace = str((init.parent / "ns/pid").readlink())
        commands = " ".join(command for _, command in processes_of(namespace))
        for wanted in ("kube-apiserver", "kubelet", "containerd-shim", "kube-proxy"):
            self.assertIn(wanted, commands)
        self.assertTrue(control_groups(folder.name))

        runner.send_signal(signal.SIGKILL)
        self.assertEqual(runner.wait(), -signal.SIGKILL)
        node.wait_for("its processes have ended", lambda: not processes_of(namespace))
        node.wait_for("its folder is gone", lambda: not folder.exists())
        node.wait_for("its control groups are gone", lambda: not control_groups(folder.name))
        self.assertNotIn(folder.name, pathlib.Path("/proc/mounts").read_text())
        self.assertEqual(devices(), before)

    def held(self, runner):
        for line in runner.stdout:
            if line.startswith("held "):
                return line.split()[1]
        raise AssertionError("the node did not start")

    def is_init(self, cmdline, folder):
        """Process 1 of the namespaces: it runs `e2e.sh inside` for that folder."""
        try:
            words = cmdline.read_text().split("\0")
            return words[:1] == ["bash"] and "inside" in words and str(folder) in (cmdline.parent / "environ").read_text()
        except OSError:
            return False


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main(verbosity=2)
