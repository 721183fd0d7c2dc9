// Where the agent dies when a test wants it to; builds without failpoints have none of it.
#ifdef STOWAGE_FAILPOINTS

#include "cmd/etcd-agent/failpoints.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "unit/etcd_agent/fake_etcd.h"

namespace stowage::etcd_agent {
namespace {

using ::testing::ElementsAre;

class AgentFailpointsTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(file_); }
  void TearDown() override { std::filesystem::remove(file_); }

  // `before`: of whoever asks.
  std::unique_ptr<EtcdApi> dyingAt(const std::string& call, const std::string& before) {
    auto failpoints = parseFailpoints(call + ":" + file_);
    EXPECT_TRUE(failpoints.has_value()) << call;
    auto etcd = std::make_unique<FakeEtcd>(3);
    etcd_ = etcd.get();
    return withFailpoints(std::move(etcd), std::move(*failpoints), before, [this] { ++deaths_; });
  }

  const std::string file_ = ::testing::TempDir() + "/agent_failpoints_test";
  FakeEtcd* etcd_ = nullptr;
  int deaths_ = 0;
};

TEST_F(AgentFailpointsTest, AreReadStrictly) {
  const auto parsed = parseFailpoints("promote:/a,init/add:/b");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_THAT(*parsed,
              ElementsAre(::testing::Pair("init/add", "/b"), ::testing::Pair("promote", "/a")));
  EXPECT_TRUE(parseFailpoints("")->empty());
  for (const char* wrong : {"promote", "promote:", ":/a", "status:/a", "init:/a", "promote:/a,,"})
    EXPECT_FALSE(parseFailpoints(wrong).has_value()) << wrong;
}

TEST_F(AgentFailpointsTest, ItDiesOnceEtcdHasDoneIt) {
  const auto etcd = dyingAt("remove", "");
  ASSERT_TRUE(etcd->promote(FakeEtcd::urlOf(0), 2).ok());
  EXPECT_EQ(deaths_, 0);
  ASSERT_TRUE(etcd->remove(FakeEtcd::urlOf(0), 3).ok());
  EXPECT_EQ(deaths_, 1);
  EXPECT_THAT(etcd_->asked, ElementsAre("promote 2", "remove 3"));
}

TEST_F(AgentFailpointsTest, WhatEtcdRefusesDoesNotCount) {
  const auto etcd = dyingAt("promote", "");
  etcd_->refuse_next = base::Status(base::Code::kConflict, "not in step");
  EXPECT_FALSE(etcd->promote(FakeEtcd::urlOf(0), 2).ok());
  etcd_->refuse_next = base::Status(base::Code::kUnavailable, "etcdserver: unhealthy cluster");
  EXPECT_FALSE(etcd->promote(FakeEtcd::urlOf(0), 2).ok());
  EXPECT_EQ(deaths_, 0);
}

TEST_F(AgentFailpointsTest, WhatItMayHaveDoneCounts) {
  const auto etcd = dyingAt("remove", "");
  etcd_->refuse_next = base::Status(base::Code::kUnavailable, "the connection was closed");
  EXPECT_FALSE(etcd->remove(FakeEtcd::urlOf(0), 3).ok());
  EXPECT_EQ(deaths_, 1);
}

TEST_F(AgentFailpointsTest, OnceForEachFile) {
  const auto etcd = dyingAt("init/add", "init/");
  EXPECT_TRUE(etcd->addLearner(FakeEtcd::urlOf(0), "http://h3:2380").has_value());
  EXPECT_TRUE(etcd->addLearner(FakeEtcd::urlOf(0), "http://h4:2380").has_value());
  EXPECT_EQ(deaths_, 1);
  EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(AgentFailpointsTest, WhoAsksCounts) {
  const auto etcd = dyingAt("init/remove", "");
  EXPECT_TRUE(etcd->remove(FakeEtcd::urlOf(0), 3).ok());
  EXPECT_EQ(deaths_, 0);
}

}  // namespace
}  // namespace stowage::etcd_agent

#endif
