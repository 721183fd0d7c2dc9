// What rollback would write, and whether a member may be replaced.
#include "cmd/kubectl-stowage/view/replacement.h"
#include "cmd/kubectl-stowage/view/rollback.h"
#include "kubeapi/decode.h"
#include "statefulgroup/revision.h"
#include "unit/kubectl/kubectl_harness.h"

namespace stowage::kubectl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RollbackTest : public KubectlTest {
 protected:
  Rollback plan(std::optional<std::int64_t> to = {}) {
    auto planned = planRollback(groupJson(), observed(), to);
    EXPECT_TRUE(planned.has_value()) << (planned ? "" : planned.error().message());
    return planned ? *planned : Rollback{};
  }
  // The spec once the patch has been carried out.
  Json patched(const Rollback& rollback) {
    return Json::parse(groupJson()).patch(Json::parse(rollback.patch))["spec"];
  }
  static std::vector<std::string> paths(const Rollback& rollback) {
    std::vector<std::string> paths;
    for (const Json& operation : Json::parse(rollback.patch))
      paths.push_back(operation["op"].get<std::string>() + " " +
                      operation["path"].get<std::string>());
    return paths;
  }
};

TEST_F(RollbackTest, OnlyWhatDiffersAndBelongsToTheRevision) {
  harness_.put(1, 3);
  Json more = testing::withImage("x:2");
  more["minReadySeconds"] = 7;
  harness_.put(1, 5, more);
  const Rollback rollback = plan();
  EXPECT_EQ(rollback.number, 1);
  EXPECT_THAT(paths(rollback),
              ElementsAre("test /metadata/uid", "test /metadata/generation", "add /spec/template"));
  EXPECT_THAT(rollback.changes,
              ElementsAre("template.spec.containers[main].image: x:2 -> example.test/db:1"));
  EXPECT_THAT(rollback.remarks, IsEmpty());
  const Json spec = patched(rollback);
  EXPECT_EQ(spec["replicas"], 5);
  EXPECT_EQ(spec["minReadySeconds"], 7);
  EXPECT_EQ(spec["template"]["spec"]["containers"][0]["image"], "example.test/db:1");
  // No new revision: the old one gets a new number.
  harness_.put(spec);
  EXPECT_EQ(harness_.cluster.names(statefulgroup::Resource::kRevisions).size(), 2U);
  EXPECT_EQ(plan(3).patch, "");
}

TEST_F(RollbackTest, DefaultsDoNotComeBackInsteadOfWhatWas) {
  const Json off = {{"topology",
                     {{"failureDomains", Json::array({{{"topologyKey", "kubernetes.io/hostname"},
                                                       {"maxPerDomain", 1},
                                                       {"whenUnsatisfiable", "DoNotSchedule"},
                                                       {"quorumSafe", "Off"}}})}}}};
  harness_.put(1, 3, off);
  Json more = {{"topology", {{"failureDomains", Json::array()}}}};
  more["shardOverrides"] = Json::array({{{"shards", "0"}, {"labels", {{"a", "b"}}}}});
  more["restartTime"] = "2026-01-01T00:00:00Z";
  harness_.put(1, 3, more);
  const Rollback first = plan(1);
  EXPECT_THAT(paths(first), UnorderedElementsAre("test /metadata/uid", "test /metadata/generation",
                                                 "remove /spec/shardOverrides",
                                                 "add /spec/topology", "remove /spec/restartTime"));
  EXPECT_THAT(first.remarks, IsEmpty());
  harness_.put(patched(first));
  // And forth: a list that was empty is written as one.
  const Rollback second = plan(2);
  EXPECT_EQ(patched(second)["topology"]["failureDomains"], Json::array());
  EXPECT_THAT(second.remarks, IsEmpty());
}

TEST_F(RollbackTest, FromASpecThatTheServerRefusesToTheNewestRevision) {
  harness_.put(1, 3);
  harness_.put(1, 3, testing::withImage("x:2"));
  harness_.cluster.admission = [](const Json& pod) {
    return pod["spec"]["containers"][0]["image"] == "bad" ? "no such image" : "";
  };
  harness_.put(1, 3, testing::withImage("bad"));
  EXPECT_EQ(plan().number, 2);
}

TEST_F(RollbackTest, ClaimsThatCameSinceStay) {
  harness_.put(1, 3);
  Json more = testing::withImage("x:2");
  more["volumeClaimTemplates"] =
      Json::array({{{"name", "data"},
                    {"spec",
                     {{"accessModes", Json::array({"ReadWriteOnce"})},
                      {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  harness_.put(1, 3, more);
  EXPECT_THAT(plan(1).remarks, Contains(HasSubstr("a new revision is made")));
}

TEST_F(RollbackTest, SaysWhatKeepsPodsFromFollowing) {
  harness_.put(1, 3);
  Json more = testing::withImage("x:2");
  more["managementPolicy"] = "Managed";
  more["updateStrategy"] = {{"type", "OnDelete"}, {"rollingUpdate", nullptr}};
  harness_.put(1, 3, more);
  EXPECT_THAT(plan().remarks, ElementsAre(HasSubstr("OnDelete")));
}

TEST_F(RollbackTest, NoSuchRevision) {
  harness_.put(1, 3);
  const auto none = planRollback(groupJson(), observed(), 7);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message(), "there is no revision 7; there is 1");
  const auto before = planRollback(groupJson(), observed(), {});
  ASSERT_FALSE(before.has_value());
  EXPECT_EQ(before.error().message(), "there is no revision before the present one");
}

class ReplacementTest : public KubectlTest {
 protected:
  Replacement judge(const std::string& name) {
    const auto seen = observed();
    for (const auto& pod : seen.pods) {
      if (pod->meta.name.view() == name) return judgeReplacement(seen, *pod, now());
    }
    ADD_FAILURE() << "no pod " << name;
    return {};
  }
};

TEST_F(ReplacementTest, OneOfThreeMayGoAndNotASecond) {
  harness_.put(1, 3);
  EXPECT_EQ(judge("db-0-0").refusal, "");
  harness_.cluster.setReady("db-0-1", false);
  EXPECT_EQ(judge("db-0-0").refusal,
            "shard 0 cannot spare it: 2 voters must stay available, and 1 would be");
  // It is what is wrong with the shard.
  EXPECT_EQ(judge("db-0-1").refusal, "");
}

TEST_F(ReplacementTest, TheOnlyOneNeedsConsent) {
  harness_.put(1, 1);
  EXPECT_THAT(judge("db-0-0").refusal, HasSubstr("disruption.singleReplica Allow"));
  harness_.put(1, 1, {{"disruption", {{"singleReplica", "Allow"}}}});
  EXPECT_EQ(judge("db-0-0").refusal, "");
}

TEST_F(ReplacementTest, NobodyWouldMakeItsSuccessor) {
  harness_.put(1, 3);
  harness_.put(1, 3, {{"managementPolicy", "Paused"}});
  EXPECT_THAT(judge("db-0-0").refusal, HasSubstr("paused"));
}

TEST_F(ReplacementTest, ALeaderIsTold) {
  harness_.put(1, 3);
  harness_.cluster.setRole("db-0-1", "leader");
  EXPECT_THAT(judge("db-0-1").remarks, ElementsAre(HasSubstr("the leader of shard 0")));
  EXPECT_THAT(judge("db-0-0").remarks, IsEmpty());
}

}  // namespace
}  // namespace stowage::kubectl
