#include "cmd/kubectl-stowage/verbs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cmd/kubectl-stowage/view/history.h"
#include "cmd/kubectl-stowage/view/replacement.h"
#include "cmd/kubectl-stowage/view/report.h"
#include "cmd/kubectl-stowage/view/rollback.h"
#include "cmd/kubectl-stowage/view/table.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_view.h"

namespace stowage::kubectl {

using kubeapi::group::ManagementPolicy;

namespace {

using Json = nlohmann::json;

constexpr base::Duration kLookAgain = std::chrono::seconds(1);
constexpr std::size_t kWidest = 1000;  // bytes of one line about a revision

k8sclient::CallOptions writing() {
  k8sclient::CallOptions options;
  options.timeout = std::chrono::seconds(30);
  options.query.emplace_back("fieldManager", "kubectl-stowage");
  return options;
}

}  // namespace

Verbs::Verbs(k8sclient::ApiClient& api, base::Clock& clock, const std::string& ns)
    : api_(api), clock_(clock), ns_(ns), reader_(api, ns) {}

base::Result<std::string> Verbs::run(const Options& options) {
  switch (options.verb) {
    case Verb::kStatus:
      return status(options);
    case Verb::kHistory:
      return history(options);
    case Verb::kRollback:
      return rollback(options);
    case Verb::kRestart:
      return restart(options.name);
    case Verb::kPause:
    case Verb::kResume:
      return manage(options.name, options.verb == Verb::kPause);
    case Verb::kReplace:
      return replace(options.name);
  }
  return base::fail(base::Code::kInternal, "no such verb");
}

base::Status Verbs::watch(const Options& options,
                          const std::function<void(const std::string&)>& show,
                          const std::stop_token& stop) {
  std::string shown;
  while (!stop.stop_requested()) {
    auto text = status(options);
    if (!text) return text.error();
    if (*text != shown) show(*text);
    shown = std::move(*text);
    clock_.sleepFor(kLookAgain, stop);
  }
  return {};
}

base::Result<std::string> Verbs::status(const Options& options) {
  const auto read = reader_.everything(options.name);
  if (!read) return base::fail(read.error());
  const GroupReport report = reportOf(read->observed, clock_.wallNow());
  return options.json ? statusJson(report) : statusText(report, options.colours);
}

base::Result<std::string> Verbs::history(const Options& options) {
  const auto read = reader_.everything(options.name);
  if (!read) return base::fail(read.error());
  return options.json ? historyJson(read->observed) : historyText(read->observed, clock_.wallNow());
}

std::optional<std::string> Verbs::overtaken(const kubeapi::StatefulGroup& group) {
  const auto again = reader_.group(group.meta.name.str());
  if (!again) return std::nullopt;
  const kubeapi::ObjectMeta& now = again->observed.group->meta;
  if (now.uid == group.meta.uid && now.generation == group.meta.generation) return std::nullopt;
  return fmt::format(
      "somebody has changed group {} meanwhile; nothing was done, look at it and try "
      "again",
      group.meta.name.view());
}

base::Result<std::string> Verbs::rollback(const Options& options) {
  const auto read = reader_.everything(options.name);
  if (!read) return base::fail(read.error());
  const auto plan = planRollback(read->json, read->observed, options.to_revision);
  if (!plan) return base::fail(plan.error().withPrefix("group " + options.name));
  if (plan->patch.empty())
    return fmt::format("{} is at revision {} ({}) already; nothing was done\n", options.name,
                       plan->number, plan->name);
  const auto answer = api_.patch(groupPath(ns_, options.name), k8sclient::PatchType::kJson,
                                 plan->patch, writing(), {});
  if (!answer) {
    if (const auto why = overtaken(*read->observed.group))
      return base::fail(base::Code::kConflict, *why);
    return base::fail(failed("rolling " + options.name + " back", answer.error()));
  }
  std::string text = fmt::format("{}: revision {} ({}) is back in the spec. Changed:\n",
                                 options.name, plan->number, plan->name);
  // Whoever writes revisions chooses what their fields are called.
  for (const std::string& change : plan->changes) text += "  " + oneLine(change, kWidest) + "\n";
  for (const std::string& remark : plan->remarks)
    text += "Note: " + oneLine(remark, kWidest) + "\n";
  return text + fmt::format(
                    "Pods follow by the rules of an update: kubectl stowage status {} -n "
                    "{} --watch\n",
                    options.name, ns_);
}

base::Status Verbs::setField(const kubeapi::StatefulGroup& group, const std::string& field,
                             const std::string& value) {
  const Json patch = {{"metadata", {{"uid", group.meta.uid.view()}}}, {"spec", {{field, value}}}};
  const auto answer = api_.patch(groupPath(ns_, group.meta.name.str()),
                                 k8sclient::PatchType::kMerge, patch.dump(), writing(), {});
  if (!answer)
    return failed(fmt::format("setting spec.{} of {}", field, group.meta.name.view()),
                  answer.error());
  return {};
}

base::Result<std::string> Verbs::restart(const std::string& name) {
  const auto read = reader_.group(name);
  if (!read) return base::fail(read.error());
  const kubeapi::StatefulGroup& group = *read->observed.group;
  const std::string now = base::formatTime(clock_.wallNow());
  if (base::Status set = setField(group, "restartTime", now); !set.ok()) return base::fail(set);
  std::string text = fmt::format(
      "{}: every member gets a new pod, one after another (restartTime {})\n", name, now);
  if (group.spec.management_policy == ManagementPolicy::kPaused)
    text += "Note: the group is paused: nothing happens before it is resumed\n";
  return text;
}

base::Result<std::string> Verbs::manage(const std::string& name, bool paused) {
  const auto read = reader_.group(name);
  if (!read) return base::fail(read.error());
  const kubeapi::StatefulGroup& group = *read->observed.group;
  const bool is_paused = group.spec.management_policy == ManagementPolicy::kPaused;
  if (is_paused == paused)
    return fmt::format("{} is {} already\n", name, paused ? "paused" : "managed");
  if (base::Status set = setField(group, "managementPolicy", paused ? "Paused" : "Managed");
      !set.ok())
    return base::fail(set);
  return paused ? fmt::format(
                      "{}: paused; the operator looks on and does nothing until kubectl "
                      "stowage resume {}\n",
                      name, name)
                : fmt::format("{}: managed again\n", name);
}

base::Result<std::string> Verbs::replace(const std::string& name) {
  const auto pod = reader_.pod(name);
  if (!pod) return base::fail(pod.error());
  const kubeapi::ObjectMeta& meta = (*pod)->meta;
  const base::Symbol* label = meta.labels.find(statefulgroup::kGroupLabel);
  const kubeapi::OwnerReference* owner = statefulgroup::controllerOf(meta);
  if (label == nullptr || owner == nullptr || owner->kind.view() != "StatefulGroup")
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("pod {} is no member of a StatefulGroup", name));
  const auto read = reader_.everything(owner->name.str());
  if (!read) return base::fail(read.error());
  if (!statefulgroup::isOwnedBy(meta, *read->observed.group))
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("pod {} belongs to an earlier group {}", name, owner->name.view()));
  const Replacement verdict = judgeReplacement(read->observed, **pod, clock_.wallNow());
  if (!verdict.refusal.empty())
    return base::fail(base::Code::kConflict,
                      fmt::format("{} is not replaced: {}", name, verdict.refusal));
  // The operator does it, since it knows what has to come first: a hand-over, a gate, its budget.
  const std::string asked = base::formatTime(clock_.wallNow());
  const Json patch = {
      {"metadata",
       {{"uid", meta.uid.view()},
        {"annotations", {{std::string(statefulgroup::kReplaceAnnotation), asked}}}}}};
  const auto path = k8sclient::resourcePath({"", "v1", "pods"}, ns_, name);
  const auto answer = api_.patch(path, k8sclient::PatchType::kMerge, patch.dump(), writing(), {});
  if (!answer) return base::fail(failed(name + " is not replaced", answer.error()));
  std::string text = fmt::format(
      "{}: asked for; the operator gives it a new pod with the same name and the same claims as "
      "soon as its shard can spare it: kubectl stowage status {} -n {} --watch\n",
      name, owner->name.view(), ns_);
  for (const std::string& remark : verdict.remarks) text += "Note: " + remark + "\n";
  return text;
}

}  // namespace stowage::kubectl
