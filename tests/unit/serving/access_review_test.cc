#include "serving/access_review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "testing/api/scripted_api_client.h"

namespace stowage::serving {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::json;

constexpr const char* kAlice = R"({"kind":"TokenReview","status":{"authenticated":true,"user":{
  "username":"alice","uid":"u1","groups":["a","b"],"extra":{"k":["v"]}}}})";

TEST(ApiAccessReviewer, AsksWhoseTokenItIs) {
  testing::ScriptedApiClient api;
  api.answer(kAlice);
  ApiAccessReviewer reviewer(api);
  const auto who = reviewer.authenticate(
      "t\"ok\xff"
      "en",
      {});
  ASSERT_TRUE(who.has_value()) << who.error().toString();
  ASSERT_TRUE(who->has_value());
  EXPECT_EQ((*who)->user, "alice");
  EXPECT_EQ((*who)->uid, "u1");
  EXPECT_THAT((*who)->groups, ElementsAre("a", "b"));
  EXPECT_THAT((*who)->extra.at("k"), ElementsAre("v"));
  EXPECT_THAT(api.asked(), ElementsAre("POST /apis/authentication.k8s.io/v1/tokenreviews"));
  EXPECT_EQ(Json::parse(api.calls()[0].body)["kind"], "TokenReview");
}

TEST(ApiAccessReviewer, OnlyATokenForTheAudienceIsSomebodys) {
  const std::pair<const char*, bool> cases[] = {
      {R"(,"audiences":["a","stowage-hooks.ns"])", true},
      {R"(,"audiences":["stowage-hooks.ns2"])", false},
      {R"(,"audiences":"stowage-hooks.ns")", false},
      {R"(,"audiences":[["stowage-hooks.ns"]])", false},
      {R"(,"audiences":null)", false},
      {"", false},  // an authenticator that knows no audiences
  };
  for (const auto& [audiences, somebody] : cases) {
    testing::ScriptedApiClient api;
    api.answer(std::string(R"({"status":{"authenticated":true,"user":{"username":"a"})") +
               audiences + "}}");
    ApiAccessReviewer reviewer(api, "stowage-hooks.ns");
    const auto who = reviewer.authenticate("t", {});
    ASSERT_TRUE(who.has_value());
    EXPECT_EQ(who->has_value(), somebody) << audiences;
    EXPECT_EQ(Json::parse(api.calls()[0].body)["spec"],
              Json::parse(R"({"token":"t","audiences":["stowage-hooks.ns"]})"));
  }
}

TEST(ApiAccessReviewer, AsksForTheRightWithEverythingKnownAboutThePerson) {
  testing::ScriptedApiClient api;
  api.answer(R"({"status":{"allowed":true}})");
  ApiAccessReviewer reviewer(api);
  const auto may =
      reviewer.authorize({"alice", "u1", {"a"}, {{"k", {"v"}}}}, "/metrics", "get", {});
  ASSERT_TRUE(may.has_value());
  EXPECT_TRUE(*may);
  EXPECT_THAT(api.asked(), ElementsAre("POST /apis/authorization.k8s.io/v1/subjectaccessreviews"));
  const Json body = Json::parse(api.calls()[0].body);
  EXPECT_EQ(body["spec"], Json::parse(R"({"user":"alice","uid":"u1","groups":["a"],
      "extra":{"k":["v"]},"nonResourceAttributes":{"path":"/metrics","verb":"get"}})"));
}

struct TokenCase {
  const char* name;
  const char* answer;
  bool error;
};

const TokenCase kNobody[] = {
    {"not authenticated", R"({"status":{"authenticated":false,"error":"expired"}})", false},
    {"an empty status", R"({"status":{}})", false},
    {"a text for yes", R"({"status":{"authenticated":"true"}})", false},
    {"no status", R"({"kind":"TokenReview"})", true},
    {"a yes without a name", R"({"status":{"authenticated":true}})", true},
    {"a yes with a number for a name", R"({"status":{"authenticated":true,"user":{"username":1}}})",
     true},
    {"not JSON", "<html>", true},
    {"a list", "[]", true},
    {"nothing", "", true},
};

TEST(ApiAccessReviewer, OnlyAClearYesIsSomebody) {
  for (const TokenCase& c : kNobody) {
    testing::ScriptedApiClient api;
    api.answer(c.answer);
    ApiAccessReviewer reviewer(api);
    const auto who = reviewer.authenticate("t", {});
    EXPECT_EQ(!who.has_value(), c.error) << c.name;
    if (who) {
      EXPECT_FALSE(who->has_value()) << c.name;
    }
  }
}

TEST(ApiAccessReviewer, OnlyAClearYesIsARight) {
  for (const char* answer :
       {R"({"status":{"allowed":false}})", R"({"status":{}})", R"({"status":{"allowed":1}})",
        R"({"status":{"allowed":true,"denied":true}})"}) {
    testing::ScriptedApiClient api;
    api.answer(answer);
    ApiAccessReviewer reviewer(api);
    const auto may = reviewer.authorize({"a", "", {}, {}}, "/x", "get", {});
    ASSERT_TRUE(may.has_value()) << answer;
    EXPECT_FALSE(*may) << answer;
  }
}

TEST(ApiAccessReviewer, AServerThatCannotBeAskedIsAnError) {
  testing::ScriptedApiClient api;
  api.fail(testing::unreachable()).fail(testing::apiError(403, "Forbidden", "no"));
  ApiAccessReviewer reviewer(api);
  EXPECT_EQ(reviewer.authenticate("t", {}).error().code(), base::Code::kUnavailable);
  EXPECT_EQ(reviewer.authorize({"a", "", {}, {}}, "/x", "get", {}).error().code(),
            base::Code::kForbidden);
}

TEST(ApiAccessReviewer, AnAnswerOfAnySizeIsNotRead) {
  testing::ScriptedApiClient api;
  api.answer(R"({"status":{"authenticated":false,"x":")" + std::string(2 << 20, 'x') + "\"}}");
  ApiAccessReviewer reviewer(api);
  EXPECT_FALSE(reviewer.authenticate("t", {}).has_value());
}

}  // namespace
}  // namespace stowage::serving
