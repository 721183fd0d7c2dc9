// GroupReader: reads groups and what belongs to them from the API server, live. Blocks its caller;
// belongs to one thread. Ownership: the client outlives it.
#pragma once

#include <string>

#include "k8sclient/rest/api_client.h"
#include "statefulgroup/observed.h"

namespace stowage::kubectl {

struct ReadGroup {
  std::string json;  // as the API server sent it
  statefulgroup::Observed observed;
};

std::string groupPath(const std::string& ns, const std::string& name);

class GroupReader {
 public:
  GroupReader(k8sclient::ApiClient& api, std::string ns) : api_(api), ns_(std::move(ns)) {}

  // The group alone.
  base::Result<ReadGroup> group(const std::string& name);
  // With its pods, revisions and the budgets of the namespace.
  base::Result<ReadGroup> everything(const std::string& name);
  base::Result<kubeapi::MemberPodPtr> pod(const std::string& name);

 private:
  k8sclient::ApiClient& api_;
  const std::string ns_;
};

// An error of a call as one line: what was asked, and what the server said.
base::Status failed(const std::string& what, const k8sclient::ApiError& error);

}  // namespace stowage::kubectl
