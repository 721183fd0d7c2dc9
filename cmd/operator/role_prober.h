// RoleProber: asks the members of groups with roleProbe.source HTTP, each every so often, what part
// they play, and remembers it by pod uid. A term never goes back. Thread safety: start() and stop()
// from one owner; the rest from any thread. Ownership: agents, clock and metrics outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "cmd/operator/agent_client.h"
#include "cmd/operator/agent_turns.h"
#include "controlloop/control_loop.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/stateful_group.h"
#include "statefulgroup/observed.h"

namespace stowage::operator_cmd {

class RoleProber {
 public:
  // Of its workers, for the agents that it asks: half of them are there for those that answer.
  static constexpr AgentTurns::Limits kTurns{4, 2};

  struct Subject {
    kubeapi::MemberPodPtr pod;
    kubeapi::StatefulGroupPtr group;
  };
  // The pod with that key ("ns/name") and its group; either may be null.
  using Lookup = std::function<Subject(const std::string& pod_key)>;
  // Hears "ns/name" of a group one of whose members plays another part now.
  using Changed = std::function<void(const std::string& group_key)>;

  RoleProber(AgentClient& agents, Lookup lookup, Changed changed, base::Clock& clock,
             std::uint64_t seed, base::MetricSink& metrics);

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }
  // The pod is new or has changed: it is asked soon. Does nothing for those that need no asking.
  void look(const std::string& pod_key) { loop_.add(pod_key); }

  // Pods wait to be asked or are being asked.
  [[nodiscard]] bool busy() { return loop_.queue().working() > 0 || loop_.queue().depth() > 0; }

  // What the pod with that uid told of last, if it did and still answers.
  [[nodiscard]] std::optional<statefulgroup::RoleSight> roleOf(const base::Symbol& uid) const;

 private:
  struct Known {
    base::Symbol uid;
    statefulgroup::RoleSight sight;
    int failures = 0;
    bool told = false;
  };
  controlloop::Outcome probe(const std::string& pod_key);
  // True when something is different now.
  bool keep(const std::string& pod_key, const base::Symbol& uid, std::int32_t threshold,
            const base::Result<kubeapi::hooks::Role>& answer);
  void forget(const std::string& pod_key);

  AgentClient& agents_;
  const Lookup lookup_;
  const Changed changed_;
  base::Counter& failures_;
  mutable std::mutex mutex_;            // guards known_
  std::map<std::string, Known> known_;  // by pod key
  std::map<base::Symbol, std::string> by_uid_;
  controlloop::ControlLoop loop_;
};

}  // namespace stowage::operator_cmd
