// Who may ask the agent: the operator's service account, by a token that was made for agents of
// this namespace (docs/hooks.md, docs/decisions/0013). Thread safety: any thread.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "k8sclient/rest/api_client.h"
#include "serving/access_review.h"

namespace stowage::etcd_agent {

// One user may everything, others nothing. The client must outlive it.
class HookAccess final : public serving::AccessReviewer {
 public:
  HookAccess(k8sclient::ApiClient& api, std::string audience, std::string user);
  base::Result<std::optional<serving::Identity>> authenticate(const std::string& token,
                                                              const std::stop_token& stop) override;
  base::Result<bool> authorize(const serving::Identity& who, const std::string& path,
                               const std::string& verb, const std::stop_token& stop) override;

 private:
  serving::ApiAccessReviewer reviewer_;
  const std::string user_;
};

// Takes any token for the operator's: for trying an agent where no API server is.
class AnyToken final : public serving::AccessReviewer {
 public:
  base::Result<std::optional<serving::Identity>> authenticate(const std::string& token,
                                                              const std::stop_token& stop) override;
  base::Result<bool> authorize(const serving::Identity& who, const std::string& path,
                               const std::string& verb, const std::stop_token& stop) override;
};

}  // namespace stowage::etcd_agent
