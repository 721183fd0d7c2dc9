// Verdict: whether a pod of some shape may go on some node, and why not. Plain value.
#pragma once

#include <cstdint>

namespace stowage::placement {

enum class Fit : std::uint8_t {
  kFits,
  kUnschedulable,  // removing pods may help: preemption looks at such nodes
  kUnresolvable,   // only a change of the node or of the pod can help
};

struct Verdict {
  // Bits whose meaning the rule defines (for resources: one bit per dimension, bit 63 = "one beyond
  // dimension 62, ask again"). 0 when the rule has one reason only.
  std::uint64_t reasons = 0;
  std::uint8_t rule = 0;  // index of the rule that said no, in the order of the profile
  Fit fit = Fit::kFits;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

}  // namespace stowage::placement
