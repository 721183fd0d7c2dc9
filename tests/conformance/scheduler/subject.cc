#include "conformance/scheduler/subject.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "base/metric_sink.h"
#include "cmd/scheduler/profiles.h"
#include "conformance/scheduler/dice.h"
#include "kubeapi/decode.h"
#include "scheduling/cycle/inspection.h"
#include "scheduling/scheduler.h"
#include "testing/scheduling/fake_ports.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

template <typename T>
std::shared_ptr<const T> decoded(const json& object) {
  kubeapi::Decoder<T> decoder;
  auto result = decoder.object(object.dump());
  if (!result) throw std::runtime_error(result.error().toString() + ": " + object.dump());
  return *result;
}

const json& listOf(const json& question, const char* name) {
  static const json kNone = json::array();
  const auto found = question.find(name);
  return found == question.end() || found->is_null() ? kNone : *found;
}

std::vector<scheduling::Profile> profilesOf(const json& question) {
  const auto config = config::loadSchedulerConfig(question.value("config", ""), "conformance", {});
  if (!config) throw std::runtime_error(config.error().toString());
  return scheduler_cmd::schedulingProfiles(*config);
}

struct World {
  explicit World(std::vector<scheduling::Profile> profiles) {
    scheduling::SchedulerOptions options;
    options.profiles = std::move(profiles);
    options.verify_caches = true;
    scheduling::SchedulerPorts ports;
    ports.binder = &binder;
    ports.status_writer = &status;
    ports.events = &events;
    ports.evictor = &evictor;
    scheduler = std::make_unique<scheduling::Scheduler>(std::move(options), ports, clock,
                                                        base::nullMetricSink());
  }
  base::ManualClock clock;
  testing::FakeBinder binder;
  testing::RecordingStatusWriter status;
  testing::RecordingEventSink events;
  testing::FakeEvictor evictor;
  std::unique_ptr<scheduling::Scheduler> scheduler;
};

// The steps that bring the cluster up, in a random order; per object the order is kept.
class History {
 public:
  History(World& world, std::uint64_t seed) : scheduler_(*world.scheduler), dice_(seed) {}

  void build(const json& question) {
    for (const json& ns : listOf(question, "namespaces")) {
      add([this, object = decoded<kubeapi::Namespace>(ns)] { scheduler_.namespaceSet(object); });
    }
    for (const json& node : listOf(question, "nodes")) addNode(node);
    for (const json& pod : listOf(question, "placed")) addPod(pod);
    addStorage<kubeapi::StorageClass>(question, "storageClasses");
    addStorage<kubeapi::PersistentVolume>(question, "persistentVolumes");
    addStorage<kubeapi::PersistentVolumeClaim>(question, "persistentVolumeClaims");
    addStorage<kubeapi::CsiNode>(question, "csiNodes");
    addStorage<kubeapi::CsiDriver>(question, "csiDrivers");
    addStorage<kubeapi::CsiStorageCapacity>(question, "csiStorageCapacities");
    addStorage<kubeapi::VolumeAttachment>(question, "volumeAttachments");
    addWorkloads<kubeapi::Service>(question, "services");
    addWorkloads<kubeapi::ReplicationController>(question, "replicationControllers");
    addWorkloads<kubeapi::ReplicaSet>(question, "replicaSets");
    addWorkloads<kubeapi::StatefulSet>(question, "statefulSets");
    for (const json& budget : listOf(question, "podDisruptionBudgets")) {
      add([this, object = decoded<kubeapi::PodDisruptionBudget>(budget)] {
        scheduler_.budgetSet(object);
      });
    }
    for (const json& pod : listOf(question, "nominated")) {
      add([this, object = decoded<kubeapi::Pod>(pod)] { scheduler_.podAdded(object); });
    }
    run();
    scheduler_.budgetsKnown();
  }

 private:
  using Step = std::function<void()>;
  void add(Step step) { chains_.push_back({std::move(step)}); }

  template <typename T>
  void addStorage(const json& question, const char* list) {
    for (const json& object : listOf(question, list)) {
      scheduling::ObjectChange<T> change{nullptr, decoded<T>(object)};
      add([this, change] { scheduler_.storageChanged(change); });
    }
  }

  // Some of them select other pods first.
  template <typename T>
  void addWorkloads(const json& question, const char* list) {
    for (const json& object : listOf(question, list)) {
      const auto now = decoded<T>(object);
      std::vector<Step> chain;
      if (dice_.chance(30)) {
        json before = object;
        before["spec"].erase("selector");
        const auto old = decoded<T>(before);
        chain.push_back(
            [this, old] { scheduler_.workloadChanged(scheduling::ObjectChange<T>{nullptr, old}); });
        if (dice_.chance(40)) {
          chain.push_back([this, now] {
            scheduler_.workloadChanged(scheduling::ObjectChange<T>{nullptr, now});
          });
          chain.push_back([this, now] {
            scheduler_.workloadChanged(scheduling::ObjectChange<T>{now, nullptr});
          });
        }
      }
      chain.push_back(
          [this, now] { scheduler_.workloadChanged(scheduling::ObjectChange<T>{nullptr, now}); });
      chains_.push_back(std::move(chain));
    }
  }

  void addNode(const json& node) {
    const auto now = decoded<kubeapi::Node>(node);
    std::vector<Step> chain;
    if (dice_.chance(25)) {
      // As it was before: unlabelled, untainted, smaller.
      json before = node;
      before["metadata"].erase("labels");
      before.erase("spec");
      if (dice_.chance(50)) before["status"]["allocatable"] = {{"cpu", "1"}, {"pods", "1"}};
      chain.push_back([this, old = decoded<kubeapi::Node>(before)] { scheduler_.nodeAdded(old); });
      if (dice_.chance(30)) {
        chain.push_back([this, now] { scheduler_.nodeDeleted(now); });
      }
    }
    chain.push_back([this, now] { scheduler_.nodeAdded(now); });
    chains_.push_back(std::move(chain));
  }

  void addPod(const json& pod) {
    const auto now = decoded<kubeapi::Pod>(pod);
    std::vector<Step> chain;
    if (dice_.chance(25)) {
      json before = pod;
      before["metadata"]["labels"] = {{"app", "web"}, {"tier", "front"}};
      if (dice_.chance(50)) before["status"] = json::object();
      chain.push_back([this, old = decoded<kubeapi::Pod>(before)] { scheduler_.podAdded(old); });
      if (dice_.chance(20)) {
        chain.push_back([this, now] { scheduler_.podDeleted(now); });
      }
    }
    chain.push_back([this, now] { scheduler_.podAdded(now); });
    chains_.push_back(std::move(chain));
  }

  void run() {
    std::vector<std::size_t> next(chains_.size(), 0);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < chains_.size(); ++i)
      order.insert(order.end(), chains_[i].size(), i);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice_.below(i)]);
    for (const std::size_t chain : order) chains_[chain][next[chain]++]();
  }

  scheduling::Scheduler& scheduler_;
  Dice dice_;
  std::vector<std::vector<Step>> chains_;
};

json refusal(placement::Fit fit, const std::string& plugin,
             const std::vector<std::string>& reasons) {
  const bool unresolvable = fit == placement::Fit::kUnresolvable;
  return {{"code", unresolvable ? "UnschedulableAndUnresolvable" : "Unschedulable"},
          {"plugin", plugin},
          {"reasons", reasons}};
}

// Feasible nodes in the order of their names, as the oracle lists them.
std::vector<std::size_t> sortedFeasible(const scheduling::PodInspection& found, json& feasible) {
  std::vector<std::pair<std::string, std::size_t>> names;
  for (const auto& node : found.nodes) {
    if (node.fit == placement::Fit::kFits) names.emplace_back(node.node.str(), names.size());
  }
  std::sort(names.begin(), names.end());
  std::vector<std::size_t> order;
  for (const auto& [name, position] : names) {
    feasible.push_back(name);
    order.push_back(position);
  }
  return order;
}

json inOrder(const std::vector<std::int64_t>& values, const std::vector<std::size_t>& order) {
  json sorted = json::array();
  for (const std::size_t position : order) sorted.push_back(values.at(position));
  return sorted;
}

json asAnswer(const scheduling::PreemptionFinding& found) {
  json answer = json::object();
  for (const auto& candidate : found.candidates) {
    answer["candidates"][candidate.node.str()] = {{"pods", candidate.victims},
                                                  {"pdbViolations", candidate.violations}};
  }
  if (!found.chosen.empty()) answer["chosen"] = found.chosen.str();
  return answer;
}

json asAnswer(const scheduling::PodInspection& found) {
  json answer = json::object();
  if (!found.refusal.empty()) answer["error"] = found.refusal;
  if (found.pre_filter) {
    const auto fit = found.pre_filter->unresolvable ? placement::Fit::kUnresolvable
                                                    : placement::Fit::kUnschedulable;
    answer["preFilter"] = refusal(fit, found.pre_filter->plugin, {found.pre_filter->message});
  }
  for (const auto& node : found.nodes) {
    json& verdict = answer["nodes"][node.node.str()];
    if (node.fit != placement::Fit::kFits) verdict = refusal(node.fit, node.plugin, node.reasons);
  }
  json feasible = json::array();
  const auto order = sortedFeasible(found, feasible);
  if (!feasible.empty()) answer["feasible"] = std::move(feasible);
  for (const auto& score : found.scores) {
    answer["scores"][score.plugin] = {{"weight", score.weight},
                                      {"raw", inOrder(score.raw, order)},
                                      {"normalised", inOrder(score.normalised, order)}};
  }
  if (!found.chosen.empty()) answer["chosen"] = found.chosen.str();
  if (!found.message.empty()) answer["message"] = found.message;
  if (found.preemption) answer["preemption"] = asAnswer(*found.preemption);
  return answer;
}

// A pod that was promised room is known to wait; others are asked about out of the blue.
scheduling::PodInspection inspected(scheduling::Scheduler& scheduler, const kubeapi::PodPtr& pod) {
  const bool waits = !pod->status.nominated_node.empty();
  if (waits) scheduler.podAdded(pod);
  auto found = scheduler.inspect(pod);
  if (waits) scheduler.podDeleted(pod);
  return found;
}

}  // namespace

json askSubject(const json& question, std::uint64_t history) {
  World world(profilesOf(question));
  History(world, history).build(question);
  json answers = json::array();
  for (const json& pod : listOf(question, "pods")) {
    answers.push_back(asAnswer(inspected(*world.scheduler, decoded<kubeapi::Pod>(pod))));
  }
  return {{"pods", std::move(answers)}};
}

}  // namespace stowage::conformance
