#!/usr/bin/env python3
"""scripts/lint/docs.py finds what it is there to find: faults are planted into a page, one at a time."""
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts/lint"), str(ROOT / "tests/docs")]
import docs  # noqa: E402
import run  # noqa: E402

SOURCE = '''
// "said in a comment"
fail(fmt::format("budget {} selects pods of the group, too: "
                 "no eviction can succeed", name));
say("one " + what + " two three");
app.add_flag("-w,--watch"); app.add_option("--workers", n);
say("put together " + std::string("of words that") + " follow each other");
'''
PAGE = """# A page

See [below](#a-second-head-with-code) and [the index](README.md), and lib/a.cc.

## A second head, with `code`

<!-- run -->
```sh
kubectl get pods
```

<!-- messages -->
| message | what to do |
|---|---|
| `budget ... selects pods of the group, too: no eviction can succeed` | delete it |
| `one ... two three` | nothing |
| `together of words that follow` | nothing |
"""


SCHEMA = {"properties": {"operator": {"properties": {"workers": {}, "labels": {"additionalProperties": {"type": "string"}}}}}}
DEFINITION = """
spec:
  versions:
  - schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
              recovery: {properties: {nodeLoss: {enum: [Wait, Replace]}}}
              topology: {properties: {domains: {type: array, items: {properties: {key: {type: string}}}}}}
"""
NAMES = """# Names

`operator.workers=3`, `operator.labels.mine`, `operator.*`, `stowage_up_total{a="b"}`, `stowage_up_*`, `recovery.nodeLoss: Wait`,
`spec.recovery`, `domains.key`, and nothing.

<!-- names -->
| condition | |
|---|---|
| `one =one /one ` | `NotLookedAt` |

<!-- names -->
An event: `one `.

Try `kubectl stowage status --watch` and

<!-- not run: it does not end -->
```sh
stowage-operator --workers 8 \\
  --workers 9 | grep --quiet x
```
"""


class Lint(unittest.TestCase):
    def lint(self, page, index="# Index\n", runner="docs/page.md", name="page.md"):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "lib").mkdir()
            (root / "lib/a.cc").write_text(SOURCE)
            (root / "ci").write_text("make test\n")
            (root / "tests/docs").mkdir(parents=True)
            (root / "tests/docs/run.py").write_text(runner)
            (root / "Makefile").write_text("test: unit\n\tctest\n")
            (root / "docs/README.md").write_text(f"{index}[{name}]({name}) [metrics](metrics.md)\n" if index else "[metrics](metrics.md)\n")
            (root / "docs/metrics.md").write_text("`stowage_up_total`\n" if name != "page.md" else "nothing\n")
            (root / "charts/stowage").mkdir(parents=True)
            (root / "charts/stowage/values.schema.json").write_text(json.dumps(SCHEMA))
            (root / "lib/statefulgroup/crd").mkdir(parents=True)
            (root / "lib/statefulgroup/crd/group.yaml").write_text(DEFINITION)
            (root / "docs" / name).write_text(page)
            return docs.check(root.resolve())[1]

    def finds(self, fault, old, new):
        self.assertIn(old, PAGE)
        self.one(fault, self.lint(PAGE.replace(old, new)))

    def one(self, fault, faults):
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(fault, faults[0])

    def test_a_good_page_is_fine(self):
        self.assertEqual(self.lint(PAGE), [])

    def test_dead_links_headings_and_names(self):
        self.finds("README2.md: no such file", "README.md", "README2.md")
        self.finds("no such heading", "(#a-second-head-with-code)", "(#a-second-head)")
        self.finds("lib/b.cc: no such file", "lib/a.cc", "lib/b.cc")
        self.finds("a link has to be on one line", "[the index]", "[the\nindex]")

    def test_a_page_that_nothing_leads_to(self):
        self.one("docs/page.md:1: docs/README.md does not lead here", self.lint(PAGE, index=""))

    def test_commands_say_whether_they_run(self):
        self.finds("commands without a mark", "<!-- run -->", "")
        self.finds("commands without a mark", "<!-- run -->", "<!-- not run: -->")
        self.finds("does not run `kubectl get pods`", "<!-- run -->", "<!-- run by ci -->")
        self.finds("```sh, not ```bash", "```sh", "```bash")
        self.one("tests/docs/run.py does not have this page", self.lint(PAGE, runner="docs/other.md"))
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->", "<!-- not run: no cluster -->")), [])
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->\n", "").replace("kubectl get", "# needs a cluster\nkubectl get")), [])
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->", "<!-- run by ci -->").replace("kubectl get pods", "make test   # all")), [])

        self.finds("make tests: no such target", "kubectl get pods", "N=3 make tests   # all")

    def test_messages_that_nobody_says(self):
        self.finds("the programs do not say", "no eviction can succeed", "no eviction will succeed")
        self.finds("the programs do not say", "`one ... two three`", "`said in a comment`")
        self.finds("the programs do not say", "`one ... two three`", "`one ...`")
        self.finds("the programs do not say", "`one ... two three`", "`budget ... two three`".replace("budget", "budgets"))
        for other in ("together of words follow", "together of words tha follow", "together words that follow"):
            self.finds("the programs do not say", "`together of words that follow`", f"`{other}`")
        self.finds("without a message", "| `one ... two three` |", "| one two three |")

    def test_names_of_ours_that_nobody_defines(self):
        self.assertEqual(self.lint(NAMES, name="statefulgroup.md"), [])
        for fault, old, new in [
                ("the chart has no value operator.worker", "`operator.workers=3`", "`operator.worker=3`"),
                ("the chart has no value operator.workers.mine", "`operator.labels.mine`", "`operator.workers.mine`"),
                ("docs/metrics.md has no family stowage_down_total", "`stowage_up_total{", "`stowage_down_total{"),
                ("recovery.nodeLoss is never Waits", "nodeLoss: Wait`", "nodeLoss: Waits`"),
                ("a StatefulGroup has no field domains.keys", "`domains.key`", "`domains.keys`"),
                ("a StatefulGroup has no field any.thing", "nothing", "`any.thing`"),
                ("the programs know no `two`", "`one =one /one `", "`one =two/one `"),
                ("the programs know no `two`", "An event: `one `", "An event: `two`"),
                ("our programs have no flag --watches", "--watch`", "--watches`"),
                ("our programs have no flag --worker", "--workers 9", "--worker 9")]:
            self.assertIn(old, NAMES)
            self.one(fault, self.lint(NAMES.replace(old, new), name="statefulgroup.md"))

    def test_an_old_table_of_alerts(self):
        begin, end = docs.alerts_table.MARKS
        self.assertEqual(self.lint(f"{begin}\n| alert | severity | what it says |\n|---|---|---|\n{end}\n"), [])
        self.one("make docs", self.lint(f"{begin}\n| alert | severity | what it says |\n|---|---|---|\n| [A](README.md) | info | x |\n{end}\n"))

    def test_output_is_compared_in_order(self):
        self.assertTrue(run.only_reads(["# look", "kubectl get pods -A", "curl -sk https://127.0.0.1:1/readyz"]))
        for other in ("kubectl delete pod a", "curl -X PUT -d 1 https://127.0.0.1:1/v", "helm list"):
            self.assertFalse(run.only_reads(["kubectl get pods", other]))
        printed = "NAME   MIN\ndb-0   2  N/A\ndb-1   2  N/A\n"
        self.assertIsNone(run.missing(["db-0 2 N/A", "db-1 ..."], printed))
        self.assertEqual(run.missing(["db-1 ...", "db-0 2 N/A"], printed), "db-0 2 N/A")
        self.assertEqual(run.missing(["db-0 3 N/A"], printed), "db-0 3 N/A")
        self.assertEqual(run.missing(["db-0 2"], printed), "db-0 2")


if __name__ == "__main__":
    unittest.main()
