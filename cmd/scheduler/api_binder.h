// ApiBinder: scheduling's Binder port over the API server: POST pods/<name>/binding with the pod's
// uid, from the dispatcher's sender threads.
// Thread safety: bind() from any thread, never blocks. Ownership: dispatcher and api outlive it.
#pragma once

#include <functional>
#include <string>

#include "k8sclient/dispatch/write_dispatcher.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

class ApiBinder final : public scheduling::Binder {
 public:
  // Called once for each accepted bind, on a sender thread.
  using Done = std::function<void(const scheduling::BindRequest&, scheduling::BindOutcome,
                                  const std::string& message)>;

  ApiBinder(k8sclient::WriteDispatcher& dispatcher, k8sclient::ApiClient& api, Done done)
      : dispatcher_(dispatcher), api_(api), done_(std::move(done)) {}

  bool bind(const scheduling::BindRequest& request) override;
  bool takeBack(const scheduling::PodRef& pod) override;

 private:
  k8sclient::WriteDispatcher& dispatcher_;
  k8sclient::ApiClient& api_;
  const Done done_;
};

// The body of the Binding: uid as a precondition, so that a successor of the same name is not
// bound.
std::string bindingBody(const scheduling::BindRequest& request);

}  // namespace stowage::scheduler_cmd
