// BindProgress: how far the cluster has come with volumes that we asked it to bind. Pure. Source of
// the semantics: kube-scheduler plugins/volumebinding/binder.go (checkBindings), v1.36.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduling/volumes/storage_state.h"
#include "scheduling/volumes/volume_plan.h"

namespace stowage::scheduling {

// One claim on its way.
struct BindTarget {
  ClaimKey claim;
  Symbol volume;        // the volume chosen for it; empty: one is being made
  std::string version;  // of the object that we wrote (or found written): older ones say nothing
};

struct BindProgress {
  enum class State : std::uint8_t { kPending, kBound, kFailed } state = State::kPending;
  std::string why;  // kFailed, in kube-scheduler's words
};

// By what the API server has told, not by what we assume.
BindProgress bindProgress(const StorageState& storage, const std::vector<BindTarget>& targets,
                          const NodeForVolumes& node);

// Order of resourceVersions: decimal numbers of any length (apimachinery, since v1.35).
bool olderVersion(std::string_view a, std::string_view b);

}  // namespace stowage::scheduling
