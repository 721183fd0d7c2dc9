// The judge of what happens on real API servers is right about histories that are made up: good
// ones, and one for each thing that it is to catch.
#include "testing/statefulgroup/history_judge.h"

#include <gmock/gmock.h>

#include <utility>

namespace stowage::testing {
namespace {

using Json = nlohmann::json;
using Kind = Change::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HistoryJudgeTest : public ::testing::Test {
 protected:
  // A group of three with claims, all of them ready, as its first revision says.
  HistoryJudgeTest() {
    put("statefulgroups", group_);
    put("controllerrevisions", revision("db-a", 1));
    for (int i = 0; i < 3; ++i) {
      put("persistentvolumeclaims", claim(i));
      put("pods", pod(i));
    }
  }

  static Json labels(int ordinal) {
    return {{"stowage.dev/group-uid", "g"},
            {"stowage.dev/shard", "0"},
            {"stowage.dev/ordinal", std::to_string(ordinal)},
            {"controller-revision-hash", "db-a"}};
  }
  static Json pod(int ordinal, const std::string& uid = {}) {
    const std::string number = std::to_string(ordinal);
    return {{"metadata",
             {{"name", "db-0-" + number},
              {"uid", uid.empty() ? "p" + number : uid},
              {"labels", labels(ordinal)}}},
            {"spec",
             {{"nodeName", "n"},
              {"volumes",
               Json::array({{{"name", "data"},
                             {"persistentVolumeClaim", {{"claimName", "data-" + number}}}}})}}},
            {"status",
             {{"phase", "Running"},
              {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
  }
  static Json claim(int ordinal) {
    const std::string number = std::to_string(ordinal);
    return {{"metadata",
             {{"name", "data-" + number}, {"uid", "c" + number}, {"labels", labels(ordinal)}}},
            {"spec", {{"resources", {{"requests", {{"storage", "1Gi"}}}}}}},
            {"status", {{"capacity", {{"storage", "1Gi"}}}}}};
  }
  static Json revision(const std::string& name, int number) {
    return {
        {"metadata", {{"name", name}, {"uid", name}, {"labels", {{"stowage.dev/group-uid", "g"}}}}},
        {"revision", number}};
  }
  static Json unready(Json pod) {
    pod["status"]["conditions"][0]["status"] = "False";
    return pod;
  }

  void put(const char* resource, const Json& object) {
    judge_.see({0, Kind::kPut, resource, object});
  }
  void gone(const char* resource, const Json& object) {
    judge_.see({0, Kind::kGone, resource, object});
  }
  void change(const Json& spec_patch) {
    group_["spec"].merge_patch(spec_patch);
    group_["metadata"]["generation"] = group_["metadata"]["generation"].get<int>() + 1;
    put("statefulgroups", group_);
  }
  // The operator has seen what its group says now.
  void seen() {
    group_["status"]["observedGeneration"] = group_["metadata"]["generation"];
    put("statefulgroups", group_);
  }
  void newRevision() { put("controllerrevisions", revision("db-b", 2)); }

  Json group_ = {{"metadata", {{"name", "db"}, {"uid", "g"}, {"generation", 1}}},
                 {"spec",
                  {{"shards", 1},
                   {"replicas", 3},
                   {"persistentVolumeClaimRetentionPolicy",
                    {{"whenScaled", "Retain"}, {"whenDeleted", "Retain"}}}}},
                 {"status", {{"observedGeneration", 1}, {"updateRevision", "db-a"}}}};
  // What the operator removed, if it goes at all.
  HistoryJudge judge_{{"p0", "p1", "p2", "c0", "c1", "c2"}};
};

TEST_F(HistoryJudgeTest, AnUpdateOfOneMemberAfterAnotherIsFine) {
  newRevision();
  for (int i = 2; i >= 0; --i) {
    Json going = pod(i);
    going["metadata"]["deletionTimestamp"] = "now";
    put("pods", going);
    gone("pods", going);
    Json next = pod(i, "q" + std::to_string(i));
    next["metadata"]["labels"]["controller-revision-hash"] = "db-b";
    put("pods", unready(next));
    put("pods", next);
  }
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, WhoeverGoesWhileAnotherIsAwayIsOneTooMany) {
  newRevision();
  gone("pods", pod(2));
  EXPECT_THAT(judge_.violations(), IsEmpty());
  gone("pods", pod(1));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("db-0-1 taken away: 1 of 3 would serve")));
}

TEST_F(HistoryJudgeTest, AlsoWhileAnotherIsThereAndDoesNotServe) {
  newRevision();
  put("pods", unready(pod(0)));
  gone("pods", pod(1));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("db-0-1 taken away: 1 of 3 would serve")));
}

TEST_F(HistoryJudgeTest, WhatDoesNotServeMayGo) {
  put("pods", unready(pod(0)));
  gone("pods", pod(0));
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, AHealthyMemberWithoutAReasonToGo) {
  gone("pods", pod(2));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("as it should be")));
}

TEST_F(HistoryJudgeTest, WhomSomebodyWantsReplacedMayGo) {
  Json marked = pod(2);
  marked["metadata"]["annotations"] = {{"stowage.dev/replace", "please"}};
  put("pods", marked);
  gone("pods", marked);
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, WhatSomebodyElseDeletesIsNotTheOperatorsDoing) {
  HistoryJudge judge{{}};
  judge.see({0, Kind::kPut, "statefulgroups", group_});
  judge.see({0, Kind::kPut, "pods", pod(0)});
  judge.see({0, Kind::kPut, "persistentvolumeclaims", claim(0)});
  judge.see({0, Kind::kGone, "pods", pod(0)});
  judge.see({0, Kind::kGone, "persistentvolumeclaims", claim(0)});
  EXPECT_THAT(judge.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, MembersThatAreNotWantedLeaveAndNoOthers) {
  change({{"replicas", 1}});
  gone("pods", pod(2));
  gone("pods", pod(1));
  EXPECT_THAT(judge_.violations(), IsEmpty());
  seen();
  gone("pods", pod(0));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("db-0-0 taken away: 0 of 1")));
}

// What the operator has not seen yet it cannot act by.
TEST_F(HistoryJudgeTest, AWishThatCameAMomentAgoIsNotHeldAgainstIt) {
  change({{"replicas", 1}});
  seen();
  change({{"replicas", 3}});
  gone("pods", pod(2));
  EXPECT_THAT(judge_.violations(), IsEmpty());
  seen();
  gone("pods", pod(1));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("db-0-1")));
}

TEST_F(HistoryJudgeTest, ASleepingGroupsPodsGo) {
  change({{"runPolicy", "Hibernated"}});
  for (int i = 0; i < 3; ++i) gone("pods", pod(i));
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, TwoPodsOfOneIdentityOrOneClaim) {
  Json twin = pod(1, "other");
  twin["metadata"]["name"] = "db-0-1-again";
  put("pods", twin);
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("are the same member")));
  Json borrower = pod(7, "borrower");
  borrower["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] = "data-0";
  put("pods", borrower);
  put("pods", borrower);
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("db-0-1"), HasSubstr("claim data-0")));
  put("pods", pod(0, "anew"));
  EXPECT_THAT(judge_.violations(), ::testing::Contains(HasSubstr("twice")));
}

TEST_F(HistoryJudgeTest, ClaimsGoByConsentOnly) {
  gone("persistentvolumeclaims", claim(2));
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("data-2 deleted: its member is wanted")));
  change({{"replicas", 1}});
  seen();
  gone("persistentvolumeclaims", claim(1));
  EXPECT_THAT(judge_.violations().back(), HasSubstr("data-1 deleted: it was to be kept"));
}

TEST_F(HistoryJudgeTest, ClaimsOfMembersThatLeftGoWherePolicySaysSo) {
  change({{"replicas", 1}, {"persistentVolumeClaimRetentionPolicy", {{"whenScaled", "Delete"}}}});
  seen();
  gone("persistentvolumeclaims", claim(2));
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

TEST_F(HistoryJudgeTest, ClaimsOfLostVolumesGoWhereTheSpecSaysReplace) {
  change({{"recovery", {{"volumeLoss", "Replace"}}},
          {"persistentVolumeClaimRetentionPolicy", {{"whenReplaced", "Delete"}}}});
  seen();
  Json lost = claim(1);
  lost["status"]["phase"] = "Lost";
  put("persistentvolumeclaims", lost);
  gone("persistentvolumeclaims", lost);
  EXPECT_THAT(judge_.violations(), IsEmpty());
  gone("persistentvolumeclaims", claim(2));  // that one was there
  EXPECT_THAT(judge_.violations(), ElementsAre(HasSubstr("data-2 deleted: its member is wanted")));
}

TEST_F(HistoryJudgeTest, AfterAGapNothingIsSupposed) {
  judge_.see({0, Kind::kLost, "pods", {}});
  put("pods", pod(0, "anew"));
  gone("pods", pod(1));  // gone before, for all that is known
  EXPECT_THAT(judge_.violations(), IsEmpty());
}

}  // namespace
}  // namespace stowage::testing
