#include "statefulgroup/slots.h"

#include <algorithm>
#include <map>

#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {

namespace {

// Voters by slot; those without one are not counted.
std::map<int, int> countBySlot(std::span<const int> slots) {
  std::map<int, int> counts;
  for (const int slot : slots) {
    if (slot >= 0) ++counts[slot];
  }
  return counts;
}

int firstWithRoom(const std::map<int, int>& counts) {
  int slot = 0;
  for (const auto& [used, count] : counts) {
    if (used > slot || count < kSlotSize) break;
    slot = used + 1;
  }
  return slot;
}

// There is one whenever fewer slots would do.
int firstUsedWithRoom(const std::map<int, int>& counts) {
  for (const auto& [slot, count] : counts) {
    if (count < kSlotSize) return slot;
  }
  return firstWithRoom(counts);
}

// Of equally empty ones the highest.
int emptiestSlot(const std::map<int, int>& counts) {
  return std::min_element(counts.rbegin(), counts.rend(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

int slotsNeeded(int voters) { return (std::max(voters, 0) + kSlotSize - 1) / kSlotSize; }

int safeVotersPerDomain(int voters) { return toleratedFailures(voters); }

bool slotsAreSafe(std::span<const int> slots_of_voters) {
  const auto counts = countBySlot(slots_of_voters);
  int without = 0;
  for (const int slot : slots_of_voters) without += slot < 0 ? 1 : 0;
  // Members of an overfull slot may not all repel each other: one of them came by a move.
  int largest = 0;
  for (const auto& [slot, count] : counts) largest += (count + kSlotSize - 1) / kSlotSize;
  return largest + without <= safeVotersPerDomain(static_cast<int>(slots_of_voters.size()));
}

int slotForNewVoter(std::span<const int> slots_of_others) {
  return firstWithRoom(countBySlot(slots_of_others));
}

std::vector<SlotMove> compactSlots(std::span<const int> slots_of_voters) {
  std::vector<int> slots(slots_of_voters.begin(), slots_of_voters.end());
  auto counts = countBySlot(slots);
  std::vector<SlotMove> moves;
  const auto move = [&](std::size_t voter, int slot) {
    ++counts[slot];
    slots[voter] = slot;
    moves.push_back({voter, slot});
  };
  for (std::size_t voter = 0; voter < slots.size(); ++voter) {
    if (slots[voter] < 0) move(voter, firstWithRoom(counts));
  }
  const auto needed = static_cast<std::size_t>(slotsNeeded(static_cast<int>(slots.size())));
  while (counts.size() > needed) {
    // Keeping the fullest slots moves fewest; the others have room for the rest.
    const int emptied = emptiestSlot(counts);
    counts.erase(emptied);
    for (std::size_t voter = 0; voter < slots.size(); ++voter) {
      if (slots[voter] == emptied) move(voter, firstUsedWithRoom(counts));
    }
  }
  return moves;
}

}  // namespace stowage::statefulgroup
