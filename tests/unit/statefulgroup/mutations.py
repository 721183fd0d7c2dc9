#!/usr/bin/env python3
"""Plants bugs in the operator's planner and reconciler, one at a time, and shows that its tests catch each.

Usage: tests/unit/statefulgroup/mutations.py [name ...]

Not part of CI: it builds the operator's library once per bug. How: scripts/lib/planted_bugs.py.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "lib"))
import planted_bugs

TEST = "stowage_statefulgroup_test"
PLAN = "lib/statefulgroup/plan/"
RECONCILE = "lib/statefulgroup/reconcile/"
# name, file, text, what it becomes
MUTATIONS = [
    ("floor: one voter fewer is enough", PLAN + "shard_order.cc",
     "availableWithout(shard, member) >= floorFor(shard, spec)",
     "availableWithout(shard, member) + 1 >= floorFor(shard, spec)"),
    ("live: others are not looked up before a member goes", RECONCILE + "step_runner.cc",
     "if (StepResult check = checkFloor(step.replica, for_good); check.end != End::kDone) return check;",
     "static_cast<void>(for_good);"),
    ("flights: nobody waits for a member that is away", PLAN + "shard_plan.cc",
     "heal(draft) || waitForFlights(draft) || change(draft)",
     "heal(draft) || (waitForFlights(draft) && false) || change(draft)"),
    ("stuck: an outdated pod that never ran is left alone", PLAN + "healing.cc",
     "if (member.replacement_asked || on_delete || !member.outdated()) continue;",
     "if (member.wanted || on_delete) continue;"),
    ("unready: an outdated pod that does not serve is left alone", PLAN + "healing.cc",
     "if (!asked && !outdated && !overdue(draft, member)) continue;",
     "if (!asked && (outdated || !overdue(draft, member))) continue;"),
    ("settled: a pod that was patched counts as done", PLAN + "shard_view.cc",
     "if (member.operation && member.operation->revision == member.revision)", "if (false)"),
    ("raised: the budget leaves room for drains while a member is restarted", PLAN + "budgets.cc",
     "return restarts ? *steady + 1 : *steady;", "return restarts ? *steady : *steady;"),
    ("restart: in place without a look at the others", RECONCILE + "change_steps.cc",
     "if (StepResult check = checkFloor(step.replica, false); check.end != End::kDone) return check;", ""),
    ("lost: a volume that is there is given up", RECONCILE + "lost_volume.cc",
     "return hosts.empty() ? \"\" :", "return hosts.empty() ? \"x\" :"),
    ("last: volumes are given up whatever the others do", RECONCILE + "replacement_steps.cc",
     "if (StepResult check = checkFloor(step.replica, false); check.end != End::kDone) return check;", ""),
    ("resize: what a node cannot give is waited for", PLAN + "shard_order.cc",
     "return member.settling.kind == Settling::Kind::kInfeasible ||", "return"),
    ("order: the leader goes first", PLAN + "shard_order.cc",
     "return left != right ? left < right", "return left != right ? left > right"),
    ("claims: dropped although their member is wanted again", RECONCILE + "claim_steps.cc",
     "std::find(wanted.begin(), wanted.end(), step.replica.ordinal) != wanted.end() ||", ""),
    ("quarantine: a removed member's claim is taken by its successor", PLAN + "wanted.cc",
     "RetainedClaim::kQuarantine", "RetainedClaim::kReuse"),
    ("paused: the operator acts all the same", PLAN + "group_plan.cc",
     "if (group.spec.management_policy == ManagementPolicy::kPaused) return GroupMode::kPaused;", ""),
    ("foreign: whose pod it is does not matter", PLAN + "shard_view.cc",
     "if (owner != nullptr && !(owner->uid == observed_.group->meta.uid)) {", "if (false) {"),
    ("stale: a pass does not wait for the last one's writes", RECONCILE + "reconciler.cc",
     "if (auto wait = waitForCaches(key, *observed)) return *wait;", ""),
    ("shards: all of them are updated at once", PLAN + "group_plan.cc",
     "in_flight >= maxUnavailableShards(spec)", "in_flight >= maxUnavailableShards(spec) + 100"),
    ("partition: it is not looked at", PLAN + "wanted.cc",
     "return held ? targets.current : targets.update;", "return held ? targets.update : targets.update;"),
    ("handover: the hook's word is enough", RECONCILE + "member_hooks.cc",
     "answer.message = \"nobody else has told of the role in a later term yet\";", "return {};"),
    ("leave: the pod goes whatever the member said", RECONCILE + "member_hooks.cc",
     "if (result.end == End::kDone) result = leave(departure, member, shard);", ""),
    ("record: it is not written before the eviction", RECONCILE + "step_runner.cc",
     "if (StepResult written = writeRecord(*step.pod, operation, fence); written.end != End::kDone) return written;", ""),
    ("adoption: a deleted group's pods are stopped on the cache's word", RECONCILE + "pass.cc",
     "modeOf(*live) == plan.mode) return true;", "true) return true;"),
]


def caught():
    tested = planted_bugs.run([f"build/dev/tests/unit/statefulgroup/{TEST}"])
    failed = re.findall(r"\[  FAILED  \] ([A-Z]\S+\.\w+)", tested.stdout)
    return ", ".join(dict.fromkeys(failed)) if tested.returncode != 0 else None


if __name__ == "__main__":
    planted_bugs.plant(MUTATIONS, TEST, caught)
