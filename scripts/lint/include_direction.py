#!/usr/bin/env python3
"""Fails on an include against the direction of dependencies, on a third-party library outside its
room, and on time or randomness that is not injected. Run from the root of the checkout."""
import pathlib
import re
import sys

# Who may include whom; a folder may always include itself. ARCHITECTURE.md has the picture.
ALLOWED = {
    "lib/base": set(),
    "lib/kubeapi": {"base"},
    "lib/k8sclient": {"base", "kubeapi"},
    "lib/tracing": {"base", "k8sclient"},
    "lib/placement": {"base"},
    "lib/config": {"base", "kubeapi"},
    "lib/scheduling": {"base", "kubeapi", "placement", "config"},
    "lib/controlloop": {"base"},
    "lib/statefulgroup": {"base", "kubeapi", "placement", "controlloop"},
    "lib/serving": {"base", "kubeapi", "k8sclient"},
    "lib/program": {"base", "kubeapi", "k8sclient", "serving"},
    "cmd/scheduler": {"base", "kubeapi", "k8sclient", "placement", "config", "scheduling", "serving", "tracing", "program", "cmd"},
    "cmd/kubectl-stowage": {"base", "kubeapi", "k8sclient", "controlloop", "statefulgroup", "serving", "program", "cmd"},
    "cmd/etcd-agent": {"base", "kubeapi", "k8sclient", "serving", "program", "cmd"},
    "cmd/operator": {"base", "kubeapi", "k8sclient", "controlloop", "statefulgroup", "serving", "program", "cmd"},
}
# Library headers that only these places may see.
ROOMS = [
    (re.compile(r"^(cpprest|pplx)/"), ("lib/k8sclient/transport/",), "cpprestsdk"),
    (re.compile(r"^boost/"), ("lib/k8sclient/transport/",), "Boost"),
    (re.compile(r"^prometheus/"), ("lib/serving/", "cmd/"), "prometheus-cpp"),
    (re.compile(r"^httplib\.h$"), ("lib/serving/",), "cpp-httplib"),
    (re.compile(r"^yaml-cpp/"), ("lib/k8sclient/config/", "lib/config/"), "yaml-cpp"),
    (re.compile(r"^simdjson\.h$"), ("lib/kubeapi/",), "simdjson"),
    (re.compile(r"^spdlog/"), ("lib/base/",), "spdlog"),
    (re.compile(r"^CLI/"), ("cmd/", "lib/program/"), "CLI11"),
]
# Time, waiting and randomness come from base::Clock and base::Rng.
DIRECT = [
    (re.compile(r"\b(system_clock|steady_clock)::now\b"), ("lib/base/", "cmd/")),
    (re.compile(r"\bsleep_(for|until)\b|\busleep\s*\(|\bnanosleep\s*\("), ()),
    (re.compile(r"\b(s?rand|random)\s*\(\s*\)|std::random_device|std::mt19937"), ("cmd/", "lib/program/")),
]
# file:pattern -> why it may. Each entry needs its reason.
EXCEPTIONS_FILE = pathlib.Path("scripts/lint/direction_exceptions.txt")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def exceptions():
    allowed = set()
    if EXCEPTIONS_FILE.exists():
        for line in EXCEPTIONS_FILE.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                path, _, reason = line.partition(" ")
                if not reason.strip():
                    sys.exit(f"{EXCEPTIONS_FILE}: {path}: an exception needs its reason")
                allowed.add(path)
    return allowed


def folder_of(path):
    parts = path.parts
    return "/".join(parts[:2])


def check(path, known, problems):
    folder = folder_of(path)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path}:{number}"
        match = INCLUDE.match(line)
        if match:
            target = match.group(2)
            first = target.split("/")[0]
            if match.group(1) == '"' and first in known and first != path.parts[1] and first not in ALLOWED[folder]:
                problems.append(f"{where}: {folder} must not include {target} (see ARCHITECTURE.md)")
            for pattern, places, name in ROOMS:
                if pattern.match(target) and not str(path).startswith(places):
                    problems.append(f"{where}: {name} belongs to {', '.join(places)}")
        code = line.split("//")[0]
        for pattern, places in DIRECT:
            if pattern.search(code) and not (places and str(path).startswith(places)):
                problems.append(f"{where}: take time, waiting and randomness from base::Clock and base::Rng")


def main():
    problems = []
    skip = exceptions()
    known = {folder.split("/")[1] for folder in ALLOWED if folder.startswith("lib/")} | {"cmd"}
    files = [p for root in ("lib", "cmd") for p in sorted(pathlib.Path(root).rglob("*")) if p.suffix in (".h", ".cc")]
    for path in files:
        if folder_of(path) not in ALLOWED:
            problems.append(f"{path}: folder {folder_of(path)} has no line in {__file__}")
        elif str(path) not in skip:
            check(path, known, problems)
    print("\n".join(problems) if problems else f"include direction: {len(files)} files, all fine")
    sys.exit(1 if problems else 0)


main()
