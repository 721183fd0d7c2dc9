#!/usr/bin/env python3
"""Lints every Markdown page: links and their anchors exist, files that are named exist, every page of docs/ can be reached
from docs/README.md, every block of commands says whether it is run, and every message that a page quotes is in the code.

A block of commands (```sh) has a mark in the line above it:
  <!-- run -->            tests/docs/run.py runs it on a real control plane
  <!-- run by FILE -->    FILE runs these commands; their first two words must be in it
  <!-- not run: WHY -->   nobody does
or begins with a comment `# needs ...` that says to the reader what is missing. A target of make that it names is in the Makefile.

Messages stand in tables after <!-- messages -->, in the first column; see quoted_messages.py. Names of values, metrics, fields
and conditions are looked up, too: named_things.py.

scripts/lint/docs.py [ROOT]
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import alerts_table
import named_things
import quoted_messages

FENCE = re.compile(r"^ {0,3}(```+|~~~+)\s*(\S*)")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
# A file that prose or a cell names from the root: docs/hooks.md, charts/stowage/values.yaml.
NAMED = re.compile(r"(?<![\w./:-])((?:docs|charts|lib|cmd|demo|examples|bench|scripts|tests/controlplane|tests/integration)/[\w./-]+\.(?:md|yaml|h|cc|py|sh))\b")
MARK = re.compile(r"^<!-- (run|run by (\S+)|not run: (\S.*)) -->$")
PLAIN_SHELLS = {"bash", "shell", "console", "zsh"}


class Page:
    """A Markdown file: its prose without code, its anchors, its blocks of code."""

    def __init__(self, path):
        self.path = path
        self.prose = []  # (line number, text)
        self.blocks = []  # (line number of the fence, language, line above, lines)
        self.anchors = set()
        fence = None
        above = ""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = FENCE.match(line)
            if fence is None and found:
                fence = found.group(1)
                self.blocks.append((number, found.group(2), above.strip(), []))
            elif fence is not None:
                if line.strip() == fence:
                    fence = None
                else:
                    self.blocks[-1][3].append(line)
            else:
                self.prose.append((number, line))
                self.head(line)
            above = line

    def head(self, line):
        found = re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)
        if not found:
            return
        # As GitHub makes them: lower case, no punctuation, a hyphen for each blank, numbers for those that come again.
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found.group(1)).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        name, again = slug, 0
        while name in self.anchors:
            again += 1
            name = f"{slug}-{again}"
        self.anchors.add(name)


def pages_of(root):
    """What git has or would add; what lies elsewhere is looked for in the folder."""
    done = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
                          capture_output=True, text=True, check=False)
    names = done.stdout.split("\0") if done.returncode == 0 else [str(p.relative_to(root)) for p in root.rglob("*.md")]
    return {p: Page(p) for name in names if name for p in [(root / name).resolve()] if p.is_file()}


def links(root, pages):
    faults, reached = [], {}
    for page in pages.values():
        targets = reached.setdefault(page.path, set())
        for number, line in page.prose:
            bare = re.sub(r"`[^`]*`", "", line)
            if "](" in LINK.sub("", bare):
                faults.append((page.path, number, "a link has to be on one line"))
            for target in LINK.findall(bare):
                if re.match(r"[a-z][a-z0-9+.-]*:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = (page.path.parent / name).resolve() if name else page.path
                if not file.exists():
                    faults.append((page.path, number, f"{target}: no such file"))
                    continue
                targets.add(file)
                if anchor and file in pages and anchor not in pages[file].anchors:
                    faults.append((page.path, number, f"{target}: no such heading"))
            for name in NAMED.findall(line):
                if "NNNN" not in name and not any((base / name).exists() for base in (root, root / "tests/unit", page.path.parent)):
                    faults.append((page.path, number, f"{name}: no such file"))
    return faults, reached


def unreachable(root, pages, reached):
    """Pages of docs/ that no way of links leads to from its index."""
    index = root / "docs/README.md"
    if index not in pages:
        return [(index, 1, "the index of docs/ is missing")]
    seen, open_pages = {index}, [index]
    while open_pages:
        for target in reached.get(open_pages.pop(), ()):
            # A folder leads to all that lies in it.
            for page in [p for p in pages if p.parent == target] if target.is_dir() else [target]:
                if page in pages and page not in seen:
                    seen.add(page)
                    open_pages.append(page)
    return [(path, 1, "docs/README.md does not lead here") for path in pages if root / "docs" in path.parents and path not in seen]


def commands(lines):
    """Command lines of a block: no comments, no text of here-documents, no continued lines."""
    end, continued = None, False
    for line in lines:
        text = line.strip()
        if end is not None:
            end = None if text == end else end
            continue
        if text and not text.startswith("#") and not continued:
            yield text
        continued = text.endswith("\\")
        found = re.search(r"<<-?\s*'?\"?(\w+)", text)
        if found:
            end = found.group(1)


def marks(root, pages):
    faults = []
    makefile = root / "Makefile"
    runner = (root / "tests/docs/run.py").read_text()
    targets = set(re.findall(r"^([\w-]+):", makefile.read_text(), re.M)) if makefile.is_file() else set()
    for page in pages.values():
        for number, language, above, lines in page.blocks:
            named = {t for text in lines if language == "sh" for t in re.findall(r"(?:^|[;&|]|[A-Z]=\S+|\")\s*make ([a-z][\w-]*)", text)}
            faults += [(page.path, number, f"make {t}: no such target") for t in sorted(named - targets)]
            if language in PLAIN_SHELLS:
                faults.append((page.path, number, f"a block of commands is ```sh, not ```{language}"))
            if language != "sh":
                continue
            found = MARK.match(above)
            if not found:
                if not (lines and lines[0].startswith("# needs ")):
                    faults.append((page.path, number, "commands without a mark: <!-- run -->, <!-- run by FILE --> or <!-- not run: WHY -->"))
                continue
            if found.group(1) == "run" and str(page.path.relative_to(root)) not in runner:
                faults.append((page.path, number, "tests/docs/run.py does not have this page"))
            if found.group(2):
                faults += [(page.path, number, f"{found.group(2)} does not run `{text}`")
                           for text in not_run_by(root / found.group(2), lines)]
    return faults


def not_run_by(file, lines):
    if not file.is_file():
        return [f"(no such file) {file.name}"]
    text = file.read_text()
    return [line for line in commands(lines)
            if not re.search(r"[\s\"',\[(\]]+".join(re.escape(w) for w in line.split("#")[0].split()[:2]), text)]


def check(root):
    """The number of pages, and a line for each fault."""
    pages = pages_of(root)
    faults, reached = links(root, pages)
    faults += unreachable(root, pages, reached)
    faults += marks(root, pages)
    faults += [(page.path, 1, "the table of alerts is not what docs/runbooks say: make docs") for page in pages.values()
               if alerts_table.MARKS[0] in (text := page.path.read_text()) and alerts_table.with_table(root, text) != text]
    sources = quoted_messages.sources(root)
    faults += quoted_messages.faults(pages.values(), sources)
    faults += named_things.faults(root, pages.values(), sources)
    return len(pages), [f"{path.relative_to(root)}:{number}: {text}" for path, number, text in sorted(faults)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent.parent).resolve()
    pages, faults = check(root)
    print("\n".join(faults) if faults else f"docs: fine ({pages} pages)")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
