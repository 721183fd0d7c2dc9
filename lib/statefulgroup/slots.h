// Slots: how quorumSafe places the voters of a shard. Up to three voters share a slot, and the pods
// of a slot repel each other in the topology key. A domain then holds at most one voter of each
// slot, so at most as many as there are slots; with no more slots than a shard may lose voters, the
// loss of any one domain leaves a quorum. Nothing of this depends on `replicas`, so scaling
// restarts no pod. docs/decisions/0009 has the argument and what was rejected. Pure functions.
#pragma once

#include <span>
#include <vector>

namespace stowage::statefulgroup {

// As many as zones are needed at least. With two, V=3 would need three domains all the same and
// V=5 three slots, which is one too many.
inline constexpr int kSlotSize = 3;

// How many slots that many voters need: never more than may be lost for odd V >= 3 and even V >= 6.
int slotsNeeded(int voters);

// How many voters of a shard one domain may hold: floor((V-1)/2).
int safeVotersPerDomain(int voters);

// Whether the slots in use promise that for every placement. A value below zero is a voter without
// a slot, which promises nothing.
bool slotsAreSafe(std::span<const int> slots_of_voters);

// The slot of a voter whose pod is made now: the first with room beside the other voters. Voters
// made in order of their ordinals get floor(position/3).
int slotForNewVoter(std::span<const int> slots_of_others);

// A voter takes another slot: by its label, without a restart.
struct SlotMove {
  std::size_t voter = 0;  // index into what compactSlots was given
  int slot = 0;
};
// What has to move when voters have left, or came without a slot, until no more slots are in use
// than needed: as few as possible, out of the emptiest slots. Empty when all is well. A moved voter
// keeps its place: the promise holds for pods that are placed from then on, and whether the present
// places keep it is to be looked at.
std::vector<SlotMove> compactSlots(std::span<const int> slots_of_voters);

}  // namespace stowage::statefulgroup
