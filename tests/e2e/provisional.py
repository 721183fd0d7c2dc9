"""The files of an image from programs that were built here: they, what ldd says that they load, and the user they run as."""
import pathlib
import re

import node


def files(build, passwd):
    passwd.write_text("stowage:x:65532:65532::/nonexistent:/sbin/nologin\n")
    found = {"etc/passwd": passwd}
    for program in ("scheduler", "operator"):
        binary = pathlib.Path(build) / f"cmd/{program}/stowage-{program}"
        found[f"usr/bin/{binary.name}"] = binary
        for library in re.findall(r"(/\S+)", node.chart.command("ldd", binary).stdout):
            found[library.lstrip("/")] = library
    return found
