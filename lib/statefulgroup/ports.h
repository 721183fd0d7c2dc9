// Ports: what reconciling groups needs from the outside, declared here and implemented by adapters
// in cmd. Calls come from the worker that has the group, and block it; different groups call at the
// same time. Ownership: the implementer outlives the reconciler.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/symbols.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/stateful_group.h"

namespace stowage::statefulgroup {

using base::Symbol;

// The kinds of objects that are read and written.
enum class Resource : std::uint8_t {
  kGroups,
  kPods,
  kClaims,
  kVolumes,
  kServices,
  kBudgets,
  kRevisions,
  kNodes,
};
// The plural, as in the API's paths ("persistentvolumeclaims").
std::string_view pluralOf(Resource resource);

struct ObjectName {
  Resource resource = Resource::kPods;
  std::string ns;  // empty for nodes and volumes
  std::string name;
};

// What an object must still be for a write to be carried out. An empty member is not demanded.
struct Fence {
  Symbol uid;
  std::string resource_version;
};

// What the API server said to one call.
struct Answer {
  base::Code code = base::Code::kOk;
  std::string reason;   // Status.reason: "AlreadyExists", "TooManyRequests", ...
  std::string message;  // for people; empty when ok
  std::string body;     // the object, when ok
  // A write may have been carried out although no answer came.
  bool outcome_unknown = false;

  [[nodiscard]] bool ok() const { return code == base::Code::kOk; }
};

enum class DryRun : bool { kNo, kYes };

// The Kubernetes API, past every cache.
class ObjectApi {
 public:
  virtual ~ObjectApi() = default;
  virtual Answer get(const ObjectName& object) = 0;
  virtual Answer create(const ObjectName& object, std::string_view json, DryRun dry_run) = 0;
  // JSON merge patch; a fence travels in the patch's own metadata. `subresource` may be empty.
  virtual Answer patch(const ObjectName& object, std::string_view subresource,
                       std::string_view json) = 0;
  // PUT of a whole object or of its subresource.
  virtual Answer replace(const ObjectName& object, std::string_view subresource,
                         std::string_view json) = 0;
  virtual Answer remove(const ObjectName& object, const Fence& fence) = 0;
  // POST pods/eviction: subject to disruption budgets. kTooManyRequests: a budget said no.
  virtual Answer evict(const ObjectName& pod, const Fence& fence) = 0;
};

// What an agent in a member's pod is asked to do; docs/hooks.md is the contract.
enum class HookVerb : std::uint8_t { kSwitchover, kJoin, kLeave, kPreDisruption, kPostRestart };
std::string_view text(HookVerb verb);  // "switchover", as in the path

struct HookAnswer {
  enum class Kind : std::uint8_t {
    kDone,
    kWorking,  // ask again with the same id
    kRefused,  // and says why
    kFailed,   // no answer, or one that makes no sense
  } kind = Kind::kDone;
  std::string message;
};

struct HookRequest {
  const kubeapi::MemberPod& agent;  // whose agent is asked
  const kubeapi::MemberPod&
      subject;  // the member that it is about; a peer speaks for one that is down
  const kubeapi::group::Hook& hook;
  HookVerb verb = HookVerb::kJoin;
  // The same id is the same request, however often it is made.
  std::string operation_id;
};

// Asks agents. Calls come from workers, and block them for at most the hook's timeout.
class HookCaller {
 public:
  virtual ~HookCaller() = default;
  virtual HookAnswer ask(const HookRequest& request) = 0;
};

struct GroupEvent {
  bool warning = false;
  std::string reason;  // "SuccessfulCreate"
  std::string action;  // "Creating"
  std::string note;
  std::string pod;  // the member that it is about
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Never blocks; may drop.
  virtual void record(const kubeapi::StatefulGroup& group, const GroupEvent& event) = 0;
};

}  // namespace stowage::statefulgroup
