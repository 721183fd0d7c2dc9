// FitError: why no node took a pod, in kube-scheduler's words. Pure.
// Source: kube-scheduler framework/types.go FitError.Error(), v1.36.3, up to the preemption part.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace stowage::scheduling {

// Reason -> number of nodes that gave it.
using ReasonCounts = std::map<std::string, std::size_t, std::less<>>;

// "0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu." Sorted as strings.
std::string fitErrorMessage(std::size_t nodes, const ReasonCounts& reasons);
// "0/3 nodes are available: <why>." when the pod was rejected before any node was looked at.
std::string fitErrorMessage(std::size_t nodes, std::string_view why);

inline constexpr std::string_view kNoNodesMessage = "no nodes available to schedule pods";

}  // namespace stowage::scheduling
