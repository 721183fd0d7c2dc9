#!/usr/bin/env python3
"""Writes the papers of the image: an SBOM (SPDX 2.3, JSON), and of each Debian package that has a file in the image its
copyright file and its entry of dpkg's database, which is how scanners know it.

scripts/image/sbom.py BUILD_DIR ROOT     after closure.sh has put programs and libraries there

Two kinds of packages are named: those whose files are in the image, and those whose headers were compiled into the
programs, as ninja noted them down while it built.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import uuid

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
NAMESPACE = "https://stowage.dev/spdx"


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def merged(path):
    """A path as it is on a system with a merged /usr: packages still list files of /usr/lib under /lib."""
    path = os.path.normpath(path)
    return "/usr" + path if re.match(r"/(lib|lib64|bin|sbin)/", path) else path


def owners():
    """{path: package} of all that dpkg installed; a package is NAME or NAME:ARCHITECTURE, as dpkg asks for it."""
    found = {}
    for listing in sorted(pathlib.Path("/var/lib/dpkg/info").glob("*.list")):
        for path in listing.read_text().splitlines():
            found.setdefault(merged(path), listing.stem)
    return found


def owner_of(path, known):
    """A package lists a library as a file or as the link that bears the loader's name for it."""
    for candidate in (merged(path), merged(os.path.realpath(path))):
        if candidate in known:
            return known[candidate]
    raise SystemExit(f"error: no package owns {path}: what it is and under which licence is not known")


def compiled_in(build, known):
    """Packages whose headers ninja saw the compiler read."""
    lines = run("ninja", "-C", build, "-t", "deps").splitlines()
    headers = {line.strip() for line in lines if line.startswith("    /usr/")}
    if not headers:
        raise SystemExit(f"error: {build} knows no headers: it was not built by ninja")
    return {owner_of(h, known) for h in headers}


def license_names(package):
    """As Debian's copyright file of the whole source package names them, which is not always as SPDX does: hence a comment."""
    text = pathlib.Path(f"/usr/share/doc/{package}/copyright").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"^License: (\S.*)$", text, re.MULTILINE)))
    return f"Debian names of its source package: {'; '.join(names)}" if names else "Debian's copyright file tells it in prose"


def debian_package(name, distribution):
    field = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\t${Homepage}"
    package, version, architecture, source, source_version, maintainer, homepage = run("dpkg-query", "-W", "-f", field, name).split("\t")
    encoded = version.replace("+", "%2B").replace(":", "%3A")
    purl = f"pkg:deb/debian/{package}@{encoded}?arch={architecture}&distro={distribution}"
    return {
        "SPDXID": "SPDXRef-deb-" + re.sub(r"[^A-Za-z0-9.-]", "-", package),
        "name": package,
        "versionInfo": version,
        "supplier": "Person: " + re.sub(r"\s*<(.*)>", r" (\1)", maintainer),
        "downloadLocation": "NOASSERTION",
        "homepage": homepage or "NOASSERTION",
        "sourceInfo": f"built from Debian's source package {source} {source_version}",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "licenseComments": license_names(package),
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}],
    }


def own_package(spdx_id, name, purpose, version, revision):
    return {
        "SPDXID": spdx_id,
        "name": name,
        "versionInfo": version,
        "sourceInfo": f"commit {revision}",
        "supplier": "Organization: Stowage",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": purpose,
    }


def papers_of(name, root):
    """The copyright file and dpkg's entry of a package whose files are in the image."""
    package = name.split(":")[0]
    copyright_file = root / "usr/share/doc" / package / "copyright"
    copyright_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(f"/usr/share/doc/{package}/copyright", copyright_file)
    status = root / "var/lib/dpkg/status.d" / package
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text(run("dpkg-query", "-s", name))


def document(build, root):
    known = owners()
    version = (SOURCE / "VERSION").read_text().strip()
    revision = os.environ.get("STOWAGE_COMMIT", "unknown")
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    distribution = f"{release['ID']}-{release['VERSION_ID']}".replace('"', "")

    image = own_package("SPDXRef-image", "stowage", "CONTAINER", version, revision)
    packages, relations = [image], [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")]
    programs = sorted((root / "usr/bin").iterdir())
    for program in programs:
        package = own_package(f"SPDXRef-program-{program.name}", program.name, "APPLICATION", version, revision)
        package["packageFileName"] = f"/usr/bin/{program.name}"
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(program.read_bytes()).hexdigest()}]
        packages.append(package)
        relations.append(("SPDXRef-image", "CONTAINS", package["SPDXID"]))

    libraries = [p for p in sorted((root / "usr").glob("lib*/**/*")) if p.is_file()]
    files = ["/" + str(p.relative_to(root)) for p in libraries] + ["/etc/os-release"]
    contained = sorted({owner_of(f, known) for f in files})
    for name in contained:
        papers_of(name, root)
        packages.append(debian_package(name, distribution))
        relations.append(("SPDXRef-image", "CONTAINS", packages[-1]["SPDXID"]))
    for name in sorted(compiled_in(build, known) - set(contained)):
        packages.append(debian_package(name, distribution))
        relations += [(f"SPDXRef-program-{p.name}", "STATIC_LINK", packages[-1]["SPDXID"]) for p in programs]

    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    content = {
        "packages": packages,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations],
    }
    name = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE + json.dumps(content, sort_keys=True))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"stowage-{version}",
        "documentNamespace": f"{NAMESPACE}/stowage-{version}-{name}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Organization: Stowage", "Tool: stowage-sbom"]},
        **content,
    }


def main():
    build, root = sys.argv[1], pathlib.Path(sys.argv[2])
    out = root / "usr/share/doc/stowage/sbom.spdx.json"
    out.write_text(json.dumps(document(build, root), indent=1) + "\n")


if __name__ == "__main__":
    main()
