// Reads one element of `profiles`. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/scheduler_config.h"
#include "config/yaml_tree.h"

namespace stowage::config {

// `path` names the profile in problems ("profiles[0]"). The name may still be empty.
ResolvedProfile readProfile(const YamlNode& node, const std::string& path, Problems& problems,
                            std::vector<Notice>& notices);

// The profile of a file that has none.
ResolvedProfile defaultProfile(std::vector<Notice>& notices);

}  // namespace stowage::config
