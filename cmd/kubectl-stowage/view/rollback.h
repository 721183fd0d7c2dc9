// Rollback: the patch that puts a stored revision back into the spec, and what it comes to. Pure.
// Only what belongs to a revision is written: template, shardOverrides, topology and restartTime;
// of those only what differs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "statefulgroup/observed.h"

namespace stowage::kubectl {

struct Rollback {
  // A JSON patch that the API server refuses when somebody has changed the spec meanwhile. Empty:
  // the spec is that revision already.
  std::string patch;
  std::int64_t number = 0;
  std::string name;
  std::vector<std::string> changes;  // of the spec
  std::vector<std::string> remarks;  // what else is good to know
};

// `group_json`: the group as the API server sent it, of which `observed` is the decoded form.
// `to`: the number of the revision; absent: the one before the present spec.
base::Result<Rollback> planRollback(const std::string& group_json,
                                    const statefulgroup::Observed& observed,
                                    std::optional<std::int64_t> to);

}  // namespace stowage::kubectl
