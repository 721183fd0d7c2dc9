// Drift: whether what was rendered is what is there. Pure functions; live objects are the API
// server's and may be anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kubeapi/owned_service.h"
#include "kubeapi/policy.h"

namespace stowage::statefulgroup {

// Whether everything in `rendered` is in `live` with the same value. `live` may have members more,
// which the API server or others filled in; lists have the same length and are compared one by one,
// but owners and finalizers may be more. Selectors are the same to the last member: one more label
// selects fewer pods. Amounts are equal by value. A null is an absent member. False when either is
// no JSON.
bool contains(std::string_view live, std::string_view rendered);

// The same for typed objects; what they do not keep (annotations, blockOwnerDeletion) is not
// compared.
bool contains(const kubeapi::OwnedService& live, std::string_view rendered);
bool contains(const kubeapi::PodDisruptionBudget& live, std::string_view rendered);

// The merge patch after which `live` contains what was rendered; nullopt: it does already, or it is
// no object. Only what differs is in it, and what others have beside that stays. Not a server-side
// apply: that leaves list entries that were written another way (ports of a Service that was
// created, or that others added), and then refuses two ports of one name.
std::optional<std::string> healingPatch(std::string_view live, std::string_view rendered);

}  // namespace stowage::statefulgroup
