#!/usr/bin/env python3
"""Plants bugs, one at a time, in a copy of the tree, and shows that the conformance test catches each.

Usage: tests/conformance/mutations.py [name ...]      N=cases per bug (default 4000)

Not part of CI: it builds the scheduler once per bug. How: scripts/lib/planted_bugs.py.
"""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import planted_bugs

TEST = "stowage_scheduler_conformance_test"

PLUGINS = "lib/scheduling/plugins/"
PREEMPTION = "lib/scheduling/preemption/"
# name, file, text, what it becomes
MUTATIONS = [
    ("fit-boundary: what fits exactly is rejected", "lib/placement/resource_fit.cc",
     "amount.value <= state.free(amount.dim, node)", "amount.value < state.free(amount.dim, node)"),
    ("pod-slots: one pod too many", "lib/placement/resource_fit.cc",
     "state.free(kPods, node) < 1", "state.free(kPods, node) < 0"),
    ("sidecar-order: init containers after a sidecar forget it", "lib/kubeapi/resources.cc",
     "addTo(own, sidecars);", "", ),
    ("resize: what the kubelet has allocated is not counted", "lib/kubeapi/resources.cc",
     "raiseTo(result, allocated);", "(void)allocated;"),
    ("ports: a port of one address is free beside 0.0.0.0", "lib/kubeapi/resources.cc",
     "return a.ip == b.ip || a.ip == any_address || b.ip == any_address;",
     "return a.ip == b.ip && any_address != Symbol();"),
    ("ports-protocol: TCP and UDP are one", "lib/scheduling/cache/used_ports.cc",
     "auto& addresses = used_[PortKey{port.protocol, port.port}];",
     "auto& addresses = used_[PortKey{base::Symbol(\"TCP\"), port.port}];"),
    ("node-affinity: Gt lets equal values pass", "lib/kubeapi/selectors.cc",
     "*left > *right :", "*left >= *right :"),
    ("toleration: the effect is not looked at", "lib/kubeapi/selectors.cc",
     "toleration.effect != taint.effect) return false", "false) return false"),
    ("max-skew: off by one", PLUGINS + "pod_topology_spread/pod_topology_spread.cc",
     "skew > constraint.max_skew", "skew >= constraint.max_skew"),
    ("spreading: a terminating pod counts", PLUGINS + "pod_topology_spread/spread_constraints.cc",
     "out.counted.skip_terminating = true;", "out.counted.skip_terminating = false;"),
    ("min-domains: forgotten", PLUGINS + "pod_topology_spread/pod_topology_spread.cc",
     "if (eligible < constraint.min_domains) least = 0;", ""),
    ("affinity: the first pod of a series may not start it",
     PLUGINS + "inter_pod_affinity/inter_pod_affinity.cc",
     "first_of_series_ = !counted && ", "first_of_series_ = false && counted && "),
    ("affinity: anti-affinity of placed pods is forgotten",
     PLUGINS + "inter_pod_affinity/inter_pod_affinity.cc",
     "if (group.kind != TermKind::kRequiredAnti) return;", "if (group.kind == TermKind::kRequiredAnti) return;"),
    ("affinity-score: anti-affinity attracts", PLUGINS + "inter_pod_affinity/inter_pod_affinity.cc",
     "addOwn(pod, affinity.pod_anti_affinity, -1);", "addOwn(pod, affinity.pod_anti_affinity, 1);"),
    ("balanced-allocation: the gain is not measured against the present",
     "lib/placement/balanced_allocation/balanced_allocation.cc",
     "evenness(with.first(count)) - evenness(without.first(count))", "evenness(with.first(count)) - 50"),
    ("default-spreading: Services tell no siblings", "lib/scheduling/peers/workload_selectors.cc",
     "for (const auto& [key, value] : *service->selector) merged.set(key, value);", ""),
    ("default-spreading-keys: nodes without a zone are not scored",
     PLUGINS + "pod_topology_spread/spread_constraints.h",
     "return !system_ || !pod.spec.spread.empty();", "return !system_ || pod.spec.spread.empty();"),
    ("default-spreading-owner: labels of Services win over those of the controller",
     "lib/scheduling/peers/workload_selectors.cc",
     "labels.set(requirement.key, requirement.values.front());",
     "if (labels.find(requirement.key) == nullptr) labels.set(requirement.key, requirement.values.front());"),
    ("preemption: pods of the same priority may be evicted", PREEMPTION + "victim_search.cc",
     "victim.spec.priority >= preemptor.spec.priority", "victim.spec.priority > preemptor.spec.priority"),
    ("budgets-order: protected pods are not reprieved first", PREEMPTION + "select_victims.cc",
     "(ledger.overdraws(*pod) ? overdrawing : others)", "(ledger.overdraws(*pod) ? others : others)"),
    ("budgets-granted: an eviction that was counted already counts again", PREEMPTION + "disruption_budgets.cc",
     "return at != names.end() && *at == pod;", "return at != names.end() && *at == pod && names.empty();"),
    ("choice-sum: the sum of priorities is not looked at", PREEMPTION + "choose_candidate.cc",
     "c.sum_of_priorities, c.victims", "std::int64_t{0}, c.victims"),
    ("choice-start: the earliest start wins", PREEMPTION + "choose_candidate.cc",
     "a.earliest_start > b.earliest_start", "a.earliest_start < b.earliest_start"),
    ("promises: equal priorities do not count", "lib/scheduling/cycle/promised_room.cc",
     "promised.spec.priority >= pod.spec.priority", "promised.spec.priority > pod.spec.priority"),
]


def caught():
    tested = planted_bugs.run(
        [f"build/dev/tests/conformance/{TEST}", "--gtest_filter=*Generated*"],
        env={**os.environ, "STOWAGE_CONFORMANCE_CASES": os.environ.get("N", "4000")})
    found = re.search(r"case \d+ of seed \d+: .{0,100}", tested.stdout)
    return found.group(0) if tested.returncode != 0 and found else None


if __name__ == "__main__":
    planted_bugs.plant(MUTATIONS, TEST, caught)
