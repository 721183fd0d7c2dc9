// What scheduling needs from HTTP extenders: services of the user that have a say in filtering,
// scoring, preemption and binding. Plain values and one port, implemented by an adapter in cmd.
// Source of the semantics: kube-scheduler extender.go and schedule_one.go
// (findNodesThatPassExtenders, prioritizeNodes), framework/preemption/preemption.go
// (callExtenders), v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/symbols.h"
#include "kubeapi/pod.h"
#include "scheduling/ports.h"

namespace stowage::scheduling {

// One entry of the configuration's `extenders`, as far as decisions need it.
struct ExtenderSpec {
  std::string name;  // its urlPrefix
  bool filters = false;
  bool prioritizes = false;
  bool preempts = false;
  bool binds = false;
  // Only pods that name one of these in requests or limits are its business; empty: all pods.
  std::vector<Symbol> managed_resources;
};

// The pods that would leave a node.
struct ExtenderVictims {
  Symbol node;
  std::vector<kubeapi::PodPtr> pods;
  std::int64_t violations = 0;  // of PodDisruptionBudgets
};

// One question about one pod; the extenders are asked in the order of the configuration.
struct ExtenderQuestion {
  PodRef pod;
  std::uint64_t number = 0;            // comes back with the answer
  std::vector<std::size_t> extenders;  // those concerned, by position in the configuration
  // Where the pod fits as far as we see, not empty: the filters of the extenders narrow it down
  // one after the other, then their scores for what is left are added up.
  std::vector<Symbol> nodes;
  bool score = true;  // false: scores are of no use
  // When not empty, the question is the preempt verb's instead, and `nodes` is empty.
  std::vector<ExtenderVictims> candidates;
};

struct ExtenderAnswer {
  PodRef pod;
  std::uint64_t number = 0;
  std::string error;  // not empty: the attempt fails with these words, and nothing else is set

  struct Allowed {
    Symbol node;
    // The sum over the extenders of score x weight x 10, saturated. Scores are asked for when two
    // nodes or more are left; failed calls count nothing.
    std::int64_t score = 0;
  };
  std::vector<Allowed> allowed;  // of the nodes asked about

  struct Rejected {
    Symbol node;
    std::string reason;  // empty: the extender left the node out without a word
    // That pods leave the node cannot help; so it is without a reason, too.
    bool unresolvable = false;
  };
  std::vector<Rejected> rejected;  // the rest of the nodes asked about

  struct Victims {
    Symbol node;
    std::vector<Symbol> pods;  // by uid, not empty
    std::int64_t violations = 0;
  };
  std::vector<Victims> candidates;  // what the extenders left of the question's
};

// Asks extenders. Never blocks; the answer comes to Scheduler::extendersAnswered, exactly one for
// every question taken, also when calls time out.
class ExtenderCaller {
 public:
  virtual ~ExtenderCaller() = default;
  // Takes the question or returns false when another one is under way.
  virtual bool ask(const ExtenderQuestion& question) = 0;
};

}  // namespace stowage::scheduling
