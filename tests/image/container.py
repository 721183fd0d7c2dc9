"""Runs programs in an image's root as a container's runtime would: in a mount and process namespace of their own, as process
1, the root read-only, as the image's numeric user, without rights and without a way to get any. Needs root."""
import os
import pathlib
import subprocess
import time

LIMIT = 60  # seconds that anything may take

# $1 root, $2 user, then pairs of a file or folder outside and where it is seen inside, "--", variables, "--", and the command.
ENTER = r"""
set -euo pipefail
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
while [[ $1 != -- ]]; do
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
done
shift
variables=()
while [[ $1 != -- ]]; do
  variables+=("$1")
  shift
done
shift
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec env -i "${variables[@]}" "$(command -v setpriv)" --no-new-privs "$(command -v chroot)" --userspec="$user" --groups= "$root" "$@"
"""


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)  # between two looks
    raise AssertionError(f"not within {LIMIT} s: {what}")


class Container:
    """The root must hold an image and nothing else; what a runtime adds is added here: places to mount on."""

    def __init__(self, root, config):
        """config: the image's; its user and its variables hold inside, and none from outside."""
        self.root, self.user, self.variables = pathlib.Path(root), config["User"], config["Env"]
        for folder in ("proc", "run/test"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for file in ("etc/hosts", "etc/resolv.conf"):
            (self.root / file).touch()

    def _words(self, command, mounts, env):
        pairs = [str(p) for pair in mounts for p in pair]
        return ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child",
                "bash", "-c", ENTER, "enter", str(self.root), self.user, *pairs, "--", *self.variables,
                *(f"{name}={value}" for name, value in env.items()), "--", *map(str, command)]

    def run(self, *command, mounts=(), env=None):
        return subprocess.run(self._words(command, mounts, env or {}), capture_output=True, text=True, timeout=LIMIT, check=False,
                              stdin=subprocess.DEVNULL)

    def start(self, *command, log, mounts=(), env=None):
        return Process(self._words(command, mounts, env or {}), log)


class Process:
    """unshare waits outside; its only child is process 1 inside, and the one that gets signals."""

    def __init__(self, words, log):
        self.log = pathlib.Path(log)
        with open(log, "w", encoding="utf-8") as out:
            self.outer = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def text(self):
        return self.log.read_text(encoding="utf-8")

    def terminate(self):
        """The exit code after SIGTERM."""
        children = pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text(encoding="ascii").split()
        for child in children:
            os.kill(int(child), 15)
        return self.outer.wait(LIMIT)

    def kill(self):
        self.outer.kill()  # --kill-child: what is inside ends with it
        self.outer.wait(LIMIT)
