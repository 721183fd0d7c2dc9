// What a client makes of a server that does not answer, and of credentials that are not there.
#include <algorithm>

#include "unit/k8sclient/rest/rest_fixture.h"

namespace stowage::k8sclient {
namespace {

using ::testing::HasSubstr;

TEST_F(RestApiClientTest, MissingCredentialsAreNeverTakenForAMissingObject) {
  const auto rest = client();
  sessions_->error = {base::Code::kNotFound, "exec plugin aws: No such file or directory"};
  const auto got = rest->get("/a", {}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, base::Code::kUnavailable);
  EXPECT_THAT(got.error().message, HasSubstr("exec plugin aws"));
  sessions_->error = {base::Code::kCancelled, "stopped"};
  EXPECT_EQ(rest->get("/a", {}, {}).error().code, base::Code::kCancelled);
}

TEST_F(RestApiClientTest, AnOutageIsOneStoryInTheLog) {
  RestOptions telling;
  telling.tell_outages = true;
  const auto rest = client(telling);
  for (int i = 0; i < 5; ++i) calls_->answers.push_back(lost(Phase::kConnect));
  calls_->answers.push_back(answer(401));
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 8; ++i) (void)rest->get("/a", {}, {});
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  EXPECT_THAT(log, HasSubstr("the API server does not answer"));
  EXPECT_THAT(log, HasSubstr("scripted loss"));
  EXPECT_THAT(log, HasSubstr("what to do"));
  EXPECT_THAT(log, HasSubstr("the API server answers again"));
}

TEST_F(RestApiClientTest, WhoIsNotToldToTellIsSilent) {
  const auto rest = client();
  calls_->answers.push_back(lost(Phase::kConnect));
  ::testing::internal::CaptureStderr();
  (void)rest->get("/a", {}, {});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(RestApiClientTest, AnErrorWithoutWordsHasItsStatus) {
  const auto rest = client();
  calls_->answers.push_back(answer(502, ""));
  EXPECT_EQ(rest->get("/a", {}, {}).error().message, "HTTP 502 without a word");
}

}  // namespace
}  // namespace stowage::k8sclient
