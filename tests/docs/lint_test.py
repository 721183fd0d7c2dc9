#!/usr/bin/env python3
"""scripts/lint/docs.py finds what it is there to find: faults are planted into a page, one at a time."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINT = ROOT / "scripts/lint/docs.py"
SOURCE = '''
// "said in a comment"
fail(fmt::format("budget {} selects pods of the group, too: "
                 "no eviction can succeed", name));
say("one " + what + " two three");
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


class Lint(unittest.TestCase):
    def lint(self, page, index="[the page](page.md)\n", runner="docs/page.md"):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "lib").mkdir()
            (root / "lib/a.cc").write_text(SOURCE)
            (root / "ci").write_text("make test\n")
            (root / "tests/docs").mkdir(parents=True)
            (root / "tests/docs/run.py").write_text(runner)
            (root / "Makefile").write_text("test: unit\n\tctest\n")
            (root / "docs/README.md").write_text(index)
            (root / "docs/page.md").write_text(page)
            done = subprocess.run([sys.executable, LINT, root], capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout

    def finds(self, fault, old, new):
        self.assertIn(old, PAGE)
        code, text = self.lint(PAGE.replace(old, new))
        self.assertEqual(code, 1, text)
        self.assertIn(fault, text)
        self.assertEqual(len(text.splitlines()), 1, text)

    def test_a_good_page_is_fine(self):
        self.assertEqual(self.lint(PAGE), (0, "docs: fine (2 pages)\n"))

    def test_dead_links_headings_and_names(self):
        self.finds("README2.md: no such file", "README.md", "README2.md")
        self.finds("no such heading", "(#a-second-head-with-code)", "(#a-second-head)")
        self.finds("lib/b.cc: no such file", "lib/a.cc", "lib/b.cc")

    def test_a_page_that_nothing_leads_to(self):
        code, text = self.lint(PAGE, index="nothing\n")
        self.assertEqual(code, 1)
        self.assertIn("docs/page.md:1: docs/README.md does not lead here", text)

    def test_commands_say_whether_they_run(self):
        self.finds("commands without a mark", "<!-- run -->", "")
        self.finds("commands without a mark", "<!-- run -->", "<!-- not run: -->")
        self.finds("does not run `kubectl get pods`", "<!-- run -->", "<!-- run by ci -->")
        self.finds("```sh, not ```bash", "```sh", "```bash")
        code, text = self.lint(PAGE, runner="docs/other.md")
        self.assertIn("tests/docs/run.py does not have this page", text)
        self.assertEqual(code, 1)
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->", "<!-- not run: no cluster -->"))[0], 0)
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->\n", "").replace("kubectl get", "# needs a cluster\nkubectl get"))[0], 0)
        self.assertEqual(self.lint(PAGE.replace("<!-- run -->", "<!-- run by ci -->").replace("kubectl get pods", "make test   # all"))[0], 0)

        self.finds("make tests: no such target", "kubectl get pods", "N=3 make tests   # all")

    def test_messages_that_nobody_says(self):
        self.finds("the programs do not say", "no eviction can succeed", "no eviction will succeed")
        self.finds("the programs do not say", "`one ... two three`", "`said in a comment`")
        self.finds("the programs do not say", "`one ... two three`", "`one ...`")
        self.finds("the programs do not say", "`one ... two three`", "`budget ... two three`".replace("budget", "budgets"))
        for other in ("together of words follow", "together of words tha follow", "together words that follow"):
            self.finds("the programs do not say", "`together of words that follow`", f"`{other}`")
        self.finds("without a message", "| `one ... two three` |", "| one two three |")

    def test_output_is_compared_in_order(self):
        sys.path[:0] = [str(ROOT / "scripts/lint"), str(ROOT / "tests/docs")]
        from run import missing, only_reads
        self.assertTrue(only_reads(["# look", "kubectl get pods -A", "curl -sk https://127.0.0.1:1/readyz"]))
        for other in ("kubectl delete pod a", "curl -X PUT -d 1 https://127.0.0.1:1/v", "helm list"):
            self.assertFalse(only_reads(["kubectl get pods", other]))
        printed = "NAME   MIN\ndb-0   2  N/A\ndb-1   2  N/A\n"
        self.assertIsNone(missing(["db-0 2 N/A", "db-1 ..."], printed))
        self.assertEqual(missing(["db-1 ...", "db-0 2 N/A"], printed), "db-0 2 N/A")
        self.assertEqual(missing(["db-0 3 N/A"], printed), "db-0 3 N/A")
        self.assertEqual(missing(["db-0 2"], printed), "db-0 2")


if __name__ == "__main__":
    unittest.main()
