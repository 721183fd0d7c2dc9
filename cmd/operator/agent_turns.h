// AgentTurns: who may be asked now. An agent that hangs holds up a worker for its hook's timeout,
// which is a tenant's to choose: up to a minute. Namespaces whose agents were slow lately share
// some of the workers, and each gets few of those, so that they hold up each other and themselves;
// where agents answer at once there is no limit. Thread safety: any thread; never blocks. Memory: a
// namespace is kept for a minute after its last slow call. Ownership: the clock outlives it; turns
// end before it does.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace stowage::operator_cmd {

class AgentTurns {
 public:
  // Calls that may be under way at once to agents of slow namespaces: to all of them, to one.
  struct Limits {
    int slow = 1;
    int slow_of_one = 1;
  };

  // One call; over when destroyed.
  class Turn {
   public:
    Turn(AgentTurns& turns, std::string ns);
    ~Turn();
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)),
          ns_(std::move(other.ns_)),
          began_(other.began_) {}
    Turn& operator=(Turn&&) = delete;

   private:
    AgentTurns* turns_;
    std::string ns_;
    base::SteadyTime began_;
  };

  AgentTurns(Limits limits, base::Clock& clock) : limits_(limits), clock_(clock) {}
  AgentTurns(const AgentTurns&) = delete;
  AgentTurns& operator=(const AgentTurns&) = delete;

  // For a call to an agent of `ns`; nullopt: not now, try again in a moment.
  std::optional<Turn> take(const std::string& ns);
  // Namespaces that are remembered.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Namespace {
    int calls = 0;  // under way
    base::SteadyTime slow_until;
  };
  void end(const std::string& ns, base::SteadyTime began);

  const Limits limits_;
  base::Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Namespace> namespaces_;
};

}  // namespace stowage::operator_cmd
