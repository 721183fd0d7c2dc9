// The shell around LeaseMachine: threads, callbacks, deadlines, release.
#include "k8sclient/lease/leader_election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "testing/api/stepping_clock.h"
#include "unit/k8sclient/lease/lease_server.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = LeaderElector::Outcome;

LeaseOptions leaseOptions(const std::string& identity) {
  LeaseOptions options;
  options.ns = "kube-system";
  options.name = "stowage";
  options.identity = identity;
  return options;
}

// One elector on a thread of its own; the "work" waits until it is stopped, and then, if told so,
// until it is let go.
class Replica {
 public:
  Replica(LeaseServer& server, base::Clock& clock, const std::string& identity)
      : elector_(leaseOptions(identity), callbacks(), api_, clock, 1, base::nullMetricSink()) {
    api_.otherwise(server.handler());
  }
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      const Outcome outcome = elector_.run(stop);
      note(outcome == Outcome::kStopped ? "stopped" : "lost");
    });
  }
  void requestStop() { thread_.request_stop(); }
  void join() { thread_.join(); }
  bool waitFor(const std::string& event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] {
      return std::find(events_.begin(), events_.end(), event) != events_.end();
    });
  }
  std::vector<std::string> events() {
    std::lock_guard lock(mutex_);
    return events_;
  }
  void holdWork(bool hold) {
    std::lock_guard lock(mutex_);
    hold_ = hold;
    changed_.notify_all();
  }
  LeaderElector& elector() { return elector_; }
  testing::ScriptedApiClient& api() { return api_; }

 private:
  LeaderCallbacks callbacks() {
    return {[this](const std::stop_token& stop) {
              note("work begins");
              std::unique_lock lock(mutex_);
              changed_.wait(lock, stop, [] { return false; });
              changed_.wait(lock, [this] { return !hold_; });
              events_.emplace_back("work ends");
              changed_.notify_all();
            },
            [this] { note("onLost"); },
            {}};
  }
  void note(const std::string& event) {
    std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }

  testing::ScriptedApiClient api_;
  LeaderElector elector_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> events_;
  bool hold_ = false;
  std::jthread thread_;  // last: ends before the rest goes
};

class LeaderElectionTest : public ::testing::Test {
 protected:
  // Lets `time` pass in small steps, each once the electors sleep again.
  void pass(base::Duration time, int sleepers) {
    for (base::Duration done{}; done < time; done += milliseconds(500)) {
      ASSERT_TRUE(clock_.waitForSleepers(sleepers));
      clock_.advance(milliseconds(500));
    }
  }
  base::ManualClock clock_;
  LeaseServer server_;
};

TEST_F(LeaderElectionTest, LeadsWorksAndReleasesOnStop) {
  Replica a(server_, clock_, "a");
  EXPECT_FALSE(a.elector().isLeader());
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  EXPECT_TRUE(a.elector().isLeader());
  EXPECT_EQ(a.elector().holder(), "a");
  a.requestStop();
  a.join();
  EXPECT_THAT(a.events(), ::testing::ElementsAre("work begins", "work ends", "stopped"));
  EXPECT_EQ(server_.get()->holder, "");
  EXPECT_FALSE(a.elector().isLeader());
}

TEST_F(LeaderElectionTest, SaysWhyNoLeaseCanBeMade) {
  server_.refuseToCreate(
      testing::apiError(404, "NotFound", "namespaces \"kube-system\" not found"));
  ::testing::internal::CaptureStderr();
  Replica a(server_, clock_, "a");
  a.start();
  pass(seconds(20), 1);
  a.requestStop();
  a.join();
  const std::string log = ::testing::internal::GetCapturedStderr();
  const auto first = log.find("lease call failed");
  ASSERT_NE(first, std::string::npos) << log;
  EXPECT_THAT(log, ::testing::HasSubstr("namespaces \\\"kube-system\\\" not found"));
  EXPECT_EQ(log.find("lease call failed", first + 1), std::string::npos) << log;
}

TEST_F(LeaderElectionTest, RenewsForAsLongAsItRuns) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  const auto first = *server_.get()->renew_time;
  pass(seconds(60), 1);
  EXPECT_GE(*server_.get()->renew_time - first, seconds(56));
  EXPECT_TRUE(a.elector().isLeader());
  EXPECT_TRUE(a.elector().check().ok());
}

TEST_F(LeaderElectionTest, GivesUpWhenItCannotRenewWithinTheDeadline) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  ASSERT_TRUE(clock_.waitForSleepers(1));
  const auto renewed = clock_.now();
  server_.breakWith(testing::unreachable());
  while (a.elector().isLeader() && clock_.now() - renewed < seconds(60)) {
    if (clock_.waitForSleepers(1, milliseconds(20))) clock_.advance(milliseconds(250));
  }
  ASSERT_TRUE(a.waitFor("lost"));
  EXPECT_GE(clock_.now() - renewed, seconds(9)) << "it tries until the deadline";
  EXPECT_LE(clock_.now() - renewed, seconds(12)) << "and stops before the lease of 15 s ends";
  a.join();
  EXPECT_THAT(a.events(), ::testing::IsSupersetOf({"onLost", "work ends", "lost"}));
  EXPECT_EQ(server_.get()->holder, "a") << "what cannot be written is not released";
}

TEST_F(LeaderElectionTest, OneFailedRenewalIsNotTheEnd) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  server_.breakWith(testing::apiError(500, "InternalError"));
  pass(seconds(5), 1);
  server_.breakWith(std::nullopt);
  pass(seconds(20), 1);
  EXPECT_TRUE(a.elector().isLeader());
}

TEST_F(LeaderElectionTest, LosesAtOnceWhenAnotherHoldsTheLease) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  auto stolen = *server_.get();
  stolen.holder = "b";
  server_.put(stolen);
  pass(seconds(2), 1);  // the next renewal
  EXPECT_TRUE(a.waitFor("onLost"));
  a.join();
  EXPECT_EQ(server_.get()->holder, "b");
}

TEST_F(LeaderElectionTest, SuccessorTakesOverSoonAfterARelease) {
  Replica a(server_, clock_, "a");
  Replica b(server_, clock_, "b");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  b.start();
  ASSERT_TRUE(clock_.waitForSleepers(2));
  a.requestStop();
  a.join();
  const auto released = clock_.now();
  while (!b.elector().isLeader() && clock_.now() - released < seconds(60)) {
    if (clock_.waitForSleepers(1, milliseconds(20))) clock_.advance(milliseconds(250));
  }
  ASSERT_TRUE(b.waitFor("work begins"));
  EXPECT_LE(clock_.now() - released, seconds(5)) << "not a whole lease of 15 s";
}

// A candidate does not sleep past the end of a silent holder's time: from the last change that it
// saw to its own leadership pass one lease and a tenth of a retry, not a lease and a whole retry.
TEST(LeaderElectionTakeover, DeadLeaderIsReplacedAsSoonAsItsTimeIsOver) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    LeaseServer server;
    testing::ScriptedApiClient api;
    testing::SteppingClock clock;
    std::optional<base::SteadyTime> led;  // when the record was first written
    api.otherwise([&, serve = server.handler()](const auto& call, const auto& token) {
      if (call.verb == "PUT" && !led) led = clock.now();
      return serve(call, token);
    });
    kubeapi::Lease dead;
    dead.holder = "dead";
    dead.duration_seconds = 15;
    server.put(dead);
    const base::SteadyTime first_seen = clock.now();
    std::stop_source stop;
    LeaderCallbacks callbacks;
    callbacks.onStarted = [&](const std::stop_token&) { stop.request_stop(); };
    callbacks.onLost = [] {};
    LeaderElector elector(leaseOptions("b"), callbacks, api, clock, seed, base::nullMetricSink());
    EXPECT_EQ(elector.run(stop.get_token()), Outcome::kStopped);
    ASSERT_TRUE(led.has_value());
    EXPECT_GE(*led - first_seen, seconds(15)) << "seed " << seed;
    EXPECT_LE(*led - first_seen, milliseconds(15'200)) << "seed " << seed;
  }
}

TEST_F(LeaderElectionTest, KeepsTheLeaseUntilTheWorkHasEnded) {
  Replica a(server_, clock_, "a");
  a.holdWork(true);
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  a.requestStop();
  const auto before = *server_.get()->renew_time;
  pass(seconds(20), 1);
  EXPECT_EQ(server_.get()->holder, "a");
  EXPECT_GT(*server_.get()->renew_time, before + seconds(10)) << "renewed while it winds down";
  a.holdWork(false);
  a.join();
  EXPECT_EQ(server_.get()->holder, "");
}

TEST_F(LeaderElectionTest, StopWhileWaitingTakesNothing) {
  kubeapi::Lease held;
  held.holder = "other";
  held.duration_seconds = 15;
  server_.put(held);
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(clock_.waitForSleepers(1));
  a.requestStop();
  a.join();
  EXPECT_THAT(a.events(), ::testing::ElementsAre("stopped"));
  EXPECT_EQ(server_.get()->holder, "other");
}

TEST_F(LeaderElectionTest, ReleaseGoesThroughAConflict) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  ASSERT_TRUE(clock_.waitForSleepers(1));
  server_.put(*server_.get());  // touched by somebody: a new version
  a.requestStop();
  a.join();
  EXPECT_EQ(server_.get()->holder, "");
}

TEST_F(LeaderElectionTest, CallsAreBoundedSoThatOneCannotCostTheLease) {
  Replica a(server_, clock_, "a");
  a.start();
  ASSERT_TRUE(a.waitFor("work begins"));
  pass(seconds(4), 1);
  for (const testing::AskedCall& call : a.api().calls()) {
    EXPECT_LE(call.timeout, seconds(5)) << call.line();
    EXPECT_FALSE(call.fast_lane) << call.line();
  }
}

TEST_F(LeaderElectionTest, CheckFailsWhenRenewalHangs) {
  // The call never comes back; the clock goes on.
  testing::ScriptedApiClient api;
  api.fail(testing::apiError(404, "NotFound"))
      .handle([this](const testing::AskedCall& call, const std::stop_token& stop) {
        return server_.handler()(call, stop);
      });
  std::stop_source stop;
  LeaderElector elector(leaseOptions("a"), {[](const std::stop_token&) {}, [] {}, {}}, api, clock_,
                        1, base::nullMetricSink());
  std::jthread thread([&] { (void)elector.run(stop.get_token()); });
  ASSERT_TRUE(api.waitForCalls(2));
  ASSERT_TRUE(clock_.waitForSleepers(1));
  clock_.advance(seconds(3));
  ASSERT_TRUE(api.waitForCalls(3));  // hangs in its PUT
  EXPECT_TRUE(elector.check().ok());
  clock_.advance(seconds(40));
  EXPECT_FALSE(elector.check().ok());
  // The release, which comes as soon as it is to stop, would hang as well: let it fail.
  api.otherwise([](const testing::AskedCall&, const std::stop_token&) -> ApiResult<std::string> {
    return tl::unexpected(testing::unreachable());
  });
  stop.request_stop();
}

}  // namespace
}  // namespace stowage::k8sclient
