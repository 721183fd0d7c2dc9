// RenderedObjects: a fixture that creates groups for real and writes what is rendered for them, as
// the operator does.
#pragma once

#include <string>
#include <vector>

#include "integration/statefulgroup/group_api.h"
#include "kubeapi/decode.h"
#include "statefulgroup/names.h"
#include "statefulgroup/render/pod_renderer.h"
#include "statefulgroup/render/rendered_object.h"
#include "statefulgroup/revision.h"

namespace stowage::testing {

inline const k8sclient::ResourceType kPods{"", "v1", "pods"};
inline const k8sclient::ResourceType kClaims{"", "v1", "persistentvolumeclaims"};
inline const k8sclient::ResourceType kServices{"", "v1", "services"};
inline const k8sclient::ResourceType kBudgets{"policy", "v1", "poddisruptionbudgets"};
inline const k8sclient::ResourceType kRevisions{"apps", "v1", "controllerrevisions"};

class RenderedObjects : public GroupApi {
 protected:
  // Created for real, so that it has a uid and the server's defaults.
  kubeapi::StatefulGroup stored(const Json& spec_patch, const std::string& name = "db");
  // As it would be after an update, which is not made.
  kubeapi::StatefulGroup changed(kubeapi::StatefulGroup group, const Json& pod_template);
  static statefulgroup::Revision revisionOf(const kubeapi::StatefulGroup& group,
                                            const std::string& name = "db-x",
                                            std::int64_t number = 1);
  // Created or only tried; null and a failure when the server refuses it.
  Json accepted(const k8sclient::ResourceType& type, const std::string& json, bool dry_run = true);
};

// kEverything of the unit tests, as a patch of a minimal spec, with classes that need not exist
// left out.
Json everything();

}  // namespace stowage::testing
