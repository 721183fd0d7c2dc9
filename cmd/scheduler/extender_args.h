// What extenders are sent: ExtenderArgs, ExtenderPreemptionArgs and ExtenderBindingArgs of
// k8s.io/kube-scheduler extender/v1 as JSON, whose field names are Go's. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

// `pod` and `nodes` are complete objects as the API server gives them.
std::string nodesArgs(std::string_view pod, std::span<const std::string> nodes);
std::string nodeNamesArgs(std::string_view pod, std::span<const base::Symbol> names);

struct VictimsArgs {
  base::Symbol node;
  std::vector<std::string> pods;  // complete objects, or uids
  std::int64_t violations = 0;
};
std::string victimsArgs(std::string_view pod, std::span<const VictimsArgs> nodes);
std::string metaVictimsArgs(std::string_view pod, std::span<const VictimsArgs> nodes);

std::string bindingArgs(const scheduling::BindRequest& request);

}  // namespace stowage::scheduler_cmd
