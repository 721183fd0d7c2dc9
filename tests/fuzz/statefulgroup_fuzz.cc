// What the operator reads of objects that others may have made or changed: revisions, and living
// objects that it compares with what it rendered.
#include <nlohmann/json.hpp>

#include "fuzz/fuzz_target.h"
#include "statefulgroup/render/claim_renderer.h"
#include "statefulgroup/render/drift.h"
#include "statefulgroup/render/in_place.h"
#include "statefulgroup/render/service_renderer.h"
#include "statefulgroup/revision.h"

namespace stowage {
namespace {

using namespace statefulgroup;

kubeapi::StatefulGroup group() {
  kubeapi::StatefulGroup group;
  group.meta.ns = "ns";
  group.meta.name = "db";
  group.meta.uid = "u-1";
  group.spec.claim_retention.when_deleted = kubeapi::group::Retention::kDelete;
  return group;
}

Revision revisionOf(const char* image) {
  kubeapi::StatefulGroup of = group();
  of.spec.pod_template.text = std::string(R"({"spec":{"containers":[{"name":"main","image":")") +
                              image + R"(","resources":{"limits":{"cpu":"1"}}}]}})";
  return *Revision::fromData(image, 1, revisionData(of));
}

PodInputs memberOf(const kubeapi::StatefulGroup& of, const Names& names, const Revision& revision) {
  return {of.meta, names, revision, {0, 1}, 0, true, 1, 3};
}

STOWAGE_FUZZ_TARGET(revision_data) {
  const auto revision = Revision::fromData("db-x", 1, input);
  if (!revision) return;
  const auto again = Revision::fromData("db-x", 1, revision->data());
  if (!again || again->data() != revision->data()) fuzz::broken("data is not canonical", input);
  const kubeapi::StatefulGroup of = group();
  const Names names(of);
  const PodInputs inputs = memberOf(of, names, *revision);
  if (!nlohmann::json::accept(renderPod(inputs))) fuzz::broken("a pod is no JSON", input);
  const InPlaceChange same = inPlaceChange(inputs, *again);
  if (!same.possible() || same.metadata || same.images || same.tolerations || same.resources) {
    fuzz::broken("a revision differs from itself", input);
  }
  static const Revision other = revisionOf("x-1");
  const InPlaceChange there = inPlaceChange(inputs, other);
  const InPlaceChange back = inPlaceChange(memberOf(of, names, other), *revision);
  if (there.images != back.images) fuzz::broken("images differ one way only", input);
}

STOWAGE_FUZZ_TARGET(live_object) {
  const kubeapi::StatefulGroup of = group();
  const Names names(of);
  static const Revision before = revisionOf("x-1");
  static const Revision after = revisionOf("x-2");
  const auto patch = nextInPlacePatch(memberOf(of, names, before), after, input);
  if (patch && *patch && !nlohmann::json::accept((*patch)->json)) {
    fuzz::broken("a patch is no JSON", input);
  }
  if (const auto owners = claimOwnerPatch(of, input); owners && !nlohmann::json::accept(*owners)) {
    fuzz::broken("a patch is no JSON", input);
  }
  const std::string service = renderServices(of, names, {}).at(0).json;
  if (contains(input, service) && contains(input, R"({"kind":"Pod"})")) {
    fuzz::broken("a Service is a Pod", input);
  }
  const nlohmann::json value = nlohmann::json::parse(input, nullptr, false);
  if (!value.is_discarded() && contains(input, "{}") && !contains(input, input)) {
    fuzz::broken("an object does not contain itself", input);
  }
}

}  // namespace
}  // namespace stowage
