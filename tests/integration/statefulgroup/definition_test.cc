// The CustomResourceDefinition on a real kube-apiserver: defaults, typos, subresources, columns and
// what kubectl explains.
#include <gmock/gmock.h>

#include "integration/statefulgroup/group_api.h"
#include "kubeapi/decode.h"
#include "kubeapi/stateful_group.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GroupDefinition : public GroupApi {
 protected:
  kubeapi::StatefulGroupPtr decode(const Json& object) {
    auto group = decoder_.object(object.dump());
    EXPECT_TRUE(group.has_value()) << group.error().toString();
    return group ? *group : std::make_shared<const kubeapi::StatefulGroup>();
  }
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder_;
};

TEST_F(GroupDefinition, DefaultsAreThoseOfTheTypedValue) {
  const Json sent = group("db");
  const auto stored = create(kGroups, sent, false);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  EXPECT_EQ((*stored)["spec"]["replicas"], 3);
  // What the server filled in is what the decoder takes for absent fields.
  EXPECT_EQ(Json::parse(kubeapi::encodeSpec(decode(sent)->spec)), (*stored)["spec"]);
}

TEST_F(GroupDefinition, TyposAreToldAndTheTemplateIsKeptWhole) {
  Json wrong = group("db");
  wrong["spec"]["replica"] = 5;
  const auto refused = create(kGroups, wrong, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("unknown field \"spec.replica\""));
  wrong = group("db", {{"template", {{"specs", 1}}}});
  const auto in_template = create(kGroups, wrong, true);
  ASSERT_FALSE(in_template.has_value());
  EXPECT_THAT(in_template.error().message, HasSubstr("unknown field \"spec.template.specs\""));

  const Json affinity = {{"nodeAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", 1}}}};
  const auto kept =
      create(kGroups, group("db", {{"template", {{"spec", {{"affinity", affinity}}}}}}), true);
  ASSERT_TRUE(kept.has_value()) << kept.error().message;
  EXPECT_EQ((*kept)["spec"]["template"]["spec"]["affinity"], affinity);
}

TEST_F(GroupDefinition, StatusIsWrittenOnItsOwnAndOnlyOnTheVersionThatWasSeen) {
  const auto stored = create(kGroups, group("db"), false);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  const auto seen = decode(*stored);
  kubeapi::group::Status status;
  status.observed_generation = 1;
  status.replicas = 3;
  status.selector = "stowage.dev/group=db";
  kubeapi::group::ShardStatus& shard = status.shards.emplace_back();
  shard.members = 3;
  shard.leader = "db-0-1";
  shard.leader_term = 4;
  shard.in_flight = kubeapi::group::InFlight{2, "Update", "u", "db-x", clock_.wallNow()};
  status.conditions.push_back({"Ready", "False", "Progressing", "", clock_.wallNow(), 1});
  const auto written = api_->update(pathOf(kGroups, "db", "status"),
                                    kubeapi::encodeStatusUpdate(*seen, status), {}, {});
  ASSERT_TRUE(written.has_value()) << written.error().message;
  const auto after = decode(Json::parse(*written));
  EXPECT_EQ(after->meta.generation, seen->meta.generation);
  ASSERT_EQ(after->status.shards.size(), 1U);
  EXPECT_EQ(after->status.shards[0].leader, "db-0-1");
  EXPECT_EQ(after->status.shards[0].in_flight->ordinal, 2);
  EXPECT_EQ(after->status.conditions.size(), 1U);
  EXPECT_EQ(Json::parse(*written)["status"]["readyReplicas"], 0);

  // The version has moved on.
  const auto again = api_->update(pathOf(kGroups, "db", "status"),
                                  kubeapi::encodeStatusUpdate(*seen, status), {}, {});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, base::Code::kConflict);
}

TEST_F(GroupDefinition, ScaleMeansReplicasOfEachShard) {
  ASSERT_TRUE(create(kGroups, group("db", {{"shards", 4}}), false).has_value());
  const auto scaled = cluster_.kubectl({"scale", "sfg/db", "--replicas=5", "-n", ns_});
  EXPECT_EQ(scaled.exit_code, 0) << scaled.output;
  const auto stored = get(pathOf(kGroups, "db"));
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ((*stored)["spec"]["replicas"], 5);
  EXPECT_EQ((*stored)["spec"]["shards"], 4);
  // Rules hold there, too.
  const auto even = cluster_.kubectl({"scale", "sfg/db", "--replicas=4", "-n", ns_});
  EXPECT_NE(even.exit_code, 0);
  EXPECT_THAT(even.output, HasSubstr("an even number of voters"));
}

TEST_F(GroupDefinition, KubectlShowsColumnsAndSelectsByFields) {
  ASSERT_TRUE(create(kGroups, group("db"), false).has_value());
  const auto table = cluster_.kubectl({"get", "sfg", "-n", ns_, "-o", "wide"});
  EXPECT_THAT(table.output, ::testing::MatchesRegex(
                                "NAME +SHARDS +REPLICAS +READY +QUORATE +UPDATED +STATUS +AGE "
                                "+REVISION +RUN +MANAGED +IMAGES *\ndb +1 +3 +.*example.test/x\n"));
  const auto paused = cluster_.kubectl(
      {"get", "sfg", "-n", ns_, "--field-selector=spec.managementPolicy=Paused", "-o", "name"});
  EXPECT_EQ(paused.exit_code, 0);
  EXPECT_EQ(paused.output, "");
}

TEST_F(GroupDefinition, KubectlExplainsItsFields) {
  std::string output;
  EXPECT_TRUE(waitFor(
      [&] {
        const auto explained = cluster_.kubectl({"explain", "sfg.spec.consensus.voters"});
        output = explained.output;
        return explained.exit_code == 0;
      },
      std::chrono::seconds(60)))
      << output;
  EXPECT_THAT(output, HasSubstr("The number of voting members of each shard"));
  EXPECT_THAT(cluster_.kubectl({"explain", "sfg.spec.updateStrategy.rollingUpdate"}).output,
              HasSubstr("maxUnavailableShards"));
}

}  // namespace
}  // namespace stowage::testing
