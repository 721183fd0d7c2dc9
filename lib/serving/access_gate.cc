#include "serving/access_gate.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace stowage::serving {

namespace {

// Tokens are secrets: the caches know only their hash.
std::string hashOf(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// b64token of RFC 6750: whatever else is sent is nobody's token, and need not be asked about.
bool isToken(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

// The token of "Bearer <token>"; the scheme's case does not matter (RFC 9110).
std::string_view bearerToken(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() < kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return {};
  }
  header.remove_prefix(kScheme.size());
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  while (!header.empty() && header.back() == ' ') header.remove_suffix(1);
  return header;
}

base::Counter& counterOf(base::MetricSink& metrics, const char* result) {
  return metrics.counter("stowage_serving_access_decisions_total",
                         "Decisions about requests that need a right, by result.",
                         {{"result", result}});
}

}  // namespace

// One of the few questions that may be open at once.
class AccessGate::Slot {
 public:
  explicit Slot(AccessGate& gate) : gate_(gate) {
    std::lock_guard lock(gate_.mutex_);
    taken_ = gate_.reviewing_ < gate_.limits_.concurrent_reviews;
    if (taken_) ++gate_.reviewing_;
  }
  ~Slot() {
    if (!taken_) return;
    std::lock_guard lock(gate_.mutex_);
    --gate_.reviewing_;
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  explicit operator bool() const { return taken_; }

 private:
  AccessGate& gate_;
  bool taken_ = false;
};

AccessGate::AccessGate(AccessReviewer& reviewer, base::Clock& clock, base::MetricSink& metrics,
                       const AccessLimits& limits)
    : reviewer_(reviewer),
      clock_(clock),
      limits_(limits),
      allowed_(counterOf(metrics, "allowed")),
      unauthenticated_(counterOf(metrics, "unauthenticated")),
      forbidden_(counterOf(metrics, "forbidden")),
      unavailable_(counterOf(metrics, "unavailable")),
      identities_(limits.entries),
      decisions_(limits.entries) {}

Access AccessGate::decide(const std::string& authorization, const std::string& path,
                          const std::string& verb, const std::stop_token& stop) {
  const std::string token(bearerToken(authorization));
  Access access = Access::kUnauthenticated;
  if (token.size() <= limits_.token_bytes && isToken(token)) {
    const std::string token_key = hashOf(token);
    const std::string decision_key = hashOf(token_key + verb + '\0' + path);
    const auto known = recall(token_key, decision_key);
    access = known ? *known : review(token, token_key, decision_key, path, verb, stop);
  }
  switch (access) {
    case Access::kAllowed:
      allowed_.increment();
      break;
    case Access::kUnauthenticated:
      unauthenticated_.increment();
      break;
    case Access::kForbidden:
      forbidden_.increment();
      break;
    case Access::kUnavailable:
      unavailable_.increment();
      break;
  }
  return access;
}

std::optional<Access> AccessGate::recall(const std::string& token_key,
                                         const std::string& decision_key) {
  const base::SteadyTime now = clock_.now();
  std::lock_guard lock(mutex_);
  const auto identity = identities_.find(token_key, now);
  if (identity && !identity->has_value()) return Access::kUnauthenticated;
  return decisions_.find(decision_key, now);
}

std::optional<std::optional<Identity>> AccessGate::identify(const std::string& token,
                                                            const std::string& token_key,
                                                            const std::stop_token& stop) {
  {
    std::lock_guard lock(mutex_);
    if (auto known = identities_.find(token_key, clock_.now())) return known;
  }
  auto asked = reviewer_.authenticate(token, stop);
  if (!asked) {
    warnOnce(asked.error());
    return std::nullopt;
  }
  std::lock_guard lock(mutex_);
  warned_ = false;
  identities_.put(token_key, *asked, clock_.now() + limits_.remember);
  return *asked;
}

Access AccessGate::review(const std::string& token, const std::string& token_key,
                          const std::string& decision_key, const std::string& path,
                          const std::string& verb, const std::stop_token& stop) {
  const Slot slot(*this);
  if (!slot) return Access::kUnavailable;
  const auto who = identify(token, token_key, stop);
  if (!who) return Access::kUnavailable;
  if (!who->has_value()) return Access::kUnauthenticated;
  const auto may = reviewer_.authorize(**who, path, verb, stop);
  if (!may) {
    warnOnce(may.error());
    return Access::kUnavailable;
  }
  const Access access = *may ? Access::kAllowed : Access::kForbidden;
  std::lock_guard lock(mutex_);
  warned_ = false;
  decisions_.put(decision_key, access, clock_.now() + limits_.remember);
  return access;
}

void AccessGate::warnOnce(const base::Status& why) {
  if (why.code() == base::Code::kCancelled) return;  // we stop; nothing is wrong
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(warned_, true)) return;
  }
  base::log().warn("cannot review access; requests that need a right are refused",
                   {{"reason", why.toString()}});
}

}  // namespace stowage::serving
