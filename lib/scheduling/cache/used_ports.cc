#include "scheduling/cache/used_ports.h"

#include <algorithm>

namespace stowage::scheduling {

void UsedPorts::add(const std::vector<kubeapi::HostPort>& ports) {
  for (const kubeapi::HostPort& port : ports) {
    auto& addresses = used_[PortKey{port.protocol, port.port}];
    const auto found = std::find_if(addresses.begin(), addresses.end(),
                                    [&](const Address& address) { return address.ip == port.ip; });
    if (found != addresses.end()) {
      ++found->count;
    } else {
      addresses.push_back({port.ip, 1});
    }
  }
}

void UsedPorts::remove(const std::vector<kubeapi::HostPort>& ports) {
  for (const kubeapi::HostPort& port : ports) {
    const auto entry = used_.find(PortKey{port.protocol, port.port});
    if (entry == used_.end()) continue;
    auto& addresses = entry->second;
    const auto found = std::find_if(addresses.begin(), addresses.end(),
                                    [&](const Address& address) { return address.ip == port.ip; });
    if (found == addresses.end()) continue;
    if (--found->count == 0) addresses.erase(found);
    if (addresses.empty()) used_.erase(entry);
  }
}

bool UsedPorts::conflictsWith(const UsedPorts& wanted) const {
  // Walk the smaller side: a pod may ask for thousands of ports, a node may have thousands in use.
  const UsedPorts& small = used_.size() <= wanted.used_.size() ? *this : wanted;
  const UsedPorts& large = &small == this ? wanted : *this;
  for (const auto& [key, mine] : small.used_) {
    const auto theirs = large.used_.find(key);
    if (theirs == large.used_.end()) continue;
    for (const Address& a : mine) {
      for (const Address& b : theirs->second) {
        if (kubeapi::conflicts({a.ip, key.protocol, key.port}, {b.ip, key.protocol, key.port})) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace stowage::scheduling
