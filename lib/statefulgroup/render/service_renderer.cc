#include "statefulgroup/render/service_renderer.h"

#include <set>

#include "statefulgroup/json_value.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/render/owned_meta.h"

namespace stowage::statefulgroup {

namespace {

using kubeapi::group::HeadlessPolicy;
using kubeapi::group::PublishAddresses;
using kubeapi::group::ServicePolicy;
using kubeapi::group::ServicePort;

Json portsOf(const kubeapi::group::Services& services) {
  Json ports = Json::array();
  for (const ServicePort& from : services.ports) {
    Json port = {
        {"name", from.name.view()}, {"port", from.port}, {"protocol", text(from.protocol)}};
    if (from.target_port) {
      port["targetPort"] = from.target_port->text.empty() ? Json(from.target_port->number)
                                                          : Json(from.target_port->text);
    }
    if (!from.app_protocol.empty()) port["appProtocol"] = from.app_protocol.view();
    ports.push_back(std::move(port));
  }
  return ports;
}

class ServiceWriter {
 public:
  ServiceWriter(const kubeapi::StatefulGroup& group, const Names& names)
      : group_(group), names_(names), services_(group.spec.services), ports_(portsOf(services_)) {}

  void headless(int shard) {
    Json spec = {{"type", "ClusterIP"},
                 {"clusterIP", "None"},
                 {"publishNotReadyAddresses", publishNotReady()},
                 {"selector", shardSelector(group_.meta, shard)}};
    add(names_.headlessService(shard), shard, {}, std::move(spec));
  }

  void client(int shard) {
    add(names_.clientService(shard), shard, {},
        {{"type", "ClusterIP"}, {"selector", shardSelector(group_.meta, shard)}});
    for (const auto& role : services_.client.roles) {
      Json selector = shardSelector(group_.meta, shard);
      selector[std::string(kRoleLabel)] = role.view();
      add(names_.roleService(shard, role.view()), shard, {},
          {{"type", "ClusterIP"}, {"selector", std::move(selector)}});
    }
  }

  void ofMember(Replica member) {
    const Json ordinal = {{kOrdinalLabel, std::to_string(member.ordinal)}};
    Json selector = shardSelector(group_.meta, member.shard);
    selector.update(ordinal);
    add(names_.pod(member), member.shard, ordinal,
        {{"type", text(services_.per_replica.type)},
         {"publishNotReadyAddresses", publishNotReady()},
         {"selector", std::move(selector)}});
  }

  std::vector<RenderedObject> take() { return std::move(rendered_); }

 private:
  // The API server leaves a false out of what it stores.
  [[nodiscard]] Json publishNotReady() const {
    const bool always = services_.headless.publish_not_ready == PublishAddresses::kAlways;
    return always ? Json(true) : Json(nullptr);
  }

  void add(const std::string& name, int shard, const Json& more_labels, Json spec) {
    Json metadata = ownedMeta(group_.meta, name);
    metadata["labels"][std::string(kShardLabel)] = std::to_string(shard);
    if (!more_labels.empty()) metadata["labels"].update(more_labels);
    metadata["ownerReferences"] =
        Json::array({ownerReference(group_.meta, Ownership::kController)});
    if (!ports_.empty()) spec["ports"] = ports_;
    rendered_.push_back({name, toText({{"apiVersion", "v1"},
                                       {"kind", "Service"},
                                       {"metadata", std::move(metadata)},
                                       {"spec", std::move(spec)}})});
  }

  const kubeapi::StatefulGroup& group_;
  const Names& names_;
  const kubeapi::group::Services& services_;
  Json ports_;
  std::vector<RenderedObject> rendered_;
};

}  // namespace

std::vector<RenderedObject> renderServices(const kubeapi::StatefulGroup& group, const Names& names,
                                           const std::vector<Replica>& members) {
  std::set<int> shards;
  for (int shard = 0; shard < group.spec.shards; ++shard) shards.insert(shard);
  const std::set<Replica> all(members.begin(), members.end());
  for (const Replica& member : all) shards.insert(member.shard);

  ServiceWriter writer(group, names);
  for (const int shard : shards) {
    if (group.spec.services.headless.policy == HeadlessPolicy::kCreate) writer.headless(shard);
    if (group.spec.services.client.policy == ServicePolicy::kCreate) writer.client(shard);
  }
  if (group.spec.services.per_replica.policy == ServicePolicy::kCreate) {
    for (const Replica& member : all) writer.ofMember(member);
  }
  return writer.take();
}

}  // namespace stowage::statefulgroup
