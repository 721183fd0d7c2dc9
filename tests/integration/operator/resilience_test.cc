// Operators that die, lose their lease, run twice, or meet a server without their API.
#include <gmock/gmock.h>

#include <csignal>

#include "integration/operator/operator_world.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class OperatorResilienceIt : public OperatorWorld {};

TEST_F(OperatorResilienceIt, StopsInOrderWhenAsked) {
  operator_->process().signal(SIGTERM);
  EXPECT_EQ(operator_->process().waitExit(3s), 0);
  EXPECT_THAT(operator_->process().log(), HasSubstr("stopped"));
}

TEST_F(OperatorResilienceIt, WhoTakesTheLeaseGoesOn) {
  operator_.reset();
  const std::vector<std::string> flags = {"--leader-elect-resource-namespace", "kube-system"};
  auto first = startOperator(flags);
  ASSERT_TRUE(first->waitReady());
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  auto second = startOperator(flags);
  ASSERT_TRUE(second->waitReady());
  const auto before = uids("db");
  first->process().signal(SIGKILL);
  changeGroup("db", {{"replicas", 5}});
  await("db", "Ready", "True/AllReady");
  const auto after = uids("db");
  for (const auto& [pod, uid] : before) EXPECT_EQ(after.at(pod), uid) << pod;
  EXPECT_THAT(after, SizeIs(5));
  second->process().signal(SIGTERM);
  EXPECT_EQ(second->process().waitExit(5s), 0);
  operator_ = startOperator();
}

TEST_F(OperatorResilienceIt, TwoAtOnceWithoutALeaseHurtNobody) {
  createGroup("db", {{"shards", 2}});
  await("db", "Ready", "True/AllReady");
  auto other = startOperator();
  ASSERT_TRUE(other->waitReady());
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Ready", "True/AllReady");
  // Each pod went once.
  EXPECT_THAT(removals(mark), SizeIs(6));
}

TEST_F(OperatorResilienceIt, KilledAgainAndAgainItFinishesARollout) {
  createGroup("db", {{"shards", 2}});
  await("db", "Ready", "True/AllReady");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  for (std::size_t gone = 1; gone <= 4; ++gone) {
    EXPECT_TRUE(waitFor([&] { return removals(mark).size() >= gone; }, kPatience));
    operator_->process().signal(SIGKILL);
    operator_ = startOperator();
  }
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(removals(mark), SizeIs(6));
}

// Not an update: the disruption controller knows evicted pods by their names alone, and takes a pod
// for evicted that came back while it was away itself, for two minutes.
TEST_F(OperatorResilienceIt, GoesOnAfterAnOutageOfTheApiServer) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  changeGroup("db", {{"replicas", 5}});
  cluster_.killApiServer();
  cluster_.restartApiServer();
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(pods("db"), SizeIs(5));
  EXPECT_TRUE(operator_->process().running());
  // A server that has just started does not know anybody's rights yet.
  forgetRefusals();
}

// The controllers are away as well: where they are not back in time for an evicted pod, they take
// its successor for evicted, and the rollout goes on two minutes later (docs/decisions/0012).
TEST_F(OperatorResilienceIt, AnApiServerThatDiesInTheMiddleOfARolloutOnlyDelaysIt) {
  createGroup("db", Json::object());
  awaitRest("db");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  EXPECT_TRUE(waitFor([&] { return !removals(mark).empty(); }, kPatience));
  cluster_.killApiServer();
  cluster_.restartApiServer();
  EXPECT_TRUE(waitFor([&] { return condition("db", "Ready") == "True/AllReady"; }, 240s))
      << getGroup("db").dump(1);
  // An eviction that nobody was there to answer may have been granted: none went twice.
  EXPECT_THAT(removals(mark), SizeIs(::testing::AllOf(::testing::Ge(2U), ::testing::Le(3U))));
  for (const auto& [name, pod] : pods("db"))
    EXPECT_EQ(pod["spec"]["containers"][0]["image"], "example.test/db:2") << name;
  forgetRefusals();
}

TEST_F(OperatorResilienceIt, TellsThatItsApiIsMissingAndWaitsForIt) {
  operator_.reset();
  ASSERT_EQ(cluster_.kubectl({"delete", "crd", "statefulgroups.stowage.dev"}).exit_code, 0);
  operator_ = startOperator();
  EXPECT_TRUE(waitFor(
      [&] {
        return operator_->process().log().find("install the CustomResourceDefinition") !=
               std::string::npos;
      },
      30s));
  EXPECT_EQ(operator_->get("/readyz").status, 500);
  EXPECT_EQ(operator_->get("/livez").status, 200);
  GroupApi::SetUpTestSuite();  // installs it
  ASSERT_TRUE(operator_->waitReady(60s));
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
}

TEST_F(OperatorResilienceIt, WrongFlagsAreOneLineAndCode2) {
  const std::string program = std::string(STOWAGE_BINARY_DIR) + "/cmd/operator/stowage-operator";
  for (const auto& flags : std::vector<std::vector<std::string>>{
           {"--bogus"}, {"--workers", "0"}, {"--kubeconfig", "/no/such/file"}}) {
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), flags.begin(), flags.end());
    const CommandResult result = runCommand(argv);
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, ::testing::StartsWith("stowage-operator: "));
  }
}

}  // namespace
}  // namespace stowage::testing
