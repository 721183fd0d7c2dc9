#!/usr/bin/env python3
"""Runs clang-tidy over lib/ and cmd/, files in parallel, and remembers what was clean.

A file is checked again only when it, a project header it includes, the configuration or the tool
changed: the key of the memory is the content of all of these. Usage:
  clang_tidy.py BUILD_DIR        (needs BUILD_DIR/compile_commands.json)
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TIDY = os.environ.get("CLANG_TIDY", "clang-tidy-19")
CACHE = pathlib.Path(os.environ.get("STOWAGE_CACHE", pathlib.Path.home() / ".cache/stowage")) / "tidy"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def closure(path, root, seen):
    """Project files that `path` pulls in, itself included."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(errors="replace")):
        for base in (root / "lib", root, path.parent):
            if (base / name).is_file():
                closure((base / name).resolve(), root, seen)
                break
    return seen


def key_of(path, root, salt):
    digest = hashlib.sha256(salt)
    for part in sorted(closure(path, root, set())):
        digest.update(str(part.relative_to(root)).encode() + b"\0" + part.read_bytes() + b"\0")
    return digest.hexdigest()


def tidy(path, build):
    started = time.monotonic()
    result = subprocess.run(
        [TIDY, "-p", str(build), "--quiet", "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-Wno-error", str(path)],
        capture_output=True, text=True, check=False)
    return result.returncode, result.stdout, result.stderr, time.monotonic() - started


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path.cwd().resolve()
    build = pathlib.Path(sys.argv[1]).resolve()
    CACHE.mkdir(parents=True, exist_ok=True)
    salt = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    salt += (root / ".clang-tidy").read_bytes()
    wanted = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(root / "lib") or path.is_relative_to(root / "cmd"):
            wanted[path] = key_of(path, root, salt)
    todo = [p for p in sorted(wanted) if not (CACHE / wanted[p]).exists()]
    print(f"clang-tidy: {len(wanted)} files, {len(todo)} changed since last clean", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (code, out, err, took) in zip(todo, pool.map(lambda p: tidy(p, build), todo)):
            if code == 0:
                (CACHE / wanted[path]).touch()
                print(f"  ok {took:5.1f} s {path.relative_to(root)}", flush=True)
            else:
                failed += 1
                print(f"  FAILED {path.relative_to(root)}\n{out}{err if not out else ''}", flush=True)
    sys.exit(1 if failed else 0)


main()
