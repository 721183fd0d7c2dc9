// Where the operator dies when a test wants it to; builds without failpoints have none of it.
#ifdef STOWAGE_FAILPOINTS

#include "cmd/operator/failpoints.h"

#include <gmock/gmock.h>

#include <memory>

#include "cmd/operator/api_objects.h"
#include "testing/api/scripted_api_client.h"

namespace stowage::operator_cmd {
namespace {

using statefulgroup::DryRun;
using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;
using statefulgroup::HookVerb;
using statefulgroup::Resource;
using testing::apiError;
using testing::ScriptedApiClient;

class OneAnswer final : public statefulgroup::HookCaller {
 public:
  HookAnswer ask(const HookRequest&) override { return answer; }
  HookAnswer answer;
};

class FailpointsTest : public ::testing::Test {
 protected:
  Failpoints& at(const char* text) {
    auto parsed = parseFailpoint(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    failpoints_ = std::make_unique<Failpoints>(objects_, hooks_, *parsed, [this] { ++deaths_; });
    return *failpoints_;
  }
  statefulgroup::Answer evict(const char* pod) {
    return failpoints_->objects().evict({Resource::kPods, "ns", pod}, {});
  }

  ScriptedApiClient api_;
  ApiObjects objects_{api_, {}};
  OneAnswer hooks_;
  std::unique_ptr<Failpoints> failpoints_;
  int deaths_ = 0;
};

TEST_F(FailpointsTest, AreReadStrictly) {
  const auto parsed = parseFailpoint("before:delete/pods/db-0-1:2");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->before);
  EXPECT_EQ(parsed->call, "delete/pods/db-0-1");
  EXPECT_EQ(parsed->count, 2);
  for (const char* wrong : {"", "after", "after:evict/pods", "after::1", "after:evict/pods:0",
                            "after:evict/pods:1x", "after:evict/pods:", "at:evict/pods:1"})
    EXPECT_FALSE(parseFailpoint(wrong).has_value()) << wrong;
}

TEST_F(FailpointsTest, AfterCountsWhatWasTaken) {
  api_.answer("{}").fail(apiError(429, "TooManyRequests", "budget")).answer("{}").answer("{}");
  at("after:evict/pods:2");
  EXPECT_TRUE(evict("db-0-0").ok());
  EXPECT_FALSE(evict("db-0-1").ok());
  EXPECT_EQ(deaths_, 0);
  EXPECT_TRUE(evict("db-0-1").ok());
  EXPECT_EQ(deaths_, 1);
  EXPECT_TRUE(evict("db-0-1").ok());
  EXPECT_EQ(deaths_, 1);
}

TEST_F(FailpointsTest, BeforeComesFirstAndMayBeAboutOneObject) {
  api_.answer("{}").answer("{}");
  at("before:evict/pods/db-0-1:1");
  EXPECT_TRUE(evict("db-0-0").ok());
  EXPECT_EQ(deaths_, 0);
  EXPECT_TRUE(evict("db-0-1").ok());
  EXPECT_EQ(deaths_, 1);
}

TEST_F(FailpointsTest, TrialsAndOtherCallsDoNotCount) {
  api_.answer("{}").answer("{}").answer("{}").answer("{}").answer("{}");
  statefulgroup::ObjectApi& objects = at("after:create/pods:1").objects();
  EXPECT_TRUE(objects.create({Resource::kPods, "ns", "db-0-0"}, "{}", DryRun::kYes).ok());
  EXPECT_TRUE(objects.create({Resource::kClaims, "ns", "a"}, "{}", DryRun::kNo).ok());
  EXPECT_TRUE(objects.patch({Resource::kPods, "ns", "db-0-0"}, "", "{}").ok());
  EXPECT_TRUE(objects.get({Resource::kPods, "ns", "db-0-0"}).ok());
  EXPECT_EQ(deaths_, 0);
  EXPECT_TRUE(objects.create({Resource::kPods, "ns", "db-0-0"}, "{}", DryRun::kNo).ok());
  EXPECT_EQ(deaths_, 1);
}

TEST_F(FailpointsTest, AgentsCountToo) {
  kubeapi::MemberPod pod;
  pod.meta.name = base::Symbol("db-0-2");
  const kubeapi::group::Hook hook;
  const HookRequest leave{pod, pod, hook, HookVerb::kLeave, "id"};
  statefulgroup::HookCaller& hooks = at("after:ask/leave/db-0-2:1").hooks();
  hooks_.answer.kind = HookAnswer::Kind::kFailed;
  hooks.ask(leave);
  EXPECT_EQ(deaths_, 0);
  hooks_.answer.kind = HookAnswer::Kind::kWorking;
  hooks.ask(leave);
  EXPECT_EQ(deaths_, 1);
}

TEST_F(FailpointsTest, DoneIsMoreThanAsked) {
  kubeapi::MemberPod pod;
  pod.meta.name = base::Symbol("db-0-2");
  const kubeapi::group::Hook hook;
  const HookRequest join{pod, pod, hook, HookVerb::kJoin, "id"};
  statefulgroup::HookCaller& hooks = at("after:done/join:1").hooks();
  hooks_.answer.kind = HookAnswer::Kind::kWorking;
  hooks.ask(join);
  EXPECT_EQ(deaths_, 0);
  hooks_.answer.kind = HookAnswer::Kind::kDone;
  hooks.ask(join);
  EXPECT_EQ(deaths_, 1);
}

}  // namespace
}  // namespace stowage::operator_cmd

#endif
