// The words of the contract between the operator and the agent in a member's pod (docs/hooks.md):
// GET /v1/role and POST /v1/<verb>, JSON both ways. Pure; answers are hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace stowage::kubeapi::hooks {

// The audience of the tokens that calls to agents of a namespace carry:
// "stowage-hooks.<namespace>".
std::string audienceOf(std::string_view ns);

// Whose tokens they are.
struct ServiceAccount {
  std::string ns;
  std::string name;
};
// "NAMESPACE:NAME", as kubectl writes subjects; nullopt for anything else.
std::optional<ServiceAccount> parseServiceAccount(std::string_view text);
// By which user name the API server knows it, and back: "system:serviceaccount:NAMESPACE:NAME".
std::string userOf(const ServiceAccount& account);
std::optional<ServiceAccount> accountOf(std::string_view user);

inline constexpr std::string_view kRolePath = "/v1/role";
// "/v1/switchover"
std::string pathOf(std::string_view verb);
// An answer is never larger.
inline constexpr std::size_t kMaxAnswer = 64 * 1024;

// What a verb is told. `pod` is the member that it is about, which may be another one than that
// whose agent is asked.
struct Request {
  std::string operation_id;
  std::string pod;
  std::string pod_uid;
};
std::string encodeRequest(const Request& request);
base::Result<Request> decodeRequest(std::string_view body);

enum class Verdict : std::uint8_t {
  kDone,     // 200
  kWorking,  // 202: ask again with the same operation id
  kRefused,  // 409
  kFailed,   // anything else
};
Verdict verdictOf(int http_status);

// What an answer says beside its status: {"message": "..."}; empty when it says nothing. At most
// 512 bytes.
std::string messageOf(std::string_view body);
std::string encodeMessage(std::string_view message);

struct Role {
  std::string role;  // a role's name; empty: none
  std::int64_t term = 0;
};
// {"role": "leader", "term": 7}. An error names what is wrong.
base::Result<Role> decodeRole(std::string_view body);
std::string encodeRole(const Role& role);

}  // namespace stowage::kubeapi::hooks
