// StepRunner's steps about claims. Nothing that a cache says is enough to take data away.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "statefulgroup/labels.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/step_runner.h"
#include "statefulgroup/render/claim_renderer.h"

namespace stowage::statefulgroup {

namespace {

using End = StepResult::End;
using Json = nlohmann::json;

}  // namespace

StepResult StepRunner::carryOut(const CreateClaims& step, const std::string& /*reason*/) {
  return createClaims(step.replica);
}

StepResult StepRunner::createClaims(Replica replica) {
  for (const auto& wanted : group_.spec.claim_templates) {
    if (StepResult made = createClaim(wanted, replica); made.end != End::kDone) return made;
  }
  return {};
}

// Also where the caches show the claim: they may show one that is gone.
StepResult StepRunner::createClaim(const kubeapi::group::ClaimTemplate& wanted, Replica replica) {
  const RenderedObject claim = renderClaim(group_, names_, wanted, replica);
  const Answer answer = writes_.create(Resource::kClaims, claim.name, claim.json);
  if (answer.code == base::Code::kAlreadyExists) return takeOverClaim(claim.name, replica);
  if (!answer.ok())
    tell(true, "FailedCreate", "Creating", names_.pod(replica),
         fmt::format("could not create claim {}: {}", claim.name, answer.message));
  return resultOf(answer);
}

// A claim of that name outlived its pod, or was made for it: it gets our labels, unless somebody
// owns it.
StepResult StepRunner::takeOverClaim(const std::string& name, Replica replica) {
  const auto claim = decode<kubeapi::PersistentVolumeClaim>(writes_.get(Resource::kClaims, name));
  if (claim == nullptr) return {End::kStale, "claim " + name + " cannot be read"};
  if (controllerOf(claim->meta) != nullptr && !isOwnedBy(claim->meta, group_))
    return nameTaken("claim", name, ownerText(claim->meta));
  if (claim->meta.deletion_time)
    return {End::kDenied, fmt::format("claim {} is being deleted", name)};
  if (claim->meta.annotations.find(kQuarantineAnnotation) != nullptr && !reusesClaims(group_.spec))
    return {End::kDenied, fmt::format("claim {} is of a member that left", name)};
  const Symbol* label = claim->meta.labels.find(kGroupUidLabel);
  if (label != nullptr && *label == group_.meta.uid) return {};
  const Json labels = {{"metadata", {{"labels", identityLabels(group_, replica)}}}};
  return resultOf(writes_.patch(Resource::kClaims, name, fenceOf(claim->meta), labels.dump()));
}

// Invariant I4: nothing that a cache says is enough to delete data.
StepResult StepRunner::carryOut(const DropClaim& step, const std::string& reason) {
  StepResult result;
  const auto live = liveGroup(result);
  if (live == nullptr) return result;
  const std::vector<int> wanted = wantedOrdinals(live->spec, step.replica.shard);
  const bool given_up = step.replica.shard >= live->spec.shards;
  if (live->spec.claim_retention.when_scaled != kubeapi::group::Retention::kDelete ||
      std::find(wanted.begin(), wanted.end(), step.replica.ordinal) != wanted.end() ||
      (wanted.empty() && !given_up))
    return {End::kStale, "the claim is wanted again"};
  const std::string pod = names_.pod(step.replica);
  if (writes_.get(Resource::kPods, pod).code != base::Code::kNotFound)
    return {End::kStale, fmt::format("pod {} is still there", pod)};
  const std::string name = step.claim->meta.name.str();
  const auto claim = decode<kubeapi::PersistentVolumeClaim>(writes_.get(Resource::kClaims, name));
  if (claim == nullptr || !(claim->meta.uid == step.claim->meta.uid))
    return {End::kStale, fmt::format("claim {} is another one", name)};
  result = resultOf(writes_.remove(Resource::kClaims, name, fenceOf(claim->meta)));
  if (result.end == End::kDone)
    tell(false, "SuccessfulDelete", "Deleting", names_.pod(step.replica),
         fmt::format("deleted claim {} (whenScaled is Delete): {}", name, reason));
  return result;
}

StepResult StepRunner::carryOut(const QuarantineClaim& step, const std::string& reason) {
  const std::string name = step.claim->meta.name.str();
  StepResult result =
      resultOf(writes_.patch(Resource::kClaims, name, fenceOf(step.claim->meta),
                             annotationPatch(kQuarantineAnnotation, group_.meta.uid.str())));
  if (result.end == End::kDone)
    tell(false, "ClaimQuarantined", "Quarantining", names_.pod(step.replica),
         fmt::format("claim {} is kept and not used again: {}", name, reason));
  return result;
}

StepResult StepRunner::carryOut(const ChangeClaim& step, const std::string& reason) {
  const auto wanted =
      std::find_if(group_.spec.claim_templates.begin(), group_.spec.claim_templates.end(),
                   [&](const auto& known) { return known.name == step.claim_template; });
  if (wanted == group_.spec.claim_templates.end()) return {End::kStale, {}};
  const std::string name = step.claim->meta.name.str();
  Json patch = Json::object();
  std::vector<std::string> changes;
  if (step.claim->request < wanted->storage) {
    patch["spec"]["resources"]["requests"]["storage"] = wanted->storage.toString();
    changes.push_back("grow to " + wanted->storage.toString());
  }
  if (!wanted->attributes_class.empty()) {
    patch["spec"]["volumeAttributesClassName"] = wanted->attributes_class.str();
    changes.push_back("be of attributes class " + wanted->attributes_class.str());
  }
  const std::string what = fmt::format("{}", fmt::join(changes, " and "));
  const Answer answer =
      writes_.patch(Resource::kClaims, name, fenceOf(step.claim->meta), patch.dump());
  if (answer.ok()) {
    tell(false, "SuccessfulUpdate", "Expanding", names_.pod(step.replica),
         fmt::format("claim {} is to {}: {}", name, what, reason));
  } else if (answer.code != base::Code::kConflict) {
    tell(true, "ExpansionFailed", "Expanding", names_.pod(step.replica),
         fmt::format("claim {} cannot {}: {}", name, what, answer.message));
  }
  // Its pod goes on without, and so does everything else.
  if (answer.code == base::Code::kForbidden || answer.code == base::Code::kInvalidArgument)
    return {End::kTaken, fmt::format("claim {} cannot {}: {}", name, what, answer.message)};
  return resultOf(answer);
}

StepResult StepRunner::carryOut(const SetClaimOwner& step, const std::string& /*reason*/) {
  StepResult result;
  if (liveGroup(result) == nullptr) return result;
  const std::string name = step.claim->meta.name.str();
  const Answer live = writes_.get(Resource::kClaims, name);
  if (!live.ok()) return resultOf(live);
  const auto identity = identityOf(live.body);
  if (!identity || !(identity->uid == step.claim->meta.uid))
    return {End::kStale, fmt::format("claim {} is another one", name)};
  const auto patch = claimOwnerPatch(group_, live.body);
  return patch ? resultOf(writes_.patch(Resource::kClaims, name, {}, *patch)) : StepResult();
}

}  // namespace stowage::statefulgroup
