#include "kubeapi/hooks.h"

#include <gmock/gmock.h>

namespace stowage::kubeapi::hooks {
namespace {

TEST(Hooks, RequestsAreReadAsTheyWereWritten) {
  const auto request = decodeRequest(encodeRequest({"u1/Update/db-x", "db-0-1", "u1"}));
  ASSERT_TRUE(request.has_value()) << request.error().message();
  EXPECT_EQ(request->operation_id, "u1/Update/db-x");
  EXPECT_EQ(request->pod, "db-0-1");
  EXPECT_EQ(request->pod_uid, "u1");
}

TEST(Hooks, RequestsNeedAnIdAndAPod) {
  EXPECT_FALSE(decodeRequest(R"({"podUID":"u"})").has_value());
  EXPECT_FALSE(decodeRequest(R"({"operationId":"x"})").has_value());
  EXPECT_FALSE(decodeRequest(R"({"operationId":1,"podUID":"u"})").has_value());
  EXPECT_FALSE(decodeRequest(R"([])").has_value());
  EXPECT_FALSE(decodeRequest("").has_value());
  EXPECT_FALSE(decodeRequest(std::string(kMaxAnswer + 1, ' ')).has_value());
}

TEST(Hooks, StatusesAreVerdicts) {
  EXPECT_EQ(verdictOf(200), Verdict::kDone);
  EXPECT_EQ(verdictOf(202), Verdict::kWorking);
  EXPECT_EQ(verdictOf(409), Verdict::kRefused);
  for (const int status : {0, 204, 301, 401, 404, 500, 503}) {
    EXPECT_EQ(verdictOf(status), Verdict::kFailed) << status;
  }
}

TEST(Hooks, RolesAreReadAndHostileOnesRefused) {
  const auto role = decodeRole(R"({"role":"leader","term":7,"more":[1]})");
  ASSERT_TRUE(role.has_value());
  EXPECT_EQ(role->role, "leader");
  EXPECT_EQ(role->term, 7);
  EXPECT_TRUE(decodeRole(R"({"role":""})").has_value());
  for (const char* wrong : {R"({"role":"a b"})", R"({"role":7})", R"({"term":-1})",
                            R"({"term":1.5})", R"({"term":99999999999999999999})", "null", "{"}) {
    EXPECT_FALSE(decodeRole(wrong).has_value()) << wrong;
  }
}

TEST(Hooks, AServiceAccountIsNamespaceAndName) {
  const auto account = parseServiceAccount("a:b");
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->ns + "/" + account->name, "a/b");
  for (const char* text : {"", "a", ":b", "a:", "a:b:c", "a/b", "a:b/c", "a/b:c", "a b:c", "a:b\t"})
    EXPECT_FALSE(parseServiceAccount(text).has_value()) << text;
  EXPECT_EQ(userOf(*account), "system:serviceaccount:a:b");
  EXPECT_EQ(accountOf("system:serviceaccount:a:b")->name, "b");
  for (const char* user : {"", "admin", "system:serviceaccount:", "system:serviceaccount:a"})
    EXPECT_FALSE(accountOf(user).has_value()) << user;
}

TEST(Hooks, MessagesAreBounded) {
  EXPECT_EQ(messageOf(encodeMessage("no quorum")), "no quorum");
  EXPECT_EQ(messageOf("<html>"), "");
  EXPECT_LE(messageOf(encodeMessage(std::string(10'000, 'x'))).size(), 512U);
}

}  // namespace
}  // namespace stowage::kubeapi::hooks
