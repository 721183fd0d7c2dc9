#include "cmd/operator/domain_counts.h"

#include <gtest/gtest.h>

namespace stowage::operator_cmd {
namespace {

std::shared_ptr<const kubeapi::Node> nodeIn(const char* zone) {
  auto node = std::make_shared<kubeapi::Node>();
  if (*zone != 0) node->meta.labels.set("zone", zone);
  return node;
}

TEST(DomainCounts, CountsValuesAndLooksAgainAfterSomeTime) {
  base::ManualClock clock;
  DomainCounts counts(clock);
  DomainCounts::Nodes nodes = {nodeIn("a"), nodeIn("b"), nodeIn("a"), nodeIn("")};
  int looks = 0;
  const auto look = [&] {
    ++looks;
    return nodes;
  };
  EXPECT_EQ(counts.count("zone", look), 2);
  EXPECT_EQ(counts.count("rack", look), 0);
  nodes.push_back(nodeIn("c"));
  EXPECT_EQ(counts.count("zone", look), 2);
  EXPECT_EQ(looks, 2);
  clock.advance(std::chrono::seconds(11));
  EXPECT_EQ(counts.count("zone", look), 3);
}

}  // namespace
}  // namespace stowage::operator_cmd
