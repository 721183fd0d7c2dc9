// PodBuilder: pods for tests, a line each:
//   PodPtr pod = makePod("a").cpu("100m").memory("1Gi").node("n1");
// Defaults: namespace "default", uid "uid-<namespace>-<name>", resource version "1", scheduler
// "stowage-scheduler", phase Pending, one container "main" without requests.
// Texts that do not parse end the test program: they are mistakes of the test. Not thread safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kubeapi/pod.h"
#include "testing/builders/print.h"

namespace stowage::testing {

// "100m" and the like; ends the program when malformed.
kubeapi::Quantity quantity(std::string_view text);
// {"cpu", "1"}, {"memory", "1Gi"}: sorted, of equal names the last one.
kubeapi::ResourceList resources(
    const std::vector<std::pair<std::string, std::string>>& names_and_amounts);
kubeapi::Labels labels(const std::vector<std::pair<std::string, std::string>>& entries);
// "a=b,c in (d,e)" as a selector; ends the program when malformed.
kubeapi::LabelSelector selector(std::string_view text);

class PodBuilder {
 public:
  explicit PodBuilder(std::string_view name);

  PodBuilder& ns(std::string_view ns);
  PodBuilder& uid(std::string_view uid);
  PodBuilder& resourceVersion(std::string_view version);
  PodBuilder& label(std::string_view key, std::string_view value);
  PodBuilder& annotation(std::string_view key, std::string_view value);
  PodBuilder& owner(std::string_view kind, std::string_view name);
  PodBuilder& created(base::WallTime time);
  PodBuilder& terminating(base::WallTime since = base::WallTime(std::chrono::hours(1)));

  PodBuilder& scheduler(std::string_view name);
  PodBuilder& node(std::string_view name);  // bound; phase Running
  PodBuilder& nominated(std::string_view node);
  PodBuilder& phase(std::string_view phase);
  PodBuilder& started(base::WallTime time);
  PodBuilder& priority(std::int32_t priority);
  PodBuilder& preemptNever();
  PodBuilder& gate(std::string_view name);
  PodBuilder& condition(std::string_view type, std::string_view status, std::string_view reason,
                        std::string_view message = "");

  // Requests of the current container: the first one, or the last one that was added.
  PodBuilder& cpu(std::string_view amount);
  PodBuilder& memory(std::string_view amount);
  PodBuilder& request(std::string_view resource, std::string_view amount);
  PodBuilder& limit(std::string_view resource, std::string_view amount);
  PodBuilder& hostPort(std::int32_t port, std::string_view protocol = "TCP",
                       std::string_view ip = "");
  PodBuilder& image(std::string_view image);
  // Each adds a container, which then is the current one.
  PodBuilder& container(std::string_view name);
  PodBuilder& initContainer(std::string_view name);
  PodBuilder& sidecar(std::string_view name);
  PodBuilder& overhead(std::string_view resource, std::string_view amount);
  PodBuilder& podLevel(std::string_view resource, std::string_view amount);

  PodBuilder& nodeSelector(std::string_view key, std::string_view value);
  // One more term of the required node affinity, with one requirement.
  PodBuilder& requireNode(std::string_view key, kubeapi::SelectorOperator op,
                          const std::vector<std::string>& values);
  PodBuilder& requireNodeName(std::string_view name);
  PodBuilder& preferNode(std::int32_t weight, std::string_view key, kubeapi::SelectorOperator op,
                         const std::vector<std::string>& values);
  PodBuilder& tolerate(std::string_view key, std::string_view value,
                       kubeapi::TaintEffect effect = kubeapi::TaintEffect::kNone);
  PodBuilder& tolerateKey(std::string_view key,  // Exists; the empty key tolerates everything
                          kubeapi::TaintEffect effect = kubeapi::TaintEffect::kNone);
  PodBuilder& affinity(std::string_view selector, std::string_view topology_key);
  PodBuilder& antiAffinity(std::string_view selector, std::string_view topology_key);
  PodBuilder& spread(std::int32_t max_skew, std::string_view topology_key,
                     std::string_view selector, bool do_not_schedule = true);
  PodBuilder& claim(std::string_view claim_name);

  // Anything that has no word of its own.
  kubeapi::Pod& edit() { return pod_; }

  [[nodiscard]] kubeapi::PodPtr build() const;
  operator kubeapi::PodPtr() const { return build(); }  // implicit: passed as what it builds

 private:
  kubeapi::Container& current();
  PodBuilder& addContainer(std::vector<kubeapi::Container>& list, std::string_view name,
                           bool sidecar);

  kubeapi::Pod pod_;
  bool uid_set_ = false;
  bool current_is_init_ = false;
};

PodBuilder makePod(std::string_view name);

}  // namespace stowage::testing
