#include "cmd/etcd-agent/cluster_look.h"

#include <utility>

#include "cmd/etcd-agent/parallel.h"

namespace stowage::etcd_agent {

std::optional<MemberSource> findMembers(EtcdApi& etcd, const std::vector<std::string>& urls) {
  std::vector<std::optional<MemberList>> lists(urls.size());
  forEachAtOnce(urls.size(), [&](std::size_t i) {
    if (auto list = etcd.members(urls[i])) lists[i] = std::move(*list);
  });
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (lists[i]) return MemberSource{urls[i], std::move(*lists[i])};
  }
  return std::nullopt;
}

ClusterSight lookAt(EtcdApi& etcd, MemberList list) {
  ClusterSight sight;
  sight.list = std::move(list);
  const std::vector<Member>& members = sight.list.members;
  std::vector<std::optional<MemberStatus>> statuses(members.size());
  forEachAtOnce(members.size(), [&](std::size_t i) {
    if (members[i].client_urls.empty()) return;
    // Whoever answers there has to be the member itself.
    auto status = etcd.status(members[i].client_urls.front());
    if (status && status->member == members[i].id) statuses[i] = std::move(*status);
  });
  for (std::optional<MemberStatus>& status : statuses) {
    if (status) sight.statuses.emplace(status->member, std::move(*status));
  }
  return sight;
}

}  // namespace stowage::etcd_agent
