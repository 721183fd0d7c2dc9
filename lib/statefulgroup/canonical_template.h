// The canonical form of a pod template: templates that make the same pods have one form, and those
// that may make different ones have two. Pure; private to lib/statefulgroup.
//
// Objects are sorted by key, and this is all that is changed:
//  - At four places members are left out: the template, its metadata, its pod spec and the
//    containers directly in that. A null is left out, for Go's decoder takes it for an absent
//    member. A [] is, for lists have no presence in the API server's storage format. A {} is where
//    it is a map (labels, annotations, nodeSelector), a struct that is there in any case
//    (metadata, a container's resources), filled in when absent (the pod's securityContext), or
//    holds nothing but rules (affinity). The maps and lists of `resources` are left out likewise.
//  - The pod's hostname, subdomain and restartPolicy are left out: the operator sets them.
//  - Amounts of resources and of overhead are written one way for each value.
// Everything else stays as it was sent: an empty object in another place may mean something
// (`emptyDir: {}`, `namespaceSelector: {}`, and `overhead: {}` is refused where none is not), and
// one restart too many is better than one too few.
//
// This is part of render version 1. Changing it changes names of revisions and so restarts pods:
// another form needs another render version.
#pragma once

#include <string_view>

#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

Json canonicalTemplate(Json pod_template);

// The text of an amount that all texts of the same amount have in common: the shorter one of
// Kubernetes' decimal and binary forms. Text that is no amount is returned as it is.
std::string canonicalQuantity(const std::string& text);

}  // namespace stowage::statefulgroup
