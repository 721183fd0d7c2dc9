// The operator dies at a named point (STOWAGE_FAILPOINTS), and its successor finishes the work: no
// member is taken away twice, no claim lost, nobody restarted for nothing. One test for each row of
// the table of what a successor may find; the rest of the rows:
//   a deletion that only an old cache shows    GroupLife.AGroupIsNotStoppedOnTheCachesWord (unit)
//   two operators at once OperatorResilienceIt.TwoAtOnceWithoutALeaseHurtNobody a newer operator,
//   revisions of an older    RevisionData and the golden files of render (unit)
#include <gmock/gmock.h>

#include <algorithm>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

const Json kByAnnotation = {{"mode", "PodAnnotation"}};

class CrashTableIt : public OperatorWorld {
 protected:
  // The operator of the test ends, `change` comes about, and another one dies at that point.
  template <typename Change>
  void dieAt(const std::string& failpoint, const Change& change) {
    operator_.reset();
    change();
    auto doomed = startOperator({}, {"STOWAGE_FAILPOINTS=" + failpoint});
    ASSERT_TRUE(waitFor(
        [&] {
          answer();
          return !doomed->process().running();
        },
        kPatience))
        << failpoint << " was not reached\n"
        << getGroup("db").dump(1);
    ASSERT_EQ(doomed->process().waitExit(1s), 137) << doomed->process().log();
  }
  void goOn() {
    operator_ = startOperator();
    ASSERT_TRUE(operator_->waitReady());
  }
  void finish() {
    goOn();
    awaitReadyAnd("Progressing", "False/Idle");
  }
  // Whatever members are asked meanwhile is answered.
  void awaitReadyAnd(const char* type, const char* value) {
    EXPECT_TRUE(waitFor(
        [&] {
          answer();
          return condition("db", "Ready") == "True/AllReady" && condition("db", type) == value;
        },
        kPatience))
        << getGroup("db").dump(1);
  }

  // Whoever answers what members are asked by annotation says yes.
  void answer() {
    if (!answering_) return;
    for (const auto& [name, pod] : pods("db")) {
      const std::string asked = annotation(pod, "stowage.dev/request");
      if (asked.empty()) continue;
      const std::string yes = "done " + asked.substr(asked.find(' ') + 1);
      if (annotation(pod, "stowage.dev/answer") != yes) annotate(name, "stowage.dev/answer", yes);
    }
  }
  static std::string annotation(const Json& pod, const std::string& key) {
    return pod["metadata"].value("annotations", Json::object()).value(key, "");
  }
  void annotate(const std::string& pod, const std::string& key, const std::string& value) {
    const CommandResult done =
        cluster_.kubectl({"annotate", "pod", pod, "-n", ns_, key + "=" + value, "--overwrite"});
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
  void formed(const Json& spec) {
    createGroup("db", spec);
    awaitReadyAnd("BudgetsSynced", "True/Synced");
  }
  void update() { changeGroup("db", imagePatch("example.test/db:2")); }
  std::map<std::string, std::string> claimUids() {
    std::map<std::string, std::string> uids;
    for (const Json& claim :
         listObjects(cluster_, {"persistentvolumeclaims", "-n", ns_, "-l", "stowage.dev/group=db"}))
      uids[claim["metadata"]["name"]] = claim["metadata"]["uid"];
    return uids;
  }
  static Json withClaims(const char* when_scaled) {
    const Json claim = {{"name", "data"},
                        {"spec",
                         {{"accessModes", Json::array({"ReadWriteOnce"})},
                          {"storageClassName", "by-hand"},
                          {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
    return {{"volumeClaimTemplates", Json::array({claim})},
            {"persistentVolumeClaimRetentionPolicy", {{"whenScaled", when_scaled}}}};
  }
  void makeVolumes(int count) {
    std::vector<Json> volumes;
    for (int i = 0; i < count; ++i) {
      const std::string name = ns_ + "-" + std::to_string(i);
      volumes.push_back({{"apiVersion", "v1"},
                         {"kind", "PersistentVolume"},
                         {"metadata", {{"name", name}}},
                         {"spec",
                          {{"capacity", {{"storage", "1Gi"}}},
                           {"accessModes", Json::array({"ReadWriteOnce"})},
                           {"storageClassName", "by-hand"},
                           {"persistentVolumeReclaimPolicy", "Retain"},
                           {"hostPath", {{"path", "/tmp/" + name}}}}}});
    }
    createAll(cluster_, volumes);
  }

  bool answering_ = true;
};

TEST_F(CrashTableIt, AClaimWasMadeAndItsPodNot) {
  makeVolumes(3);
  dieAt("after:create/persistentvolumeclaims/data-db-0-1:1",
        [&] { createGroup("db", withClaims("Retain")); });
  EXPECT_THAT(pods("db"), Not(Contains(::testing::Key("db-0-1"))));
  const auto before = claimUids();
  ASSERT_THAT(before, Contains(::testing::Key("data-db-0-1")));
  finish();
  const auto after = claimUids();
  EXPECT_THAT(after, SizeIs(3));
  for (const auto& [claim, uid] : before) EXPECT_EQ(after.at(claim), uid) << claim;
}

TEST_F(CrashTableIt, APodWasMadeAndNobodySawIt) {
  dieAt("after:create/pods/db-0-1:1", [&] { createGroup("db", Json::object()); });
  const auto before = uids("db");
  ASSERT_THAT(before, Contains(::testing::Key("db-0-1")));
  const std::size_t mark = auditMark(cluster_);
  finish();
  const auto after = uids("db");
  EXPECT_THAT(after, SizeIs(3));
  for (const auto& [pod, uid] : before) EXPECT_EQ(after.at(pod), uid) << pod;
  EXPECT_THAT(removals(mark), IsEmpty());
}

TEST_F(CrashTableIt, AMemberHasLeftAndItsPodLives) {
  formed({{"replicas", 5}, {"membership", kByAnnotation}});
  const auto before = uids("db");
  std::size_t mark = auditMark(cluster_);
  dieAt("before:evict/pods/db-0-4:1", [&] { changeGroup("db", {{"replicas", 3}}); });
  const Json pod = pods("db").at("db-0-4");
  EXPECT_THAT(annotation(pod, "stowage.dev/request"), ::testing::StartsWith("leave "));
  EXPECT_THAT(annotation(pod, "stowage.dev/answer"), ::testing::StartsWith("done "));
  EXPECT_THAT(removals(mark), IsEmpty());
  mark = auditMark(cluster_);
  finish();
  // Who left goes, and is not made again.
  EXPECT_THAT(removals(mark), ElementsAre("db-0-4", "db-0-3"));
  const auto after = uids("db");
  EXPECT_THAT(after, SizeIs(3));
  for (const auto& [name, uid] : after) EXPECT_EQ(before.at(name), uid) << name;
}

// Members join from their pods here: what may be missing is the note that they have.
TEST_F(CrashTableIt, AMemberHasJoinedAndItIsNotWrittenDown) {
  formed({{"membership", kByAnnotation}});
  const auto before = uids("db");
  dieAt("before:patch/pods/db-0-3:2", [&] { changeGroup("db", {{"replicas", 5}}); });
  const Json pod = pods("db").at("db-0-3");
  const std::string asked = annotation(pod, "stowage.dev/request");
  EXPECT_THAT(asked, ::testing::StartsWith("join "));
  EXPECT_THAT(annotation(pod, "stowage.dev/answer"), ::testing::StartsWith("done "));
  EXPECT_EQ(annotation(pod, "stowage.dev/joined"), "");
  const std::size_t mark = auditMark(cluster_);
  finish();
  const auto now = pods("db");
  EXPECT_THAT(now, SizeIs(5));
  EXPECT_EQ(now.at("db-0-3")["metadata"]["uid"], pod["metadata"]["uid"]);
  EXPECT_EQ(annotation(now.at("db-0-3"), "stowage.dev/joined"), "true");
  EXPECT_EQ(annotation(now.at("db-0-3"), "stowage.dev/request"), asked);  // nobody asked anew
  EXPECT_THAT(removals(mark), IsEmpty());
  for (const auto& [name, uid] : before) EXPECT_EQ(uids("db").at(name), uid) << name;
}

TEST_F(CrashTableIt, WhatIsToBeDoneIsRecordedAndNotDone) {
  formed(Json::object());
  const std::size_t mark = auditMark(cluster_);
  dieAt("before:evict/pods:1", [&] { update(); });
  EXPECT_NE(annotation(pods("db").at("db-0-2"), "stowage.dev/operation"), "");
  EXPECT_THAT(removals(mark), IsEmpty());
  finish();
  EXPECT_THAT(removals(mark), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
}

TEST_F(CrashTableIt, WhatIsRecordedAndNotWantedAnyMoreIsNotDone) {
  formed(Json::object());
  const auto before = uids("db");
  dieAt("after:patch/pods/db-0-2:1", [&] { update(); });
  ASSERT_NE(annotation(pods("db").at("db-0-2"), "stowage.dev/operation"), "");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:1"));
  finish();
  EXPECT_TRUE(waitFor(
      [&] { return annotation(pods("db").at("db-0-2"), "stowage.dev/operation").empty(); }, 30s));
  EXPECT_EQ(uids("db"), before);
  EXPECT_THAT(removals(mark), IsEmpty());
}

TEST_F(CrashTableIt, AnEvictionWasGrantedAndNobodySawIt) {
  formed({{"shards", 2}});
  const std::size_t mark = auditMark(cluster_);
  dieAt("after:evict/pods:1", [&] { update(); });
  EXPECT_THAT(removals(mark), SizeIs(::testing::Ge(1U)));
  finish();
  auto gone = removals(mark);
  std::sort(gone.begin(), gone.end());
  EXPECT_THAT(gone, ElementsAre("db-0-0", "db-0-1", "db-0-2", "db-1-0", "db-1-1", "db-1-2"));
}

TEST_F(CrashTableIt, AHandOverWasAskedForAndNotAnswered) {
  formed({{"switchover", kByAnnotation}});
  answering_ = false;
  setLabel("db-0-0", "stowage.dev/role", "follower");
  setLabel("db-0-1", "stowage.dev/role", "follower");
  setLabel("db-0-2", "stowage.dev/role", "leader");
  // Its record, then the question.
  dieAt("after:patch/pods/db-0-2:2", [&] { update(); });
  const Json leader = pods("db").at("db-0-2");
  const std::string asked = annotation(leader, "stowage.dev/request");
  ASSERT_THAT(asked, ::testing::StartsWith("switchover "));
  goOn();
  // The successor asks the same, and the leader stays as long as nobody else leads.
  EXPECT_TRUE(waitFor(
      [&] {
        return getGroup("db")["status"]["shards"][0].value("reason", "").find("switchover") !=
               std::string::npos;
      },
      kPatience))
      << getGroup("db").dump(1);
  EXPECT_EQ(uids("db").at("db-0-2"), leader["metadata"]["uid"]);
  EXPECT_EQ(annotation(pods("db").at("db-0-2"), "stowage.dev/request"), asked);
  annotate("db-0-1", "stowage.dev/role-term", "2");
  setLabel("db-0-1", "stowage.dev/role", "leader");
  await("db", "Ready", "True/AllReady");
  EXPECT_NE(uids("db").at("db-0-2"), leader["metadata"]["uid"]);
}

TEST_F(CrashTableIt, AMemberIsGoneAndItsClaimNot) {
  makeVolumes(5);
  Json spec = withClaims("Delete");
  spec["replicas"] = 5;
  formed(spec);
  const auto before = claimUids();
  dieAt("before:delete/persistentvolumeclaims/data-db-0-4:1",
        [&] { changeGroup("db", {{"replicas", 3}}); });
  EXPECT_THAT(pods("db"), Not(Contains(::testing::Key("db-0-4"))));
  EXPECT_EQ(claimUids().at("data-db-0-4"), before.at("data-db-0-4"));
  finish();
  EXPECT_TRUE(waitFor([&] { return claimUids().size() == 3; }, 30s));
  for (const auto& [claim, uid] : claimUids()) EXPECT_EQ(before.at(claim), uid) << claim;
}

TEST_F(CrashTableIt, AClaimThatIsWantedAgainMeanwhileStays) {
  makeVolumes(6);  // that of db-0-3 goes for good, before
  Json spec = withClaims("Delete");
  spec["replicas"] = 5;
  formed(spec);
  const auto before = claimUids();
  dieAt("before:delete/persistentvolumeclaims/data-db-0-4:1",
        [&] { changeGroup("db", {{"replicas", 3}}); });
  changeGroup("db", {{"replicas", 5}});
  finish();
  EXPECT_EQ(claimUids().at("data-db-0-4"), before.at("data-db-0-4"));
  EXPECT_THAT(pods("db"), SizeIs(5));
}

// The pods of the one that was there before are waited out, and are nobody's to take over.
TEST_F(CrashTableIt, AGroupWasMadeAnewUnderItsOldName) {
  formed(Json::object());
  const auto before = uids("db");
  const std::string old_uid = getGroup("db")["metadata"]["uid"];
  operator_.reset();
  ASSERT_EQ(cluster_.kubectl({"delete", "sfg", "db", "-n", ns_, "--wait=false"}).exit_code, 0);
  // Somebody has lost patience with the finalizer.
  ASSERT_EQ(cluster_
                .kubectl({"patch", "sfg", "db", "-n", ns_, "--type=merge", "-p",
                          R"({"metadata":{"finalizers":null}})"})
                .exit_code,
            0);
  createGroup("db", Json::object());
  finish();
  const auto after = uids("db");
  EXPECT_THAT(after, SizeIs(3));
  for (const auto& [name, pod] : pods("db")) {
    EXPECT_NE(after.at(name), before.at(name)) << name;
    EXPECT_NE(pod["metadata"]["ownerReferences"][0]["uid"], old_uid) << name;
  }
}

}  // namespace
}  // namespace stowage::testing
