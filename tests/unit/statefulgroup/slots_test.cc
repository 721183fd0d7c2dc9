#include "statefulgroup/slots.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {
namespace {

// The most voters that one domain holds, over every placement in which voters of a slot lie in
// different domains. Exhaustive: each voter is tried in every domain.
int worstDomain(const std::vector<int>& slots, int domains) {
  int worst = 0;
  std::vector<int> at(slots.size());
  std::vector<int> count(static_cast<std::size_t>(domains));
  const auto place = [&](auto& self, std::size_t voter) -> void {
    if (voter == slots.size()) {
      worst = std::max(worst, *std::max_element(count.begin(), count.end()));
      return;
    }
    for (int domain = 0; domain < domains; ++domain) {
      bool repelled = false;
      for (std::size_t other = 0; other < voter; ++other) {
        repelled = repelled || (slots[other] == slots[voter] && at[other] == domain);
      }
      if (repelled) continue;
      at[voter] = domain;
      ++count[static_cast<std::size_t>(domain)];
      self(self, voter + 1);
      --count[static_cast<std::size_t>(domain)];
    }
  };
  place(place, 0);
  return worst;
}

// Voters that come one after the other, each to the first slot with room.
std::vector<int> oneAfterTheOther(int voters) {
  std::vector<int> slots;
  for (int i = 0; i < voters; ++i) slots.push_back(slotForNewVoter(slots));
  return slots;
}

TEST(Slots, OfVotersThatComeInOrderAreThreeByThree) {
  EXPECT_EQ(oneAfterTheOther(8), (std::vector<int>{0, 0, 0, 1, 1, 1, 2, 2}));
}

TEST(Slots, AreNeverMoreThanMayBeLost) {
  for (int voters = 3; voters <= 99; ++voters) {
    if (voters == 4) continue;  // bears one loss and needs two slots
    EXPECT_LE(slotsNeeded(voters), safeVotersPerDomain(voters)) << voters;
  }
  EXPECT_FALSE(slotsAreSafe(oneAfterTheOther(4)));
  EXPECT_FALSE(slotsAreSafe(oneAfterTheOther(2)));
}

// All placements of 3, 5 and 7 voters over three and four domains, and of 9 over three.
TEST(Slots, KeepEveryPlacementBelowWhatMayBeLost) {
  for (const int voters : {3, 5, 7, 9}) {
    const auto slots = oneAfterTheOther(voters);
    ASSERT_TRUE(slotsAreSafe(slots));
    for (const int domains : {3, 4}) {
      if (voters == 9 && domains == 4) continue;
      EXPECT_LE(worstDomain(slots, domains), safeVotersPerDomain(voters)) << voters;
    }
  }
}

// Why a slot is not floor(ordinal/3): with a hole in the ordinals, two of three voters may share a
// domain.
TEST(Slots, ByOrdinalAloneAreNotSafeWithAHole) {
  const std::vector<int> ordinals = {0, 2, 3};  // 1 is offline
  std::vector<int> slots;
  for (const int ordinal : ordinals) slots.push_back(ordinal / 3);
  EXPECT_FALSE(slotsAreSafe(slots));
  EXPECT_GT(worstDomain(slots, 3), safeVotersPerDomain(3));
  // The one that came for the hole takes its slot.
  EXPECT_EQ(slotForNewVoter(std::vector<int>{0, 0}), 0);
}

TEST(Slots, OfWhoComesBackAreFreeAgain) {
  // Of 0 0 0 1 1 the pods of the second and the last voter are gone.
  EXPECT_EQ(slotForNewVoter(std::vector<int>{0, 0, 1}), 0);
  EXPECT_EQ(slotForNewVoter(std::vector<int>{0, 0, 0, 1}), 1);
  EXPECT_EQ(slotForNewVoter(std::vector<int>{}), 0);
  EXPECT_EQ(slotForNewVoter(std::vector<int>{2, 2, 2}), 0);
}

TEST(Slots, MoveOnlyWhenTooManyAreInUse) {
  EXPECT_TRUE(compactSlots(oneAfterTheOther(7)).empty());
  // Of seven voters two of the first slot have left.
  const std::vector<int> sparse = {0, 1, 1, 1, 2};
  const auto moves = compactSlots(sparse);
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].voter, 4U);
  EXPECT_EQ(moves[0].slot, 0);
  // A voter without a slot gets one.
  const std::vector<int> without = {0, -1, 0};
  EXPECT_FALSE(slotsAreSafe(without));
  const auto given = compactSlots(without);
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].voter, 1U);
  EXPECT_EQ(given[0].slot, 0);
}

// Scaling at the end, as a StatefulSet does, moves nobody and needs nothing to be looked at.
RC_GTEST_PROP(Slots, NeverMoveWhenTheLastComeAndGo, ()) {
  std::vector<int> slots;
  for (int i = 0; i < 40; ++i) {
    if (slots.empty() || *rc::gen::arbitrary<bool>()) {
      slots.push_back(slotForNewVoter(slots));
      RC_ASSERT(slots.back() == static_cast<int>(slots.size() - 1) / kSlotSize);
    } else {
      slots.pop_back();
    }
    RC_ASSERT(compactSlots(slots).empty());
  }
}

// Any coming and going: after the moves, no more slots than needed, none overfull, and no more
// moves than the emptiest slots have voters.
RC_GTEST_PROP(Slots, AreSafeAfterTheMovesWhateverHappened, ()) {
  std::vector<int> slots;
  for (int i = 0; i < 30; ++i) {
    if (slots.empty() || *rc::gen::arbitrary<bool>()) {
      slots.push_back(slotForNewVoter(slots));
    } else {
      slots.erase(slots.begin() +
                  *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(slots.size())));
    }
    if (*rc::gen::inRange(0, 3) != 0) continue;  // nobody looked in between
    for (const SlotMove& move : compactSlots(slots)) {
      RC_ASSERT(slots[move.voter] != move.slot);
      slots[move.voter] = move.slot;
    }
    std::map<int, int> counts;
    for (const int slot : slots) ++counts[slot];
    for (const auto& [slot, count] : counts) RC_ASSERT(count <= kSlotSize);
    const int voters = static_cast<int>(slots.size());
    RC_ASSERT(static_cast<int>(counts.size()) <= slotsNeeded(voters));
    if (voters >= 3 && voters != 4) RC_ASSERT(slotsAreSafe(slots));
  }
}

}  // namespace
}  // namespace stowage::statefulgroup
