// ApiObjects: the reconciler's ObjectApi on the Kubernetes API. Thread safety: any thread; each
// call blocks its caller. Ownership: api outlives it.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "k8sclient/rest/api_client.h"
#include "statefulgroup/ports.h"

namespace stowage::operator_cmd {

class ApiObjects final : public statefulgroup::ObjectApi {
 public:
  // Calls are given up when `stop` is.
  ApiObjects(k8sclient::ApiClient& api, std::stop_token stop);

  statefulgroup::Answer get(const statefulgroup::ObjectName& object) override;
  statefulgroup::Answer create(const statefulgroup::ObjectName& object, std::string_view json,
                               statefulgroup::DryRun dry_run) override;
  statefulgroup::Answer patch(const statefulgroup::ObjectName& object, std::string_view subresource,
                              std::string_view json) override;
  statefulgroup::Answer replace(const statefulgroup::ObjectName& object,
                                std::string_view subresource, std::string_view json) override;
  statefulgroup::Answer remove(const statefulgroup::ObjectName& object,
                               const statefulgroup::Fence& fence) override;
  statefulgroup::Answer evict(const statefulgroup::ObjectName& pod,
                              const statefulgroup::Fence& fence) override;

 private:
  k8sclient::ApiClient& api_;
  const std::stop_token stop_;
};

// "/api/v1/namespaces/ns/pods/name"; without a name the collection.
std::string pathOf(const statefulgroup::ObjectName& object, std::string_view subresource = {});
std::string collectionOf(const statefulgroup::ObjectName& object);

}  // namespace stowage::operator_cmd
