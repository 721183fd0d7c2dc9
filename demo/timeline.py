#!/usr/bin/env python3
"""Does something to a StatefulGroup and shows how it takes it: a line whenever a member stops or begins to serve.

  timeline.py STATUS... -- COMMAND...

STATUS prints the group as `kubectl stowage status GROUP -o json` does; it is run again and again after
COMMAND, until all members are as wanted. A figure is a member that serves, and the revision that it is
made from (in the order in which they are seen); a dot is one that does not serve.
"""
import json
import subprocess
import sys
import time

DEADLINE = 180


def look(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def is_settled(group):
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in group["conditions"])
    serving = all(m["state"] == "available" and m["revision"] == m["targetRevision"]
                  for shard in group["shards"] for m in shard["members"])
    return group["observed"] and ready and serving


class Timeline:
    def __init__(self):
        self.numbers = {}
        self.begin = time.monotonic()
        self.last = None
        self.fewest = {}

    def figure(self, member):
        if member["state"] != "available":
            return "."
        return str(self.numbers.setdefault(member["revision"], len(self.numbers) + 1))

    def show(self, group):
        cells = []
        for shard in group["shards"]:
            cells.append(" ".join(self.figure(m) for m in shard["members"]))
            serve, must = self.fewest.get(shard["index"], (shard["available"], shard["mustStay"]))
            self.fewest[shard["index"]] = (min(serve, shard["available"]), max(must, shard["mustStay"]))
        if self.last is None:
            print("           " + "".join(f"shard {s['index']:<7}" for s in group["shards"]))
        if cells != self.last:
            doing = ", ".join(s["doing"].rsplit(" for ", 1)[0] for s in group["shards"] if s["doing"])
            line = "".join(f"{cell:<13}" for cell in cells)
            print(f"  {time.monotonic() - self.begin:5.1f} s  {line}{doing}".rstrip(), flush=True)
        self.last = cells

    def summary(self):
        parts = [f"{serve} (must stay: {must})" for _, (serve, must) in sorted(self.fewest.items())]
        print("  Fewest members that served at once, shard by shard: " + ", ".join(parts))


def places(group):
    return [(m["pod"], m["revision"], m["node"]) for shard in group["shards"] for m in shard["members"]]


def main():
    if "--" not in sys.argv:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    status, command = sys.argv[1:split], sys.argv[split + 1:]
    before = look(status)
    timeline = Timeline()
    timeline.show(before)
    subprocess.run(command, check=True)
    moved = False
    while time.monotonic() - timeline.begin < DEADLINE:
        group = look(status)
        timeline.show(group)
        settled = is_settled(group)
        moved = moved or not settled or places(group) != places(before)
        if moved and settled:
            timeline.summary()
            return
        time.sleep(0.05)
    sys.exit(f"The group has not come to rest within {DEADLINE} s.")


if __name__ == "__main__":
    main()
