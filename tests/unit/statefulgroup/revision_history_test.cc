#include "statefulgroup/revision_history.h"

#include <gmock/gmock.h>

#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

using kubeapi::ControllerRevision;
using kubeapi::ControllerRevisionPtr;
using Kind = RevisionChoice::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ControllerRevisionPtr object(const std::string& name, std::int64_t number, const std::string& data,
                             const char* controller = "u-1") {
  ControllerRevision revision;
  revision.meta.name = name;
  revision.revision = number;
  revision.data.text = data;
  if (controller != nullptr) {
    revision.meta.owners.push_back(
        {"stowage.dev/v1alpha1", "StatefulGroup", "db", controller, true});
  }
  return std::make_shared<const ControllerRevision>(revision);
}

kubeapi::StatefulGroup withImage(const std::string& image) {
  return groupWith(
      {{"template", {{"spec", {{"containers", {{{"name", "main"}, {"image", image}}}}}}}}});
}
ControllerRevisionPtr stored(const std::string& image, std::int64_t number) {
  const std::string data = revisionData(withImage(image));
  return object("db-" + revisionHash(data, 0), number, data);
}

TEST(Revision, ReadsWhatTheApiServerMadeOfItsData) {
  // Members in any order, and signs escaped as Go's encoder does.
  const auto revision = Revision::parse(
      *object("db-x", 3,
              R"({"template":{"spec":{"x":"\u003c"}},"renderVersion":1,"claims":["data","wal"]})"));
  ASSERT_TRUE(revision.has_value()) << revision.error().toString();
  EXPECT_EQ(revision->name(), "db-x");
  EXPECT_EQ(revision->number(), 3);
  EXPECT_EQ(revision->renderVersion(), 1);
  EXPECT_THAT(revision->claimNames(), ElementsAre("data", "wal"));
  EXPECT_EQ(revision->data(),
            R"({"claims":["data","wal"],"renderVersion":1,"template":{"spec":{"x":"<"}}})");
}

TEST(Revision, ThatSomebodyElseMadeIsAnError) {
  const std::string deep(200'000, '[');
  for (const std::string& data :
       {std::string(), std::string("[]"), std::string("{"), deep,
        R"({"renderVersion":1,"template":)" + deep,
        std::string(R"({"renderVersion":0,"template":{"spec":{}}})"),
        std::string(R"({"renderVersion":"1","template":{"spec":{}}})"),
        std::string(R"({"renderVersion":1})"), std::string(R"({"renderVersion":1,"template":{}})"),
        std::string(R"({"renderVersion":1,"template":{"spec":[]}})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"more":1})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"claims":[1]})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"claims":[""]})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"shardOverrides":[{}]})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"shardOverrides":{}})"),
        std::string(
            R"({"renderVersion":1,"template":{"spec":{}},"topology":{"leaderSpread":"x"}})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"topology":{"exclusive":{}}})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"topology":{"failureDomains":[)"
                    R"({"topologyKey":"z","maxPerDomain":0}]}})"),
        std::string(R"({"renderVersion":1,"template":{"spec":{}},"restartTime":5})")}) {
    const auto revision = Revision::parse(*object("db-x", 1, data));
    ASSERT_FALSE(revision.has_value()) << data.substr(0, 100);
    EXPECT_EQ(revision.error().code(), base::Code::kInvalidArgument);
    EXPECT_LT(revision.error().message().size(), 200U);
  }
  const std::string good = revisionData(groupWith());
  EXPECT_FALSE(Revision::parse(*object("db-x", -1, good)).has_value());
  EXPECT_FALSE(Revision::parse(*object("db-x", INT64_MAX, good)).has_value());
}

TEST(Revision, OfANewerOperatorSaysSo) {
  const auto revision = Revision::parse(*object("db-x", 1, R"({"renderVersion":2,"pods":[]})"));
  ASSERT_FALSE(revision.has_value());
  EXPECT_EQ(revision.error().code(), base::Code::kUnsupported);
  EXPECT_THAT(revision.error().message(), HasSubstr("made by a newer operator"));
}

TEST(History, CountsThoseWhoseControllerIsThisVeryGroup) {
  const auto group = withImage("x:1");
  const std::string data = revisionData(group);
  const auto history =
      readHistory(group, {object("c", 7, data), object("b", 2, data), object("a", 7, data),
                          object("foreign", 9, data, "u-2"), object("orphan", 9, data, nullptr),
                          object("bad", 3, "{}")});
  std::vector<std::string> names;
  for (const Revision& revision : history.revisions) names.push_back(revision.name());
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
  ASSERT_EQ(history.unreadable.size(), 1U);
  EXPECT_EQ(history.unreadable[0].name, "bad");
  ASSERT_EQ(history.orphans.size(), 1U);
  EXPECT_EQ(history.orphans[0]->meta.name, "orphan");
  EXPECT_EQ(history.find("a")->number(), 7);
  EXPECT_EQ(history.find("foreign"), nullptr);
}

TEST(ChooseRevision, MakesTheFirstOne) {
  const auto group = withImage("x:1");
  const auto choice = chooseRevision(group, readHistory(group, {}), 0);
  ASSERT_EQ(choice.kind, Kind::kCreate);
  EXPECT_EQ(choice.revision->name(), "db-" + revisionHash(revisionData(group), 0));
  EXPECT_EQ(choice.revision->number(), 1);
  EXPECT_EQ(choice.revision->data(), revisionData(group));
  EXPECT_EQ(choice.collisions, 0);
}

TEST(ChooseRevision, KeepsTheNewestAndBumpsAnOlderOne) {
  const auto history = readHistory(withImage("x:1"), {stored("x:1", 1), stored("x:2", 4)});
  const auto current = chooseRevision(withImage("x:2"), history, 0);
  EXPECT_EQ(current.kind, Kind::kCurrent);
  EXPECT_EQ(current.revision->number(), 4);
  const auto rollback = chooseRevision(withImage("x:1"), history, 0);
  EXPECT_EQ(rollback.kind, Kind::kBump);
  EXPECT_EQ(rollback.revision->name(), stored("x:1", 1)->meta.name.view());
  EXPECT_EQ(rollback.revision->number(), 5);
  const auto created = chooseRevision(withImage("x:3"), history, 0);
  EXPECT_EQ(created.kind, Kind::kCreate);
  EXPECT_EQ(created.revision->number(), 5);
}

TEST(ChooseRevision, TakesAnotherNameWhenItsNameIsTaken) {
  const auto group = withImage("x:1");
  const std::string data = revisionData(group);
  const auto named = [&](int collisions) { return "db-" + revisionHash(data, collisions); };
  const auto history = readHistory(
      group, {object(named(0), 1, revisionData(withImage("x:9"))), object(named(1), 1, "", "u-2")});
  const auto choice = chooseRevision(group, history, 0);
  ASSERT_EQ(choice.kind, Kind::kCreate);
  EXPECT_EQ(choice.collisions, 2);
  EXPECT_EQ(choice.revision->name(), named(2));
  // A creation found that one taken, too.
  EXPECT_EQ(chooseRevision(group, history, 3).revision->name(), named(3));
  EXPECT_EQ(chooseRevision(group, readHistory(group, {}), -5).collisions, 0);
  // It is known from then on, though the pass that made it has ended with that.
  const auto made = readHistory(
      group, {object(named(0), 1, revisionData(withImage("x:9"))), object(named(2), 2, data)});
  EXPECT_EQ(chooseRevision(group, made, 0).kind, Kind::kCurrent);
  EXPECT_EQ(chooseRevision(group, made, 0).collisions, 2);
}

TEST(ChooseRevision, StopsBeforeWhatANewerOperatorMade) {
  const auto newer = object("db-new", 8, R"({"renderVersion":9})");
  const auto group = withImage("x:1");
  const auto choice = chooseRevision(group, readHistory(group, {stored("x:1", 1), newer}), 0);
  EXPECT_EQ(choice.kind, Kind::kBlocked);
  EXPECT_FALSE(choice.revision.has_value());
  EXPECT_EQ(choice.problem.code(), base::Code::kUnsupported);
  EXPECT_THAT(choice.problem.message(), HasSubstr("db-new: data: made by a newer operator"));
  // History, when one of ours came after it.
  EXPECT_EQ(chooseRevision(group, readHistory(group, {stored("x:1", 9), newer}), 0).kind,
            Kind::kCurrent);
  // What nobody can read stops nobody, and its number is not taken again.
  const auto broken = chooseRevision(group, readHistory(group, {object("db-bad", 8, "{}")}), 0);
  EXPECT_EQ(broken.kind, Kind::kCreate);
  EXPECT_EQ(broken.revision->number(), 9);
}

TEST(ChooseRevision, RefusesWhatCannotBeStoredAndNumbersWithoutEnd) {
  const auto large = withImage(std::string(kubeapi::group::RawJson::kMaxBytes - 200, 'x'));
  const auto choice = chooseRevision(large, readHistory(large, {}), 0);
  EXPECT_EQ(choice.kind, Kind::kBlocked);
  EXPECT_THAT(choice.problem.message(), HasSubstr("512 KiB"));
  const auto group = withImage("x:2");
  const auto last = readHistory(group, {stored("x:1", Revision::kMaxNumber), stored("x:2", 1)});
  EXPECT_EQ(chooseRevision(group, last, 0).kind, Kind::kBlocked);
  EXPECT_EQ(chooseRevision(withImage("x:3"), last, 0).kind, Kind::kBlocked);
}

TEST(RevisionsToDelete, AreTheOldestThatNobodyUses) {
  const auto group = withImage("x:1");
  const auto history =
      readHistory(group, {stored("a", 1), stored("b", 2), object("bad", 3, "{}"), stored("d", 4),
                          stored("e", 5), object("foreign", 1, "{}", "u-2")});
  const auto name = [](const char* image) { return stored(image, 0)->meta.name.str(); };
  const std::set<std::string> live = {name("b"), name("e")};
  EXPECT_THAT(revisionsToDelete(history, live, 0), ElementsAre(name("a"), "bad", name("d")));
  EXPECT_THAT(revisionsToDelete(history, live, 1), ElementsAre(name("a"), "bad"));
  EXPECT_THAT(revisionsToDelete(history, live, 3), ElementsAre());
  EXPECT_THAT(revisionsToDelete(history, live, 100), ElementsAre());
}

}  // namespace
}  // namespace stowage::statefulgroup
