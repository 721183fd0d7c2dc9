// Which extenders a pod concerns. Pure.
// Source of the semantics: kube-scheduler extender.go (IsInterested) and schedule_one.go
// (extendersBinding), v1.36.3.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "kubeapi/pod.h"
#include "scheduling/extenders/extender_port.h"

namespace stowage::scheduling {

// Positions in the configuration, in its order.
struct ConcernedExtenders {
  std::vector<std::size_t> filters;
  std::vector<std::size_t> deciders;  // that filter or score or both
  std::vector<std::size_t> preempters;
};

bool isConcerned(const ExtenderSpec& extender, const kubeapi::Pod& pod);
ConcernedExtenders concernedBy(std::span<const ExtenderSpec> extenders, const kubeapi::Pod& pod);
// The extender that binds the pod in place of us.
std::optional<std::size_t> binderAmong(std::span<const ExtenderSpec> extenders,
                                       const kubeapi::Pod& pod);

}  // namespace stowage::scheduling
