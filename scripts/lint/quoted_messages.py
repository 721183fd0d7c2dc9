"""Messages that pages quote, looked for in the sources.

In a table after the line <!-- messages -->, the first column of each row is a message in backticks, as people see it. `...` in it
stands for what differs from case to case. The parts between must be in the string literals of one source file; a part may be put
together from several of them.
"""
import re

SOURCES = ("lib", "cmd", "charts")
SUFFIXES = {".cc", ".h", ".yaml", ".tpl", ".txt"}
STRING = r'"((?:[^"\\\n]|\\.)*)"'
# Neighbouring literals are one, also over lines.
LITERALS = re.compile(rf"{STRING}(?:\s*{STRING})*")
LEAST = 4  # of a message that is put together
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


def literals(text):
    """String literals of a C++ source without comments' text mattering much."""
    for found in LITERALS.finditer(re.sub(r"^\s*(//|#include).*$", "", text, flags=re.M)):
        joined = "".join(re.findall(STRING, found.group(0)))
        yield re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(1)), joined)


def sources(root):
    found = {}
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                text = path.read_text()
                words = literals(text) if path.suffix in {".cc", ".h"} else [text]
                found[path] = "\0" + "\0".join(re.sub(r"\{[^{}]*\}", "\0", w) if path.suffix in {".cc", ".h"} else w for w in words) + "\0"
    return found


def parts(message):
    return [p.strip() for p in message.split("...") if p.strip()]


def said(part, text):
    """Whether the text has the part: in one literal, or as the end of one, whole ones, and the beginning of the last."""
    if part in text:
        return True
    return any(f"{part[:n]}\0" in text and continued(part[n:], text) for n in range(len(part) - 1, LEAST - 1, -1))


def continued(part, text):
    if f"\0{part}" in text:
        return True
    return any(f"\0{part[:n]}\0" in text and continued(part[n:], text) for n in range(len(part) - 1, LEAST - 1, -1))


def quoted(page):
    """(line number, messages) of every row of the tables of messages, without their heads."""
    rows = None  # of the table under way: how many were seen; None outside
    for number, line in page.prose:
        if line.strip() == "<!-- messages -->":
            rows = 0
        elif rows is not None and line.startswith("|"):
            rows += 1
            if rows > 2:
                cell = re.split(r"(?<!\\)\|", line)[1].strip()
                yield number, [(a or b).replace("\\|", "|") for a, b in re.findall(r"``\s?(.+?)\s?``|`([^`]+)`", cell)]
        elif rows:
            rows = None


def faults(pages, have):
    found = []
    for page in pages:
        for number, messages in quoted(page):
            if not messages:
                found.append((page.path, number, "a row of a table of messages without a message in backticks"))
            for message in messages:
                wanted = parts(message)
                if sum(len(p) for p in wanted) < 8 or not any(all(said(p, text) for p in wanted) for text in have.values()):
                    found.append((page.path, number, f"the programs do not say `{message}`"))
    return found
