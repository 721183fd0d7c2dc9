// ApiPodReader: scheduling's PodReader port over the API server: a consistent GET of one pod, from
// the dispatcher's sender threads.
// Thread safety: refetch() from any thread, never blocks. Ownership: dispatcher and api outlive it.
#pragma once

#include <functional>
#include <optional>

#include "k8sclient/dispatch/write_dispatcher.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

inline constexpr const char* kPodReadCall = "pod_read";

class ApiPodReader final : public scheduling::PodReader {
 public:
  // nullopt: the read failed; a null pod: there is none of that name. On a sender thread.
  using Done =
      std::function<void(const scheduling::PodRef&, const std::optional<kubeapi::PodPtr>&)>;

  // `dispatcher` should not be the one that carries writes: a read must not wait behind them, nor
  // be taken for one.
  ApiPodReader(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api, Done done)
      : dispatcher_(dispatcher), api_(api), done_(std::move(done)) {}
  bool refetch(const scheduling::PodRef& pod) override;

 private:
  k8sclient::WriteDispatcher& dispatcher_;
  k8sclient::ApiClient& api_;
  const Done done_;
};

}  // namespace stowage::scheduler_cmd
