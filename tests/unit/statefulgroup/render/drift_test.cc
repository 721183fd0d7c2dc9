#include "statefulgroup/render/drift.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "statefulgroup/render/budget_renderer.h"
#include "statefulgroup/render/service_renderer.h"
#include "unit/statefulgroup/everything.h"
#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

bool has(const Json& live, const Json& rendered) { return contains(live.dump(), rendered.dump()); }

// Pointers to all values that have no members.
std::vector<std::string> leavesOf(const Json& value) {
  std::vector<std::string> out;
  const Json flat = value.flatten();
  for (const auto& member : flat.items()) out.push_back(member.key());
  return out;
}

// Whether the healing patch brings back what was rendered, and leaves nothing to do.
bool heals(Json live, const Json& rendered) {
  const auto patch = healingPatch(live.dump(), rendered.dump());
  if (!patch) return false;
  live.merge_patch(Json::parse(*patch));
  return has(live, rendered) && !healingPatch(live.dump(), rendered.dump());
}

std::vector<Json> rendered() {
  const auto group = groupFromText(kEverything);
  const Names names(group);
  std::vector<Json> all = {Json::parse(renderBudget(group, names, 0, 2).json)};
  for (const auto& service : renderServices(group, names, {{0, 0}})) {
    all.push_back(Json::parse(service.json));
  }
  return all;
}

TEST(Contains, SeesEveryFieldThatWasRendered) {
  for (const Json& wanted : rendered()) {
    EXPECT_TRUE(has(wanted, wanted));
    for (const std::string& leaf : leavesOf(wanted)) {
      Json changed = wanted;
      changed[Json::json_pointer(leaf)] = "changed";
      EXPECT_FALSE(has(changed, wanted)) << leaf;
      EXPECT_TRUE(heals(changed, wanted)) << leaf;
      Json removed = wanted;
      const Json::json_pointer pointer(leaf);
      if (removed[pointer.parent_pointer()].is_object() && !wanted[pointer].is_null()) {
        removed[pointer.parent_pointer()].erase(pointer.back());
        EXPECT_FALSE(has(removed, wanted)) << leaf;
        EXPECT_TRUE(heals(removed, wanted)) << leaf;
      }
    }
  }
}

TEST(Contains, AllowsWhatTheServerFillsInAndOthersAdd) {
  const Json wanted = rendered().at(1);
  Json live = wanted;
  live["status"] = {{"loadBalancer", Json::object()}};
  live["metadata"]["uid"] = "s-1";
  live["metadata"]["labels"]["theirs"] = "1";
  live["metadata"]["annotations"] = {{"theirs", "1"}};
  live["metadata"]["finalizers"] = {"theirs"};
  live["metadata"]["ownerReferences"].insert(live["metadata"]["ownerReferences"].begin(),
                                             {{"uid", "theirs"}});
  live["spec"]["ipFamilies"] = {"IPv4"};
  live["spec"]["ports"][1]["targetPort"] = 2380;
  EXPECT_TRUE(has(live, wanted));
  live["spec"]["ports"].push_back({{"name", "theirs"}, {"port", 1}});
  EXPECT_FALSE(has(live, wanted));
  live = wanted;
  live["spec"]["selector"]["more"] = "1";
  EXPECT_FALSE(has(live, wanted));
}

TEST(HealingPatch, HoldsWhatDiffersAndLeavesWhatIsOthers) {
  const Json wanted = rendered().at(1);
  EXPECT_EQ(healingPatch(wanted.dump(), wanted.dump()), std::nullopt);
  Json live = wanted;
  live["metadata"]["labels"]["theirs"] = "1";
  live["metadata"]["labels"]["stowage.dev/shard"] = "7";
  live["metadata"]["ownerReferences"] = Json::parse(R"([{"uid":"theirs"},{"uid":"u-1"}])");
  live["spec"]["selector"]["more"] = "1";
  live["spec"]["ports"].push_back({{"name", "theirs"}, {"port", 1}});
  Json owners = wanted["metadata"]["ownerReferences"];
  owners.insert(owners.begin(), Json{{"uid", "theirs"}});
  const Json patch = Json::parse(*healingPatch(live.dump(), wanted.dump()));
  EXPECT_EQ(patch["metadata"],
            (Json{{"labels", {{"stowage.dev/shard", "0"}}}, {"ownerReferences", owners}}));
  EXPECT_EQ(patch["spec"]["selector"]["more"], nullptr);
  EXPECT_EQ(patch["spec"]["ports"], wanted["spec"]["ports"]);
  EXPECT_EQ(patch["spec"].size(), 2U);
  EXPECT_TRUE(heals(live, wanted));
  for (const char* odd : {"", "{", "[]", "5"}) {
    EXPECT_EQ(healingPatch(odd, wanted.dump()), std::nullopt) << odd;
  }
}

TEST(HealingPatch, OfABudgetTakesBackWhatSomebodyPutThere) {
  const auto group = groupWith();
  const Json wanted = Json::parse(renderBudget(group, Names(group), 0, 2).json);
  Json live = wanted;
  live["spec"].erase("minAvailable");
  live["spec"]["maxUnavailable"] = 1;
  live["spec"]["selector"]["matchExpressions"] =
      Json::parse(R"([{"key":"k","operator":"Exists"}])");
  live["spec"]["selector"]["matchLabels"]["more"] = "1";
  EXPECT_EQ(Json::parse(*healingPatch(live.dump(), wanted.dump()))["spec"]["maxUnavailable"],
            nullptr);
  EXPECT_TRUE(heals(live, wanted));
}

TEST(Contains, ComparesAmountsByValue) {
  const auto resources = [](const char* amount) {
    return Json{{"resources", {{"requests", {{"storage", amount}}}}}};
  };
  EXPECT_TRUE(has(resources("1024Mi"), resources("1Gi")));
  EXPECT_FALSE(has(resources("1025Mi"), resources("1Gi")));
  EXPECT_FALSE(has(Json{{"storage", "1024Mi"}}, Json{{"storage", "1Gi"}}));
}

TEST(Contains, IsFalseForWhatIsNoObject) {
  for (const char* odd : {"", "{", "[]", "5", "null"}) {
    EXPECT_FALSE(contains(odd, R"({"a":1})")) << odd;
    EXPECT_FALSE(contains(R"({"a":1})", odd)) << odd;
  }
}

TEST(Contains, OfTypedServicesSeesTheSame) {
  for (const Json& wanted : rendered()) {
    if (wanted["kind"] != "Service") continue;
    kubeapi::OwnedService live;
    live.meta.ns = "ns";
    live.meta.name = wanted["metadata"]["name"].get<std::string>();
    for (const auto& label : wanted["metadata"]["labels"].items()) {
      live.meta.labels.set(label.key(), label.value().get<std::string>());
    }
    live.meta.owners.push_back({"stowage.dev/v1alpha1", "StatefulGroup", "db", "u-1", true});
    live.spec.text = wanted["spec"].dump();
    EXPECT_TRUE(contains(live, wanted.dump()));
    auto disowned = live;
    disowned.meta.owners[0].uid = "u-2";
    EXPECT_FALSE(contains(disowned, wanted.dump()));
    auto relabelled = live;
    relabelled.meta.labels.set("stowage.dev/shard", "7");
    EXPECT_FALSE(contains(relabelled, wanted.dump()));
    auto emptied = live;
    emptied.spec.text = "";
    EXPECT_FALSE(contains(emptied, wanted.dump()));
  }
}

TEST(Contains, OfTypedBudgetsSeesTheSame) {
  const auto group = groupWith();
  const std::string wanted = renderBudget(group, Names(group), 0, 2).json;
  kubeapi::Decoder<kubeapi::PodDisruptionBudget> decoder;
  const auto decoded = [&](const Json& patch) {
    Json live = Json::parse(wanted);
    live.merge_patch(patch);
    return **decoder.object(live.dump());
  };
  EXPECT_TRUE(contains(decoded(Json::object()), wanted));
  EXPECT_TRUE(contains(decoded({{"status", {{"disruptionsAllowed", 1}}}}), wanted));
  for (const Json& spec : std::vector<Json>{
           {{"minAvailable", 1}},
           {{"minAvailable", "50%"}},
           {{"minAvailable", nullptr}, {"maxUnavailable", 1}},
           {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}},
           {{"selector", nullptr}},
           {{"selector", {{"matchLabels", {{"more", "1"}}}}}},
           {{"selector",
             {{"matchExpressions", Json::array({{{"key", "k"}, {"operator", "Exists"}}})}}}}}) {
    EXPECT_FALSE(contains(decoded({{"spec", spec}}), wanted)) << spec;
  }
  EXPECT_FALSE(contains(decoded({{"metadata", {{"ownerReferences", nullptr}}}}), wanted));
}

}  // namespace
}  // namespace stowage::statefulgroup
