// Paths of a pod and its subresources on the API server. Pure.
#pragma once

#include <string>
#include <string_view>

#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

inline std::string podPath(const scheduling::PodRef& pod, std::string_view subresource = {}) {
  static const k8sclient::ResourceType kPodType{"", "v1", "pods"};
  return k8sclient::resourcePath(kPodType, pod.ns.view(), pod.name.view(), subresource);
}

}  // namespace stowage::scheduler_cmd
