// The rules of leader election, with two candidates on clocks of their own and a server in between.
#include "k8sclient/lease/lease_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/api/stepping_clock.h"
#include "unit/k8sclient/lease/lease_server.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One candidate: tries() runs a whole try against the server and remembers the verbs.
class Candidate {
 public:
  Candidate(LeaseServer& server, const std::string& identity) : machine_(options(identity)) {
    api_.otherwise(server.handler());
  }
  static LeaseOptions options(const std::string& identity) {
    LeaseOptions options;
    options.ns = "kube-system";
    options.name = "stowage";
    options.identity = identity;
    return options;
  }
  bool tries() {
    verbs.clear();
    auto call = machine_.begin(clock.now(), clock.wallNow());
    for (std::optional<LeaseMachine::Call> next = call; next;) {
      next = machine_.onAnswer(perform(*next), clock.now(), clock.wallNow());
    }
    return machine_.held();
  }
  bool releases() {
    const auto call = machine_.release(clock.wallNow());
    if (!call || !perform(*call)) return false;
    machine_.onReleased();
    return true;
  }
  LeaseMachine& machine() { return machine_; }

  testing::SteppingClock clock;
  std::vector<std::string> verbs;

 private:
  LeaseMachine::Answer perform(const LeaseMachine::Call& call) {
    using Kind = LeaseMachine::Call::Kind;
    const std::string path = "/lease";
    ApiResult<std::string> answer;
    if (call.kind == Kind::kGet) {
      verbs.emplace_back("GET");
      answer = api_.get(path, {}, {});
    } else if (call.kind == Kind::kCreate) {
      verbs.emplace_back("POST");
      answer = api_.create(path, kubeapi::encodeLease(call.lease), {}, {});
    } else {
      verbs.emplace_back("PUT");
      answer = api_.update(path, kubeapi::encodeLease(call.lease), {}, {});
    }
    if (!answer) return tl::unexpected(answer.error());
    auto lease = decoder_.object(*answer);
    if (!lease) return tl::unexpected(ApiError{});
    return *lease;
  }

  testing::ScriptedApiClient api_;
  LeaseMachine machine_;
  kubeapi::Decoder<kubeapi::Lease> decoder_;
};

class LeaseMachineTest : public ::testing::Test {
 protected:
  void pass(base::Duration time) {
    a_.clock.advance(time);
    b_.clock.advance(time);
  }
  LeaseServer server_;
  Candidate a_{server_, "a"};
  Candidate b_{server_, "b"};
};

TEST_F(LeaseMachineTest, FirstCandidateCreatesTheLease) {
  EXPECT_TRUE(a_.tries());
  EXPECT_THAT(a_.verbs, ElementsAre("GET", "POST"));
  EXPECT_EQ(server_.get()->holder, "a");
  EXPECT_EQ(server_.get()->duration_seconds, 15);
  EXPECT_EQ(server_.get()->transitions, 0);
}

TEST_F(LeaseMachineTest, LeaderRenewsWithOneBlindPutAndKeepsItsAcquireTime) {
  a_.tries();
  const auto acquired = server_.get()->acquire_time;
  pass(seconds(2));
  EXPECT_TRUE(a_.tries());
  EXPECT_THAT(a_.verbs, ElementsAre("PUT"));
  EXPECT_EQ(server_.get()->acquire_time, acquired);
  EXPECT_GT(*server_.get()->renew_time, *acquired);
  EXPECT_EQ(server_.get()->transitions, 0);
}

TEST_F(LeaseMachineTest, OtherCandidateWaitsWhileTheLeaseIsRenewed) {
  a_.tries();
  for (int i = 0; i < 30; ++i) {
    EXPECT_FALSE(b_.tries());
    pass(seconds(2));
    EXPECT_TRUE(a_.tries());
  }
}

TEST_F(LeaseMachineTest, TakesOverAWholeLeaseAfterTheLastChangeItSaw) {
  a_.tries();
  pass(seconds(100));
  EXPECT_FALSE(b_.tries()) << "first sight of the record: its age is unknown";
  pass(seconds(14));
  EXPECT_FALSE(b_.tries());
  pass(seconds(2));
  EXPECT_TRUE(b_.tries());
  EXPECT_THAT(b_.verbs, ElementsAre("GET", "PUT"));
  EXPECT_EQ(server_.get()->holder, "b");
  EXPECT_EQ(server_.get()->transitions, 1);
}

TEST_F(LeaseMachineTest, ClocksThatDifferByAnHourChangeNothing) {
  for (const int skew : {-1, 1}) {
    LeaseServer server;
    Candidate a(server, "a");
    Candidate b(server, "b");
    a.clock.skewWall(hours(skew));
    EXPECT_TRUE(a.tries());
    EXPECT_FALSE(b.tries()) << "skew " << skew;
    for (int i = 0; i < 7; ++i) {
      a.clock.advance(seconds(2));
      b.clock.advance(seconds(2));
      EXPECT_TRUE(a.tries()) << "skew " << skew;
      EXPECT_FALSE(b.tries()) << "skew " << skew;
    }
    b.clock.advance(seconds(16));
    EXPECT_TRUE(b.tries()) << "skew " << skew << ": expired by b's own watch";
  }
}

TEST_F(LeaseMachineTest, DurationOfTheRecordCountsNotOurs) {
  kubeapi::Lease lease;
  lease.holder = "other";
  lease.duration_seconds = 60;
  server_.put(lease);
  EXPECT_FALSE(a_.tries());
  pass(seconds(59));
  EXPECT_FALSE(a_.tries());
  pass(seconds(2));
  EXPECT_TRUE(a_.tries());
}

TEST_F(LeaseMachineTest, ConflictOnTakeoverIsLostUntilTheNextTurn) {
  a_.tries();
  b_.tries();
  pass(seconds(16));
  // Both find it expired; a third candidate is quicker between b's GET and PUT.
  auto call = b_.machine().begin(b_.clock.now(), b_.clock.wallNow());
  EXPECT_EQ(call.kind, LeaseMachine::Call::Kind::kGet);
  const auto put = b_.machine().onAnswer(std::make_shared<const kubeapi::Lease>(*server_.get()),
                                         b_.clock.now(), b_.clock.wallNow());
  ASSERT_TRUE(put);
  EXPECT_FALSE(b_.machine().onAnswer(tl::unexpected(testing::apiError(409, "Conflict")),
                                     b_.clock.now(), b_.clock.wallNow()));
  EXPECT_FALSE(b_.machine().held());
}

TEST_F(LeaseMachineTest, BlindPutThatConflictsReadsAndRenewsWhenStillOurs) {
  a_.tries();
  auto touched = *server_.get();
  server_.put(touched);  // somebody labelled the object: a new version, the same record
  pass(seconds(2));
  EXPECT_TRUE(a_.tries());
  EXPECT_THAT(a_.verbs, ElementsAre("PUT", "GET", "PUT"));
  EXPECT_TRUE(a_.machine().slowPath());
  EXPECT_EQ(server_.get()->transitions, 0);
}

TEST_F(LeaseMachineTest, LeaderThatWasReplacedSeesItAtItsNextTry) {
  a_.tries();
  auto stolen = *server_.get();
  stolen.holder = "b";
  server_.put(stolen);
  pass(seconds(2));
  EXPECT_FALSE(a_.tries());
  EXPECT_FALSE(a_.machine().ours());
  EXPECT_EQ(a_.machine().holder(), "b");
}

TEST_F(LeaseMachineTest, LeaderThatSleptTooLongDoesNotWriteBlindly) {
  a_.tries();
  pass(seconds(16));
  EXPECT_TRUE(a_.tries()) << "nobody took it";
  EXPECT_THAT(a_.verbs, ElementsAre("GET", "PUT"));
  pass(seconds(16));
  b_.tries();
  pass(seconds(16));
  EXPECT_TRUE(b_.tries());
  EXPECT_FALSE(a_.tries()) << "b has it now";
  EXPECT_THAT(a_.verbs, ElementsAre("GET"));
}

TEST_F(LeaseMachineTest, ReleasedLeaseIsTakenAtOnceEvenAtFirstSight) {
  a_.tries();
  EXPECT_TRUE(a_.releases());
  EXPECT_EQ(server_.get()->holder, "");
  EXPECT_EQ(server_.get()->duration_seconds, 1);
  EXPECT_TRUE(b_.tries());
  EXPECT_EQ(server_.get()->transitions, 1);
}

TEST_F(LeaseMachineTest, WhatIsNotOursIsNotReleased) {
  a_.tries();
  b_.tries();
  EXPECT_FALSE(b_.releases());
  EXPECT_EQ(server_.get()->holder, "a");
}

TEST_F(LeaseMachineTest, DeletedLeaseIsCreatedAnew) {
  a_.tries();
  server_.remove();
  pass(seconds(2));
  EXPECT_TRUE(a_.tries());
  EXPECT_THAT(a_.verbs, ElementsAre("PUT", "GET", "POST"));
}

TEST_F(LeaseMachineTest, ErrorsMeanNotHeldThisTime) {
  server_.breakWith(testing::apiError(500, "InternalError"));
  EXPECT_FALSE(a_.tries());
  EXPECT_THAT(a_.verbs, ElementsAre("GET"));
  server_.breakWith(std::nullopt);
  EXPECT_TRUE(a_.tries());
}

TEST_F(LeaseMachineTest, HostileNumbersInTheRecordDoNoHarm) {
  kubeapi::Lease lease;
  lease.holder = "other";
  lease.duration_seconds = -5;
  lease.transitions = std::numeric_limits<std::int32_t>::max();
  server_.put(lease);
  EXPECT_TRUE(a_.tries());
  EXPECT_EQ(server_.get()->transitions, std::numeric_limits<std::int32_t>::max());
}

TEST(LeaseOptionsTest, ValidationNamesWhatIsWrong) {
  struct Case {
    const char* name;
    void (*change)(LeaseOptions&);
    const char* want;  // "" means valid
  };
  const Case cases[] = {
      {"defaults", [](LeaseOptions&) {}, ""},
      {"lease = renew", [](LeaseOptions& o) { o.renew_deadline = o.lease_duration; },
       "leaseDuration must be greater than renewDeadline"},
      {"renew = 1.2 retry",
       [](LeaseOptions& o) { o.renew_deadline = std::chrono::milliseconds(2400); },
       "renewDeadline must be greater than 1.2 times"},
      {"retry 0", [](LeaseOptions& o) { o.retry_period = seconds(0); }, "retryPeriod"},
      {"lease below a second",
       [](LeaseOptions& o) { o.lease_duration = std::chrono::milliseconds(900); }, "one second"},
      {"no identity", [](LeaseOptions& o) { o.identity.clear(); }, "identity"},
      {"no name", [](LeaseOptions& o) { o.name.clear(); }, "name"},
  };
  for (const Case& c : cases) {
    LeaseOptions options = Candidate::options("me");
    c.change(options);
    const base::Status status = validate(options);
    EXPECT_EQ(status.ok(), std::string(c.want).empty()) << c.name;
    EXPECT_THAT(status.message(), HasSubstr(c.want)) << c.name;
  }
}

TEST(LeaseIdentityTest, IsHostnameAndAUuid) {
  base::Rng rng(7);
  const std::string first = leaseIdentity("host-1", rng);
  EXPECT_THAT(first,
              ::testing::MatchesRegex(
                  "host-1_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(first, leaseIdentity("host-1", rng));
}

}  // namespace
}  // namespace stowage::k8sclient
