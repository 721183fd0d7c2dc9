// OperatorWorld: a fixture in which groups live as in a cluster: the real etcd, kube-apiserver and
// controllers, KWOK as the kubelets of six nodes in three zones, the real stowage-scheduler, and
// stowage-operator under its own least-privilege identity. Every test also checks that nothing of
// the operator's was refused for want of a right, and has all that happened judged by HistoryJudge:
// nobody was taken away who was needed, or for no reason, and no claim without consent.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "integration/operator/group_watcher.h"
#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"
#include "integration/statefulgroup/group_api.h"

namespace stowage::testing {

// For what takes moments. Less than the two minutes for which the disruption controller takes a pod
// for evicted that came back under an evicted one's name too soon: that is not to happen
// (docs/decisions/0012).
inline constexpr std::chrono::seconds kPatience{90};

class OperatorProcess final : public ServerProcess {
 public:
  OperatorProcess(ControlPlane& cluster, const std::vector<std::string>& flags,
                  const std::vector<std::string>& environment = {});
};

class OperatorWorld : public GroupApi {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  // A second one, or one after another; the first is started by SetUp.
  static std::unique_ptr<OperatorProcess> startOperator(
      std::vector<std::string> flags = {}, const std::vector<std::string>& environment = {});

  // A group whose pods the scheduler places and KWOK runs; podUpdatePolicy is Recreate unless the
  // patch has another.
  void createGroup(const std::string& name, const Json& spec_patch);
  void changeGroup(const std::string& name, const Json& spec_patch);
  Json getGroup(const std::string& name);
  // "True/AllReady", of the group's present generation; else "".
  std::string condition(const std::string& group, const std::string& type);
  // Waits for a condition of the present generation; fails the test with the status when it does
  // not come.
  void await(const std::string& group, const std::string& type, const std::string& value);

  // Waits until everything has been said about the group, and nothing is left to do.
  void awaitRest(const std::string& group);

  // By name.
  std::map<std::string, Json> pods(const std::string& group);
  std::map<std::string, std::string> uids(const std::string& group);
  std::vector<std::string> namesOf(const std::string& plural, const std::string& group);
  // As a kubelet would report it.
  void setReady(const std::string& pod, bool ready);
  void setLabel(const std::string& pod, const std::string& key, const std::string& value);
  std::vector<std::string> eventsOf(const std::string& group, const std::string& reason);

  // What the operator wrote to this namespace since `mark`, events and leases apart: "create pods
  // x".
  std::vector<std::string> operatorWrites(std::size_t mark);
  // Pods that the operator evicted or deleted since `mark`, in order.
  std::vector<std::string> removals(std::size_t mark);

  // What was refused so far was to be expected.
  void forgetRefusals() { begin_ = auditMark(cluster_); }

  std::unique_ptr<OperatorProcess> operator_;
  std::set<std::string> given_up_;  // uids of claims whose volumes the test took away

 private:
  // Uids of the pods and claims whose removal the operator asked for and was granted.
  std::set<std::string> removedByOperator();
  void judgeHistory();

  std::size_t start_ = 0;  // in the audit log
  std::size_t begin_ = 0;  // since when refusals count
  std::unique_ptr<GroupWatcher> watcher_;
};

Json imagePatch(const std::string& image);

}  // namespace stowage::testing
