// Side: one control plane with one scheduler on it, kube-scheduler or Stowage, that plays
// scenarios. The scheduler stays up over all of them. Not thread safe; two sides share nothing and
// may be used from two threads.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "integration/scenarios/rest.h"
#include "integration/scenarios/scenario.h"

namespace stowage::testing {

class Side {
 public:
  Side(ControlPlane& cluster, bool is_kube);

  // Plays all steps; returns what went other than expected, empty when nothing did.
  std::string play(const Scenario& scenario);
  // The state now, in Stowage's words: known deviations are translated and counted.
  struct Seen {
    Json snapshot;
    std::vector<int> deviations;  // how often each of the scenario's was found
    int lost_preemptors = 0;  // events Preempted of kube-scheduler that do not name the preemptor
  };
  Seen look(const Scenario& scenario);
  // Deletes everything of the scenario and waits until the scheduler has seen that.
  std::string cleanUp();

 private:
  std::string carryOut(const std::string& what, const Json& with);
  std::string create(const std::string& kind, const Json& object);
  std::string createPod(const std::string& name, const Json& brief);
  std::string patch(const Json& step);
  std::string remove(const Json& step);
  std::string bind(const Json& step);
  std::string rest(const Json& pods);
  std::string awaitExpected(const Scenario& scenario, const Json& expected);
  std::string settle();
  std::string probe(std::size_t nodes, bool& seen);
  void removeAll(const std::string& kind);
  void endNamespace(const std::string& name);
  std::size_t countOf(const std::string& kind);

  bool is_kube_;
  Rest rest_;
  std::string ns_;
  std::set<std::string> namespaces_;
  std::map<std::string, std::string> names_by_uid_;
  bool unsettled_ = false;
  int probes_ = 0;
};

}  // namespace stowage::testing
