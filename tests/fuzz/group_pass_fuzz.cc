// Whole passes over whatever groups, pods, claims, budgets, Services and revisions there may be:
// the objects as the API server has them, and what it and the agents say to each call, come from
// the input. Nothing crashes; what is written is bounded, is JSON, and is fenced.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/metric_sink.h"
#include "fuzz/fuzz_target.h"
#include "kubeapi/decode.h"
#include "statefulgroup/names.h"
#include "statefulgroup/reconcile/reconciler.h"

namespace stowage {
namespace {

using namespace statefulgroup;
using Json = nlohmann::json;

// More are slower, and no different.
constexpr std::size_t kMaxMembers = 200;
constexpr std::size_t kMaxObjects = 64;  // of a kind
constexpr int kMaxWrites = 8000;
constexpr std::size_t kMaxStatus = 256 * 1024;

std::string textOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json& listIn(const Json& input, std::string_view list) {
  static const Json kNone = Json::array();
  const auto found = input.find(list);
  return found != input.end() && found->is_array() && found->size() <= kMaxObjects ? *found : kNone;
}

std::string stringAt(const Json& object, const char* pointer) {
  const Json::json_pointer place(pointer);
  return object.is_object() && object.contains(place) && object.at(place).is_string()
             ? object.at(place).get<std::string>()
             : std::string();
}

template <typename T>
std::vector<std::shared_ptr<const T>> readAll(const Json& input, Resource resource) {
  static kubeapi::Decoder<T> decoder;
  std::vector<std::shared_ptr<const T>> out;
  for (const Json& one : listIn(input, pluralOf(resource))) {
    if (auto object = decoder.object(textOf(one))) out.push_back(std::move(*object));
  }
  return out;
}

// One letter of the input decides each answer, in turn; after the last all goes well.
class Letters {
 public:
  Letters(const Json& input, const char* name) : text_(stringAt(input, name)) {}
  char next() { return at_ < text_.size() ? text_[at_++] : '.'; }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

class Server final : public ObjectApi {
 public:
  Server(const Json& input, std::string_view bytes) : bytes_(bytes), letters_(input, "/answers") {
    for (const Resource resource :
         {Resource::kGroups, Resource::kPods, Resource::kClaims, Resource::kVolumes,
          Resource::kServices, Resource::kBudgets, Resource::kRevisions, Resource::kNodes}) {
      for (const Json& one : listIn(input, pluralOf(resource)))
        objects_[{resource, stringAt(one, "/metadata/name")}] = one;
    }
  }

  Answer get(const ObjectName& object) override {
    const auto found = objects_.find({object.resource, object.name});
    if (found == objects_.end()) return {base::Code::kNotFound, "NotFound", "not found", {}, false};
    return said(found->second);
  }
  Answer create(const ObjectName& object, std::string_view json, DryRun dry_run) override {
    const Json body = parsed(json);
    if (dry_run == DryRun::kYes) return said(body);
    if (objects_.contains({object.resource, object.name}))
      return {base::Code::kAlreadyExists, "AlreadyExists", "it is there", {}, false};
    return written(object, body);
  }
  Answer patch(const ObjectName& object, std::string_view /*subresource*/,
               std::string_view json) override {
    const Json changes = parsed(json);
    const auto found = objects_.find({object.resource, object.name});
    if (found == objects_.end()) return get(object);
    Json after = found->second;
    after.merge_patch(changes);
    return written(object, std::move(after));
  }
  Answer replace(const ObjectName& object, std::string_view subresource,
                 std::string_view json) override {
    const Json body = parsed(json);
    if (object.resource == Resource::kGroups && subresource == "status") {
      static kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
      if (json.size() > kMaxStatus) fuzz::broken("a status is too long", bytes_);
      if (!decoder.object(json)) fuzz::broken("a status does not read back", bytes_);
    }
    return written(object, body);
  }
  Answer remove(const ObjectName& object, const Fence& fence) override {
    return end(object, fence);
  }
  Answer evict(const ObjectName& pod, const Fence& fence) override {
    evicted.push_back(pod.name);
    return end(pod, fence);
  }

  std::vector<std::string> evicted;

 private:
  Json parsed(std::string_view json) {
    Json body = Json::parse(json, nullptr, false);
    if (!body.is_object()) fuzz::broken("what is written is no JSON object", bytes_);
    return body;
  }
  static Answer said(const Json& object) {
    return {base::Code::kOk, {}, {}, textOf(object), false};
  }
  // What the server makes of a write.
  Answer verdict() {
    if (++writes_ > kMaxWrites) fuzz::broken("it writes without an end", bytes_);
    switch (letters_.next()) {
      case 'c':
        return {base::Code::kConflict, "Conflict", "it has changed", {}, false};
      case 'n':
        return {base::Code::kNotFound, "NotFound", "not found", {}, false};
      case 't':
        return {base::Code::kTooManyRequests, "TooManyRequests", "a budget says no", {}, false};
      case 'i':
        return {base::Code::kInvalidArgument, "Invalid", "it may not be changed", {}, false};
      case 'f':
        return {base::Code::kForbidden, "Forbidden", "somebody says no", {}, false};
      case 'u':
        return {base::Code::kUnavailable, {}, "the connection was closed", {}, true};
      default:
        return {};
    }
  }
  Answer written(const ObjectName& object, Json body) {
    Answer answer = verdict();
    if (!answer.ok()) return answer;
    answer.body = textOf(body);
    objects_[{object.resource, object.name}] = std::move(body);
    return answer;
  }
  Answer end(const ObjectName& object, const Fence& fence) {
    const auto found = objects_.find({object.resource, object.name});
    if (found == objects_.end()) return get(object);
    const std::string uid = stringAt(found->second, "/metadata/uid");
    if (!uid.empty() && fence.uid.empty() && object.resource != Resource::kRevisions)
      fuzz::broken("something is taken away whatever it is by now", bytes_);
    if (!fence.uid.empty() && fence.uid.view() != uid)
      return {base::Code::kConflict, "Conflict", "another uid", {}, false};
    Answer answer = verdict();
    if (answer.ok()) objects_.erase(found);
    return answer;
  }

  const std::string_view bytes_;
  Letters letters_;
  int writes_ = 0;
  std::map<std::pair<Resource, std::string>, Json> objects_;
};

class Agents final : public HookCaller {
 public:
  explicit Agents(const Json& input) : letters_(input, "/agents") {}
  HookAnswer ask(const HookRequest& /*request*/) override {
    switch (letters_.next()) {
      case 'w':
        return {HookAnswer::Kind::kWorking, "a moment"};
      case 'r':
        return {HookAnswer::Kind::kRefused, "no"};
      case 'f':
        return {HookAnswer::Kind::kFailed, "no answer"};
      default:
        return {};
    }
  }

 private:
  Letters letters_;
};

class NoEvents final : public EventSink {
 public:
  void record(const kubeapi::StatefulGroup& /*group*/, const GroupEvent& /*event*/) override {}
};

class Sight final : public GroupView {
 public:
  explicit Sight(Observed observed) : observed_(std::move(observed)) {}
  [[nodiscard]] std::optional<Observed> observe(const std::string& /*ns*/,
                                                const std::string& /*name*/) const override {
    return observed_;
  }

 private:
  const Observed observed_;
};

// {"sights": {"n1": "f"}}: a node is fenced, gone or silent, else ready; {"roles": {UID: ["leader",
// 7]}}.
void readSurroundings(const Json& input, Observed& observed) {
  if (const auto nodes = input.find("sights"); nodes != input.end() && nodes->is_object()) {
    for (const auto& [name, state] : nodes->items()) {
      NodeSight& node = observed.nodes[Symbol(name)];
      node.state = state == "f"   ? NodeSight::State::kFenced
                   : state == "g" ? NodeSight::State::kGone
                   : state == "s" ? NodeSight::State::kSilent
                                  : NodeSight::State::kReady;
    }
  }
  if (const auto roles = input.find("roles"); roles != input.end() && roles->is_object()) {
    for (const auto& [uid, told] : roles->items()) {
      if (!told.is_array() || told.size() != 2 || !told[0].is_string() || !told[1].is_number())
        continue;
      observed.roles[Symbol(uid)] = {Symbol(told[0].get<std::string>()),
                                     told[1].is_number_integer() ? told[1].get<std::int64_t>() : 0};
    }
  }
}

STOWAGE_FUZZ_TARGET(group_pass) {
  const Json json = Json::parse(input, nullptr, false);
  if (!json.is_object()) return;
  auto groups = readAll<kubeapi::StatefulGroup>(json, Resource::kGroups);
  if (groups.empty()) return;
  Observed observed;
  observed.group = groups.front();
  const auto& spec = observed.group->spec;
  if (static_cast<std::size_t>(spec.shards) * static_cast<std::size_t>(spec.replicas) > kMaxMembers)
    return;
  observed.pods = readAll<kubeapi::MemberPod>(json, Resource::kPods);
  observed.claims = readAll<kubeapi::PersistentVolumeClaim>(json, Resource::kClaims);
  observed.budgets = readAll<kubeapi::PodDisruptionBudget>(json, Resource::kBudgets);
  observed.services = readAll<kubeapi::OwnedService>(json, Resource::kServices);
  observed.revisions = readAll<kubeapi::ControllerRevision>(json, Resource::kRevisions);
  readSurroundings(json, observed);

  const Names names(*observed.group);
  const Sight sight(observed);
  Server server(json, input);
  Agents agents(json);
  NoEvents events;
  base::ManualClock clock(base::WallTime(std::chrono::seconds(1'700'000'100)));
  Reconciler reconciler(sight, server, agents, events, clock, base::nullMetricSink());
  (void)reconciler.reconcile("ns/db", {});
  std::map<int, int> in_shard;
  for (const std::string& pod : server.evicted) {
    const auto replica = names.replicaOf(pod);
    if (!replica) fuzz::broken("a pod is evicted that is no member's", input);
    if (++in_shard[replica->shard] > 1) fuzz::broken("two of a shard are evicted at once", input);
  }
  clock.advance(std::chrono::seconds(11));
  (void)reconciler.reconcile("ns/db", {});
}

}  // namespace
}  // namespace stowage
