#include "statefulgroup/render/pod_renderer.h"

#include <algorithm>
#include <charconv>

#include "statefulgroup/labels.h"
#include "statefulgroup/render/owned_meta.h"
#include "statefulgroup/render/pod_json.h"
#include "statefulgroup/render/pod_rules.h"
#include "statefulgroup/revision_content.h"

namespace stowage::statefulgroup {

namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Whether `shard` is in "0-3,7".
bool names(std::string_view ranges, int shard) {
  while (!ranges.empty()) {
    const auto comma = std::min(ranges.find(','), ranges.size());
    const std::string_view range = ranges.substr(0, comma);
    ranges.remove_prefix(std::min(comma + 1, ranges.size()));
    const auto dash = range.find('-');
    const auto low = number(range.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : number(range.substr(dash + 1));
    if (low && high && *low <= shard && shard <= *high) return true;
  }
  return false;
}

// The members of `from` over those of owner[name]. What is no object there stays, and is judged by
// the API server.
void mergeInto(Json& owner, const char* name, const Json* from) {
  if (from == nullptr || !from->is_object()) return;
  Json& target = owner[name];
  if (target.is_null()) target = Json::object();
  if (target.is_object()) target.update(*from);
}

void addTolerations(Json& pod_spec, const Json* added) {
  if (added == nullptr || !added->is_array()) return;
  Json& tolerations = pod_spec["tolerations"];
  if (tolerations.is_null()) tolerations = Json::array();
  if (!tolerations.is_array()) return;
  for (const Json& toleration : *added) {
    if (std::find(tolerations.begin(), tolerations.end(), toleration) == tolerations.end()) {
      tolerations.push_back(toleration);
    }
  }
}

// The template with what the overrides of the shard say.
Json templateOf(const RevisionContent& content, int shard) {
  Json pod = content.pod_template;
  Json& metadata = pod["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  Json& spec = pod["spec"];
  for (const Json& entry : content.overrides) {
    if (!names(textOf(entry, "shards"), shard)) continue;
    mergeInto(metadata, "labels", memberOf(entry, "labels"));
    mergeInto(metadata, "annotations", memberOf(entry, "annotations"));
    mergeInto(spec, "nodeSelector", memberOf(entry, "nodeSelector"));
    addTolerations(spec, memberOf(entry, "tolerations"));
    if (const Json* priority = memberOf(entry, "priorityClassName")) {
      spec["priorityClassName"] = *priority;
    }
  }
  return pod;
}

Json metadataOf(const PodInputs& inputs, const Json& user) {
  const std::string pod_name = inputs.names.pod(inputs.replica);
  const std::string ordinal = std::to_string(inputs.replica.ordinal);
  Json metadata = ownedMeta(inputs.group, pod_name);
  Json ours = std::move(metadata["labels"]);
  ours.update(Json{{kShardLabel, std::to_string(inputs.replica.shard)},
                   {kOrdinalLabel, ordinal},
                   {kPodIndexLabel, ordinal},
                   {kRevisionLabel, inputs.revision.name()}});
  if (inputs.slot) ours[std::string(kSlotLabel)] = std::to_string(*inputs.slot);
  if (!inputs.names.sharded()) ours[std::string(kPodNameLabel)] = pod_name;
  Json labels = {{kAppNameLabel, inputs.group.name.view()},
                 {kAppInstanceLabel, inputs.group.name.view()}};
  Json annotations = Json::object();
  if (const Json* theirs = memberOf(user, "labels"); theirs != nullptr && theirs->is_object()) {
    labels.update(withoutReserved(*theirs));
  }
  if (const Json* theirs = memberOf(user, "annotations");
      theirs != nullptr && theirs->is_object()) {
    annotations = withoutReserved(*theirs);
  }
  labels.update(ours);
  annotations.update(Json{{kShardsAnnotation, std::to_string(inputs.shards)},
                          {kReplicasAnnotation, std::to_string(inputs.replicas)}});
  metadata["labels"] = std::move(labels);
  metadata["annotations"] = std::move(annotations);
  metadata["ownerReferences"] = Json::array({ownerReference(inputs.group, Ownership::kController)});
  return metadata;
}

Json environmentOf(const PodInputs& inputs) {
  const auto variable = [](const char* name, const std::string& value) {
    return Json{{"name", name}, {"value", value}};
  };
  const Json field = {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}};
  return Json::array(
      {variable("STOWAGE_GROUP", inputs.group.name.str()),
       {{"name", "STOWAGE_NAMESPACE"}, {"valueFrom", {{"fieldRef", field}}}},
       variable("STOWAGE_ORDINAL", std::to_string(inputs.replica.ordinal)),
       variable("STOWAGE_PEERS_SERVICE", inputs.names.headlessService(inputs.replica.shard)),
       variable("STOWAGE_SHARD", std::to_string(inputs.replica.shard))});
}

// Before the user's variables, which may refer to them and win over them.
void addEnvironment(Json* containers, const Json& environment) {
  if (containers == nullptr || !containers->is_array()) return;
  for (Json& container : *containers) {
    if (!container.is_object()) continue;
    Json& theirs = container["env"];
    if (theirs.is_null()) theirs = Json::array();
    if (!theirs.is_array()) continue;
    Json all = Json::array();
    for (const Json& variable : environment) {
      const std::string name = textOf(variable, "name");
      if (std::none_of(theirs.begin(), theirs.end(),
                       [&](const Json& v) { return textOf(v, "name") == name; })) {
        all.push_back(variable);
      }
    }
    all.insert(all.end(), theirs.begin(), theirs.end());
    theirs = std::move(all);
  }
}

// A claim takes the place of a volume of its name (as with a StatefulSet).
void addClaims(Json& pod_spec, const PodInputs& inputs) {
  const auto& claims = inputs.revision.claimNames();
  if (claims.empty()) return;
  Json& theirs = pod_spec["volumes"];
  if (theirs.is_null()) theirs = Json::array();
  if (!theirs.is_array()) return;
  Json all = Json::array();
  for (const std::string& claim : claims) {
    all.push_back(
        {{"name", claim},
         {"persistentVolumeClaim", {{"claimName", inputs.names.claim(claim, inputs.replica)}}}});
  }
  for (const Json& volume : theirs) {
    const std::string name = textOf(volume, "name");
    if (std::find(claims.begin(), claims.end(), name) == claims.end()) all.push_back(volume);
  }
  theirs = std::move(all);
}

}  // namespace

Json podJson(const PodInputs& inputs) {
  Json rendered = templateOf(inputs.revision.content(), inputs.replica.shard);
  Json& spec = rendered["spec"];
  spec["hostname"] = inputs.names.pod(inputs.replica);
  spec["subdomain"] = inputs.names.headlessService(inputs.replica.shard);
  spec["restartPolicy"] = "Always";
  if (textOf(spec, "schedulerName").empty()) spec["schedulerName"] = "stowage-scheduler";
  const Json environment = environmentOf(inputs);
  addEnvironment(memberOf(spec, "containers"), environment);
  addEnvironment(memberOf(spec, "initContainers"), environment);
  addClaims(spec, inputs);
  addPlacementRules(spec, inputs);
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", metadataOf(inputs, rendered["metadata"])},
          {"spec", spec}};
}

std::string renderPod(const PodInputs& inputs) { return toText(podJson(inputs)); }

PodInputs ofRevision(const PodInputs& inputs, const Revision& revision) {
  return {inputs.group, inputs.names,          revision,      inputs.replica,
          inputs.slot,  inputs.first_of_shard, inputs.shards, inputs.replicas};
}

}  // namespace stowage::statefulgroup
