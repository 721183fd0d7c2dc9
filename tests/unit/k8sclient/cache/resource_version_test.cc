#include "k8sclient/cache/resource_version.h"

#include <gtest/gtest.h>

#include <string>

namespace stowage::k8sclient {
namespace {

// Cases of apimachinery's resourceversion package and the limits of what counts as a version.
TEST(ResourceVersionTest, OrderIsLengthThenTextAndOnlyForPlainNumbers) {
  using O = std::partial_ordering;
  struct Case {
    const char* a;
    const char* b;
    O want;
  };
  const Case cases[] = {
      {"1", "2", O::less},
      {"2", "1", O::greater},
      {"5", "5", O::equivalent},
      {"9", "10", O::less},
      {"10", "9", O::greater},
      {"99999999999999999999", "100000000000000000000", O::less},  // beyond 64 bits
      {"18446744073709551616", "18446744073709551615", O::greater},
      {"", "1", O::unordered},
      {"0", "1", O::unordered},
      {"01", "1", O::unordered},
      {"1", "1a", O::unordered},
      {"-1", "1", O::unordered},
      {"1", " 1", O::unordered},
      {"+1", "1", O::unordered},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(compareVersions(c.a, c.b), c.want) << '"' << c.a << "\" against \"" << c.b << '"';
  }
}

}  // namespace
}  // namespace stowage::k8sclient
