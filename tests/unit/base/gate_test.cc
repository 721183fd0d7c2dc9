// Gate and StopTree: orderly stop.
#include "base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/stop_tree.h"

namespace stowage::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Gate, RefusesEntryOnceClosed) {
  Gate gate;
  EXPECT_TRUE(static_cast<bool>(gate.enter()));
  EXPECT_TRUE(gate.closeAndWait(milliseconds(1)));
  EXPECT_FALSE(static_cast<bool>(gate.enter()));
  EXPECT_TRUE(gate.closeAndWait(milliseconds(1)));
}

TEST(Gate, ClosingGivesUpWhileWorkIsInside) {
  Gate gate;
  Gate::Pass pass = gate.enter();
  EXPECT_FALSE(gate.closeAndWait(milliseconds(5)));
  Gate::Pass moved = std::move(pass);
  EXPECT_FALSE(gate.closeAndWait(milliseconds(5)));
  moved = Gate::Pass();
  EXPECT_TRUE(gate.closeAndWait(milliseconds(5)));
}

TEST(Gate, ClosingWaitsForTheWorkOfOtherThreads) {
  Gate gate;
  std::atomic<int> working = 0;
  std::atomic<bool> refused = false;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (true) {
        const Gate::Pass pass = gate.enter();
        if (!pass) break;
        ++working;
        std::this_thread::yield();
        --working;
      }
      refused = true;
    });
  }
  while (working == 0) std::this_thread::yield();
  EXPECT_TRUE(gate.closeAndWait(seconds(10)));
  EXPECT_EQ(working, 0);
  workers.clear();
  EXPECT_TRUE(refused);
}

TEST(GateDeathTest, DestroyingAGateWithWorkInsideEndsTheProcess) {
  EXPECT_DEATH(
      {
        std::optional<Gate> gate(std::in_place);
        const Gate::Pass pass = gate->enter();
        gate.reset();
      },
      "gate destroyed while work is inside");
}

TEST(StopTree, StopFlowsDownAndNotUp) {
  StopTree root;
  StopTree left(root.token());
  StopTree right(root.token());
  StopTree leaf(left.token());
  EXPECT_TRUE(left.requestStop());
  EXPECT_TRUE(left.stopped());
  EXPECT_TRUE(leaf.stopped());
  EXPECT_FALSE(root.stopped());
  EXPECT_FALSE(right.stopped());
  EXPECT_TRUE(root.requestStop());
  EXPECT_TRUE(right.stopped());
  EXPECT_FALSE(root.requestStop());
}

TEST(StopTree, AChildOfAStoppedParentIsStopped) {
  StopTree root;
  root.requestStop();
  const StopTree child(root.token());
  EXPECT_TRUE(child.stopped());
}

}  // namespace
}  // namespace stowage::base
