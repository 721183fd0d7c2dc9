#include "testing/statefulgroup/group_harness.h"

#include <gtest/gtest.h>

#include <utility>

namespace stowage::testing {

using statefulgroup::Resource;

namespace {

std::string imageOf(const Json& pod) {
  return pod["spec"]["containers"][0]["image"].get<std::string>();
}

}  // namespace

statefulgroup::HookAnswer ScriptedHooks::ask(const statefulgroup::HookRequest& request) {
  asked.push_back(std::string(statefulgroup::text(request.verb)) + " " +
                  request.subject.meta.name.str());
  return answer ? answer(request) : statefulgroup::HookAnswer();
}

GroupHarness::GroupHarness() {
  restart();
  cluster.on_write = [this](const std::string& verb, const SimulatedCluster::Key& object,
                            const Json& body, const SimulatedCluster& before) {
    checker.judge(verb, object, body, before);
    if (object.first == Resource::kPods && (verb == "evict" || verb == "remove"))
      removals_.push_back(object.second);
    if (object.first == Resource::kPods && verb == "patch" && body.contains("spec"))
      changes_.push_back(object.second);
  };
}

void GroupHarness::restart() {
  reconciler_ =
      std::make_unique<statefulgroup::Reconciler>(view, cluster, hooks, events, clock, metrics);
}

void GroupHarness::put(const Json& spec) {
  cluster.putGroup("db", spec);
  settle();
}

controlloop::Outcome GroupHarness::pass() {
  view.sync(cluster);
  return reconciler_->reconcile("ns/db", {});
}

bool GroupHarness::kubelet() {
  const SimulatedCluster::Objects before = cluster.objects();
  for (const std::string& name : cluster.names(Resource::kPods)) {
    const Json pod = *cluster.find(Resource::kPods, name);
    cluster.finish(name);
    if (!unschedulable.contains(name) && !unschedulable_images.contains(imageOf(pod)))
      cluster.schedule(name);
    if (cluster.find(Resource::kPods, name) == nullptr || cluster.isTerminating(name)) continue;
    const bool ready_before = cluster.isReady(name);
    cluster.restartContainers(name);
    cluster.resize(name, infeasible.contains(name) ? SimulatedCluster::Resize::kInfeasible
                         : deferred.contains(name) ? SimulatedCluster::Resize::kDeferred
                                                   : SimulatedCluster::Resize::kDone);
    if (ready_before && !cluster.isReady(name)) continue;  // for a while
    const bool ready = !unready.contains(name) && !bad_images.contains(imageOf(pod));
    if (cluster.isReady(name) != ready) cluster.setReady(name, ready);
  }
  cluster.countHealthy();
  return cluster.objects() != before;
}

void GroupHarness::settle() {
  constexpr int kRounds = 400;
  for (int round = 0; round < kRounds; ++round) {
    const int writes = cluster.writes();
    const controlloop::Outcome outcome = pass();
    const bool wrote = cluster.writes() != writes;
    const bool moved = kubelet();
    if (!checker.violations().empty()) {
      ADD_FAILURE() << checker.violations().front();
      return;
    }
    if (wrote || moved) continue;
    // What only waits for the clock is let go on, a little.
    const bool soon = outcome.next == controlloop::Outcome::Next::kAfter &&
                      outcome.after <= std::chrono::seconds(1);
    if (!soon) return;
    clock.advance(outcome.after);
  }
  ADD_FAILURE() << "still moving after " << kRounds << " rounds";
}

std::vector<std::string> GroupHarness::pods() const { return cluster.names(Resource::kPods); }
std::vector<std::string> GroupHarness::claims() const { return cluster.names(Resource::kClaims); }

std::string GroupHarness::uidOf(const std::string& pod) const {
  const Json* found = cluster.find(Resource::kPods, pod);
  return found == nullptr ? std::string() : (*found)["metadata"]["uid"].get<std::string>();
}

std::string GroupHarness::revisionOf(const std::string& pod) const {
  const Json* found = cluster.find(Resource::kPods, pod);
  return found == nullptr
             ? std::string()
             : (*found)["metadata"]["labels"]["controller-revision-hash"].get<std::string>();
}

Json GroupHarness::status() const {
  const Json* group = cluster.find(Resource::kGroups, "db");
  return group == nullptr ? Json::object() : group->value("status", Json::object());
}

std::string GroupHarness::condition(const std::string& type) const {
  for (const Json& condition : status().value("conditions", Json::array())) {
    if (condition["type"] == type)
      return condition["status"].get<std::string>() + "/" + condition["reason"].get<std::string>();
  }
  return {};
}

std::vector<std::string> GroupHarness::takeRemovals() { return std::exchange(removals_, {}); }
std::vector<std::string> GroupHarness::takeChanges() { return std::exchange(changes_, {}); }

}  // namespace stowage::testing
