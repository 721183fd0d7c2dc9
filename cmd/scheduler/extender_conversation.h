// ExtenderConversation: one question worked through: which extender is asked what, and what their
// answers come to. Blocks; one thread.
// Source of the semantics and texts: kube-scheduler extender.go, schedule_one.go
// (findNodesThatPassExtenders, prioritizeNodes), framework/preemption/preemption.go
// (callExtenders), v1.36.3.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmd/scheduler/extender_args.h"
#include "cmd/scheduler/extender_client.h"
#include "k8sclient/rest/api_client.h"
#include "kubeapi/extender.h"
#include "scheduling/extenders/extender_port.h"

namespace stowage::scheduler_cmd {

using ExtenderClients = std::vector<std::shared_ptr<ExtenderClient>>;

class ExtenderConversation {
 public:
  // `clients` by position in the configuration.
  ExtenderConversation(const scheduling::ExtenderQuestion& question, const ExtenderClients& clients,
                       k8sclient::ApiClient& api, const std::stop_token& stop)
      : question_(question), clients_(clients), api_(api), stop_(stop) {}

  scheduling::ExtenderAnswer run();

 private:
  using Reply = tl::expected<std::string, ExtenderClient::Failure>;
  [[nodiscard]] bool readPod();
  void filterAll();
  bool filter(ExtenderClient& client);
  bool take(ExtenderClient& client, const kubeapi::ExtenderFilterResult& result);
  void reject(const base::Symbol& node, std::string reason, bool unresolvable);
  void scoreAll();
  void score(ExtenderClient& client, std::string body,
             std::unordered_map<base::Symbol, std::int64_t>& scores);
  void narrowCandidates();
  bool narrow(ExtenderClient& client);
  bool takeVictims(ExtenderClient& client, std::vector<kubeapi::ExtenderMetaVictims> nodes);
  base::Status findVictims(ExtenderClient& client, const kubeapi::ExtenderMetaVictims& victims);
  base::Result<std::string> nodesBody(ExtenderClient& client);
  base::Result<std::string> victimsBody(ExtenderClient& client);
  // An extender failed: true when it may be skipped, else the answer is that error.
  bool skips(ExtenderClient& client, std::string_view verb, const std::string& error);

  const scheduling::ExtenderQuestion& question_;
  const ExtenderClients& clients_;
  k8sclient::ApiClient& api_;
  const std::stop_token stop_;

  scheduling::ExtenderAnswer answer_;
  std::string pod_;                 // as JSON
  std::vector<base::Symbol> left_;  // nodes that all so far allow
  std::unordered_map<base::Symbol, std::string> raw_nodes_;
  bool has_raw_nodes_ = false;
  std::vector<VictimsArgs> candidates_;  // pods by uid
  // By uid, as JSON: victims that extenders chose beside those of the question.
  std::unordered_map<std::string, std::string> other_victims_;
};

}  // namespace stowage::scheduler_cmd
