// Reads a folder of CSV files in the format of the openb GPU cluster traces (published with FGD,
// USENIX ATC'23): openb_node_list_gpu_node.csv and openb_pod_list_<variant>.csv. Never required.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "packing_quality/workload.h"

namespace stowage::packing_quality {

// The published method: nodes in random order, pods shuffled and then drawn again until they ask
// for `arrived_percent` of the cluster's GPUs; nothing leaves. Simplified: a share of a GPU is
// taken from the sum of the node (single devices and GPU models are not told apart). GPUs are in
// milli. Errors: a file cannot be read, a column is missing, a number is not one.
base::Result<Workload> readTrace(const std::string& folder, const std::string& variant,
                                 std::uint32_t arrived_percent, std::uint64_t seed);

}  // namespace stowage::packing_quality
