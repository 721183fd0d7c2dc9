// Drift: whether what was rendered is what is there. Pure functions; live objects are the API
// server's and may be anything.
#pragma once

#include <string_view>

#include "kubeapi/owned_service.h"
#include "kubeapi/policy.h"

namespace stowage::statefulgroup {

// Whether everything in `rendered` is in `live` with the same value. `live` may have members more,
// which the API server or others filled in; lists have the same length and are compared one by one,
// but owners and finalizers may be more. Selectors are the same to the last member: one more label
// selects fewer pods. Amounts are equal by value. A null is an absent member. False when either is
// no JSON.
//
// What is not contained is healed by a server-side apply; and where the answer to that still does
// not contain it (ports that others added stay theirs), by what was rendered as a merge patch.
bool contains(std::string_view live, std::string_view rendered);

// The same for typed objects; what they do not keep (annotations, blockOwnerDeletion) is not
// compared.
bool contains(const kubeapi::OwnedService& live, std::string_view rendered);
bool contains(const kubeapi::PodDisruptionBudget& live, std::string_view rendered);

}  // namespace stowage::statefulgroup
