// ApiStatusWriter: scheduling's PodStatusWriter port over the API server: a strategic-merge PATCH
// of pods/<name>/status that carries metadata.uid, so that it cannot land on a successor of the
// same name (upstream's can; docs/deviations.md). Patches of one pod that still wait are merged.
// Thread safety: patchStatus() from any thread, never blocks. Ownership: dispatcher, api and the
// counter outlive it.
#pragma once

#include <string>

#include "base/metric_sink.h"
#include "k8sclient/dispatch/write_dispatcher.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

class ApiStatusWriter final : public scheduling::PodStatusWriter {
 public:
  ApiStatusWriter(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api,
                  base::MetricSink& metrics);
  void patchStatus(const scheduling::PodStatusPatch& patch) override;

 private:
  k8sclient::WriteDispatcher& dispatcher_;
  k8sclient::ApiClient& api_;
  base::Counter& dropped_;
};

std::string statusPatchBody(const scheduling::PodStatusPatch& patch);

}  // namespace stowage::scheduler_cmd
