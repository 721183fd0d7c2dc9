// Args of PodTopologySpread: constraints for pods that name none. Pure. Validation: kube-scheduler
// apis/config/validation/validation_pluginargs.go, v1.36.3.
#pragma once

#include "config/object_reader.h"
#include "config/plugin_args.h"

namespace stowage::config {

// Without defaultingType args.system_defaults stays what the profile's own default is.
void readTopologySpread(ObjectReader& reader, Problems& problems, PodTopologySpreadArgs& args);

}  // namespace stowage::config
