#include "statefulgroup/render/revision_renderer.h"

#include "base/check.h"
#include "statefulgroup/json_value.h"
#include "statefulgroup/render/owned_meta.h"

namespace stowage::statefulgroup {

namespace {

Json fenced(const Fence& fence) {
  Json metadata = Json::object();
  if (!fence.uid.empty()) metadata["uid"] = fence.uid.view();
  if (!fence.resource_version.empty()) metadata["resourceVersion"] = fence.resource_version;
  return metadata;
}

}  // namespace

RenderedObject renderRevision(const kubeapi::StatefulGroup& group, const Revision& revision) {
  Json metadata = ownedMeta(group.meta, revision.name());
  metadata["ownerReferences"] = Json::array({ownerReference(group.meta, Ownership::kController)});
  auto data = parseJson(revision.data());
  STOWAGE_CHECK(data.has_value(), "the data of a revision is JSON");
  return {revision.name(), toText({{"apiVersion", "apps/v1"},
                                   {"kind", "ControllerRevision"},
                                   {"metadata", std::move(metadata)},
                                   {"revision", revision.number()},
                                   {"data", std::move(*data)}})};
}

std::string revisionNumberPatch(std::int64_t number, const Fence& fence) {
  return toText({{"metadata", fenced(fence)}, {"revision", number}});
}

std::string revisionAdoptionPatch(const kubeapi::StatefulGroup& group, const Fence& fence) {
  Json metadata = fenced(fence);
  metadata["labels"] = ownedMeta(group.meta, {})["labels"];
  metadata["ownerReferences"] = Json::array({ownerReference(group.meta, Ownership::kController)});
  return toText({{"metadata", std::move(metadata)}});
}

}  // namespace stowage::statefulgroup
