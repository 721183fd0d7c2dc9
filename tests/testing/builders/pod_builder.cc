#include "testing/builders/pod_builder.h"

#include <algorithm>

#include "base/check.h"

namespace stowage::testing {

using kubeapi::Container;
using kubeapi::Pod;
using kubeapi::Quantity;
using kubeapi::ResourceList;
using kubeapi::SelectorRequirement;
using kubeapi::Symbol;

namespace {

void setResource(ResourceList& list, std::string_view name, std::string_view amount) {
  const Symbol key(name);
  const auto at = std::lower_bound(list.begin(), list.end(), key,
                                   [](const auto& a, const Symbol& b) { return a.first < b; });
  if (at != list.end() && at->first == key) {
    at->second = quantity(amount);
  } else {
    list.insert(at, {key, quantity(amount)});
  }
}

std::vector<Symbol> symbols(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

kubeapi::PodAffinityTerm affinityTerm(std::string_view selector_text, std::string_view key) {
  kubeapi::PodAffinityTerm term;
  term.label_selector = selector(selector_text);
  term.topology_key = Symbol(key);
  return term;
}

}  // namespace

Quantity quantity(std::string_view text) {
  auto parsed = Quantity::parse(text);
  STOWAGE_CHECK(parsed.has_value(), std::string(text).c_str());
  return *parsed;
}

ResourceList resources(const std::vector<std::pair<std::string, std::string>>& names_and_amounts) {
  ResourceList list;
  for (const auto& [name, amount] : names_and_amounts) setResource(list, name, amount);
  return list;
}

kubeapi::Labels labels(const std::vector<std::pair<std::string, std::string>>& entries) {
  kubeapi::Labels result;
  for (const auto& [key, value] : entries) result.set(key, value);
  return result;
}

kubeapi::LabelSelector selector(std::string_view text) {
  auto parsed = kubeapi::parseLabelSelector(text);
  STOWAGE_CHECK(parsed.has_value(), std::string(text).c_str());
  return *parsed;
}

PodBuilder makePod(std::string_view name) { return PodBuilder(name); }

PodBuilder::PodBuilder(std::string_view name) {
  pod_.meta.name = Symbol(name);
  pod_.meta.ns = "default";
  pod_.meta.resource_version = "1";
  pod_.spec.scheduler_name = "stowage-scheduler";
  pod_.status.phase = "Pending";
  pod_.spec.containers.emplace_back().name = "main";
}

PodBuilder& PodBuilder::ns(std::string_view ns) {
  pod_.meta.ns = Symbol(ns);
  return *this;
}

PodBuilder& PodBuilder::uid(std::string_view uid) {
  pod_.meta.uid = Symbol(uid);
  uid_set_ = true;
  return *this;
}

PodBuilder& PodBuilder::resourceVersion(std::string_view version) {
  pod_.meta.resource_version = version;
  return *this;
}

PodBuilder& PodBuilder::label(std::string_view key, std::string_view value) {
  pod_.meta.labels.set(key, value);
  return *this;
}

PodBuilder& PodBuilder::annotation(std::string_view key, std::string_view value) {
  pod_.meta.annotations.set(key, value);
  return *this;
}

PodBuilder& PodBuilder::owner(std::string_view kind, std::string_view name) {
  kubeapi::OwnerReference owner;
  owner.api_version = "apps/v1";
  owner.kind = Symbol(kind);
  owner.name = Symbol(name);
  owner.uid = Symbol("uid-" + std::string(name));
  owner.controller = pod_.meta.owners.empty();
  pod_.meta.owners.push_back(std::move(owner));
  return *this;
}

PodBuilder& PodBuilder::created(base::WallTime time) {
  pod_.meta.creation_time = time;
  return *this;
}

PodBuilder& PodBuilder::terminating(base::WallTime since) {
  pod_.meta.deletion_time = since;
  return *this;
}

PodBuilder& PodBuilder::scheduler(std::string_view name) {
  pod_.spec.scheduler_name = Symbol(name);
  return *this;
}

PodBuilder& PodBuilder::node(std::string_view name) {
  pod_.spec.node_name = Symbol(name);
  pod_.status.phase = "Running";
  return *this;
}

PodBuilder& PodBuilder::nominated(std::string_view node) {
  pod_.status.nominated_node = Symbol(node);
  return *this;
}

PodBuilder& PodBuilder::phase(std::string_view phase) {
  pod_.status.phase = Symbol(phase);
  return *this;
}

PodBuilder& PodBuilder::started(base::WallTime time) {
  pod_.status.start_time = time;
  return *this;
}

PodBuilder& PodBuilder::priority(std::int32_t priority) {
  pod_.spec.priority = priority;
  return *this;
}

PodBuilder& PodBuilder::preemptNever() {
  pod_.spec.preempt_never = true;
  return *this;
}

PodBuilder& PodBuilder::gate(std::string_view name) {
  pod_.spec.scheduling_gates.emplace_back(name);
  return *this;
}

PodBuilder& PodBuilder::condition(std::string_view type, std::string_view status,
                                  std::string_view reason, std::string_view message) {
  kubeapi::Condition condition;
  condition.type = Symbol(type);
  condition.status = Symbol(status);
  condition.reason = reason;
  condition.message = message;
  pod_.status.conditions.push_back(std::move(condition));
  return *this;
}

Container& PodBuilder::current() {
  return current_is_init_ ? pod_.spec.init_containers.back() : pod_.spec.containers.back();
}

PodBuilder& PodBuilder::cpu(std::string_view amount) { return request("cpu", amount); }
PodBuilder& PodBuilder::memory(std::string_view amount) { return request("memory", amount); }

PodBuilder& PodBuilder::request(std::string_view resource, std::string_view amount) {
  setResource(current().requests, resource, amount);
  return *this;
}

PodBuilder& PodBuilder::limit(std::string_view resource, std::string_view amount) {
  setResource(current().limits, resource, amount);
  return *this;
}

PodBuilder& PodBuilder::hostPort(std::int32_t port, std::string_view protocol,
                                 std::string_view ip) {
  current().ports.push_back({Symbol(ip), Symbol(protocol), port, port});
  return *this;
}

PodBuilder& PodBuilder::image(std::string_view image) {
  current().image = image;
  return *this;
}

PodBuilder& PodBuilder::addContainer(std::vector<Container>& list, std::string_view name,
                                     bool sidecar) {
  Container& added = list.emplace_back();
  added.name = Symbol(name);
  added.restart_always = sidecar;
  current_is_init_ = &list == &pod_.spec.init_containers;
  return *this;
}

PodBuilder& PodBuilder::container(std::string_view name) {
  return addContainer(pod_.spec.containers, name, false);
}
PodBuilder& PodBuilder::initContainer(std::string_view name) {
  return addContainer(pod_.spec.init_containers, name, false);
}
PodBuilder& PodBuilder::sidecar(std::string_view name) {
  return addContainer(pod_.spec.init_containers, name, true);
}

PodBuilder& PodBuilder::overhead(std::string_view resource, std::string_view amount) {
  setResource(pod_.spec.overhead, resource, amount);
  return *this;
}

PodBuilder& PodBuilder::podLevel(std::string_view resource, std::string_view amount) {
  if (!pod_.spec.pod_requests) pod_.spec.pod_requests.emplace();
  setResource(*pod_.spec.pod_requests, resource, amount);
  return *this;
}

PodBuilder& PodBuilder::nodeSelector(std::string_view key, std::string_view value) {
  pod_.spec.node_selector.set(key, value);
  return *this;
}

PodBuilder& PodBuilder::requireNode(std::string_view key, kubeapi::SelectorOperator op,
                                    const std::vector<std::string>& values) {
  auto& required = pod_.spec.affinity.node_required;
  if (!required) required.emplace();
  required->terms.push_back({{SelectorRequirement{Symbol(key), op, symbols(values)}}, {}});
  return *this;
}

PodBuilder& PodBuilder::requireNodeName(std::string_view name) {
  auto& required = pod_.spec.affinity.node_required;
  if (!required) required.emplace();
  required->terms.push_back(
      {{}, {SelectorRequirement{"metadata.name", kubeapi::SelectorOperator::kIn, {Symbol(name)}}}});
  return *this;
}

PodBuilder& PodBuilder::preferNode(std::int32_t weight, std::string_view key,
                                   kubeapi::SelectorOperator op,
                                   const std::vector<std::string>& values) {
  pod_.spec.affinity.node_preferred.push_back(
      {weight, {{SelectorRequirement{Symbol(key), op, symbols(values)}}, {}}});
  return *this;
}

PodBuilder& PodBuilder::tolerate(std::string_view key, std::string_view value,
                                 kubeapi::TaintEffect effect) {
  pod_.spec.tolerations.push_back(
      {Symbol(key), kubeapi::TolerationOperator::kEqual, Symbol(value), effect, {}});
  return *this;
}

PodBuilder& PodBuilder::tolerateKey(std::string_view key, kubeapi::TaintEffect effect) {
  pod_.spec.tolerations.push_back(
      {Symbol(key), kubeapi::TolerationOperator::kExists, Symbol(), effect, {}});
  return *this;
}

PodBuilder& PodBuilder::affinity(std::string_view selector, std::string_view topology_key) {
  pod_.spec.affinity.pod_affinity.required.push_back(affinityTerm(selector, topology_key));
  return *this;
}

PodBuilder& PodBuilder::antiAffinity(std::string_view selector, std::string_view topology_key) {
  pod_.spec.affinity.pod_anti_affinity.required.push_back(affinityTerm(selector, topology_key));
  return *this;
}

PodBuilder& PodBuilder::spread(std::int32_t max_skew, std::string_view topology_key,
                               std::string_view selector_text, bool do_not_schedule) {
  kubeapi::TopologySpreadConstraint constraint;
  constraint.max_skew = max_skew;
  constraint.topology_key = Symbol(topology_key);
  constraint.label_selector = selector(selector_text);
  constraint.do_not_schedule = do_not_schedule;
  pod_.spec.spread.push_back(std::move(constraint));
  return *this;
}

PodBuilder& PodBuilder::claim(std::string_view claim_name) {
  kubeapi::PodVolume volume;
  volume.name = Symbol("volume-" + std::string(claim_name));
  volume.claim_name = Symbol(claim_name);
  pod_.spec.volumes.push_back(std::move(volume));
  return *this;
}

kubeapi::PodPtr PodBuilder::build() const {
  auto pod = std::make_shared<Pod>(pod_);
  if (!uid_set_) pod->meta.uid = Symbol("uid-" + pod_.meta.ns.str() + "-" + pod_.meta.name.str());
  return pod;
}

}  // namespace stowage::testing
