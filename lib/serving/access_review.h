// AccessReviewer: who sends a request, and whether they may: the questions that serving asks the
// API server (authentication.k8s.io/v1 TokenReview, authorization.k8s.io/v1 SubjectAccessReview).
// Thread safety: both calls from any thread; each blocks for at most a few seconds.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "k8sclient/rest/api_client.h"

namespace stowage::serving {

struct Identity {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

class AccessReviewer {
 public:
  virtual ~AccessReviewer() = default;
  // Whose token it is; nullopt when it is nobody's. An error means that nobody could be asked.
  virtual base::Result<std::optional<Identity>> authenticate(const std::string& token,
                                                             const std::stop_token& stop) = 0;
  // Whether `who` may use `verb` ("get") on the non-resource URL `path`.
  virtual base::Result<bool> authorize(const Identity& who, const std::string& path,
                                       const std::string& verb, const std::stop_token& stop) = 0;
};

// Asks the API server. Needs create on tokenreviews and subjectaccessreviews (the ClusterRole
// system:auth-delegator). The client must outlive it. With an `audience` only tokens that were made
// for it are somebody's; without one, those for the API server itself.
class ApiAccessReviewer final : public AccessReviewer {
 public:
  explicit ApiAccessReviewer(k8sclient::ApiClient& client, std::string audience = {})
      : client_(client), audience_(std::move(audience)) {}
  base::Result<std::optional<Identity>> authenticate(const std::string& token,
                                                     const std::stop_token& stop) override;
  base::Result<bool> authorize(const Identity& who, const std::string& path,
                               const std::string& verb, const std::stop_token& stop) override;

 private:
  k8sclient::ApiClient& client_;
  const std::string audience_;
};

}  // namespace stowage::serving
