// PassPorts: what the passes over all groups share: ways out, and what is told of them. Each member
// may be used by several passes at once, and outlives them.
#pragma once

#include "statefulgroup/ports.h"
#include "statefulgroup/reconcile/hand_overs.h"
#include "statefulgroup/reconcile/tally.h"

namespace stowage::statefulgroup {

struct PassPorts {
  ObjectApi& api;
  HookCaller& hooks;
  EventSink& events;
  HandOvers& hand_overs;
  Tally& tally;
};

}  // namespace stowage::statefulgroup
