#include "scheduling/cycle/state_dump.h"

#include <algorithm>
#include <utility>

#include "scheduling/cycle/context.h"
#include "scheduling/cycle/rejectors.h"

namespace stowage::scheduling {
namespace {

std::vector<std::string> namesOf(PluginSet rejectors) {
  std::vector<std::string> names;
  const auto plugins = knownPlugins();
  for (std::size_t id = 0; id < plugins.size(); ++id) {
    if ((rejectors & bitOf(static_cast<PluginId>(id))) != 0) names.emplace_back(plugins[id].name);
  }
  const std::pair<PluginSet, const char*> own[] = {{kNoNodesRejector, "no nodes"},
                                                   {kQuarantineRejector, "too many faults"},
                                                   {kStorageRejector, "storage cannot be read"},
                                                   {kExtenderRejector, "extenders"}};
  for (const auto& [bit, name] : own) {
    if ((rejectors & bit) != 0) names.emplace_back(name);
  }
  return names;
}

WaitingPod describe(Context& context, const QueuedPod& entry) {
  const base::SteadyTime now = context.clock.now();
  WaitingPod out;
  out.pod = entry.pod;
  out.profile = context.profiles[entry.profile]->schedulerName();
  out.place = entry.place;
  out.attempts = entry.attempts;
  out.waited = now - entry.first_attempt.value_or(entry.queued_at);
  if (entry.place == Place::kBackoff || entry.place == Place::kErrorBackoff) {
    out.backoff_left = std::max(entry.backoff_until - now, base::Duration::zero());
  }
  out.rejectors = namesOf(entry.rejectors);
  out.promised = context.nominator.nodeOf(entry.pod->meta.uid);
  return out;
}

// Those that have waited longest come first.
void dumpQueue(Context& context, const DumpRequest& request, StateDump& dump) {
  std::vector<const QueuedPod*> chosen;
  context.queue.forEach([&](QueuedPod& entry) {
    const kubeapi::ObjectMeta& meta = entry.pod->meta;
    if (!request.ns.empty() && meta.ns.view() != request.ns) return;
    if (!request.name.empty() && meta.name.view() != request.name) return;
    chosen.push_back(&entry);
  });
  const auto since = [](const QueuedPod* entry) {
    return std::pair(entry->first_attempt.value_or(entry->queued_at), entry->sequence);
  };
  const std::size_t shown = std::min(request.limit, chosen.size());
  std::partial_sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(shown),
                    chosen.end(),
                    [&](const QueuedPod* a, const QueuedPod* b) { return since(a) < since(b); });
  for (std::size_t i = 0; i < shown; ++i) {
    dump.waiting_pods.push_back(describe(context, *chosen[i]));
  }
}

DumpedNode describe(const Context& context, const NodeInfo& info, bool with_pods) {
  const placement::ClusterState& state = context.cache.state();
  DumpedNode out;
  out.name = info.name;
  out.pod_count = info.pods.size();
  for (placement::Dimension dim = 0; dim < state.dimensions(); ++dim) {
    const std::int64_t allocatable = state.allocatable(dim, info.index);
    const std::int64_t requested = state.requested(dim, info.index);
    if (allocatable == 0 && requested == 0) continue;
    out.resources.push_back({state.dimensionName(dim), allocatable, requested});
  }
  if (!with_pods) return out;
  for (const CachedPod* pod : info.pods) out.pods.push_back({pod->pod, pod->assumed});
  out.promised = context.nominator.on(info.name);
  return out;
}

void dumpNodes(const Context& context, const DumpRequest& request, StateDump& dump) {
  const placement::ClusterState& state = context.cache.state();
  if (!request.name.empty()) {
    const placement::NodeIndex index = state.findNode(base::Symbol(request.name));
    if (index == placement::kNoNode) return;
    dump.shown_nodes.push_back(describe(context, context.cache.nodeAt(index), true));
    return;
  }
  for (placement::NodeIndex index = 0; index < state.slots(); ++index) {
    if (dump.shown_nodes.size() == request.limit) return;
    if (!state.present(index)) continue;
    dump.shown_nodes.push_back(describe(context, context.cache.nodeAt(index), false));
  }
}

}  // namespace

const char* nameOf(Place place) {
  switch (place) {
    case Place::kActive:
      return "active";
    case Place::kBackoff:
    case Place::kErrorBackoff:
      return "backoff";
    case Place::kUnschedulable:
      return "unschedulable";
    case Place::kGated:
      return "gated";
    case Place::kInFlight:
    case Place::kNone:
      return "inFlight";
  }
  return "";
}

StateDump dumpState(Context& context, const DumpRequest& request) {
  StateDump dump;
  dump.queue = context.queue.counts();
  dump.waiting = context.queue.size();
  dump.nodes = context.cache.nodeCount();
  dump.pods = context.cache.podCount();
  dump.assumed = context.cache.assumedCount();
  if (request.verify) dump.consistent = context.cache.consistent();
  if (request.what == DumpRequest::What::kQueue) {
    dumpQueue(context, request, dump);
  } else {
    dumpNodes(context, request, dump);
  }
  return dump;
}

}  // namespace stowage::scheduling
