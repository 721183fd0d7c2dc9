// Args of NodeAffinity: node selectors written in a profile. Pure. Validation: kube-scheduler
// apis/config/validation/validation_pluginargs.go, component-helpers
// scheduling/corev1/nodeaffinity and apimachinery labels.NewRequirement, v1.36.3.
#pragma once

#include "config/object_reader.h"
#include "config/plugin_args.h"

namespace stowage::config {

void readNodeAffinity(ObjectReader& reader, Problems& problems, NodeAffinityArgs& args);

}  // namespace stowage::config
