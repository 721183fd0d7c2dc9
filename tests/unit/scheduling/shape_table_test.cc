#include "scheduling/shapes/shape_table.h"

#include <gtest/gtest.h>

#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using scheduling::ShapeId;
using scheduling::shapeSpecOf;
using scheduling::ShapeTable;

class ShapeTableTest : public ::testing::Test {
 protected:
  ShapeId acquire(const kubeapi::PodPtr& pod) { return table.acquire(shapeSpecOf(*pod)); }
  static kubeapi::PodPtr numbered(int number) {
    return makePod("a").cpu(std::to_string(number + 1) + "m");
  }

  int prepared = 0;
  std::vector<ShapeId> gone;
  ShapeTable table{[this](scheduling::Shape&) { ++prepared; },
                   [this](ShapeId id) { gone.push_back(id); }};
};

TEST_F(ShapeTableTest, PodsThatFiltersCannotTellApartShareAShape) {
  auto waits = makePod("b").cpu("1000m").tolerateKey("k").label("app", "other").priority(9);
  waits.edit().spec.tolerations[0].seconds = 300;
  EXPECT_EQ(acquire(makePod("a").cpu("1").tolerateKey("k")), acquire(waits));
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(prepared, 1);
}

TEST_F(ShapeTableTest, EverythingThatAFilterReadsMakesAnotherShape) {
  using kubeapi::SelectorOperator;
  const std::vector<kubeapi::PodPtr> pods = {
      makePod("a"),
      makePod("a").cpu("1"),
      makePod("a").memory("1"),
      makePod("a").request("example.com/x", "1"),
      makePod("a").nodeSelector("k", "v"),
      makePod("a").nodeSelector("k", "w"),
      makePod("a").requireNode("k", SelectorOperator::kIn, {"v"}),
      makePod("a").requireNode("k", SelectorOperator::kNotIn, {"v"}),
      makePod("a").requireNodeName("v"),
      makePod("a").preferNode(1, "k", SelectorOperator::kIn, {"v"}),
      makePod("a").preferNode(2, "k", SelectorOperator::kIn, {"v"}),
      makePod("a").tolerateKey("k"),
      makePod("a").tolerate("k", "v"),
      makePod("a").hostPort(80),
      makePod("a").hostPort(80, "UDP"),
      makePod("a").hostPort(80, "TCP", "10.0.0.1"),
  };
  for (const auto& pod : pods) acquire(pod);
  EXPECT_EQ(table.size(), pods.size());
}

TEST_F(ShapeTableTest, AShapeOutlivesItsLastPodForTheNextOne) {
  const ShapeId id = acquire(numbered(1));
  table.release(id);
  EXPECT_EQ(acquire(numbered(1)), id);
  EXPECT_EQ(prepared, 1);
  EXPECT_TRUE(gone.empty());
}

TEST_F(ShapeTableTest, KeepsOnlySoManyWithoutPods) {
  const int many = static_cast<int>(ShapeTable::kMaxIdle) + 10;
  const ShapeId held = acquire(numbered(many));
  for (int i = 0; i < many; ++i) table.release(acquire(numbered(i)));
  EXPECT_EQ(table.size(), ShapeTable::kMaxIdle + 1);
  EXPECT_EQ(gone.size(), 10U);
  const int before = prepared;
  acquire(numbered(many - 1));
  EXPECT_EQ(prepared, before) << "the latest is still there";
  acquire(numbered(0));
  EXPECT_EQ(prepared, before + 1) << "the oldest is not";
  EXPECT_EQ(acquire(numbered(many)), held);
}

TEST_F(ShapeTableTest, NeverKeepsLongOnes) {
  auto pod = makePod("a");
  for (int i = 0; i < 200; ++i) pod.tolerateKey("k" + std::to_string(i));
  table.release(acquire(pod));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(gone.size(), 1U);
}

}  // namespace
}  // namespace stowage::testing
