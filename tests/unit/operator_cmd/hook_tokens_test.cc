// Tokens for agents: whose, for whom, how long.
#include "cmd/operator/hook_tokens.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "testing/api/scripted_api_client.h"
#include "testing/api/stepping_clock.h"

namespace stowage::operator_cmd {
namespace {

using std::chrono::seconds;
using testing::apiError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ScriptedApiClient;
using ::testing::SizeIs;

class HookTokensTest : public ::testing::Test {
 protected:
  std::string answer(const std::string& token, seconds life) {
    return R"({"metadata":{"creationTimestamp":")" + base::formatTime(clock_.wallNow() + skew_) +
           R"("},"status":{"token":")" + token + R"(","expirationTimestamp":")" +
           base::formatTime(clock_.wallNow() + skew_ + life) + R"("}})";
  }

  testing::SteppingClock clock_;
  ScriptedApiClient api_;
  seconds skew_{0};  // of the server's clock against ours
  HookTokens tokens_{api_, ServiceAccount{"ops", "op"}, clock_, {}};
};

TEST_F(HookTokensTest, EachNamespaceHasItsOwn) {
  api_.answer(answer("a", seconds(3600))).answer(answer("b", seconds(3600)));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  EXPECT_EQ(tokens_.tokenFor("two").value(), "b");
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  EXPECT_THAT(api_.asked(), ElementsAre("POST /api/v1/namespaces/ops/serviceaccounts/op/token",
                                        "POST /api/v1/namespaces/ops/serviceaccounts/op/token"));
  EXPECT_THAT(api_.calls()[0].body, HasSubstr(R"("audiences":["stowage-hooks.one"])"));
  EXPECT_THAT(api_.calls()[1].body, HasSubstr(R"("audiences":["stowage-hooks.two"])"));
}

TEST_F(HookTokensTest, AreRenewedBeforeTheyEndByTheServersClock) {
  skew_ = seconds(-100'000);
  api_.answer(answer("a", seconds(1000))).answer(answer("b", seconds(1000)));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(799));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(1));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "b");
}

TEST_F(HookTokensTest, AnOldOneServesWhileTheServerIsAway) {
  api_.answer(answer("a", seconds(1000)));
  api_.otherwise([](const auto&, const auto&) -> ScriptedApiClient::Answer {
    return tl::make_unexpected(testing::unreachable());
  });
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(999));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(1));
  EXPECT_THAT(tokens_.tokenFor("one").error().message(), HasSubstr("token for hooks"));
}

TEST_F(HookTokensTest, OneThatWasRefusedIsNotUsedAgain) {
  api_.answer(answer("a", seconds(1000))).answer(answer("b", seconds(1000)));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(5));
  tokens_.refused("one", "a");
  tokens_.refused("one", "a");  // two calls were under way with it
  EXPECT_EQ(tokens_.tokenFor("one").value(), "b");
  tokens_.refused("one", "a");
  EXPECT_EQ(tokens_.tokenFor("one").value(), "b");
}

// An agent that takes no token, or a right that is missing: a thousand pods that are asked for
// their roles make no thousand requests.
TEST_F(HookTokensTest, TheServerIsNotAskedAgainAtOnce) {
  api_.answer(answer("a", seconds(1000)));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  for (int i = 0; i < 100; ++i) {
    tokens_.refused("one", "a");
    EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  }
  EXPECT_THAT(api_.asked(), SizeIs(1));
  api_.otherwise([](const auto&, const auto&) -> ScriptedApiClient::Answer {
    return tl::make_unexpected(apiError(403, "Forbidden", "no serviceaccounts/token"));
  });
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(tokens_.tokenFor("two").error().message(), HasSubstr("no serviceaccounts"));
  EXPECT_THAT(api_.asked(), SizeIs(2));
  clock_.advance(seconds(5));
  EXPECT_FALSE(tokens_.tokenFor("two").has_value());
  EXPECT_THAT(api_.asked(), SizeIs(3));
}

TEST_F(HookTokensTest, TheOperatorsOwnAccountIsAskedOnce) {
  HookTokens own(api_, std::nullopt, clock_, {});
  api_.answer(R"({"status":{"userInfo":{"username":"system:serviceaccount:sys:me"}}})")
      .answer(answer("a", seconds(1000)))
      .answer(answer("b", seconds(1000)));
  EXPECT_EQ(own.tokenFor("one").value(), "a");
  EXPECT_EQ(own.tokenFor("two").value(), "b");
  EXPECT_THAT(api_.asked(), ElementsAre("POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
                                        "POST /api/v1/namespaces/sys/serviceaccounts/me/token",
                                        "POST /api/v1/namespaces/sys/serviceaccounts/me/token"));
}

TEST_F(HookTokensTest, WhoIsNoServiceAccountIsToldWhatToDo) {
  HookTokens own(api_, std::nullopt, clock_, {});
  api_.answer(R"({"status":{"userInfo":{"username":"admin"}}})");
  EXPECT_THAT(own.tokenFor("one").error().message(),
              HasSubstr(R"(runs as "admin", no service account: name one with --hook-service)"));
}

TEST_F(HookTokensTest, AnswersThatMakeNoSenseAreErrors) {
  for (const char* body :
       {"", "[]", "{}", R"({"status":7})", R"({"status":{"token":""}})",
        R"({"status":{"token":"a"}})",
        R"({"status":{"token":"a\r\nX: b","expirationTimestamp":"2200-01-01T00:00:00Z"}})",
        R"({"status":{"token":"a","expirationTimestamp":"soon"}})"}) {
    api_.answer(body);
    EXPECT_FALSE(tokens_.tokenFor("one").has_value()) << body;
    clock_.advance(seconds(5));
  }
}

TEST_F(HookTokensTest, NamespacesThatWereLeftAreForgotten) {
  api_.answer(answer("a", seconds(10))).answer(answer("b", seconds(10)));
  EXPECT_EQ(tokens_.tokenFor("one").value(), "a");
  clock_.advance(seconds(11));
  EXPECT_EQ(tokens_.tokenFor("two").value(), "b");
  EXPECT_EQ(tokens_.size(), 1U);
}

}  // namespace
}  // namespace stowage::operator_cmd
