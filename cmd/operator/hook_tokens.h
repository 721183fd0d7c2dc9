// HookTokens: what agents in pods are shown, one token a namespace: requested from the API
// (TokenRequest, authentication.k8s.io/v1) for the operator's own service account and an audience
// that only agents of that namespace accept, so that a token which one tenant's agent has seen says
// nothing to another's (docs/decisions/0013).
// Thread safety: any thread; a call blocks while the API server is asked. Ownership: client and
// clock outlive it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/rest/api_client.h"
#include "kubeapi/hooks.h"

namespace stowage::operator_cmd {

using kubeapi::hooks::ServiceAccount;

class HookTokens {
 public:
  // `account` nullopt: that by which the API server knows us, asked when first needed.
  HookTokens(k8sclient::ApiClient& api, std::optional<ServiceAccount> account, base::Clock& clock,
             std::stop_token stop);

  // A token for agents in `ns`, renewed when a fifth of its life is left; an old one that is still
  // good is used while no new one can be had. The API server is asked at most once in five seconds
  // for a namespace, whatever its agents and the server answer.
  base::Result<std::string> tokenFor(const std::string& ns);
  // An agent did not take `token`: a call later than those five seconds asks for a new one.
  void refused(const std::string& ns, const std::string& token);
  // Namespaces that are remembered.
  std::size_t size();

 private:
  struct Entry {
    std::mutex asking;  // one request at a time
    std::string token;
    base::Status failure;        // of the last request
    base::SteadyTime ask_again;  // not before that
    base::SteadyTime renew_at;
    base::SteadyTime ends_at;
  };

  std::shared_ptr<Entry> entryOf(const std::string& ns);
  base::Result<ServiceAccount> account();
  base::Status renew(const std::string& ns, Entry& entry);

  k8sclient::ApiClient& api_;
  base::Clock& clock_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::optional<ServiceAccount> account_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;  // by namespace
};

}  // namespace stowage::operator_cmd
