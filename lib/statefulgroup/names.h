// Names of what a StatefulGroup owns. Pure; values. Two groups of one namespace never want the same
// name for objects of one kind as long as both are named Sharded; a group named StatefulSet has the
// pod and claim names of a StatefulSet, which may be anybody's: an object of a foreign owner under
// a wanted name is never touched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kubeapi/stateful_group.h"

namespace stowage::statefulgroup {

// One member: its place in the group, which outlives its pods.
struct Replica {
  int shard = 0;
  int ordinal = 0;
  friend auto operator<=>(const Replica&, const Replica&) = default;
};

// A shard's or replica's number as we write it: no sign, no leading zero, at most five digits.
std::optional<int> parseIndex(std::string_view text);

class Names {
 public:
  explicit Names(const kubeapi::StatefulGroup& group);

  // Naming Sharded; else the names are those of a StatefulSet.
  [[nodiscard]] bool sharded() const { return sharded_; }
  // "<group>-<shard>-<ordinal>", or "<group>-<ordinal>" with naming StatefulSet. Also the name of
  // its own Service.
  [[nodiscard]] std::string pod(Replica replica) const;
  [[nodiscard]] std::string claim(std::string_view claim_template, Replica replica) const;
  // The Service that gives pods their DNS names: "<group>-<shard>-peers", or what a StatefulSet
  // would name.
  [[nodiscard]] std::string headlessService(int shard) const;
  [[nodiscard]] std::string clientService(int shard) const;
  [[nodiscard]] std::string roleService(int shard, std::string_view role) const;
  [[nodiscard]] std::string budget(int shard) const;
  [[nodiscard]] std::string revision(std::string_view hash) const;

  // The member whose pod has that name; nullopt when it is the name of no member.
  [[nodiscard]] std::optional<Replica> replicaOf(std::string_view pod_name) const;

 private:
  [[nodiscard]] std::string shardPrefix(int shard) const;

  std::string group_;
  bool sharded_;
  std::string headless_;
};

}  // namespace stowage::statefulgroup
