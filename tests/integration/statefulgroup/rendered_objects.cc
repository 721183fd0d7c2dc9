#include "integration/statefulgroup/rendered_objects.h"

#include "unit/statefulgroup/everything.h"

namespace stowage::testing {

kubeapi::StatefulGroup RenderedObjects::stored(const Json& spec_patch, const std::string& name) {
  const auto created = create(kGroups, group(name, spec_patch), false);
  EXPECT_TRUE(created.has_value()) << created.error().message;
  if (!created) return {};
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  const auto decoded = decoder.object(created->dump());
  EXPECT_TRUE(decoded.has_value()) << decoded.error().toString();
  return decoded ? **decoded : kubeapi::StatefulGroup{};
}

kubeapi::StatefulGroup RenderedObjects::changed(kubeapi::StatefulGroup group,
                                                const Json& pod_template) {
  group.spec.pod_template.text = pod_template.dump();
  return group;
}

statefulgroup::Revision RenderedObjects::revisionOf(const kubeapi::StatefulGroup& group,
                                                    const std::string& name, std::int64_t number) {
  auto revision =
      statefulgroup::Revision::fromData(name, number, statefulgroup::revisionData(group));
  EXPECT_TRUE(revision.has_value()) << revision.error().toString();
  return *revision;
}

Json RenderedObjects::accepted(const k8sclient::ResourceType& type, const std::string& json,
                               bool dry_run) {
  const auto created = create(type, Json::parse(json), dry_run);
  EXPECT_TRUE(created.has_value()) << created.error().message << "\n" << json;
  return created ? *created : Json();
}

Json everything() {
  Json spec = Json::parse(statefulgroup::kEverything);
  spec["template"]["spec"].erase("priorityClassName");
  for (Json& entry : spec["shardOverrides"]) entry.erase("priorityClassName");
  return spec;
}

}  // namespace stowage::testing
