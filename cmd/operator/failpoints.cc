#include "cmd/operator/failpoints.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <utility>

namespace stowage::operator_cmd {

using statefulgroup::Answer;
using statefulgroup::DryRun;
using statefulgroup::Fence;
using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;
using statefulgroup::ObjectName;

namespace {

constexpr const char* kVariable = "STOWAGE_FAILPOINTS";

tl::unexpected<base::Status> wrong(std::string_view text) {
  return base::fail(base::Code::kInvalidArgument,
                    std::string(kVariable) + ": \"" + std::string(text) +
                        "\" is not before:CALL:COUNT or after:CALL:COUNT");
}

}  // namespace

base::Result<Failpoint> parseFailpoint(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || last <= first + 1) return wrong(text);
  const std::string_view when = text.substr(0, first);
  const std::string_view count = text.substr(last + 1);
  Failpoint failpoint{when == "before", std::string(text.substr(first + 1, last - first - 1)), 0};
  const auto [end, error] =
      std::from_chars(count.data(), count.data() + count.size(), failpoint.count);
  const bool counted = error == std::errc() && end == count.data() + count.size();
  if (!counted || failpoint.count < 1 || (when != "before" && when != "after")) return wrong(text);
  return failpoint;
}

base::Result<Failpoint> failpointOfEnvironment() {
  const char* given = std::getenv(kVariable);
  if (given == nullptr || *given == '\0') return Failpoint{};
  return parseFailpoint(given);
}

void Failpoints::endProcess() { _exit(137); }

Failpoints::Failpoints(statefulgroup::ObjectApi& objects, statefulgroup::HookCaller& hooks,
                       Failpoint failpoint, std::function<void()> die)
    : trigger_(std::move(failpoint), std::move(die)),
      objects_(objects, trigger_),
      hooks_(hooks, trigger_) {}

Failpoints::Trigger::Trigger(Failpoint failpoint, std::function<void()> die)
    : failpoint_(std::move(failpoint)), die_(std::move(die)) {}

void Failpoints::Trigger::pass(bool before, std::string_view call, std::string_view name) {
  if (before != failpoint_.before || failpoint_.call.empty()) return;
  const std::string exact = std::string(call) + "/" + std::string(name);
  if (failpoint_.call != call && failpoint_.call != exact) return;
  if (++seen_ == failpoint_.count) die_();
}

template <typename Call>
Answer Failpoints::Objects::write(std::string_view verb, const ObjectName& object,
                                  const Call& call) {
  const std::string what =
      std::string(verb) + "/" + std::string(statefulgroup::pluralOf(object.resource));
  trigger_.before(what, object.name);
  Answer answer = call();
  if (answer.ok()) trigger_.after(what, object.name);
  return answer;
}

Answer Failpoints::Objects::get(const ObjectName& object) { return real_.get(object); }

Answer Failpoints::Objects::create(const ObjectName& object, std::string_view json,
                                   DryRun dry_run) {
  if (dry_run == DryRun::kYes) return real_.create(object, json, dry_run);
  return write("create", object, [&] { return real_.create(object, json, dry_run); });
}

Answer Failpoints::Objects::patch(const ObjectName& object, std::string_view subresource,
                                  std::string_view json) {
  return write("patch", object, [&] { return real_.patch(object, subresource, json); });
}

Answer Failpoints::Objects::replace(const ObjectName& object, std::string_view subresource,
                                    std::string_view json) {
  return write("replace", object, [&] { return real_.replace(object, subresource, json); });
}

Answer Failpoints::Objects::remove(const ObjectName& object, const Fence& fence) {
  return write("delete", object, [&] { return real_.remove(object, fence); });
}

Answer Failpoints::Objects::evict(const ObjectName& pod, const Fence& fence) {
  return write("evict", pod, [&] { return real_.evict(pod, fence); });
}

HookAnswer Failpoints::Hooks::ask(const HookRequest& request) {
  const std::string verb(statefulgroup::text(request.verb));
  const std::string name = request.subject.meta.name.str();
  trigger_.before("ask/" + verb, name);
  HookAnswer answer = real_.ask(request);
  const bool done = answer.kind == HookAnswer::Kind::kDone;
  if (done || answer.kind == HookAnswer::Kind::kWorking) trigger_.after("ask/" + verb, name);
  if (done) trigger_.after("done/" + verb, name);
  return answer;
}

}  // namespace stowage::operator_cmd
