"""Names of ours in backticks on pages, held against where they are defined.

  values of the chart     `scheduler.rbac.volumes`, `operator.namespace=db`      charts/stowage/values.schema.json
  metric families         `stowage_config_restart_needed`                       docs/metrics.md, which is generated
  fields of a group       `recovery.nodeLoss: ReplaceWhenFenced`, with its value  the definition's schema; on statefulgroup.md, hooks.md
  flags of our programs   `stowage-operator --workers 8`, also in blocks of commands; all flags on configuration.md
  names that programs     after <!-- names -->: in the first column of a table, or in a paragraph; each word must be a
  put into objects        whole text in the sources, such as a condition's type and reason or an event's
"""
import json
import re

import yaml

VALUE = re.compile(r"(?:scheduler|operator|metrics|networkPolicy|crds|rbac|image|apf)(?:\.[A-Za-z]+)+(?:\.\*)?")
FAMILY = re.compile(r"(?:stowage|scheduler)_[a-z_]+")
FIELD = re.compile(r"([a-z][A-Za-z]+(?:\.[a-z][A-Za-z]+)*)(?:: ([A-Z][A-Za-z]+))?")
PROGRAM = re.compile(r"(?<![\w/.-])(?:stowage-scheduler|stowage-operator|kubectl[- ]stowage) ([^`|&;#]*)")
GROUP_PAGES = {"statefulgroup.md", "hooks.md"}


def quoted(page):
    for number, line in page.prose:
        for found in re.findall(r"`([^`]+)`", line):
            yield number, found


def is_value(schema, path):
    """A value, a map of values, or something in a map that takes anything."""
    here = schema
    for name in path.split("."):
        if name == "*":
            return "properties" in here
        if "properties" not in here:
            return bool(here.get("additionalProperties"))
        if name not in here["properties"]:
            return False
        here = here["properties"][name]
    return True


def children(node):
    """Schemas that are named below a node, through lists."""
    while node.get("type") == "array":
        node = node["items"]
    return node.get("properties", {})


def every_node(node):
    yield node
    for below in children(node).values():
        yield from every_node(below)


def fields(spec, path):
    """All schemas that the path names from some node on."""
    found = list(every_node(spec))
    for name in path.split("."):
        found = [children(node)[name] for node in found if name in children(node)]
    return found


def values_of(schemas):
    return {value for schema in schemas for value in schema.get("enum", [])}


def named(page):
    """(line number, word) of what follows <!-- names -->."""
    active = False
    for number, line in page.prose:
        if line.strip() == "<!-- names -->":
            active = True
        elif active and not line.strip():
            active = False
        elif active and not re.match(r"^\|[\s|:-]+\|$", line):
            text = line.split("|")[1] if line.startswith("|") else line
            for found in re.findall(r"`([^`]+)`", text):
                yield from ((number, word) for word in re.split(r"[=/]", found))


def flags(page):
    """(line number, flag) of what is given to our programs."""
    lines = list(page.prose)
    for number, language, _, block in page.blocks:
        if language == "sh":
            lines += [(number, text) for text in "\n".join(block).replace("\\\n", " ").splitlines()]
    for number, line in lines:
        for given in PROGRAM.findall(line):
            yield from ((number, flag) for flag in re.findall(r"(?<!\S)--[a-z][a-z-]+", given))
    if page.path.name == "configuration.md":
        yield from ((number, flag) for number, text in quoted(page) for flag in re.findall(r"^--[a-z][a-z-]+", text))


def load(root):
    schema = root / "charts/stowage/values.schema.json"
    definition = next((root / "lib/statefulgroup/crd").glob("*.yaml"), None)
    metrics = root / "docs/metrics.md"
    return (json.loads(schema.read_text()) if schema.is_file() else None,
            yaml.safe_load(definition.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
            if definition else None,
            set(FAMILY.findall(metrics.read_text())) if metrics.is_file() else None)


def faults(root, pages, sources):
    schema, spec, families = load(root)
    found = []
    for page in pages:
        on_docs = root / "docs" in page.path.parents
        for number, text in quoted(page):
            value = VALUE.fullmatch(text.split("=")[0])
            if schema and on_docs and value and not is_value(schema, value.group(0)):
                found.append((page.path, number, f"the chart has no value {value.group(0)}"))
            family = FAMILY.fullmatch(text.split("{")[0].removesuffix("_*"))
            if families and on_docs and family and not any(f.startswith(family.group(0)) for f in families):
                found.append((page.path, number, f"docs/metrics.md has no family {family.group(0)}"))
            field = FIELD.fullmatch(text)
            if spec and page.path.name in GROUP_PAGES and not value and field and (field.group(2) or "." in text):
                found += [(page.path, number, fault) for fault in field_faults(spec, *field.groups())]
        for number, flag in flags(page):
            if flag not in ("--help", "--version") and not any(f"\0{flag}\0" in text or f",{flag}\0" in text for text in sources.values()):
                found.append((page.path, number, f"our programs have no flag {flag}"))
        for number, word in named(page):
            if not any(f"\0{word}\0" in text for text in sources.values()):
                found.append((page.path, number, f"the programs know no `{word}`"))
    return found


def field_faults(spec, path, value):
    schemas = fields(spec, path.removeprefix("spec."))
    if not schemas:
        return [f"a StatefulGroup has no field {path}"]
    known = values_of(schemas)
    return [f"{path} is never {value}"] if value and known and value not in known else []
