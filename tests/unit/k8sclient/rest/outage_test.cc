// An API server that answers nobody is one story in the log.
#include "k8sclient/rest/outage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stowage::k8sclient {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Kind = Outage::Kind;

constexpr base::SteadyTime kStart{seconds(1000)};

TEST(OutageTest, ManyFailuresAtOnceAreToldOnceAndThenOnceAMinute) {
  Outage outage;
  const auto first = outage.onFailure(Kind::kNoConnection, "refused", kStart);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->over);
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(outage.onFailure(Kind::kNoConnection, "refused", kStart + seconds(i)));
  }
  const auto later = outage.onFailure(Kind::kNoConnection, "refused", kStart + seconds(61));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->lasted, seconds(61));
}

TEST(OutageTest, ItsEndIsToldOnce) {
  Outage outage;
  EXPECT_FALSE(outage.onAnswer(kStart));
  ASSERT_TRUE(outage.onFailure(Kind::kNoConnection, "refused", kStart));
  const auto end = outage.onAnswer(kStart + seconds(5));
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->over);
  EXPECT_EQ(end->lasted, seconds(5));
  EXPECT_FALSE(outage.onAnswer(kStart + seconds(6)));
}

TEST(OutageTest, AServerThatComesAndGoesDoesNotFillTheLog) {
  Outage outage;
  int lines = 0;
  for (int i = 0; i < 600; ++i) {
    const base::SteadyTime now = kStart + std::chrono::milliseconds(100 * i);
    lines += outage.onFailure(Kind::kNoConnection, "refused", now) ? 1 : 0;
    lines += outage.onAnswer(now) ? 1 : 0;
  }
  EXPECT_GE(lines, 2);
  EXPECT_LE(lines, 14);  // a minute: an outage and its end every ten seconds
}

TEST(OutageTest, SaysWhatToDo) {
  const auto advice = [](Kind kind, const char* error) {
    Outage outage;
    return outage.onFailure(kind, error, kStart)->advice;
  };
  EXPECT_THAT(advice(Kind::kNoConnection, "connection refused"), HasSubstr("does it run?"));
  EXPECT_THAT(advice(Kind::kNoConnection, "certificate verify failed"),
              HasSubstr("certificate-authority"));
  EXPECT_THAT(advice(Kind::kNoCredentials, "exec plugin"), HasSubstr("user of the kubeconfig"));
  EXPECT_THAT(advice(Kind::kRefused, "Unauthorized"), HasSubstr("has ended"));
}

}  // namespace
}  // namespace stowage::k8sclient
