#include "statefulgroup/names.h"

#include <fmt/format.h>

#include <charconv>

namespace stowage::statefulgroup {

std::optional<int> parseIndex(std::string_view text) {
  constexpr std::size_t kMaxDigits = 5;  // ordinals end at 9999 and a hundred more
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Names::Names(const kubeapi::StatefulGroup& group)
    : group_(group.meta.name.str()),
      sharded_(group.spec.naming == kubeapi::group::Naming::kSharded),
      headless_(group.spec.services.headless.name.str()) {
  if (headless_.empty()) headless_ = group_;
}

std::string Names::shardPrefix(int shard) const { return fmt::format("{}-{}", group_, shard); }

std::string Names::pod(Replica replica) const {
  return sharded_ ? fmt::format("{}-{}-{}", group_, replica.shard, replica.ordinal)
                  : fmt::format("{}-{}", group_, replica.ordinal);
}

std::string Names::claim(std::string_view claim_template, Replica replica) const {
  return fmt::format("{}-{}", claim_template, pod(replica));
}

std::string Names::headlessService(int shard) const {
  return sharded_ ? shardPrefix(shard) + "-peers" : headless_;
}

// With the shard in both namings: "<group>-client" could be another group's shard.
std::string Names::clientService(int shard) const { return shardPrefix(shard) + "-client"; }

std::string Names::roleService(int shard, std::string_view role) const {
  return fmt::format("{}-{}", shardPrefix(shard), role);
}

std::string Names::budget(int shard) const { return shardPrefix(shard); }

std::string Names::revision(std::string_view hash) const {
  return fmt::format("{}-{}", group_, hash);
}

std::optional<Replica> Names::replicaOf(std::string_view pod_name) const {
  if (!pod_name.starts_with(group_)) return std::nullopt;
  std::string_view rest = pod_name.substr(group_.size());
  if (!rest.starts_with('-')) return std::nullopt;
  rest.remove_prefix(1);
  Replica replica;
  if (sharded_) {
    const auto dash = rest.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto shard = parseIndex(rest.substr(0, dash));
    if (!shard) return std::nullopt;
    replica.shard = *shard;
    rest.remove_prefix(dash + 1);
  }
  const auto ordinal = parseIndex(rest);
  if (!ordinal) return std::nullopt;
  replica.ordinal = *ordinal;
  return replica;
}

}  // namespace stowage::statefulgroup
