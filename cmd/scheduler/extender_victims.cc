// The part of ExtenderConversation that is about preemption.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cmd/scheduler/extender_conversation.h"
#include "cmd/scheduler/raw_objects.h"

namespace stowage::scheduler_cmd {

using base::Symbol;
using scheduling::ExtenderAnswer;

void ExtenderConversation::narrowCandidates() {
  for (const auto& candidate : question_.candidates) {
    VictimsArgs victims{candidate.node, {}, candidate.violations};
    for (const auto& pod : candidate.pods) victims.pods.push_back(pod->meta.uid.str());
    candidates_.push_back(std::move(victims));
  }
  for (const std::size_t index : question_.extenders) {
    if (candidates_.empty()) break;
    if (!narrow(*clients_.at(index))) return;
  }
  for (const VictimsArgs& left : candidates_) {
    ExtenderAnswer::Victims victims{left.node, {}, left.violations};
    for (const std::string& uid : left.pods) victims.pods.emplace_back(uid);
    answer_.candidates.push_back(std::move(victims));
  }
}

base::Result<std::string> ExtenderConversation::victimsBody(ExtenderClient& client) {
  if (client.config().node_cache_capable) return metaVictimsArgs(pod_, candidates_);
  std::unordered_map<std::string, scheduling::PodRef> known;
  for (const auto& candidate : question_.candidates) {
    for (const auto& pod : candidate.pods) {
      known[pod->meta.uid.str()] = {pod->meta.ns, pod->meta.name, pod->meta.uid};
    }
  }
  std::vector<VictimsArgs> complete = candidates_;
  for (VictimsArgs& node : complete) {
    for (std::string& pod : node.pods) {
      const auto ref = known.find(pod);
      if (ref == known.end()) {
        pod = other_victims_.at(pod);  // findVictims() has seen it
        continue;
      }
      auto raw = rawPod(api_, ref->second, stop_);
      if (!raw) return base::fail(raw.error().withPrefix("reading victims for extenders"));
      pod = std::move(*raw);
    }
  }
  return victimsArgs(pod_, complete);
}

bool ExtenderConversation::narrow(ExtenderClient& client) {
  const std::string& verb = client.config().preempt_verb;
  auto body = victimsBody(client);
  if (!body) return skips(client, verb, body.error().message());
  auto reply = client.post(verb, std::move(*body), stop_);
  if (!reply) return skips(client, verb, reply.error().message);
  auto nodes = kubeapi::parseExtenderVictims(*reply);
  if (!nodes) return skips(client, verb, nodes.error().message());
  return takeVictims(client, std::move(*nodes));
}

// An extender may choose other pods of the node than we did. Text: upstream prints a pointer there.
base::Status ExtenderConversation::findVictims(ExtenderClient& client,
                                               const kubeapi::ExtenderMetaVictims& victims) {
  std::unordered_set<std::string> ours;
  for (const auto& candidate : question_.candidates) {
    if (candidate.node.view() != victims.node) continue;
    for (const auto& pod : candidate.pods) ours.insert(pod->meta.uid.str());
  }
  std::vector<std::string> others;
  for (const std::string& uid : victims.pods) {
    if (!ours.contains(uid)) others.push_back(uid);
  }
  if (others.empty()) return {};
  const auto there = rawPodsOn(api_, Symbol(victims.node), stop_);
  if (!there) return there.error().withPrefix("reading the pods that an extender named");
  for (const std::string& uid : others) {
    const auto found = there->find(uid);
    if (found == there->end()) {
      return {base::Code::kNotFound,
              fmt::format("extender: {} claims to preempt pod (UID: &{{{}}}) on node: {}, but the "
                          "pod is not found on that node",
                          client.config().url_prefix, uid, victims.node)};
    }
    other_victims_[uid] = found->second;
  }
  return {};
}

bool ExtenderConversation::takeVictims(ExtenderClient& client,
                                       std::vector<kubeapi::ExtenderMetaVictims> nodes) {
  std::unordered_set<Symbol> asked;
  for (const VictimsArgs& candidate : candidates_) asked.insert(candidate.node);
  std::vector<VictimsArgs> left;
  for (kubeapi::ExtenderMetaVictims& node : nodes) {
    if (!asked.erase(Symbol(node.node))) {
      return skips(client, client.config().preempt_verb,
                   fmt::format("nodeinfo not found for node name \"{}\"", node.node));
    }
    if (node.pods.empty()) {
      const auto error = fmt::format("expected at least one victim pod on node \"{}\"", node.node);
      if (!skips(client, client.config().preempt_verb, error)) return false;
      continue;
    }
    if (base::Status found = findVictims(client, node); !found.ok()) {
      return skips(client, client.config().preempt_verb, found.message());
    }
    left.push_back({Symbol(node.node), std::move(node.pods), node.violations});
  }
  candidates_ = std::move(left);
  return true;
}

}  // namespace stowage::scheduler_cmd
