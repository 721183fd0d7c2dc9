// What is asked of the API server, and what is said of its answers.
#include "cmd/kubectl-stowage/verbs.h"

#include "testing/api/scripted_api_client.h"
#include "unit/kubectl/kubectl_harness.h"

namespace stowage::kubectl {
namespace {

using statefulgroup::Resource;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kGroup = "/apis/stowage.dev/v1alpha1/namespaces/ns/statefulgroups/db";

class VerbsTest : public KubectlTest {
 protected:
  void SetUp() override {
    harness_.put(1, 3);
    harness_.put(1, 3, testing::withImage("x:2"));
  }
  VerbsTest& answerGroup() {
    api_.answer(groupJson());
    return *this;
  }
  VerbsTest& answerEverything() {
    answerGroup();
    for (const Resource resource : {Resource::kPods, Resource::kRevisions, Resource::kBudgets})
      api_.answer(list(resource));
    return *this;
  }
  std::string list(Resource resource) {
    Json items = Json::array();
    for (const auto& [key, object] : harness_.cluster.objects()) {
      if (key.first == resource) items.push_back(object);
    }
    return Json{{"metadata", {{"resourceVersion", "9"}}}, {"items", items}}.dump();
  }
  std::string pod(const std::string& name) {
    return harness_.cluster.find(Resource::kPods, name)->dump();
  }
  // What is printed, or the error after "error: ".
  std::string run(Verb verb, const std::string& name) {
    Options options;
    options.verb = verb;
    options.name = name;
    const auto result = verbs_.run(options);
    return result ? *result : "error: " + result.error().message();
  }
  testing::AskedCall lastCall() { return api_.calls().back(); }

  testing::ScriptedApiClient api_;
  Verbs verbs_{api_, harness_.clock, "ns"};
};

TEST_F(VerbsTest, StatusReadsTheGroupAndWhatIsItsOwn) {
  answerEverything();
  EXPECT_THAT(run(Verb::kStatus, "db"), HasSubstr("db-0-2  available"));
  EXPECT_THAT(api_.asked(), ElementsAre(EndsWith(kGroup),
                                        HasSubstr("/pods?labelSelector=stowage.dev%2Fgroup%3Ddb"),
                                        HasSubstr("/controllerrevisions?labelSelector="),
                                        EndsWith("/namespaces/ns/poddisruptionbudgets")));
}

TEST_F(VerbsTest, ErrorsAreOneLineAndExact) {
  api_.fail(testing::apiError(404, "NotFound", "statefulgroups.stowage.dev \"db\" not found"));
  EXPECT_EQ(run(Verb::kStatus, "db"), "error: there is no StatefulGroup db in namespace ns");
  api_.fail(testing::apiError(404, "", "404 page not found"));
  EXPECT_THAT(run(Verb::kStatus, "db"), HasSubstr("does not know StatefulGroups"));
  api_.fail(testing::apiError(403, "Forbidden", "no"));
  EXPECT_EQ(run(Verb::kPause, "db"), "error: reading group db: no");
}

TEST_F(VerbsTest, RollbackWritesAJsonPatchAndTellsWhatChanged) {
  answerEverything();
  answerGroup();
  const std::string said = run(Verb::kRollback, "db");
  EXPECT_THAT(said, HasSubstr("revision 1 ("));
  EXPECT_THAT(said, HasSubstr("template.spec.containers[main].image: x:2 -> example.test/db:1"));
  EXPECT_EQ(lastCall().line(), std::string("PATCH ") + kGroup + "?fieldManager=kubectl-stowage");
  EXPECT_EQ(lastCall().content_type, "application/json-patch+json");
}

TEST_F(VerbsTest, ARollbackThatSomebodyOvertookSaysSo) {
  answerEverything();
  api_.fail(testing::apiError(422, "Invalid", "the server rejected our request"));
  Json changed = Json::parse(groupJson());
  changed["metadata"]["generation"] = 99;
  api_.answer(changed.dump());
  EXPECT_THAT(run(Verb::kRollback, "db"), HasSubstr("somebody has changed group db meanwhile"));
  // Not so when it is the very same.
  answerEverything();
  api_.fail(testing::apiError(422, "Invalid", "replicas: too many"));
  answerGroup();
  EXPECT_EQ(run(Verb::kRollback, "db"), "error: rolling db back: replicas: too many");
}

TEST_F(VerbsTest, RestartAndPauseSetOneFieldOfThatVeryGroup) {
  answerGroup();
  answerGroup();
  EXPECT_THAT(run(Verb::kRestart, "db"), HasSubstr("every member gets a new pod"));
  const Json body = Json::parse(lastCall().body);
  EXPECT_EQ(body["metadata"], (Json{{"uid", Json::parse(groupJson())["metadata"]["uid"]}}));
  EXPECT_THAT(body["spec"], SizeIs(1));
  EXPECT_TRUE(body["spec"].contains("restartTime"));
  answerGroup();
  answerGroup();
  EXPECT_THAT(run(Verb::kPause, "db"), HasSubstr("paused"));
  EXPECT_EQ(Json::parse(lastCall().body)["spec"], (Json{{"managementPolicy", "Paused"}}));
  answerGroup();
  EXPECT_EQ(run(Verb::kResume, "db"), "db is managed already\n");
  EXPECT_EQ(lastCall().verb, "GET");
}

TEST_F(VerbsTest, ReplaceAsksForANewPodInPlaceOfThatVeryOne) {
  api_.answer(pod("db-0-1"));
  answerEverything();
  api_.answer("{}");
  EXPECT_THAT(run(Verb::kReplace, "db-0-1"), HasSubstr("asked for"));
  EXPECT_THAT(lastCall().line(), HasSubstr("PATCH /api/v1/namespaces/ns/pods/db-0-1"));
  const Json metadata = Json::parse(lastCall().body)["metadata"];
  EXPECT_EQ(metadata["uid"], harness_.uidOf("db-0-1"));
  EXPECT_TRUE(metadata["annotations"].contains("stowage.dev/replace"));
}

TEST_F(VerbsTest, ReplaceRefusesWithoutAWrite) {
  harness_.cluster.setReady("db-0-0", false);
  api_.answer(pod("db-0-1"));
  answerEverything();
  EXPECT_THAT(run(Verb::kReplace, "db-0-1"), HasSubstr("error: db-0-1 is not replaced: shard 0"));
  EXPECT_EQ(lastCall().verb, "GET");
  Json foreign = Json::parse(pod("db-0-1"));
  foreign["metadata"].erase("ownerReferences");
  api_.answer(foreign.dump());
  EXPECT_EQ(run(Verb::kReplace, "db-0-1"), "error: pod db-0-1 is no member of a StatefulGroup");
  foreign = Json::parse(pod("db-0-1"));
  foreign["metadata"]["ownerReferences"][0]["uid"] = "another";
  api_.answer(foreign.dump());
  answerEverything();
  EXPECT_THAT(run(Verb::kReplace, "db-0-1"), HasSubstr("belongs to an earlier group"));
}

TEST_F(VerbsTest, ReplaceTellsWhyItCouldNotAsk) {
  api_.answer(pod("db-0-1"));
  answerEverything();
  api_.fail(testing::apiError(403, "Forbidden", "pods is forbidden"));
  EXPECT_EQ(run(Verb::kReplace, "db-0-1"), "error: db-0-1 is not replaced: pods is forbidden");
}

}  // namespace
}  // namespace stowage::kubectl
