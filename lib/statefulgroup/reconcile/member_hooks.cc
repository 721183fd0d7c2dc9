#include "statefulgroup/reconcile/member_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "statefulgroup/labels.h"

namespace stowage::statefulgroup {

using kubeapi::group::GateMode;
using kubeapi::group::HookFailure;
using kubeapi::group::RoleCardinality;

namespace {

using End = StepResult::End;
using Json = nlohmann::json;

const Symbol* annotation(const kubeapi::MemberPod& pod, std::string_view key) {
  return pod.meta.annotations.find(key);
}

}  // namespace

MemberHooks::MemberHooks(const kubeapi::StatefulGroup& group, GroupWrites& writes,
                         const PassPorts& ports, base::WallTime now)
    : group_(group), writes_(writes), ports_(ports), now_(now) {}

void MemberHooks::tell(bool warning, const char* reason, const char* action,
                       const Departure& departure, std::string note) {
  ports_.events.record(group_,
                       {warning, reason, action, std::move(note), departure.pod.meta.name.str()});
}

HookAnswer MemberHooks::ask(const Question& question) {
  switch (question.mode) {
    case Mode::kNone:
      return {};
    case Mode::kPodAnnotation:
      return askByAnnotation(question);
    case Mode::kHttp:
      break;
  }
  if (!question.http) return {HookAnswer::Kind::kFailed, "the hook has no http"};
  return ports_.hooks.ask(
      {question.agent, question.subject, *question.http, question.verb, question.id});
}

// The question is written on the pod; whoever can answer it writes beside it.
HookAnswer MemberHooks::askByAnnotation(const Question& question) {
  const Symbol* answer = annotation(question.subject, kAnswerAnnotation);
  if (answer != nullptr && answer->view() == "done " + question.id) return {};
  if (answer != nullptr && answer->view() == "refused " + question.id)
    return {HookAnswer::Kind::kRefused, "refused by annotation"};
  const std::string request = fmt::format("{} {}", text(question.verb), question.id);
  const Symbol* asked = annotation(question.subject, kRequestAnnotation);
  if (asked == nullptr || asked->view() != request) {
    const Json patch = {
        {"metadata", {{"annotations", {{std::string(kRequestAnnotation), request}}}}}};
    // Without the version: the record of the operation may just have been written.
    const Answer written = writes_.patch(Resource::kPods, question.subject.meta.name.str(),
                                         {question.subject.meta.uid, {}}, patch.dump());
    if (!written.ok()) return {HookAnswer::Kind::kFailed, written.message};
  }
  return {HookAnswer::Kind::kWorking, "asked by annotation"};
}

StepResult MemberHooks::unanswered(const Departure& departure, const std::string& what,
                                   const HookAnswer& answer, std::int32_t timeout_seconds,
                                   HookFailure policy) const {
  const bool late = now_ - departure.operation.start >= std::chrono::seconds(timeout_seconds);
  if (late && policy == HookFailure::kProceed) return {};
  return {End::kDenied, fmt::format("{} of {}: {}{}", what, departure.pod.meta.name.view(),
                                    answer.message.empty() ? "no answer yet" : answer.message,
                                    late ? " (its time is over)" : "")};
}

StepResult MemberHooks::gate(const Departure& departure, const Member& member) {
  const auto& gates = group_.spec.health_gates;
  if (gates.mode == GateMode::kNone) return {};
  const HookAnswer answer = ask({HookVerb::kPreDisruption, Mode::kHttp, gates.http, *member.pod,
                                 *member.pod, departure.operation.id});
  if (answer.kind == HookAnswer::Kind::kDone) return {};
  return unanswered(departure, "pre-disruption", answer, gates.timeout_seconds,
                    gates.failure_policy);
}

bool MemberHooks::holdsTheOne(const Member& member) const {
  return std::any_of(group_.spec.roles.begin(), group_.spec.roles.end(), [&](const auto& role) {
    return role.cardinality == RoleCardinality::kOne && !role.name.empty() &&
           role.name == member.role.role;
  });
}

// The hook's word is not enough: somebody else has to tell of the role, in a later term.
StepResult MemberHooks::handOver(const Departure& departure, const Member& member,
                                 const ShardView& shard) {
  const auto& switchover = group_.spec.switchover;
  if (switchover.mode == Mode::kNone) return {};
  if (!holdsTheOne(member)) {
    // Its own word that it is somebody else is good; silence is not, while nobody else has the
    // role.
    const bool elsewhere =
        std::any_of(shard.members.begin(), shard.members.end(),
                    [&](const Member& other) { return other.there() && holdsTheOne(other); });
    if (!member.role.role.empty() || elsewhere) return handedOver(departure, shard);
    return notHandedOver(
        departure, {HookAnswer::Kind::kFailed, "its role is not known, and nobody else leads"});
  }
  const bool confirmed =
      std::any_of(shard.members.begin(), shard.members.end(), [&](const Member& other) {
        return !(other.replica == member.replica) && holdsTheOne(other) &&
               other.role.term > member.role.term;
      });
  if (confirmed) return handedOver(departure, shard);
  if (ports_.hand_overs.begin(departure.operation.id))
    tell(false, "SwitchoverStarted", "SwitchingOver", departure,
         fmt::format("{} is asked to hand role {} over before it goes",
                     departure.pod.meta.name.view(), member.role.role.view()));
  HookAnswer answer = ask({HookVerb::kSwitchover, switchover.mode, switchover.http, *member.pod,
                           *member.pod, departure.operation.id});
  if (answer.kind == HookAnswer::Kind::kDone)
    answer.message = "nobody else has told of the role in a later term yet";
  return notHandedOver(departure, answer);
}

StepResult MemberHooks::handedOver(const Departure& departure, const ShardView& shard) {
  if (!ports_.hand_overs.end(departure.operation.id)) return {};
  std::string note = departure.pod.meta.name.str() + " has handed its role over";
  for (const Member& other : shard.members) {
    if (other.replica == departure.replica || !other.there() || !holdsTheOne(other)) continue;
    note = fmt::format("{} has handed role {} over to {}, term {}", departure.pod.meta.name.view(),
                       other.role.role.view(), other.pod->meta.name.view(), other.role.term);
  }
  tell(false, "SwitchoverSucceeded", "SwitchingOver", departure, std::move(note));
  return {};
}

StepResult MemberHooks::notHandedOver(const Departure& departure, const HookAnswer& answer) {
  const auto& switchover = group_.spec.switchover;
  StepResult result = unanswered(departure, "switchover", answer, switchover.timeout_seconds,
                                 switchover.failure_policy);
  const auto time = std::chrono::seconds(switchover.timeout_seconds);
  if (now_ - departure.operation.start >= time && ports_.hand_overs.fail(departure.operation.id))
    tell(true, "SwitchoverFailed", "SwitchingOver", departure,
         fmt::format("{} has not handed its role over within {} s ({}), and {}",
                     departure.pod.meta.name.view(), time.count(), answer.message,
                     result.end == End::kDone ? "goes all the same" : "stays"));
  return result;
}

// Never skipped: a member that is gone and still counts takes the shard nearer to the loss of its
// quorum. A peer speaks for a member that does not serve.
StepResult MemberHooks::leave(const Departure& departure, const Member& member,
                              const ShardView& shard) {
  const auto& membership = group_.spec.membership;
  if (membership.mode == Mode::kNone || !departure.forGood() || !shard.wanted) return {};
  const kubeapi::MemberPod* agent = member.available() ? member.pod.get() : nullptr;
  for (const Member& other : shard.members) {
    if (agent == nullptr && other.available() && !(other.replica == member.replica))
      agent = other.pod.get();
  }
  if (agent == nullptr) return {End::kDenied, "no member serves that could be asked"};
  if (membership.mode == Mode::kPodAnnotation && departure.pod.meta.uid.empty())
    return {End::kDenied, "there is no pod that could be asked by annotation"};
  const HookAnswer answer = ask({HookVerb::kLeave, membership.mode, membership.http, *agent,
                                 departure.pod, departure.operation.id});
  if (answer.kind == HookAnswer::Kind::kDone) {
    tell(false, "MemberLeft", "Leaving", departure,
         departure.pod.meta.name.str() + " is no member of its shard any more");
    return {};
  }
  return unanswered(departure, "leave", answer, membership.timeout_seconds, HookFailure::kBlock);
}

StepResult MemberHooks::before(const Departure& departure, const std::vector<ShardView>& shards) {
  for (const ShardView& shard : shards) {
    if (shard.index != departure.replica.shard) continue;
    for (const Member& member : shard.members) {
      if (!(member.replica == departure.replica) || !member.there()) continue;
      StepResult result = gate(departure, member);
      if (result.end == End::kDone) result = handOver(departure, member, shard);
      if (result.end == End::kDone) result = leave(departure, member, shard);
      return result;
    }
  }
  return {End::kStale, "the member is not there"};
}

StepResult MemberHooks::leaveInAbsence(const Departure& departure,
                                       const std::vector<ShardView>& shards) {
  for (const ShardView& shard : shards) {
    if (shard.index != departure.replica.shard) continue;
    for (const Member& member : shard.members) {
      if (member.replica == departure.replica) return leave(departure, member, shard);
    }
  }
  return {End::kStale, "the member is not wanted any more"};
}

StepResult MemberHooks::afterStart(const kubeapi::MemberPod& pod, HookVerb verb) {
  const bool join = verb == HookVerb::kJoin;
  const std::string id = fmt::format("{}/{}", pod.meta.uid.view(), text(verb));
  const HookAnswer answer =
      join ? ask({verb, group_.spec.membership.mode, group_.spec.membership.http, pod, pod, id})
           : ask({verb, Mode::kHttp, group_.spec.health_gates.http, pod, pod, id});
  if (answer.kind == HookAnswer::Kind::kDone) return {};
  return {End::kDenied, fmt::format("{} of {}: {}", text(verb), pod.meta.name.view(),
                                    answer.message.empty() ? "no answer yet" : answer.message)};
}

}  // namespace stowage::statefulgroup
