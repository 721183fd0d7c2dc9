// UsedPorts: host ports in use on one node, counted. Single-threaded value.
// Source of the semantics: kube-scheduler framework/types.go HostPortInfo, v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "kubeapi/resources.h"
#include "scheduling/hashing.h"

namespace stowage::scheduling {

// Protocol and port: what must be equal before addresses matter.
struct PortKey {
  base::Symbol protocol;
  std::int32_t port = 0;
  friend bool operator==(const PortKey&, const PortKey&) = default;
};
struct PortKeyHash {
  std::size_t operator()(const PortKey& key) const noexcept {
    HashBuilder hash;
    hash.add(key.protocol);
    hash.add(static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.port)));
    return hash.value();
  }
};

class UsedPorts {
 public:
  void add(const std::vector<kubeapi::HostPort>& ports);
  void remove(const std::vector<kubeapi::HostPort>& ports);
  [[nodiscard]] bool empty() const { return used_.empty(); }
  [[nodiscard]] std::size_t size() const { return used_.size(); }
  // Whether any of `wanted` is taken here.
  [[nodiscard]] bool conflictsWith(const UsedPorts& wanted) const;

 private:
  struct Address {
    base::Symbol ip;
    std::uint32_t count = 0;
  };
  std::unordered_map<PortKey, std::vector<Address>, PortKeyHash> used_;
};

}  // namespace stowage::scheduling
