// Ports: what scheduling needs from the outside, declared here and implemented by adapters in cmd.
// All calls come from the scheduling thread, never block it, and answer later through the
// Scheduler's inputs. Ownership: the implementer outlives the Scheduler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/symbols.h"
#include "kubeapi/pod.h"
#include "kubeapi/storage.h"

namespace stowage::scheduling {

using base::Symbol;

// Identity of one pod: names are reused, uids are not.
struct PodRef {
  Symbol ns;
  Symbol name;
  Symbol uid;
};

struct BindRequest {
  PodRef pod;
  Symbol node;
  // The extender that binds this pod, by position in the configuration.
  std::optional<std::size_t> extender = std::nullopt;
};

// What became of a bind. Only kBound is success; the others say what to do next.
enum class BindOutcome {
  kBound,     // the server took it, or it already stood bound to that node
  kConflict,  // 409: another node, being deleted, gates, or another uid: look again
  kGone,      // 404: the pod is no more
  kRejected,  // any other refusal: back off and try again as an error
  kUnknown,   // no answer: the pod may be bound; ask the watch before deciding again
};

class Binder {
 public:
  virtual ~Binder() = default;
  // Takes the request (its outcome comes to Scheduler::bindFinished) or returns false when too many
  // wait: the scheduler then keeps the pod for later.
  virtual bool bind(const BindRequest& request) = 0;
  // Takes a request back that has not been sent: true when it never will be, and no outcome comes.
  virtual bool takeBack(const PodRef& /*pod*/) { return false; }
};

// Reads one pod anew, past every cache: asked after a bind without a clear answer (kUnknown,
// kConflict), so that nothing is decided on a guess.
class PodReader {
 public:
  virtual ~PodReader() = default;
  // Takes the question (its answer comes to Scheduler::podRefetched) or returns false when too many
  // wait: it is asked again later.
  virtual bool refetch(const PodRef& pod) = 0;
};

// A change of pod.status: the PodScheduled condition and, when set, the nomination.
struct PodStatusPatch {
  PodRef pod;
  std::string condition_type;  // "PodScheduled"
  std::string status;          // "False"
  std::string reason;          // "Unschedulable", "SchedulerError"
  std::string message;
  std::int64_t observed_generation = 0;
  base::WallTime last_transition_time;
  std::optional<std::string> nominated_node;  // "" clears it
};

class PodStatusWriter {
 public:
  virtual ~PodStatusWriter() = default;
  // Merges with a patch of the same pod that still waits. Dropped (and counted) when too many wait.
  virtual void patchStatus(const PodStatusPatch& patch) = 0;
};

// How a write ended that somebody waits for.
enum class WriteOutcome {
  kDone,    // the server took it
  kGone,    // the pod is no more; its name may be another pod's
  kFailed,  // any other refusal, or no answer
};

// A pod that must leave so that another one fits.
struct Eviction {
  PodRef victim;
  PodRef preemptor;
  std::optional<PodStatusPatch>
      mark;  // DisruptionTarget, written first; nullopt: it stands already
};

// The writes of a preemption. May be missing: then nobody is preempted.
class Evictor {
 public:
  virtual ~Evictor() = default;
  // Writes the patch with its nomination. Its outcome comes to Scheduler::nominationFinished; false
  // when too many wait.
  virtual bool nominate(const PodStatusPatch& patch) = 0;
  // Marks the victim and deletes it, by its uid. The outcome comes to Scheduler::evictionFinished;
  // false when too many wait.
  virtual bool evict(const Eviction& eviction) = 0;
};

struct PodEvent {
  bool warning = false;
  std::string reason;  // "Scheduled", "FailedScheduling"
  std::string action;  // "Binding", "Scheduling"
  std::string note;    // cut by the recorder
  PodRef pod;
  std::optional<PodRef> related;
  std::string resource_version;
  std::string reporting_controller;  // the profile's scheduler name
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void record(const PodEvent& event) = 0;
};

// A change of one storage object that makes the cluster bind a claim. Carries the version that the
// decision saw: any other change in between refuses it.
struct VolumeWrite {
  enum class Kind : std::uint8_t {
    kClaimVolume,  // PersistentVolume spec.claimRef
    kSelectNode,   // PersistentVolumeClaim annotation volume.kubernetes.io/selected-node
  };
  PodRef pod;                // the pod that waits for it
  std::uint64_t number = 0;  // comes back with the answer
  Kind kind = Kind::kClaimVolume;
  Symbol ns;  // of the claim; empty for a volume
  Symbol name;
  std::string resource_version;
  kubeapi::ClaimReference claim;  // kClaimVolume
  std::string claim_version;
  bool mark_by_controller = false;  // with annotation pv.kubernetes.io/bound-by-controller
  Symbol node;                      // kSelectNode
};

struct VolumeWriteAnswer {
  VolumeWrite write;
  std::string error;             // empty: written
  std::string resource_version;  // of the object as written
};

class VolumeWriter {
 public:
  virtual ~VolumeWriter() = default;
  // Takes the write (its answer comes to Scheduler::volumeWritten) or returns false when too many
  // wait: it is tried again later.
  virtual bool write(const VolumeWrite& write) = 0;
};

}  // namespace stowage::scheduling
