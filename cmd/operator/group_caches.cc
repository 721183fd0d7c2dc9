#include "cmd/operator/group_caches.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "cmd/operator/domain_counts.h"
#include "k8sclient/cache/object_cache.h"
#include "k8sclient/watch/reflector.h"
#include "kubeapi/node.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/ports.h"

namespace stowage::operator_cmd {

using k8sclient::ReflectorOptions;
using statefulgroup::NodeSight;
using statefulgroup::Observed;

namespace {

constexpr const char* kByGroup = "group";
constexpr const char* kByNamespace = "namespace";
constexpr const char* kByNode = "node";
constexpr const char* kOutOfService = "node.kubernetes.io/out-of-service";

std::string groupKey(const kubeapi::ObjectMeta& meta) {
  const auto* label = meta.labels.find(statefulgroup::kGroupLabel);
  return label == nullptr ? std::string() : meta.ns.str() + "/" + label->str();
}

template <typename T>
std::vector<std::string> byGroup(const T& object) {
  return {groupKey(object.meta)};
}

NodeSight sightOf(const kubeapi::Node& node) {
  NodeSight sight;
  sight.labels = node.meta.labels;
  const kubeapi::Condition* ready = kubeapi::findCondition(node.conditions, "Ready");
  if (ready != nullptr && ready->status == "True") return sight;
  const bool fenced = std::any_of(node.taints.begin(), node.taints.end(),
                                  [](const auto& taint) { return taint.key == kOutOfService; });
  sight.state = fenced ? NodeSight::State::kFenced : NodeSight::State::kSilent;
  if (ready != nullptr) sight.since = ready->last_transition_time;
  return sight;
}

// Whether a group has changed in what a pass decides by; our own status writes do not count.
bool differs(const kubeapi::StatefulGroup& a, const kubeapi::StatefulGroup& b) {
  return a.meta.generation != b.meta.generation || a.meta.uid != b.meta.uid ||
         a.meta.deletion_time != b.meta.deletion_time || a.meta.finalizers != b.meta.finalizers ||
         !(a.meta.annotations == b.meta.annotations) || !(a.meta.labels == b.meta.labels);
}

}  // namespace

// One resource: reflector -> cache -> who is to look.
template <typename T>
class Room final : private k8sclient::CacheHandler<T> {
 public:
  using Object = std::shared_ptr<const T>;
  using Told = std::function<void(const Object& before, const Object& after, bool first)>;

  Room(ReflectorOptions options, k8sclient::ApiClient& api, base::Clock& clock, std::uint64_t seed,
       base::MetricSink& metrics, Told told)
      : name_(options.type.plural),
        told_(std::move(told)),
        reflector_(withRefusal(std::move(options)), api, cache_, clock, seed, metrics) {
    cache_.addHandler(*this);
  }

  k8sclient::ObjectCache<T>& cache() { return cache_; }
  [[nodiscard]] const k8sclient::ObjectCache<T>& cache() const { return cache_; }
  void start() { reflector_.start(); }
  void stop() { reflector_.stop(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] base::Status synced() const {
    if (cache_.synced()) return {};
    const std::string error = reflector_.health().last_error;
    return {base::Code::kUnavailable, error.empty() ? "the first list has not arrived yet"
                                                    : "waiting for the first list: " + error};
  }

 private:
  ReflectorOptions withRefusal(ReflectorOptions options) {
    options.consistent_first_list = true;
    options.on_refusal = [this](const std::string& why) {
      if (why.empty()) return;
      const bool own = name_ == statefulgroup::pluralOf(statefulgroup::Resource::kGroups);
      base::log().error("cannot watch",
                        {{"resource", name_},
                         {"error", why},
                         {"what to do", own ? "install the CustomResourceDefinition "
                                              "statefulgroups.stowage.dev, and the operator's "
                                              "ClusterRole; this is tried again"
                                            : "grant list and watch on it; this is tried again"}});
    };
    return options;
  }
  void onAdd(const Object& object) override { told_(nullptr, object, !cache_.synced()); }
  void onUpdate(const Object& before, const Object& after) override { told_(before, after, false); }
  void onDelete(const Object& last, bool /*final_state_unknown*/) override {
    told_(last, nullptr, false);
  }
  void onSynced() override {
    base::log().info("cache synced", {{"resource", name_}, {"objects", cache_.size()}});
  }

  const std::string name_;
  const Told told_;
  k8sclient::ObjectCache<T> cache_;
  k8sclient::Reflector<T> reflector_;
};

class GroupCaches::Rooms {
  auto tellsGroup() {
    return [this](const auto& before, const auto& after, bool first) {
      const std::string was = before ? groupKey(before->meta) : std::string();
      const std::string is = after ? groupKey(after->meta) : std::string();
      if (!was.empty() && was != is) changed_(was, first);
      if (!is.empty()) changed_(is, first);
    };
  }

 public:
  Rooms(k8sclient::ApiClient& api, const std::string& ns, base::Clock& clock, std::uint64_t seed,
        base::MetricSink& metrics, Changed changed, PodChanged pod_changed, RoleOf role_of)
      : changed_(std::move(changed)),
        pod_changed_(std::move(pod_changed)),
        role_of_(std::move(role_of)),
        groups_(own("stowage.dev", "v1alpha1", "statefulgroups", ns), api, clock, seed, metrics,
                [this](const auto& before, const auto& after, bool first) {
                  if (before && after && !differs(*before, *after)) return;
                  changed_(kubeapi::objectKey((after ? after : before)->meta), first);
                }),
        pods_(labelled("", "v1", "pods", ns), api, clock, seed + 1, metrics,
              [this, tell = tellsGroup()](const auto& before, const auto& after, bool first) {
                tell(before, after, first);
                if (pod_changed_) pod_changed_(kubeapi::objectKey((after ? after : before)->meta));
              }),
        claims_(labelled("", "v1", "persistentvolumeclaims", ns), api, clock, seed + 2, metrics,
                tellsGroup()),
        services_(labelled("", "v1", "services", ns), api, clock, seed + 3, metrics, tellsGroup()),
        revisions_(labelled("apps", "v1", "controllerrevisions", ns), api, clock, seed + 4, metrics,
                   tellsGroup()),
        budgets_(own("policy", "v1", "poddisruptionbudgets", ns), api, clock, seed + 5, metrics,
                 [this](const auto& before, const auto& after, bool first) {
                   tellNamespace((after ? after : before)->meta, first);
                 }),
        nodes_(own("", "v1", "nodes", ""), api, clock, seed + 6, metrics,
               [this](const auto& before, const auto& after, bool first) {
                 nodeChanged(before, after, first);
               }),
        domains_(clock) {
    groups_.cache().addIndex(kByNamespace, [](const kubeapi::StatefulGroup& group) {
      return std::vector<std::string>{group.meta.ns.str()};
    });
    budgets_.cache().addIndex(kByNamespace, [](const kubeapi::PodDisruptionBudget& budget) {
      return std::vector<std::string>{budget.meta.ns.str()};
    });
    pods_.cache().addIndex(kByGroup, byGroup<kubeapi::MemberPod>);
    pods_.cache().addIndex(kByNode, [](const kubeapi::MemberPod& pod) {
      return std::vector<std::string>{pod.node_name.str()};
    });
    claims_.cache().addIndex(kByGroup, byGroup<kubeapi::PersistentVolumeClaim>);
    services_.cache().addIndex(kByGroup, byGroup<kubeapi::OwnedService>);
    revisions_.cache().addIndex(kByGroup, byGroup<kubeapi::ControllerRevision>);
  }

  // Calls `use` with every room.
  template <typename Use>
  void each(const Use& use) {
    use(groups_), use(pods_), use(claims_), use(services_), use(revisions_), use(budgets_),
        use(nodes_);
  }
  template <typename Use>
  void each(const Use& use) const {
    use(groups_), use(pods_), use(claims_), use(services_), use(revisions_), use(budgets_),
        use(nodes_);
  }

  [[nodiscard]] std::optional<Observed> observe(const std::string& ns,
                                                const std::string& name) const {
    Observed observed;
    observed.group = groups_.cache().get(ns, name);
    if (observed.group == nullptr) return std::nullopt;
    const std::string key = ns + "/" + name;
    observed.pods = sorted(pods_.cache().byIndex(kByGroup, key));
    observed.claims = sorted(claims_.cache().byIndex(kByGroup, key));
    observed.services = sorted(services_.cache().byIndex(kByGroup, key));
    observed.revisions = sorted(revisions_.cache().byIndex(kByGroup, key));
    observed.budgets = sorted(budgets_.cache().byIndex(kByNamespace, ns));
    for (const auto& pod : observed.pods) {
      const auto role = role_of_ ? role_of_(pod->meta.uid) : std::nullopt;
      if (role) observed.roles[pod->meta.uid] = *role;
      if (pod->node_name.empty() || observed.nodes.contains(pod->node_name)) continue;
      const auto node = nodes_.cache().get(pod->node_name.view());
      observed.nodes[pod->node_name] =
          node == nullptr ? NodeSight{NodeSight::State::kGone, {}, {}} : sightOf(*node);
    }
    for (const auto& domain : observed.group->spec.topology.failure_domains)
      observed.domains[domain.topology_key] =
          domains_.count(domain.topology_key, [this] { return nodes_.cache().list(); });
    return observed;
  }

  [[nodiscard]] kubeapi::MemberPodPtr pod(const std::string& key) const {
    return pods_.cache().get(key);
  }
  [[nodiscard]] kubeapi::StatefulGroupPtr groupOf(const kubeapi::MemberPod& pod) const {
    return groups_.cache().get(groupKey(pod.meta));
  }

  [[nodiscard]] std::vector<kubeapi::StatefulGroupPtr> groups() const {
    return sorted(groups_.cache().list());
  }
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& group : groups_.cache().list())
      keys.push_back(kubeapi::objectKey(group->meta));
    return keys;
  }

 private:
  static ReflectorOptions own(const char* group, const char* version, const char* plural,
                              const std::string& ns) {
    ReflectorOptions options;
    options.type = {group, version, plural};
    options.ns = ns;
    return options;
  }
  static ReflectorOptions labelled(const char* group, const char* version, const char* plural,
                                   const std::string& ns) {
    ReflectorOptions options = own(group, version, plural, ns);
    options.label_selector = statefulgroup::kGroupLabel;
    return options;
  }

  // The same order at every look, so that what is decided does not depend on hashes.
  template <typename T>
  static std::vector<std::shared_ptr<const T>> sorted(std::vector<std::shared_ptr<const T>> all) {
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a->meta.name < b->meta.name; });
    return all;
  }

  // A budget may select any pod of its namespace.
  void tellNamespace(const kubeapi::ObjectMeta& meta, bool first) {
    const std::string own = groupKey(meta);
    if (!own.empty()) return changed_(own, first);
    for (const auto& group : groups_.cache().byIndex(kByNamespace, meta.ns.str()))
      changed_(kubeapi::objectKey(group->meta), first);
  }

  void nodeChanged(const kubeapi::NodePtr& before, const kubeapi::NodePtr& after, bool first) {
    // Nodes tell of themselves all the time: only what a pass looks at counts.
    if (before && after && sightOf(*before).state == sightOf(*after).state) return;
    const auto& meta = (after ? after : before)->meta;
    for (const auto& pod : pods_.cache().byIndex(kByNode, meta.name.str())) {
      if (const std::string key = groupKey(pod->meta); !key.empty()) changed_(key, first);
    }
  }

  const Changed changed_;
  const PodChanged pod_changed_;
  const RoleOf role_of_;
  Room<kubeapi::StatefulGroup> groups_;
  Room<kubeapi::MemberPod> pods_;
  Room<kubeapi::PersistentVolumeClaim> claims_;
  Room<kubeapi::OwnedService> services_;
  Room<kubeapi::ControllerRevision> revisions_;
  Room<kubeapi::PodDisruptionBudget> budgets_;
  Room<kubeapi::Node> nodes_;
  mutable DomainCounts domains_;
};

GroupCaches::GroupCaches(k8sclient::ApiClient& api, const std::string& ns, base::Clock& clock,
                         std::uint64_t seed, base::MetricSink& metrics, Changed changed,
                         PodChanged pod_changed, RoleOf role_of)
    : rooms_(std::make_unique<Rooms>(api, ns, clock, seed, metrics, std::move(changed),
                                     std::move(pod_changed), std::move(role_of))) {}

GroupCaches::~GroupCaches() { stop(); }

void GroupCaches::start() {
  rooms_->each([](auto& room) { room.start(); });
}

void GroupCaches::stop() {
  rooms_->each([](auto& room) { room.stop(); });
}

std::vector<std::string> GroupCaches::resources() const {
  std::vector<std::string> names;
  std::as_const(*rooms_).each([&](const auto& room) { names.push_back(room.name()); });
  return names;
}

base::Status GroupCaches::synced(const std::string& resource) const {
  base::Status status(base::Code::kNotFound, "no such resource: " + resource);
  std::as_const(*rooms_).each([&](const auto& room) {
    if (room.name() == resource) status = room.synced();
  });
  return status;
}

bool GroupCaches::allSynced() const {
  bool all = true;
  std::as_const(*rooms_).each([&](const auto& room) { all = all && room.synced().ok(); });
  return all;
}

std::optional<Observed> GroupCaches::observe(const std::string& ns, const std::string& name) const {
  return rooms_->observe(ns, name);
}

kubeapi::MemberPodPtr GroupCaches::pod(const std::string& key) const { return rooms_->pod(key); }

kubeapi::StatefulGroupPtr GroupCaches::groupOf(const kubeapi::MemberPod& pod) const {
  return rooms_->groupOf(pod);
}

std::vector<std::string> GroupCaches::keys() const { return rooms_->keys(); }

std::vector<kubeapi::StatefulGroupPtr> GroupCaches::groups() const { return rooms_->groups(); }

}  // namespace stowage::operator_cmd
