// ApiEvictor: scheduling's Evictor port over the API server. A victim gets the condition
// DisruptionTarget and is then deleted with its uid as a precondition, so that a successor of the
// same name is left alone (upstream deletes by name; docs/deviations.md).
// Thread safety: nominate() and evict() from any thread, never block. Ownership: dispatcher and api
// outlive it.
#pragma once

#include <functional>
#include <string>

#include "k8sclient/dispatch/write_dispatcher.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

class ApiEvictor final : public scheduling::Evictor {
 public:
  // Called once for each call that was taken, on a sender thread.
  using Nominated = std::function<void(const scheduling::PodRef&, scheduling::WriteOutcome,
                                       const std::string& message)>;
  using Evicted = std::function<void(const scheduling::Eviction&, scheduling::WriteOutcome,
                                     const std::string& message)>;

  ApiEvictor(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api, Nominated nominated,
             Evicted evicted)
      : dispatcher_(dispatcher),
        api_(api),
        nominated_(std::move(nominated)),
        evicted_(std::move(evicted)) {}

  bool nominate(const scheduling::PodStatusPatch& patch) override;
  bool evict(const scheduling::Eviction& eviction) override;

 private:
  k8sclient::WriteDispatcher& dispatcher_;
  k8sclient::ApiClient& api_;
  const Nominated nominated_;
  const Evicted evicted_;
};

// DeleteOptions with the pod's uid as a precondition; its grace period is its own.
std::string deletionBody(const scheduling::PodRef& pod);

}  // namespace stowage::scheduler_cmd
