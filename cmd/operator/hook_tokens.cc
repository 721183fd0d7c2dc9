#include "cmd/operator/hook_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace stowage::operator_cmd {

namespace {

using Json = nlohmann::json;

constexpr auto kCallTimeout = std::chrono::seconds(5);
// What is asked for; the server may give more or less.
constexpr std::chrono::seconds kLife(3600);
// Agents are tenants', and one that takes no token is not to make requests of ours.
constexpr auto kPause = std::chrono::seconds(5);

k8sclient::CallOptions callOptions() {
  k8sclient::CallOptions options;
  options.timeout = kCallTimeout;
  return options;
}

// A text at a JSON pointer; empty when there is none.
std::string textAt(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  if (!json.contains(at) || !json.at(at).is_string()) return {};
  return json.at(at).get<std::string>();
}

}  // namespace

HookTokens::HookTokens(k8sclient::ApiClient& api, std::optional<ServiceAccount> account,
                       base::Clock& clock, std::stop_token stop)
    : api_(api), clock_(clock), stop_(std::move(stop)), account_(std::move(account)) {}

base::Result<std::string> HookTokens::tokenFor(const std::string& ns) {
  const std::shared_ptr<Entry> entry = entryOf(ns);
  const std::scoped_lock lock(entry->asking);
  if (!entry->token.empty() && clock_.now() < entry->renew_at) return entry->token;
  if (clock_.now() >= entry->ask_again) {
    entry->failure = renew(ns, *entry);
    entry->ask_again = clock_.now() + kPause;
  }
  if (entry->failure.ok() || (!entry->token.empty() && clock_.now() < entry->ends_at))
    return entry->token;
  return base::fail(entry->failure.withPrefix("token for hooks"));
}

void HookTokens::refused(const std::string& ns, const std::string& token) {
  const std::shared_ptr<Entry> entry = entryOf(ns);
  const std::scoped_lock lock(entry->asking);
  if (entry->token == token && clock_.now() >= entry->ask_again) entry->token.clear();
}

std::size_t HookTokens::size() {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

// Namespaces come and go: those whose token has ended are forgotten when a new one comes.
std::shared_ptr<HookTokens::Entry> HookTokens::entryOf(const std::string& ns) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = entries_.find(ns); found != entries_.end()) return found->second;
  const base::SteadyTime now = clock_.now();
  std::erase_if(entries_, [now](const auto& item) {
    Entry& entry = *item.second;
    const std::unique_lock busy(entry.asking, std::try_to_lock);
    return busy.owns_lock() && entry.ends_at <= now;
  });
  return entries_.emplace(ns, std::make_shared<Entry>()).first->second;
}

base::Result<ServiceAccount> HookTokens::account() {
  {
    const std::scoped_lock lock(mutex_);
    if (account_) return *account_;
  }
  const auto answer =
      api_.create("/apis/authentication.k8s.io/v1/selfsubjectreviews",
                  R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"})",
                  callOptions(), stop_);
  if (!answer) return base::fail(answer.error().toStatus());
  const Json json = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  const std::string user = textAt(json, "/status/userInfo/username");
  const auto account = kubeapi::hooks::accountOf(user);
  if (!account)
    return base::fail(base::Code::kInvalidArgument,
                      "the operator runs as " + base::jsonString(user) +
                          ", no service account: name one with --hook-service-account");
  const std::scoped_lock lock(mutex_);
  account_ = account;
  return *account;
}

base::Status HookTokens::renew(const std::string& ns, Entry& entry) {
  const auto own = account();
  if (!own) return own.error();
  const Json request = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenRequest"},
      {"spec",
       {{"audiences", {kubeapi::hooks::audienceOf(ns)}}, {"expirationSeconds", kLife.count()}}}};
  const base::SteadyTime asked = clock_.now();
  const auto answer = api_.create(
      k8sclient::resourcePath({"", "v1", "serviceaccounts"}, own->ns, own->name, "token"),
      request.dump(), callOptions(), stop_);
  if (!answer) return answer.error().toStatus();
  const Json json = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  std::string token = textAt(json, "/status/token");
  const auto ends = base::parseTime(textAt(json, "/status/expirationTimestamp"));
  if (token.empty() || !ends || token.find_first_of("\r\n") != std::string::npos)
    return {base::Code::kInternal, "the answer to a TokenRequest has no token"};
  // The server's clock may differ from ours: its own times tell how long, and never longer than
  // asked.
  const auto issued = base::parseTime(textAt(json, "/metadata/creationTimestamp"));
  const auto life = std::clamp<base::Duration>(*ends - issued.value_or(clock_.wallNow()),
                                               std::chrono::seconds(0), kLife);
  entry.token = std::move(token);
  entry.renew_at = asked + life / 5 * 4;
  entry.ends_at = asked + life;
  return {};
}

}  // namespace stowage::operator_cmd
