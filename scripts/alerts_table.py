#!/usr/bin/env python3
"""Writes the table of alerts in docs/operations.md from the pages in docs/runbooks; scripts/lint/docs.py says when it is old."""
import pathlib
import re

MARKS = ("<!-- alerts: begin, written by make docs -->", "<!-- alerts: end -->")
SEVERITIES = ("critical", "warning", "info")


def row(page):
    text = page.read_text()
    severity = re.search(r"^Severity: (\w+)\.", text, re.M).group(1)
    says = re.search(r"^\*\*What it says\.\*\* (.+)", text, re.M).group(1)
    return SEVERITIES.index(severity), page.stem, f"| [{page.stem}](runbooks/{page.name}) | {severity} | {says} |"


def table(root):
    rows = sorted(row(page) for page in (root / "docs/runbooks").glob("*.md"))
    return "\n".join(["| alert | severity | what it says |", "|---|---|---|", *(text for _, _, text in rows)])


def with_table(root, text):
    before, rest = text.split(MARKS[0])
    return f"{before}{MARKS[0]}\n{table(root)}\n{MARKS[1]}{rest.split(MARKS[1])[1]}"


if __name__ == "__main__":
    ROOT = pathlib.Path(__file__).resolve().parent.parent
    PAGE = ROOT / "docs/operations.md"
    PAGE.write_text(with_table(ROOT, PAGE.read_text()))
