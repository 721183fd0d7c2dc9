// What containers ask for, as the API server completes it. Private to lib/statefulgroup. Pure.
// Sources: pkg/apis/core/v1/defaults.go (SetDefaults_Pod), pkg/apis/core/helper/qos/qos.go
// (ComputePodQOS), v1.36.3.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "kubeapi/quantity.h"
#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

using Amounts = std::map<std::string, kubeapi::Quantity>;

struct ContainerResources {
  Amounts requests;  // a limit without a request is requested, too
  Amounts limits;
};

// nullopt: something in it is no amount.
std::optional<ContainerResources> resourcesOf(const Json& container);

enum class QosClass { kBestEffort, kBurstable, kGuaranteed };
// Of a pod without resources of its own; nullopt as above.
std::optional<QosClass> qosOf(const Json& pod_spec);

}  // namespace stowage::statefulgroup
