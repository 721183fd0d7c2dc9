// Interned strings: identity, order, life time, and interning from many threads at once.
#include "base/symbols.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace stowage::base {
namespace {

TEST(Symbol, EqualTextIsTheSameObject) {
  const Symbol a("text");
  const Symbol b(std::string("te") + "xt");
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a.view().data(), b.view().data());
  EXPECT_NE(a, Symbol("other"));
}

TEST(Symbol, TheEmptyTextNeedsNoEntry) {
  const std::size_t before = Symbol::liveCount();
  const Symbol empty("");
  EXPECT_EQ(empty, Symbol());
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.view(), "");
  EXPECT_EQ(Symbol::liveCount(), before);
}

TEST(Symbol, OrdersByTextWithTheEmptyOneFirst) {
  EXPECT_LT(Symbol(), Symbol("a"));
  EXPECT_LT(Symbol("a"), Symbol("aa"));
  EXPECT_LT(Symbol("aa"), Symbol("b"));
  EXPECT_EQ(Symbol("b") <=> Symbol("b"), std::strong_ordering::equal);
}

TEST(Symbol, KeepsBytesAsTheyAre) {
  const std::string bytes("a\0b\xff", 4);
  EXPECT_EQ(Symbol(bytes).view(), bytes);
}

TEST(Symbol, TextLeavesMemoryWithItsLastUser) {
  const std::size_t before = Symbol::liveCount();
  {
    Symbol one("a text that nothing else uses");
    Symbol two = one;
    Symbol three;
    three = two;
    EXPECT_EQ(Symbol::liveCount(), before + 1);
    two = Symbol("a second such text");
    EXPECT_EQ(Symbol::liveCount(), before + 2);
    one = std::move(two);
    EXPECT_EQ(Symbol::liveCount(), before + 2);
    three = Symbol();
    EXPECT_EQ(Symbol::liveCount(), before + 1);
    Symbol& same = one;
    one = same;
    EXPECT_EQ(one.view(), "a second such text");
  }
  EXPECT_EQ(Symbol::liveCount(), before);
}

// Threads intern, copy and drop few texts, so that entries die and are born again all the time.
TEST(Symbol, SurvivesInterningAndDroppingFromManyThreads) {
  const std::size_t before = Symbol::liveCount();
  constexpr int kThreads = 8;
  constexpr int kRounds = 20'000;
  std::vector<std::jthread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([id] {
      Rng rng(static_cast<std::uint64_t>(id));
      std::vector<Symbol> held(4);
      for (int round = 0; round < kRounds; ++round) {
        const std::string text = "threaded-" + std::to_string(rng.below(5));
        Symbol fresh(text);
        ASSERT_EQ(fresh.view(), text);
        ASSERT_EQ(fresh, Symbol(text));
        held[rng.below(held.size())] = rng.below(3) == 0 ? Symbol() : fresh;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(Symbol::liveCount(), before);
}

}  // namespace
}  // namespace stowage::base
