// ApiVolumeWriter: scheduling's VolumeWriter port over the API server: a merge PATCH of one
// PersistentVolume or claim that carries the resourceVersion of the decision as its precondition,
// so that it fails with 409 when anything changed the object in between. A patch and not a PUT of
// the whole object, because only the fields that decide are kept in memory (docs/deviations.md).
// Thread safety: write() from any thread, never blocks. Ownership: dispatcher and api outlive it.
#pragma once

#include <functional>
#include <string>

#include "k8sclient/dispatch/write_dispatcher.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

inline constexpr const char* kVolumeCall = "volume_bind";

class ApiVolumeWriter final : public scheduling::VolumeWriter {
 public:
  // Called once for each accepted write, on a sender thread.
  using Done = std::function<void(const scheduling::VolumeWriteAnswer&)>;

  ApiVolumeWriter(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api, Done done)
      : dispatcher_(dispatcher), api_(api), done_(std::move(done)) {}
  bool write(const scheduling::VolumeWrite& write) override;

 private:
  k8sclient::WriteDispatcher& dispatcher_;
  k8sclient::ApiClient& api_;
  const Done done_;
};

std::string volumePatchBody(const scheduling::VolumeWrite& write);

}  // namespace stowage::scheduler_cmd
