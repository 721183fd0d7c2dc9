// Claims, Services, budgets and revisions as they are rendered.
#include <gmock/gmock.h>

#include "statefulgroup/render/budget_renderer.h"
#include "statefulgroup/render/claim_renderer.h"
#include "statefulgroup/render/revision_renderer.h"
#include "statefulgroup/render/service_renderer.h"
#include "unit/statefulgroup/everything.h"
#include "unit/statefulgroup/golden.h"
#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> namesOf(const std::vector<RenderedObject>& objects) {
  std::vector<std::string> names;
  for (const RenderedObject& object : objects) {
    EXPECT_EQ(Json::parse(object.json)["metadata"]["name"], object.name);
    names.push_back(object.name);
  }
  return names;
}

kubeapi::StatefulGroup withRetention(const char* when_deleted) {
  kubeapi::StatefulGroup group = groupFromText(kEverything);
  group.spec.claim_retention.when_deleted = std::string_view(when_deleted) == "Delete"
                                                ? kubeapi::group::Retention::kDelete
                                                : kubeapi::group::Retention::kRetain;
  return group;
}

TEST(RenderClaim, GoldenFiles) {
  const auto group = withRetention("Delete");
  const Names names(group);
  const RenderedObject claim = renderClaim(group, names, group.spec.claim_templates[1], {1, 2});
  EXPECT_EQ(claim.name, "data-db-1-2");
  expectGolden("claim", claim.json);
}

TEST(RenderClaim, IsOwnedByTheGroupWhenDeletionIsToTakeIt) {
  for (const bool owned : {false, true}) {
    const auto group = withRetention(owned ? "Delete" : "Retain");
    const Json metadata = Json::parse(
        renderClaim(group, Names(group), group.spec.claim_templates[0], {0, 0}).json)["metadata"];
    ASSERT_EQ(metadata.contains("ownerReferences"), owned);
    if (owned) {
      EXPECT_FALSE(metadata["ownerReferences"][0].contains("controller"));
    }
  }
}

TEST(ClaimOwnerPatch, FollowsThePolicyAndKeepsOtherOwners) {
  const auto deleting = withRetention("Delete");
  const auto retaining = withRetention("Retain");
  Json claim = {{"metadata",
                 {{"uid", "c-1"},
                  {"resourceVersion", "7"},
                  {"ownerReferences", Json::array({{{"uid", "other"}, {"name", "o"}}})}}}};
  EXPECT_EQ(claimOwnerPatch(retaining, claim.dump()), std::nullopt);
  const auto add = claimOwnerPatch(deleting, claim.dump());
  ASSERT_TRUE(add.has_value());
  const Json added = Json::parse(*add);
  EXPECT_EQ(added["metadata"]["uid"], "c-1");
  EXPECT_EQ(added["metadata"]["resourceVersion"], "7");
  ASSERT_EQ(added["metadata"]["ownerReferences"].size(), 2U);
  claim.merge_patch(added);
  EXPECT_EQ(claimOwnerPatch(deleting, claim.dump()), std::nullopt);
  const auto removed = claimOwnerPatch(retaining, claim.dump());
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(Json::parse(*removed)["metadata"]["ownerReferences"].size(), 1U);
  for (const char* odd : {"", "[]", "{", R"({"metadata":5})"}) {
    EXPECT_EQ(claimOwnerPatch(deleting, odd), std::nullopt) << odd;
  }
}

TEST(RenderServices, GoldenFiles) {
  const auto group = groupFromText(kEverything);
  Json all = Json::array();
  for (const auto& service : renderServices(group, Names(group), {{0, 0}, {0, 1}})) {
    all.push_back(Json::parse(service.json));
  }
  expectGolden("services", all.dump());
  const auto minimal = groupWith();
  expectGolden("service-minimal", renderServices(minimal, Names(minimal), {}).at(0).json);
}

TEST(RenderServices, AreThoseThatTheSpecNames) {
  const auto rendered = [](const Json& services, std::vector<Replica> members) {
    const auto group = groupWith({{"shards", 2}, {"services", services}});
    return namesOf(renderServices(group, Names(group), members));
  };
  EXPECT_THAT(rendered(Json::object(), {}), ElementsAre("db-0-peers", "db-1-peers"));
  EXPECT_THAT(rendered({{"headless", {{"policy", "None"}}}}, {{0, 1}}), IsEmpty());
  // A shard that is on its way out.
  EXPECT_THAT(rendered(Json::object(), {{3, 0}}),
              ElementsAre("db-0-peers", "db-1-peers", "db-3-peers"));
  const Json none = {{"policy", "None"}};
  EXPECT_THAT(rendered({{"headless", none}, {"perReplica", {{"policy", "Create"}}}},
                       {{1, 1}, {0, 2}, {1, 1}}),
              ElementsAre("db-0-2", "db-1-1"));
  EXPECT_THAT(rendered({{"headless", none},
                        {"client", {{"policy", "Create"}, {"roles", Json::array({"leader"})}}}},
                       {}),
              ElementsAre("db-0-client", "db-0-leader", "db-1-client", "db-1-leader"));
  // Roles have their Services beside that for clients.
  EXPECT_THAT(rendered({{"headless", none}, {"client", {{"roles", Json::array({"leader"})}}}}, {}),
              IsEmpty());
}

TEST(RenderServices, OfAGroupNamedStatefulSetAreThoseOfAStatefulSet) {
  const auto group = groupWith({{"naming", "StatefulSet"}});
  EXPECT_THAT(namesOf(renderServices(group, Names(group), {})), ElementsAre("db"));
}

TEST(RenderBudget, GoldenFile) {
  const auto group = groupWith({{"disruption", {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}}}});
  const RenderedObject budget = renderBudget(group, Names(group), 1, 2);
  EXPECT_EQ(budget.name, "db-1");
  expectGolden("budget", budget.json);
}

TEST(RenderRevision, GoldenFileThatReadsBack) {
  const auto group = groupFromText(kEverything);
  const Revision revision = revisionOf(group, "db-95f7vflxf5", 4);
  const RenderedObject rendered = renderRevision(group, revision);
  EXPECT_EQ(rendered.name, "db-95f7vflxf5");
  expectGolden("revision", rendered.json);
  const Json json = Json::parse(rendered.json);
  kubeapi::ControllerRevision stored;
  stored.meta.name = json["metadata"]["name"].get<std::string>();
  stored.revision = json["revision"];
  stored.data.text = json["data"].dump();
  const auto read = Revision::parse(stored);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->data(), revision.data());
}

TEST(RenderRevision, PatchesAreFenced) {
  EXPECT_EQ(revisionNumberPatch(9, {"r-1", "5"}),
            R"({"metadata":{"resourceVersion":"5","uid":"r-1"},"revision":9})");
  const Json adoption = Json::parse(revisionAdoptionPatch(groupWith(), {"r-1", "5"}));
  EXPECT_EQ(adoption["metadata"]["resourceVersion"], "5");
  EXPECT_EQ(adoption["metadata"]["ownerReferences"][0]["uid"], "u-1");
  EXPECT_EQ(adoption["metadata"]["labels"]["stowage.dev/group-uid"], "u-1");
}

}  // namespace
}  // namespace stowage::statefulgroup
