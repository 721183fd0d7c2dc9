#include "cmd/etcd-agent/hook_access.h"

#include <utility>

#include "base/log.h"

namespace stowage::etcd_agent {

using serving::Identity;

HookAccess::HookAccess(k8sclient::ApiClient& api, std::string audience, std::string user)
    : reviewer_(api, std::move(audience)), user_(std::move(user)) {}

base::Result<std::optional<Identity>> HookAccess::authenticate(const std::string& token,
                                                               const std::stop_token& stop) {
  return reviewer_.authenticate(token, stop);
}

base::Result<bool> HookAccess::authorize(const Identity& who, const std::string& path,
                                         const std::string& /*verb*/,
                                         const std::stop_token& /*stop*/) {
  if (who.user == user_) return true;
  // Once in ten seconds for each who tries: the gate remembers.
  base::log().warn("refused somebody else than the operator",
                   {{"user", who.user}, {"path", path}, {"operator", user_}});
  return false;
}

base::Result<std::optional<Identity>> AnyToken::authenticate(const std::string& /*token*/,
                                                             const std::stop_token& /*stop*/) {
  return std::optional(Identity{"anybody", {}, {}, {}});
}

base::Result<bool> AnyToken::authorize(const Identity& /*who*/, const std::string& /*path*/,
                                       const std::string& /*verb*/,
                                       const std::stop_token& /*stop*/) {
  return true;
}

}  // namespace stowage::etcd_agent
