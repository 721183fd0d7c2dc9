#include "kubeapi/resources.h"

#include <algorithm>
#include <limits>

#include "kubeapi/label_syntax.h"

namespace stowage::kubeapi {

namespace {

constexpr std::string_view kQuotaPrefix = "requests.";
constexpr std::string_view kNativePart = "kubernetes.io/";
constexpr std::string_view kHugePages = "hugepages-";
constexpr std::string_view kAttachableVolumes = "attachable-volumes-";
constexpr std::int64_t kDefaultMilliCpu = 100;
constexpr std::int64_t kDefaultMemory = 200 * 1024 * 1024;

const Symbol& cpuName() {
  static const Symbol name("cpu");
  return name;
}
const Symbol& memoryName() {
  static const Symbol name("memory");
  return name;
}

// Walks two sorted lists as one; `both` is called for names that are in both.
template <typename Both>
void mergeInto(ResourceList& into, const ResourceList& from, Both both) {
  if (from.empty()) return;
  if (into.empty()) {
    into = from;
    return;
  }
  ResourceList merged;
  merged.reserve(into.size() + from.size());
  auto left = into.begin();
  for (const auto& entry : from) {
    while (left != into.end() && left->first < entry.first) merged.push_back(std::move(*left++));
    if (left != into.end() && left->first == entry.first) {
      both(left->second, entry.second);
      merged.push_back(std::move(*left++));
    } else {
      merged.push_back(entry);
    }
  }
  merged.insert(merged.end(), std::make_move_iterator(left), std::make_move_iterator(into.end()));
  into = std::move(merged);
}

// Most lists name the same resources as the sum: no merge is needed then.
bool namesAllIn(const ResourceList& some, const ResourceList& all) {
  auto at = all.begin();
  for (const auto& [name, quantity] : some) {
    while (at != all.end() && !(at->first == name)) ++at;
    if (at == all.end()) return false;
  }
  return true;
}

void addTo(ResourceList& sum, const ResourceList& more) {
  if (!namesAllIn(more, sum)) {
    mergeInto(sum, more, [](Quantity& a, const Quantity& b) { a += b; });
    return;
  }
  auto at = sum.begin();
  for (const auto& [name, quantity] : more) {
    while (!(at->first == name)) ++at;
    at->second += quantity;
  }
}

void raiseTo(ResourceList& peak, const ResourceList& candidate) {
  mergeInto(peak, candidate, [](Quantity& a, const Quantity& b) {
    if (b > a) a = b;
  });
}

bool isPodLevelResource(std::string_view name) {
  return name == "cpu" || name == "memory" || name.starts_with(kHugePages);
}

bool isResizeInfeasible(const Pod& pod) {
  static const Symbol type("PodResizePending");
  const Condition* condition = findCondition(pod.status.conditions, type);
  return condition != nullptr && condition->reason == "Infeasible";
}

// Which containers' requests count how; lives for one podRequests() call.
class RequestCounter {
 public:
  RequestCounter(const Pod& pod, RequestSource source)
      : pod_(pod),
        use_status_(source == RequestSource::kSpecOrStatus),
        pod_level_(source != RequestSource::kContainers && hasPodLevelRequests(pod)),
        infeasible_(use_status_ && isResizeInfeasible(pod)) {}

  // `defaults` fills in what a container does not name at all.
  [[nodiscard]] ResourceList total(const ResourceList& defaults) const {
    ResourceList sum = containers(defaults);
    if (pod_level_) replaceByPodLevel(sum);
    addTo(sum, pod_.spec.overhead);
    return sum;
  }

  [[nodiscard]] bool podLevel() const { return pod_level_; }

 private:
  [[nodiscard]] ResourceList effective(const ResourceList& spec, const ResourceList& actuated,
                                       const ResourceList& allocated) const {
    ResourceList result = infeasible_ ? ResourceList() : spec;
    raiseTo(result, actuated);
    raiseTo(result, allocated);
    return result;
  }

  [[nodiscard]] const ContainerStatus* statusOf(const Symbol& name) const {
    const auto in = [&](const std::vector<ContainerStatus>& list) -> const ContainerStatus* {
      const auto found = std::find_if(list.rbegin(), list.rend(),
                                      [&](const ContainerStatus& s) { return s.name == name; });
      return found == list.rend() ? nullptr : &*found;
    };
    const ContainerStatus* init = in(pod_.status.init_container_statuses);
    return init != nullptr ? init : in(pod_.status.container_statuses);
  }

  // Requests of one container, from its status where the kubelet has reported resources.
  [[nodiscard]] ResourceList requestsOf(const Container& container, bool look_at_status,
                                        const ResourceList& defaults) const {
    ResourceList requests;
    const ContainerStatus* status = look_at_status ? statusOf(container.name) : nullptr;
    if (status != nullptr && status->has_resources) {
      requests =
          effective(container.requests, status->resource_requests, status->allocated_resources);
    } else {
      requests = container.requests;
    }
    mergeInto(requests, defaults, [](Quantity&, const Quantity&) {});
    return requests;
  }

  [[nodiscard]] ResourceList containers(const ResourceList& defaults) const {
    ResourceList sum;
    for (const Container& container : pod_.spec.containers) {
      addTo(sum, requestsOf(container, use_status_, defaults));
    }
    ResourceList sidecars;
    ResourceList peak;
    for (const Container& container : pod_.spec.init_containers) {
      const bool sidecar = container.restart_always;
      ResourceList own = requestsOf(container, use_status_ && sidecar, defaults);
      if (sidecar) {
        addTo(sum, own);
        addTo(sidecars, own);
        raiseTo(peak, sidecars);
      } else {
        addTo(own, sidecars);
        raiseTo(peak, own);
      }
    }
    raiseTo(sum, peak);
    return sum;
  }

  void replaceByPodLevel(ResourceList& sum) const {
    const bool from_status = use_status_ && pod_.status.pod_requests.has_value();
    ResourceList level;
    if (from_status) {
      level = effective(*pod_.spec.pod_requests, *pod_.status.pod_requests,
                        pod_.status.pod_allocated_resources.value_or(ResourceList()));
    }
    ResourceList replacement;
    for (const auto& [name, quantity] : *pod_.spec.pod_requests) {
      if (!isPodLevelResource(name.view())) continue;
      const Quantity* actual = from_status ? findResource(level, name) : &quantity;
      replacement.emplace_back(name, actual == nullptr ? Quantity() : *actual);
    }
    mergeInto(sum, replacement, [](Quantity& a, const Quantity& b) { a = b; });
  }

  const Pod& pod_;
  const bool use_status_;
  const bool pod_level_;
  const bool infeasible_;
};

bool isCounted(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" || isScalarResource(name);
}

std::int64_t amountOf(const Symbol& name, const Quantity& quantity) {
  const std::int64_t amount = name == cpuName() ? quantity.milliValue() : quantity.value();
  return std::max<std::int64_t>(amount, 0);
}

ResourceList missingDefaults(const ResourceList& requests, bool pod_level) {
  ResourceList defaults;
  if (!pod_level || findResource(requests, cpuName()) == nullptr) {
    defaults.emplace_back(cpuName(), Quantity::fromMilli(kDefaultMilliCpu));
  }
  if (!pod_level || findResource(requests, memoryName()) == nullptr) {
    defaults.emplace_back(memoryName(), Quantity::fromInteger(kDefaultMemory));
  }
  return defaults;
}

}  // namespace

std::int64_t saturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

std::int64_t saturatingSub(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a >= 0 ? std::numeric_limits<std::int64_t>::max()
                : std::numeric_limits<std::int64_t>::min();
}

bool hasPodLevelRequests(const Pod& pod) {
  return pod.spec.pod_requests.has_value() &&
         std::any_of(pod.spec.pod_requests->begin(), pod.spec.pod_requests->end(),
                     [](const auto& entry) { return isPodLevelResource(entry.first.view()); });
}

PodRequests podRequests(const Pod& pod, RequestSource source) {
  const RequestCounter counter(pod, source);
  const ResourceList requests = counter.total({});
  const ResourceList defaults = missingDefaults(requests, counter.podLevel());
  const ResourceList non_zero = defaults.empty() ? requests : counter.total(defaults);
  PodRequests result;
  for (const auto& [name, quantity] : requests) {
    if (!isCounted(name.view())) continue;
    const std::int64_t amount = amountOf(name, quantity);
    if (amount > 0) result.amounts.emplace_back(name, amount);
  }
  if (const Quantity* cpu = findResource(non_zero, cpuName())) {
    result.non_zero_cpu = amountOf(cpuName(), *cpu);
  }
  if (const Quantity* memory = findResource(non_zero, memoryName())) {
    result.non_zero_memory = amountOf(memoryName(), *memory);
  }
  return result;
}

ResourceAmounts nodeAllocatable(const Node& node) {
  ResourceAmounts amounts;
  for (const auto& [name, quantity] : node.allocatable) {
    if (name.view() != "pods" && !isCounted(name.view())) continue;
    amounts.emplace_back(name, amountOf(name, quantity));
  }
  return amounts;
}

bool isExtendedResource(std::string_view name) {
  if (name.find('/') == std::string_view::npos) return false;
  if (name.find(kNativePart) != std::string_view::npos) return false;
  if (name.starts_with(kQuotaPrefix)) return false;
  // The name must also be valid as a quota's resource ("requests.<name>").
  return isLabelKey(std::string(kQuotaPrefix) + std::string(name));
}

bool isScalarResource(std::string_view name) {
  return name.starts_with(kHugePages) || name.starts_with(kAttachableVolumes) ||
         name.find(kNativePart) != std::string_view::npos || isExtendedResource(name);
}

std::vector<HostPort> hostPorts(const Pod& pod) {
  static const Symbol any_address("0.0.0.0");
  static const Symbol tcp("TCP");
  std::vector<HostPort> ports;
  const auto collect = [&](const Container& container) {
    for (const ContainerPort& port : container.ports) {
      if (port.host_port <= 0) continue;
      ports.push_back({port.host_ip.empty() ? any_address : port.host_ip,
                       port.protocol.empty() ? tcp : port.protocol, port.host_port});
    }
  };
  for (const Container& container : pod.spec.containers) collect(container);
  for (const Container& container : pod.spec.init_containers) {
    if (container.restart_always) collect(container);
  }
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  return ports;
}

bool conflicts(const HostPort& a, const HostPort& b) {
  static const Symbol any_address("0.0.0.0");
  if (a.port != b.port || a.protocol != b.protocol) return false;
  return a.ip == b.ip || a.ip == any_address || b.ip == any_address;
}

}  // namespace stowage::kubeapi
