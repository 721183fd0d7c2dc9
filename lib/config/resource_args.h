// Args of the plugins that look at resources: NodeResourcesFit and NodeResourcesBalancedAllocation.
// Pure. Defaults and validation: kube-scheduler apis/config/v1/defaults.go and
// apis/config/validation/validation_pluginargs.go, v1.36.3.
#pragma once

#include <vector>

#include "config/object_reader.h"
#include "config/plugin_args.h"

namespace stowage::config {

void readFit(ObjectReader& reader, Problems& problems, NodeResourcesFitArgs& args);
// `resources` keeps what it holds when the file names none.
void readBalancedResources(ObjectReader& reader, Problems& problems,
                           std::vector<ResourceSpec>& resources);

}  // namespace stowage::config
