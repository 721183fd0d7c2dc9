// /debug/queue and /debug/cache: what may be asked, what is answered, and that nobody waits for a
// scheduling thread that does not come round.
#include "cmd/scheduler/debug_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::scheduler_cmd {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using What = scheduling::DumpRequest::What;

serving::HttpCall call(std::multimap<std::string, std::string> query = {}) {
  return {"GET", "/debug/queue", std::move(query), ""};
}

std::string errorOf(What what, std::multimap<std::string, std::string> query) {
  const auto request = dumpRequest(what, call(std::move(query)));
  return request ? "none" : request.error().message();
}

TEST(DebugPages, ParametersAreReadStrictly) {
  const auto request =
      dumpRequest(What::kQueue, call({{"namespace", "team"}, {"pod", "p"}, {"limit", "7"}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ns, "team");
  EXPECT_EQ(request->name, "p");
  EXPECT_EQ(request->limit, 7U);
  EXPECT_EQ(dumpRequest(What::kNodes, call({{"node", "n"}, {"verify", "true"}}))->verify, true);
  for (const char* limit : {"", "0", "-1", "10001", "1x", "99999999999999999999"}) {
    EXPECT_THAT(errorOf(What::kQueue, {{"limit", limit}}), HasSubstr("from 1 to 10000")) << limit;
  }
  EXPECT_THAT(errorOf(What::kQueue, {{"node", "n"}}), HasSubstr("not node=n"));
  EXPECT_THAT(errorOf(What::kNodes, {{"verify", "1"}}), HasSubstr("true or false"));
}

class DebugPagesTest : public ::testing::Test {
 protected:
  DebugPagesTest() : loop_(*harness_.scheduler, clock_, base::nullMetricSink()) {}
  void run() {
    thread_ = std::jthread([this](const std::stop_token& stop) { (void)loop_.run(stop); });
  }
  Json queue() {
    const auto reply = queuePage(loop_, 20s)(call());
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.content_type, "application/json");
    return Json::parse(reply.body);
  }

  testing::SchedulerHarness harness_;
  base::SystemClock clock_;
  scheduling::SchedulingLoop loop_;
  std::jthread thread_;
};

TEST_F(DebugPagesTest, TellsWhatWaitsAndWhy) {
  harness_.add(testing::makeNode("a").cpu("1").memory("1Gi"));
  harness_.add(testing::makePod("big").cpu("2"));
  harness_.settle();
  run();
  const Json shown = queue();
  EXPECT_EQ(shown["counts"]["unschedulable"], 1);
  const Json& pod = shown["pods"].at(0);
  EXPECT_EQ(pod["name"], "big");
  EXPECT_EQ(pod["queue"], "unschedulable");
  EXPECT_EQ(pod["rejectedBy"], Json::array({"NodeResourcesFit"}));
  EXPECT_EQ(pod["schedulerName"], "stowage-scheduler");
}

TEST_F(DebugPagesTest, TellsOfNodesAndOfOneWithItsPods) {
  harness_.add(testing::makeNode("a").cpu("4").memory("8Gi"));
  harness_.add(testing::makePod("p").cpu("1"));
  harness_.settle();
  run();
  const auto handler = cachePage(loop_, 20s);
  const Json all = Json::parse(handler(call()).body);
  EXPECT_EQ(all["counts"], Json({{"nodes", 1}, {"pods", 1}, {"assumed", 1}}));
  EXPECT_EQ(all["nodes"].at(0)["resources"]["cpu"],
            Json({{"allocatable", 4000}, {"requested", 1000}}));
  EXPECT_FALSE(all.contains("consistent"));
  const Json one = Json::parse(handler(call({{"node", "a"}, {"verify", "true"}})).body);
  EXPECT_EQ(one["nodes"].at(0)["pods"].at(0)["assumed"], true);
  EXPECT_EQ(one["consistent"], true);
}

TEST_F(DebugPagesTest, AWrongQuestionIsToldWhatItMayAsk) {
  const auto reply = queuePage(loop_, 20s)(call({{"limit", "all"}}));
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("limit must be a number"));
}

// The thread does not run here: the question stays in the inbox, and is not answered later.
TEST_F(DebugPagesTest, AThreadThatDoesNotComeRoundIsNotWaitedFor) {
  EXPECT_EQ(queuePage(loop_, 1ms)(call()).status, 503);
  run();
  EXPECT_EQ(queue()["counts"]["all"], 0);
}

TEST_F(DebugPagesTest, AFullInboxIsNotWaitedFor) {
  while (loop_.tryPush(scheduling::Inspection([](auto&) {}))) {
  }
  EXPECT_EQ(queuePage(loop_, 20s)(call()).status, 503);
}

TEST_F(DebugPagesTest, AThreadThatHasEndedIsNotWaitedFor) {
  run();
  thread_.request_stop();
  thread_.join();
  EXPECT_EQ(queuePage(loop_, 20s)(call()).status, 503);
}

}  // namespace
}  // namespace stowage::scheduler_cmd
