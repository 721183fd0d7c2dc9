"""Plants bugs, one at a time, in a copy of the tree, and shows that tests catch each.

A bug that is not caught fails the run, and so does one whose place in the source is gone: its line is then brought
up to date. The copy is build/mutations, so that the next run builds little.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutations"


def run(command, **options):
    return subprocess.run(command, cwd=COPY, text=True, capture_output=True, check=False, **options)


def copy_tree():
    """Only what differs is written, so that the next run builds little."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        content = source.read_bytes()
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(source.stat().st_mode)


def planted(text, before, after):
    """The text with the bug; None when its place is not there exactly once."""
    pattern = re.compile(r"\s+".join(re.escape(word) for word in before.split()))
    return pattern.sub(lambda _: after, text) if len(pattern.findall(text)) == 1 else None


def check(target, caught, name, path, before, after):
    source = COPY / path
    original = source.read_text() if source.exists() else ""
    mutant = planted(original, before, after)
    if mutant is None:
        return "its place in the source is gone"
    source.write_text(mutant)
    try:
        built = run(["ninja", "-C", "build/dev", target])
        if built.returncode != 0:
            return "does not build: " + built.stdout[-2000:]
        found = caught()
        if not found:
            return "NOT CAUGHT"
        print(f"  caught   {name}\n           {found}", flush=True)
        return None
    finally:
        source.write_text(original)


def plant(mutations, target, caught):
    """`mutations`: (name, file, text, what it becomes). `target` is built with each of them in place; then `caught`
    runs the tests and returns what they found, or nothing. Names given as arguments choose some."""
    os.environ.setdefault("CCACHE_NOHASHDIR", "1")
    os.environ["CCACHE_BASEDIR"] = str(COPY)
    copy_tree()
    run(["cmake", "--preset", "dev"])
    chosen = [m for m in mutations if not sys.argv[1:] or m[0].split(":")[0] in sys.argv[1:]]
    missed = 0
    for mutation in chosen:
        began = time.monotonic()
        if (problem := check(target, caught, *mutation)) is not None:
            missed += 1
            print(f"  MISSED   {mutation[0]}: {problem} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} planted bugs caught")
    sys.exit(1 if missed else 0)
