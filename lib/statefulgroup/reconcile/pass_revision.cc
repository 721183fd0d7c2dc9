// Pass: which revision the group's spec is, made and tried when it is new.
#include <set>
#include <utility>

#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/member_inputs.h"
#include "statefulgroup/reconcile/pass.h"
#include "statefulgroup/render/pod_renderer.h"
#include "statefulgroup/render/revision_renderer.h"

namespace stowage::statefulgroup {

using controlloop::Outcome;

namespace {

using Next = Outcome::Next;

constexpr int kMaxCollisions = 10;

}  // namespace

std::optional<Outcome> Pass::settleRevision() {
  history_ = readHistory(group_, observed_.revisions);
  collisions_ = group_.status.collision_count;
  const GroupMode mode = modeOf(group_);
  if (mode == GroupMode::kPaused || mode == GroupMode::kStopping) {
    keepTargets();
    return std::nullopt;
  }
  if (!history_.orphans.empty()) return adoptRevisions();
  for (int tries = 0; tries < kMaxCollisions; ++tries) {
    const RevisionChoice choice = chooseRevision(group_, history_, collisions_);
    collisions_ = choice.collisions;
    switch (choice.kind) {
      case RevisionChoice::Kind::kCurrent:
        keepTargets();
        targets_.update = choice.revision->name();
        verdict_.state = TemplateVerdict::State::kValid;
        return std::nullopt;
      case RevisionChoice::Kind::kBump: {
        const std::string& name = choice.revision->name();
        const Answer answer =
            writes_.patch(Resource::kRevisions, name, {},
                          revisionNumberPatch(choice.revision->number(), fenceOfRevision(name)));
        if (!answer.ok()) fail(answer, "renumbering revision " + name);
        // Decided on with its new number.
        return Outcome{answer.ok() || !failed_ ? Next::kAfter : Next::kRetry, kLookSoon, error_};
      }
      case RevisionChoice::Kind::kCreate: {
        if (auto end = makeRevision(choice)) return end;
        if (!targets_.update.empty() || verdict_.state == TemplateVerdict::State::kRejected)
          return std::nullopt;
        ++collisions_;  // the name was taken
        break;
      }
      case RevisionChoice::Kind::kBlocked:
        keepTargets();
        verdict_.message = choice.problem.message();
        error_ = choice.problem.message();
        lookAgain(kLookAfterRejection);
        return std::nullopt;
    }
  }
  return Outcome{Next::kRetry, {}, "every name for a new revision is taken"};
}

// What the last pass went for, as far as it is still there.
void Pass::keepTargets() {
  const auto known = [&](const Symbol& name) {
    return history_.find(name.view()) != nullptr ? name : Symbol();
  };
  targets_.update = known(group_.status.update_revision);
  targets_.current = known(group_.status.current_revision);
}

Fence Pass::fenceOfRevision(const std::string& name) const {
  for (const auto& revision : observed_.revisions) {
    if (revision->meta.name.view() == name) return fenceOf(revision->meta);
  }
  return {};
}

std::optional<Outcome> Pass::adoptRevisions() {
  for (const auto& orphan : history_.orphans) {
    const Answer answer = writes_.patch(Resource::kRevisions, orphan->meta.name.str(), {},
                                        revisionAdoptionPatch(group_, fenceOf(orphan->meta)));
    if (!answer.ok()) fail(answer, "adopting revision " + orphan->meta.name.str());
  }
  return Outcome{failed_ ? Next::kRetry : Next::kAfter, kLookSoon, error_};
}

// No value and no target: the name is taken.
std::optional<Outcome> Pass::makeRevision(const RevisionChoice& choice) {
  verdict_ = tryTemplate(*choice.revision);
  if (verdict_.state == TemplateVerdict::State::kUnknown)
    return Outcome{Next::kRetry, {}, "trying the template: " + verdict_.message};
  if (verdict_.state == TemplateVerdict::State::kRejected) {
    keepTargets();
    lookAgain(kLookAfterRejection);
    return std::nullopt;
  }
  const std::string& name = choice.revision->name();
  const Answer answer =
      writes_.create(Resource::kRevisions, name, renderRevision(group_, *choice.revision).json);
  if (answer.code == base::Code::kAlreadyExists) return std::nullopt;
  if (!answer.ok())
    return Outcome{Next::kRetry, {}, "making revision " + name + ": " + answer.message};
  // Decided on when the caches show it.
  return Outcome{Next::kAfter, kLookSoon, {}};
}

// The API server judges the pods of a template, all of its admission included, before any of them
// is replaced.
TemplateVerdict Pass::tryTemplate(const Revision& revision) {
  const std::vector<int> ordinals = wantedOrdinals(group_.spec, 0);
  const Replica replica{0, ordinals.empty() ? group_.spec.ordinals.start : ordinals.front()};
  const ObjectName pod{Resource::kPods, writes_.ns(), names_.pod(replica)};
  const std::string json = renderPod(inputsOf(group_, names_, revision, replica, std::nullopt));
  const Answer answer = ports_.api.create(pod, json, DryRun::kYes);
  switch (answer.code) {
    case base::Code::kOk:
    case base::Code::kAlreadyExists:  // judged before the name was
      return {TemplateVerdict::State::kValid, {}};
    case base::Code::kInvalidArgument:
    case base::Code::kForbidden:
      return {TemplateVerdict::State::kRejected, answer.message};
    default:
      return {TemplateVerdict::State::kUnknown, answer.message};
  }
}

void Pass::dropOldRevisions(const GroupSight& sight) {
  std::set<std::string> live = {targets_.update.str(), targets_.current.str()};
  for (const ShardView& shard : sight.shards) {
    for (const Member& member : shard.members) live.insert(member.revision.str());
  }
  for (const std::string& name :
       revisionsToDelete(history_, live, group_.spec.revision_history_limit)) {
    for (const auto& revision : observed_.revisions) {
      if (revision->meta.name.view() != name) continue;
      const Answer answer = writes_.remove(Resource::kRevisions, name, fenceOf(revision->meta));
      if (!answer.ok()) fail(answer, "deleting revision " + name);
    }
  }
}

}  // namespace stowage::statefulgroup
