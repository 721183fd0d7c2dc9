// A Lease object as the API server keeps it: versions move with every write, a PUT with an old
// version is a conflict. Plugs into ScriptedApiClient::otherwise(). Thread safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/decode.h"
#include "kubeapi/lease.h"
#include "testing/api/scripted_api_client.h"

namespace stowage::k8sclient {

class LeaseServer {
 public:
  testing::ScriptedApiClient::CallHandler handler() {
    return [this](const testing::AskedCall& call, const std::stop_token&) { return answer(call); };
  }

  // Somebody else writes the record.
  void put(kubeapi::Lease lease) {
    std::lock_guard lock(mutex_);
    store(std::move(lease));
  }
  std::optional<kubeapi::Lease> get() const {
    std::lock_guard lock(mutex_);
    return lease_;
  }
  void remove() {
    std::lock_guard lock(mutex_);
    lease_.reset();
  }
  // From now on every call fails like this; nullopt: works again.
  void breakWith(std::optional<ApiError> error) {
    std::lock_guard lock(mutex_);
    broken_ = std::move(error);
  }
  void refuseToCreate(ApiError error) {
    std::lock_guard lock(mutex_);
    uncreatable_ = std::move(error);
  }

 private:
  ApiResult<std::string> answer(const testing::AskedCall& call) {
    std::lock_guard lock(mutex_);
    if (broken_) return tl::unexpected(*broken_);
    if (call.verb == "GET") {
      if (!lease_) return tl::unexpected(testing::apiError(404, "NotFound"));
      return kubeapi::encodeLease(*lease_);
    }
    if (call.verb == "POST" && uncreatable_) return tl::unexpected(*uncreatable_);
    kubeapi::Decoder<kubeapi::Lease> decoder;
    const auto sent = decoder.object(call.body);
    if (!sent) return tl::unexpected(testing::apiError(400, "BadRequest", sent.error().message()));
    if (call.verb == "POST" && lease_) {
      return tl::unexpected(testing::apiError(409, "AlreadyExists"));
    }
    if (call.verb == "PUT") {
      if (!lease_) return tl::unexpected(testing::apiError(404, "NotFound"));
      if ((*sent)->meta.resource_version != lease_->meta.resource_version) {
        return tl::unexpected(testing::apiError(409, "Conflict", "the object has been modified"));
      }
    }
    store(**sent);
    return kubeapi::encodeLease(*lease_);
  }
  void store(kubeapi::Lease lease) {
    if (lease_) lease.meta.uid = lease_->meta.uid;
    if (!lease_) lease.meta.uid = "lease-uid";
    lease.meta.ns = "kube-system";
    lease.meta.name = "stowage";
    lease.meta.resource_version = std::to_string(++version_);
    lease_ = std::move(lease);
  }

  mutable std::mutex mutex_;
  std::optional<kubeapi::Lease> lease_;
  std::optional<ApiError> broken_;
  std::optional<ApiError> uncreatable_;
  int version_ = 100;
};

}  // namespace stowage::k8sclient
