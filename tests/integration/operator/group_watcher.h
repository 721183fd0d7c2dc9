// GroupWatcher: writes down what happens to the pods, claims, groups and revisions of a namespace,
// from its making to stop(), also across outages of the API server. For HistoryJudge. Each resource
// has a thread of its own. Not thread safe itself. Ownership: api outlives it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "k8sclient/rest/api_client.h"
#include "testing/statefulgroup/history_judge.h"

namespace stowage::testing {

class GroupWatcher {
 public:
  GroupWatcher(k8sclient::ApiClient& api, std::string ns);
  ~GroupWatcher();
  GroupWatcher(const GroupWatcher&) = delete;
  GroupWatcher& operator=(const GroupWatcher&) = delete;

  // Whether the object with that uid was seen to be gone, or on its way out.
  [[nodiscard]] bool sawGo(const std::string& uid);
  // Watches no longer; what happened, in the server's order.
  std::vector<Change> stop();

 private:
  void watch(const k8sclient::ResourceType& type, const std::stop_token& stop);
  // False: the watch cannot go on from where it was.
  bool take(const std::string& resource, std::string_view line, std::string& version);
  void lost(const std::string& resource, std::string& version);

  k8sclient::ApiClient& api_;
  const std::string ns_;
  std::mutex mutex_;  // guards what follows
  std::vector<Change> changes_;
  std::int64_t newest_ = 0;                   // version
  std::map<std::string, std::int64_t> gaps_;  // by resource: since which version it is told anew
  std::vector<std::jthread> threads_;
};

}  // namespace stowage::testing
