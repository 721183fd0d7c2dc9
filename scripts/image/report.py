#!/usr/bin/env python3
"""scripts/image/report.py ARCHIVE OUT: what is in an image's archive; writes its SBOM and digest beside it."""
import pathlib
import sys

import archive


def main():
    image, out = archive.Image(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = image.files()
    sbom = image.config["config"]["Labels"]["dev.stowage.sbom"].lstrip("/")
    (out / "stowage.spdx.json").write_bytes(files[sbom].content)
    if image.digest:
        (out / "digest").write_text(image.digest + "\n")
    programs = sum(f.size for n, f in files.items() if n.startswith("usr/bin/"))
    libraries = sum(f.size for n, f in files.items() if n.startswith("usr/lib"))
    total = sum(f.size for f in files.values())
    print(f"{sys.argv[1]}\n  digest {image.digest or 'is known when it is pushed'}")
    print(f"  {image.packed / 1e6:.1f} MB packed, {total / 1e6:.1f} MB unpacked: programs {programs / 1e6:.1f}, libraries"
          f" {libraries / 1e6:.1f}, papers {(total - programs - libraries) / 1e6:.1f}; {len(files)} files")


if __name__ == "__main__":
    main()
