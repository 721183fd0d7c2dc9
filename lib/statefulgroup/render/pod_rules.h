// Rules of placement that a revision's topology gives its pods, beside those that the user wrote.
// Private to lib/statefulgroup. Pure.
//
//  - quorumSafe: pods of a slot repel each other in the domain (docs/decisions/0009).
//  - maxPerDomain 1: pods of a shard repel each other in the domain. More: a spread constraint of
//    that skew. With minDomains beyond any number of domains kube-scheduler takes the emptiest
//    domain for empty, and so maxSkew is a cap
//    (pkg/scheduler/framework/plugins/podtopologyspread/filtering.go, minMatchNum); where it is
//    only wished for, minDomains is not allowed, and the skew itself is kept low.
//  - exclusive: pods want the domain of their own kind, and repel pods of every other group (and
//    shard), in all namespaces.
//  - leaderSpread: first replicas of different shards would rather lie on different nodes.
#pragma once

#include "statefulgroup/json_value.h"
#include "statefulgroup/render/pod_renderer.h"

namespace stowage::statefulgroup {

// Adds to `pod_spec`; what is there stays.
void addPlacementRules(Json& pod_spec, const PodInputs& inputs);

}  // namespace stowage::statefulgroup
