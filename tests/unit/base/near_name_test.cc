#include "base/near_name.h"

#include <gtest/gtest.h>

namespace stowage::base {
namespace {

TEST(NearName, IsTheOneWithTheFewestTypos) {
  const std::vector<std::string> known = {"status", "restart", "resume"};
  EXPECT_EQ(nearestName("statsu", known), "status");
  EXPECT_EQ(nearestName("resum", known), "resume");
  EXPECT_EQ(nearestName("status", known), "status");
}

TEST(NearName, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearestName("get", {"status", "restart"}), "");
  EXPECT_EQ(nearestName("x", {"abc"}), "");
  EXPECT_EQ(nearestName("", {"ab"}), "");
  EXPECT_EQ(nearestName(std::string(100000, 'a'), {std::string(100000, 'a')}), "");
  EXPECT_EQ(nearestName("status", {}), "");
}

}  // namespace
}  // namespace stowage::base
