#!/usr/bin/env python3
"""Says what docs/security.md says of release builds, of the programs themselves, by readelf; ends with 1 when it is not so.

scripts/hardened.py PROGRAM...
"""
import re
import subprocess
import sys


def shown(option, program):
    return subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True).stdout


def missing(program):
    """What a program lacks, in words."""
    segments, dynamic, symbols = shown("-l", program), shown("-d", program), shown("--dyn-syms", program)
    checks = {
        "position-independent code": re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic),
        "read-only relocations": "GNU_RELRO" in segments and re.search(r"\(FLAGS(_1)?\).*\b(BIND_)?NOW\b", dynamic),
        "a stack that is not executed": re.search(r"GNU_STACK.*\bRW +0x", segments),
        "no segment that is written and executed": not re.search(r"^ +LOAD .*\bRWE\b", segments, re.M),
        "stack protectors": "__stack_chk_fail" in symbols,
        "_FORTIFY_SOURCE": re.search(r"\b__\w+_chk@", symbols),
        "no search path for libraries of its own": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
    }
    return [what for what, there in checks.items() if not there]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    faults = [f"{program} lacks: {', '.join(lacks)}" for program in sys.argv[1:] if (lacks := missing(program))]
    print("\n".join(faults) if faults else f"hardened: {len(sys.argv) - 1} programs")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
