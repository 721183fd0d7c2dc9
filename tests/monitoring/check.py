#!/usr/bin/env python3
"""Checks what is shipped for Prometheus and Grafana: rules, their cases and runbooks, dashboards.

tests/monitoring/check.py PROMTOOL
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = sorted((ROOT / "charts/stowage/files/rules").glob("*.yaml"))
DASHBOARDS = sorted((ROOT / "charts/stowage/files/dashboards").glob("*.json"))
CASES = sorted((ROOT / "tests/monitoring").glob("*_alerts.yaml"))
RUNBOOKS = ROOT / "docs/runbooks"
PREFIXES = "scheduler|stowage|rest_client|leader_election|workqueue|controller_runtime|process|kubernetes"

faults = []


def expect(condition, message):
    if not condition:
        faults.append(message)


def documented():
    page = (ROOT / "docs/metrics.md").read_text()
    return set(re.findall(r"^\| `([a-z0-9_]+)`", page, re.M))


def families_in(expression):
    """Names of families that an expression uses, without labels, strings and recorded names."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\b\w+:[\w:]+", "", bare)
    names = re.findall(rf"\b(?:{PREFIXES})_[a-z0-9_]+", bare)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def check_rules(known):
    alerts = {}
    for path in RULES:
        text = path.read_text()
        recorded = set(re.findall(r"- record: (\S+)", text))
        for used in re.findall(r"\bstowage:[\w:]+", text):
            expect(used in recorded, f"{path.name}: {used} is used and not recorded there")
        for family in families_in(re.sub(r"^\s*(#|description|summary).*$", "", text, flags=re.M)):
            expect(family in known, f"{path.name}: {family} is not in docs/metrics.md")
        for block in re.split(r"\n      - (?=alert:|record:)", text)[1:]:
            name = re.match(r"alert: (\S+)", block)
            if name is None:
                continue
            alerts[name[1]] = block
            expect(re.search(r"severity: (critical|warning|info)\b", block), f"{name[1]} has no severity")
            expect("summary:" in block and "description:" in block, f"{name[1]} says nothing")
            expect(f"runbook_url: docs/runbooks/{name[1]}.md" in block, f"{name[1]} does not name its runbook")
    cases = "".join(path.read_text() for path in CASES)
    for name in alerts:
        page = RUNBOOKS / f"{name}.md"
        expect(page.exists() and page.read_text().startswith(f"# {name}\n"), f"{name} has no runbook")
        quiet = rf'alertname="{name}", alertstate="firing"}}\', eval_time: \w+, exp_samples: \[\]'
        expect(re.search(quiet, cases), f"{name} has no case in which it is quiet")
        expect(f'ALERTS{{alertname="{name}", alertstate="firing", ' in cases
               or f"ALERTS{{alertname=\"{name}\", alertstate=\"firing\"}}', value: 1" in cases,
               f"{name} has no case in which it fires")
    for page in RUNBOOKS.glob("*.md"):
        expect(page.stem in alerts, f"docs/runbooks/{page.name} is of no alert")
    return len(alerts)


def check_panel(where, panel, known):
    expect(panel["fieldConfig"]["defaults"].get("unit"), f"{where} has no unit")
    expect(panel.get("description"), f"{where} does not say what it tells")
    expect(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, f"{where}: data source")
    for target in panel["targets"]:
        expr = target["expr"]
        expect(target["datasource"]["uid"] == "${datasource}", f"{where}: data source of a target")
        expect(target.get("legendFormat"), f"{where} has no legend")
        for selector in re.findall(r"\{([^}]*)\}", expr):
            expect('cluster="$cluster"' in selector and 'job="$job"' in selector,
                   f"{where}: a selector without cluster or job: {{{selector}}}")
        for window in re.findall(r"\[([^\]]*)\]", expr):
            expect(window == "$__rate_interval", f"{where}: a fixed window [{window}]")
        for family in families_in(re.sub(r"\{[^}]*\}", "", expr)):
            expect(family in known, f"{where}: {family} is not in docs/metrics.md")


def check_dashboards(known):
    count = 0
    uids = set()
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        expect(board["uid"] and board["uid"] not in uids, f"{path.name} needs a uid of its own")
        uids.add(board["uid"])
        names = [v["name"] for v in board["templating"]["list"]]
        expect(names[:1] == ["datasource"] and {"job", "cluster"} <= set(names), f"{path.name}: variables")
        for panel in board["panels"]:
            if panel["type"] == "row":
                continue
            count += 1
            check_panel(f"{path.name}, {panel['title']}", panel, known)
    return count


def main():
    promtool = sys.argv[1]
    known = documented()
    alerts = check_rules(known)
    panels = check_dashboards(known)
    for command in [["check", "rules", *map(str, RULES)], ["test", "rules", *map(str, CASES)]]:
        done = subprocess.run([promtool, *command], capture_output=True, text=True)
        expect(done.returncode == 0, done.stdout + done.stderr)
    done = subprocess.run([sys.executable, str(ROOT / "scripts/dashboards.py"), "--check"], capture_output=True,
                          text=True)
    expect(done.returncode == 0, done.stderr)
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)
    print(f"monitoring: {alerts} alerts, {panels} panels, all fine")


if __name__ == "__main__":
    main()
