// What a group's spec asks for, worked out the slow way: shared by the judges, and by nothing that
// they judge. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace stowage::testing {

// Ordinals that a spec wants in a shard.
std::vector<int> wantedIn(const nlohmann::json& spec, const std::string& shard);
// It is being deleted, or sleeps: its pods are to go.
bool isStopping(const nlohmann::json& group);

}  // namespace stowage::testing
