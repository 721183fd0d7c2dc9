#!/usr/bin/env python3
"""scripts/image/compare.py ONE OTHER: what differs between the images of two archives, and 1 when anything does. Images of
one builder are compared to the last byte; of two, by files and configuration, since each packs in its own way."""
import json
import sys

import archive

SBOM = "usr/share/doc/stowage/sbom.spdx.json"
# What runs a container looks at; the rest of the configuration is a builder's diary.
CONFIGURATION = ("architecture", "os", "created", "config")
FIELDS = ("User", "Env", "Cmd", "Entrypoint", "Labels")


def differences(one, other):
    def versions(files):
        return {p["name"]: p["versionInfo"] for p in json.loads(files[SBOM].content)["packages"]}

    before, after = versions(one.files()), versions(other.files())
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"package {name}: {before.get(name)} and {after.get(name)}"
    first, second = one.files(), other.files()
    for path in sorted(first.keys() | second.keys()):
        a, b = first.get(path), second.get(path)
        if a != b:
            what = [f for f in archive.File.__dataclass_fields__ if a and b and getattr(a, f) != getattr(b, f)]
            yield f"{path}: {', '.join(what) or 'in one of them only'}"
    for key in CONFIGURATION:
        a, b = one.config.get(key), other.config.get(key)
        if key == "config":
            labels = [{k: v for k, v in (c.get("Labels") or {}).items() if not k.startswith("io.buildah.")} for c in (a, b)]
            a, b = ({**{f: c.get(f) for f in FIELDS}, "Labels": kept} for c, kept in zip((a, b), labels))
        if a != b:
            yield f"configuration, {key}: {a} and {b}"


def main():
    one, other = archive.Image(sys.argv[1]), archive.Image(sys.argv[2])
    if one.digest and one.digest == other.digest:
        print(f"both are {one.digest}")
        return 0
    found = list(differences(one, other))
    print("\n".join(found) or "files and configuration are the same")
    if one.digest and other.digest:
        print(f"digests differ: {one.digest} and {other.digest}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
