#include "scheduling/extenders/counsel.h"

#include <algorithm>
#include <utility>

#include "scheduling/extenders/extender_interest.h"
#include "scheduling/preemption/victim_order.h"

namespace stowage::scheduling {
namespace {

using placement::NodeIndex;
using State = Counsel::Step::State;

constexpr std::string_view kNotAsked = "the extenders cannot be asked now";

ExtenderVictims victimsOf(const Candidate& candidate, const ClusterCache& cache) {
  return {cache.nodeAt(candidate.node).name, candidate.victims.pods,
          static_cast<std::int64_t>(candidate.victims.violations)};
}

// Null when the pod is not on that node.
kubeapi::PodPtr podOn(const NodeInfo& node, const Symbol& uid) {
  const auto found = std::find_if(node.pods.begin(), node.pods.end(), [&](const CachedPod* each) {
    return each->pod->meta.uid == uid;
  });
  return found == node.pods.end() ? nullptr : (*found)->pod;
}

}  // namespace

Counsel::Step Counsel::ask(const QueuedPod& entry, About about, ExtenderQuestion question,
                           base::SteadyTime started) {
  if (consultations_.ask(entry, about, std::move(question), started)) return {State::kParked, {}};
  return {State::kFailed, std::string(kNotAsked)};
}

Counsel::Step Counsel::promised(const QueuedPod& entry, NodeIndex node, base::SteadyTime started,
                                bool& allowed) {
  allowed = true;
  auto concerned = concernedBy(context_.options.extenders, *entry.pod);
  if (concerned.filters.empty()) return {};
  const Symbol& name = context_.cache.nodeAt(node).name;
  const auto* said = consultations_.of(entry.pod->meta.uid);
  if (said != nullptr && said->promised == name) {
    allowed = said->promised_allowed;
    return {};
  }
  if (said != nullptr && said->nodes) {
    allowed = false;  // all nodes are being looked at already
    return {};
  }
  ExtenderQuestion question;
  question.extenders = std::move(concerned.filters);
  question.nodes = {name};
  question.score = false;
  return ask(entry, About::kPromised, std::move(question), started);
}

Counsel::Step Counsel::nodes(const QueuedPod& entry, const Attempt& attempt,
                             std::span<const NodeVerdict> withheld, base::SteadyTime started,
                             std::optional<ExtenderAdvice>& advice) {
  if (context_.options.extenders.empty()) return {};
  auto concerned = concernedBy(context_.options.extenders, *entry.pod);
  if (concerned.deciders.empty()) return {};
  const auto feasible = context_.profiles[entry.profile]->feasibleNodes(attempt, withheld);
  if (feasible.empty() || (feasible.size() == 1 && concerned.filters.empty())) return {};
  const auto* said = consultations_.of(entry.pod->meta.uid);
  if (said != nullptr && said->nodes) {
    if (!said->nodes->error.empty()) return {State::kFailed, said->nodes->error};
    advice = adviceFrom(*said->nodes, feasible, context_.cache.state());
    if (advice->any_allowed || !advice->any_unasked) return {};
    advice.reset();
  }
  ExtenderQuestion question;
  question.extenders = std::move(concerned.deciders);
  for (const NodeIndex node : feasible) question.nodes.push_back(context_.cache.nodeAt(node).name);
  return ask(entry, About::kNodes, std::move(question), started);
}

Counsel::Step Counsel::candidates(const QueuedPod& entry, std::vector<Candidate>& candidates,
                                  base::SteadyTime started) {
  auto concerned = concernedBy(context_.options.extenders, *entry.pod);
  if (concerned.preempters.empty() || candidates.empty()) return {};
  const auto* said = consultations_.of(entry.pod->meta.uid);
  if (said != nullptr && said->candidates) return take(*entry.pod, *said->candidates, candidates);
  ExtenderQuestion question;
  question.extenders = std::move(concerned.preempters);
  for (const Candidate& candidate : candidates) {
    question.candidates.push_back(victimsOf(candidate, context_.cache));
  }
  return ask(entry, About::kCandidates, std::move(question), started);
}

// Text: kube-scheduler extender.go (convertPodUIDToPod), v1.36.3. Upstream evicts whatever pod of
// the node an extender names; here it must be less important than the preemptor.
Counsel::Step Counsel::take(const kubeapi::Pod& preemptor, const ExtenderAnswer& answer,
                            std::vector<Candidate>& candidates) const {
  candidates.clear();
  if (!answer.error.empty()) return {State::kFailed, answer.error};
  for (const ExtenderAnswer::Victims& named : answer.candidates) {
    const NodeIndex node = context_.cache.state().findNode(named.node);
    if (node == placement::kNoNode) continue;  // gone since they were asked
    Candidate candidate;
    candidate.node = node;
    candidate.victims.outcome = Victims::Outcome::kFound;
    candidate.victims.violations =
        static_cast<std::size_t>(std::max<std::int64_t>(named.violations, 0));
    for (const Symbol& uid : named.pods) {
      kubeapi::PodPtr pod = podOn(context_.cache.nodeAt(node), uid);
      if (pod == nullptr) {
        return {State::kFailed, "extender claims to preempt pod (UID: " + uid.str() +
                                    ") on node: " + named.node.str() +
                                    ", but the pod is not found on that node"};
      }
      if (pod->spec.priority >= preemptor.spec.priority) {
        return {State::kFailed, "extender claims to preempt pod (UID: " + uid.str() +
                                    ") on node: " + named.node.str() +
                                    ", whose priority is not lower"};
      }
      candidate.victims.pods.push_back(std::move(pod));
    }
    if (candidate.victims.pods.empty()) continue;
    std::sort(candidate.victims.pods.begin(), candidate.victims.pods.end(),
              [](const auto& a, const auto& b) { return moreImportant(*a, *b); });
    candidates.push_back(std::move(candidate));
  }
  return {};
}

bool Counsel::overtaken(const Symbol& uid) const {
  const auto* said = consultations_.of(uid);
  return said != nullptr && said->events != context_.events;
}

}  // namespace stowage::scheduling
