#include "cmd/operator/agent_turns.h"

namespace stowage::operator_cmd {

namespace {

// An agent that lives answers within milliseconds.
constexpr base::Duration kSlow = std::chrono::seconds(1);
constexpr base::Duration kRemembered = std::chrono::seconds(60);

}  // namespace

AgentTurns::Turn::Turn(AgentTurns& turns, std::string ns)
    : turns_(&turns), ns_(std::move(ns)), began_(turns.clock_.now()) {}

AgentTurns::Turn::~Turn() {
  if (turns_ != nullptr) turns_->end(ns_, began_);
}

std::optional<AgentTurns::Turn> AgentTurns::take(const std::string& ns) {
  const base::SteadyTime now = clock_.now();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = namespaces_.find(ns);
    if (found != namespaces_.end() && now < found->second.slow_until) {
      int slow_calls = 0;
      for (const auto& [name, other] : namespaces_)
        slow_calls += now < other.slow_until ? other.calls : 0;
      if (slow_calls >= limits_.slow || found->second.calls >= limits_.slow_of_one)
        return std::nullopt;
    }
    ++namespaces_[ns].calls;
  }
  return Turn(*this, ns);
}

void AgentTurns::end(const std::string& ns, base::SteadyTime began) {
  const base::SteadyTime now = clock_.now();
  const std::scoped_lock lock(mutex_);
  Namespace& ended = namespaces_.at(ns);
  --ended.calls;
  if (now - began >= kSlow) ended.slow_until = now + kRemembered;
  std::erase_if(namespaces_, [now](const auto& item) {
    return item.second.calls == 0 && item.second.slow_until <= now;
  });
}

std::size_t AgentTurns::size() const {
  const std::scoped_lock lock(mutex_);
  return namespaces_.size();
}

}  // namespace stowage::operator_cmd
