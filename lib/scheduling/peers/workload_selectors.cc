#include "scheduling/peers/workload_selectors.h"

#include <algorithm>
#include <optional>

namespace stowage::scheduling {
namespace {

using kubeapi::Labels;
using kubeapi::LabelSelector;
using kubeapi::Service;
using kubeapi::ServicePtr;

LabelSelector selectorOf(const Labels& labels) {
  LabelSelector selector;
  for (const auto& [key, value] : labels) {
    selector.requirements.push_back({key, kubeapi::SelectorOperator::kIn, {value}});
  }
  return selector;
}

void mix(std::size_t& seed, const Symbol& symbol) {
  seed = seed * 0x9e3779b97f4a7c15ULL + std::hash<Symbol>()(symbol);
}

bool matchesAll(const Labels& wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Labels::Entry& entry) {
    const Symbol* value = labels.find(entry.first);
    return value != nullptr && *value == entry.second;
  });
}

// A Service that says something about pods: one that asks for no label adds nothing.
bool selectsByLabels(const ServicePtr& service) {
  return service != nullptr && service->selector && !service->selector->empty();
}

}  // namespace

std::size_t WorkloadSelectors::Hash::operator()(const ObjectKey& key) const {
  std::size_t seed = static_cast<std::size_t>(key.kind);
  mix(seed, key.ns);
  mix(seed, key.name);
  return seed;
}

std::size_t WorkloadSelectors::Hash::operator()(const Question& question) const {
  std::size_t seed = (*this)(question.controller);
  for (const auto& [key, value] : question.labels) {
    mix(seed, key);
    mix(seed, value);
  }
  return seed;
}

bool WorkloadSelectors::apply(const WorkloadChange& change) {
  if (const auto* service = std::get_if<ObjectChange<Service>>(&change)) return set(*service);
  if (const auto* rc = std::get_if<ObjectChange<kubeapi::ReplicationController>>(&change)) {
    std::optional<LabelSelector> selector;
    if (rc->after != nullptr) selector = selectorOf(rc->after->selector);
    return setController(Kind::kReplicationController, *rc, std::move(selector));
  }
  const auto replaced = [this]<typename T>(Kind kind, const ObjectChange<T>& of) {
    return setController(kind, of, of.after == nullptr ? std::nullopt : of.after->selector);
  };
  if (const auto* rs = std::get_if<ObjectChange<kubeapi::ReplicaSet>>(&change)) {
    return replaced(Kind::kReplicaSet, *rs);
  }
  return replaced(Kind::kStatefulSet, std::get<ObjectChange<kubeapi::StatefulSet>>(change));
}

bool WorkloadSelectors::set(const ObjectChange<Service>& change) {
  const auto& meta = (change.after != nullptr ? change.after : change.before)->meta;
  const ObjectKey key{Kind::kNone, meta.ns, meta.name};
  const auto known = services_.find(key);
  const bool selects = selectsByLabels(change.after);
  if (known == services_.end() && !selects) return false;
  if (known != services_.end()) {
    if (selects && known->second->selector == change.after->selector) return false;
    const auto shelf = by_label_.find({meta.ns, *known->second->selector->begin()});
    std::erase(shelf->second, known->second);
    if (shelf->second.empty()) by_label_.erase(shelf);
    services_.erase(known);
  }
  if (selects) {
    services_[key] = change.after;
    by_label_[{meta.ns, *change.after->selector->begin()}].push_back(change.after);
  }
  answers_.clear();
  return true;
}

// nullopt: it is gone, or selects nothing.
template <typename T>
bool WorkloadSelectors::setController(Kind kind, const ObjectChange<T>& change,
                                      std::optional<LabelSelector> selector) {
  const auto& meta = (change.after != nullptr ? change.after : change.before)->meta;
  const ObjectKey key{kind, meta.ns, meta.name};
  const auto known = controllers_.find(key);
  if (!selector || selector->requirements.empty()) {
    if (known == controllers_.end()) return false;
    controllers_.erase(known);
  } else {
    if (known != controllers_.end() && known->second == *selector) return false;
    controllers_[key] = *std::move(selector);
  }
  answers_.clear();
  return true;
}

WorkloadSelectors::Question WorkloadSelectors::questionOf(const kubeapi::Pod& pod) {
  static const Symbol core("v1");
  static const Symbol apps("apps/v1");
  Question question{{Kind::kNone, pod.meta.ns, Symbol()}, pod.meta.labels};
  for (const kubeapi::OwnerReference& owner : pod.meta.owners) {
    if (!owner.controller) continue;
    Kind kind = Kind::kNone;
    if (owner.api_version == core && owner.kind == "ReplicationController") {
      kind = Kind::kReplicationController;
    } else if (owner.api_version == apps && owner.kind == "ReplicaSet") {
      kind = Kind::kReplicaSet;
    } else if (owner.api_version == apps && owner.kind == "StatefulSet") {
      kind = Kind::kStatefulSet;
    }
    if (kind != Kind::kNone) {
      question.controller.kind = kind;
      question.controller.name = owner.name;
    }
    break;
  }
  return question;
}

// Services match the pod, so their labels cannot contradict each other.
Labels WorkloadSelectors::labelsOfServices(const Question& question) const {
  Labels merged;
  for (const Labels::Entry& label : question.labels) {
    const auto shelf = by_label_.find({question.controller.ns, label});
    if (shelf == by_label_.end()) continue;
    for (const ServicePtr& service : shelf->second) {
      if (merged.size() == question.labels.size()) return merged;  // nothing left to add
      if (!matchesAll(*service->selector, question.labels)) continue;
      for (const auto& [key, value] : *service->selector) merged.set(key, value);
    }
  }
  return merged;
}

LabelSelector WorkloadSelectors::answerTo(const Question& question) const {
  Labels labels = labelsOfServices(question);
  const auto owner = question.controller.kind == Kind::kNone
                         ? controllers_.end()
                         : controllers_.find(question.controller);
  if (owner == controllers_.end()) return selectorOf(labels);
  if (question.controller.kind == Kind::kReplicationController) {
    // Its labels win over those of Services; the pod itself may carry others.
    for (const auto& requirement : owner->second.requirements) {
      labels.set(requirement.key, requirement.values.front());
    }
    return selectorOf(labels);
  }
  LabelSelector selector = selectorOf(labels);
  selector.requirements.insert(selector.requirements.end(), owner->second.requirements.begin(),
                               owner->second.requirements.end());
  return selector;
}

const LabelSelector& WorkloadSelectors::siblingsOf(const kubeapi::Pod& pod) {
  Question question = questionOf(pod);
  const auto known = answers_.find(question);
  if (known != answers_.end()) return known->second;
  if (answers_.size() >= kMaxAnswers) answers_.clear();
  LabelSelector answer = answerTo(question);
  return answers_.emplace(std::move(question), std::move(answer)).first->second;
}

}  // namespace stowage::scheduling
