#!/usr/bin/env python3
"""Values and templates belong together: every value changes what is rendered, and templates ask for no other."""
import concurrent.futures
import copy
import json
import re
import unittest

import chart

SCHEMA = json.loads((chart.CHART / "values.schema.json").read_text())
# Everything on, so that each value has something to change.
BASE = {
    "networkPolicy": {"enabled": True},
    "metrics": {"serviceMonitor": {"enabled": True, "renderMode": "alwaysRender"}, "dashboards": {"enabled": True},
                "prometheusRule": {"enabled": True, "renderMode": "alwaysRender"}},
}
POD_MONITOR = {"metrics": {"podMonitor": {"enabled": True, "renderMode": "alwaysRender", "authorization": {"credentials": {"name": "a", "key": "b"}}}}}
SPECIAL = {
    "image.digest": "sha256:" + 64 * "a",
    "scheduler.rbac.defaultSpreading": "on",
    "metrics.prometheusRule.alerts": {"StowageNoLeader": {"for": "2m"}},
    "extraObjects": ["{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"],
}
# What else has to be set for a value to count.
WITH = {f"{program}.serviceAccount.create": {program: {"serviceAccount": {"name": "x"}}} for program in ("scheduler", "operator")}
WITH["scheduler.tracing.samplingRatePerMillion"] = {"scheduler": {"tracing": {"endpoint": "http://collector"}}}


def another(path, schema):
    """A value that is taken and is not the default."""
    default = schema["default"]
    if path in SPECIAL:
        return SPECIAL[path]
    if "enum" in schema:
        return next(v for v in schema["enum"] if v != default)
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default - 1 if default == schema.get("maximum") else default + 1
    if isinstance(default, str):
        return "another"
    if isinstance(default, list):
        return ["another"] if schema.get("items", {}).get("type") == "string" else [{"name": "another"}]
    return {"another": 1 if schema.get("additionalProperties") == {"type": "integer"} else "x"}


def merged(below, above):
    result = copy.deepcopy(below)
    for key, value in above.items():
        inner = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if inner else copy.deepcopy(value)
    return result


class Values(unittest.TestCase):
    def test_every_value_changes_something(self):
        helm = chart.helms()["helm"]

        def rendered(values):
            return chart.command(helm, "template", "x", chart.CHART, *chart.KUBE, "-f", "-", stdin=json.dumps(values)).stdout

        def idle(path, schema):
            name = ".".join(path)
            base = POD_MONITOR if name.startswith("metrics.podMonitor") else BASE
            base = merged(base, WITH.get(name, {}))
            changed = copy.deepcopy(base)
            here = changed
            for key in path[:-1]:
                here = here.setdefault(key, {})
            here[path[-1]] = another(name, schema) if path[-1] != "renderMode" else "skipIfMissing"
            if name in ("metrics.serviceMonitor.enabled", "metrics.podMonitor.enabled", "metrics.prometheusRule.enabled",
                        "metrics.dashboards.enabled", "networkPolicy.enabled"):
                here[path[-1]] = False
            return name if rendered(base) == rendered(changed) else None

        paths = [(p, s) for p, s in chart.leaves(SCHEMA) if p != ("global",)]
        self.assertGreater(len(paths), 80)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual([n for n in pool.map(lambda p: idle(*p), paths) if n], [])

    def test_templates_ask_for_no_other(self):
        known = {p[:n] for p, _ in chart.leaves(SCHEMA) for n in range(1, len(p) + 1)}
        free = {p for p, s in chart.leaves(SCHEMA) if s.get("additionalProperties") is not None}
        asked = 0
        for template in (chart.CHART / "templates").rglob("*"):
            for prefixes, pattern in [([()], r"\.Values((?:\.\w+)+)"), ([("scheduler",), ("operator",)], r"\$v((?:\.\w+)+)"),
                                      ([("scheduler",)], r"\$scheduler((?:\.\w+)+)"), ([("scheduler", "rbac")], r"\$rbac((?:\.\w+)+)"),
                                      ([("metrics", "serviceMonitor"), ("metrics", "podMonitor")], r"\$monitor((?:\.\w+)+)"),
                                      ([("metrics", "prometheusRule")], r"\$rule((?:\.\w+)+)")]:
                for found in re.findall(pattern, template.read_text() if template.is_file() else ""):
                    path = tuple(found.strip(".").split("."))
                    for prefix in prefixes:
                        asked += 1
                        whole = (*prefix, *path)
                        if prefix != ("operator",) or path[0] != "existingConfigMap":
                            self.assertTrue(whole in known or any(whole[:n] in free for n in range(len(whole))), (template.name, whole))
        self.assertGreater(asked, 80)


if __name__ == "__main__":
    unittest.main(verbosity=1)
