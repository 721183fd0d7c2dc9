#include "statefulgroup/render/pod_renderer.h"

#include <gmock/gmock.h>

#include "unit/statefulgroup/everything.h"
#include "unit/statefulgroup/golden.h"
#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// One pod of a group, with what it is made from.
struct Rendered {
  explicit Rendered(kubeapi::StatefulGroup from)
      : group(std::move(from)), names(group), revision(revisionOf(group)) {}

  [[nodiscard]] std::string text() const {
    return renderPod({group.meta, names, revision, replica, slot, first, 2, 3});
  }
  [[nodiscard]] Json pod() const { return Json::parse(text()); }
  [[nodiscard]] Json spec() const { return pod()["spec"]; }
  [[nodiscard]] Json labels() const { return pod()["metadata"]["labels"]; }
  [[nodiscard]] Json repelled(const char* how) const {
    return spec()["affinity"]["podAntiAffinity"]
                 [std::string(how) + "DuringSchedulingIgnoredDuringExecution"];
  }

  kubeapi::StatefulGroup group;
  Names names;
  Revision revision;
  Replica replica{1, 2};
  std::optional<int> slot = 0;
  bool first = false;
};

Json topologyOf(const Json& domains) { return {{"topology", {{"failureDomains", domains}}}}; }
Json domain(Json rules) {
  rules["topologyKey"] = "zone";
  if (!rules.contains("quorumSafe")) rules["quorumSafe"] = "Off";
  return topologyOf(Json::array({rules}));
}
std::vector<std::string> keys(const Json& terms) {
  std::vector<std::string> keys;
  for (const Json& term : terms) {
    keys.push_back(term.value("podAffinityTerm", term)["topologyKey"].get<std::string>());
  }
  return keys;
}

TEST(RenderPod, GoldenFiles) {
  expectGolden("pod-minimal", Rendered(groupWith()).text());
  Rendered everything(groupFromText(kEverything));
  everything.first = true;
  expectGolden("pod-everything", everything.text());
  Json statefulset = {{"naming", "StatefulSet"}};
  statefulset["services"]["headless"]["name"] = "db-headless";
  statefulset["volumeClaimTemplates"] =
      Json::parse(R"([{"name":"data","spec":{"resources":{"requests":{"storage":"1Gi"}}}}])");
  Rendered adopted(groupWith(statefulset));
  adopted.replica = {0, 2};
  expectGolden("pod-statefulset", adopted.text());
}

TEST(RenderPod, DependsOnTheRevisionAndNotOnThePresentSpec) {
  Rendered before(groupFromText(kEverything));
  Rendered after(groupWith({{"replicas", 5}, {"shards", 9}}));
  after.revision = before.revision;
  EXPECT_EQ(after.text(), before.text());
}

TEST(RenderPod, LabelsOfTheOperatorWinAndThoseOfAppsAreTheUsers) {
  const Json labels = Rendered(groupFromText(kEverything)).labels();
  EXPECT_EQ(labels["app.kubernetes.io/name"], "etcd");
  EXPECT_EQ(labels["app.kubernetes.io/instance"], "db");
  EXPECT_EQ(labels["stowage.dev/slot"], "0");
  EXPECT_EQ(labels["controller-revision-hash"], "db-r");
  EXPECT_FALSE(labels.contains("stowage.dev/role"));
  Rendered learner(groupFromText(kEverything));
  learner.slot = std::nullopt;
  EXPECT_FALSE(learner.labels().contains("stowage.dev/slot"));
}

TEST(RenderPod, AShardTakesTheOverridesThatNameIt) {
  Rendered rendered(groupFromText(kEverything));
  const auto tier = [&](int shard) {
    rendered.replica.shard = shard;
    return rendered.labels()["tier"].get<std::string>();
  };
  EXPECT_EQ(tier(0), "none");
  EXPECT_EQ(tier(1), "hot");
  EXPECT_EQ(tier(2), "warm");
  EXPECT_EQ(tier(4), "cold");
  EXPECT_EQ(tier(7), "hot");
  rendered.replica.shard = 2;
  EXPECT_EQ(rendered.spec()["nodeSelector"], (Json{{"disk", "nvme"}, {"zone", "a"}}));
  EXPECT_EQ(rendered.spec()["priorityClassName"], "high");
  EXPECT_THAT(rendered.spec()["tolerations"], SizeIs(2));
}

TEST(RenderPod, TellsContainersWhoTheyAreWithoutWhatScalingChanges) {
  const Rendered rendered(groupFromText(kEverything));
  const Json spec = rendered.spec();
  for (const char* kind : {"containers", "initContainers"}) {
    for (const Json& container : spec[kind]) {
      std::vector<std::string> names;
      for (const Json& variable : container["env"]) names.push_back(variable["name"]);
      const std::set<std::string> known(names.begin(), names.end());
      EXPECT_EQ(known.size(), names.size()) << container;
      for (const char* name : {"STOWAGE_GROUP", "STOWAGE_NAMESPACE", "STOWAGE_ORDINAL",
                               "STOWAGE_PEERS_SERVICE", "STOWAGE_SHARD"}) {
        EXPECT_TRUE(known.contains(name)) << name;
      }
      EXPECT_FALSE(known.contains("STOWAGE_REPLICAS"));
      EXPECT_FALSE(known.contains("STOWAGE_SHARDS"));
    }
  }
  // The user's variables come after ours and win.
  const Json env = rendered.spec()["containers"][0]["env"];
  EXPECT_EQ(env.back(), (Json{{"name", "STOWAGE_SHARD"}, {"value", "mine"}}));
}

TEST(RenderPod, QuorumSafePodsOfASlotRepelEachOther) {
  const Json selector = {
      {"matchLabels",
       {{"stowage.dev/group-uid", "u-1"}, {"stowage.dev/shard", "1"}, {"stowage.dev/slot", "0"}}}};
  Rendered required(groupWith(domain({{"quorumSafe", "Required"}})));
  EXPECT_EQ(required.repelled("required"),
            Json::array({{{"topologyKey", "zone"}, {"labelSelector", selector}}}));
  Rendered preferred(groupWith(domain({{"quorumSafe", "Preferred"}})));
  EXPECT_EQ(preferred.repelled("preferred")[0]["podAffinityTerm"]["labelSelector"], selector);
  required.slot = std::nullopt;
  EXPECT_FALSE(required.spec().contains("affinity"));
}

TEST(RenderPod, MaxPerDomainIsRepulsionForOneAndACapForMore) {
  EXPECT_THAT(keys(Rendered(groupWith(domain({{"maxPerDomain", 1}}))).repelled("preferred")),
              ElementsAre("zone"));
  const Json must = {{"maxPerDomain", 1}, {"whenUnsatisfiable", "DoNotSchedule"}};
  Json must_and_safe = must;
  must_and_safe["quorumSafe"] = "Required";
  // One in each domain is safe, too.
  EXPECT_THAT(keys(Rendered(groupWith(domain(must_and_safe))).repelled("required")),
              ElementsAre("zone"));
  const Json cap =
      Rendered(groupWith(domain({{"maxPerDomain", 2}, {"whenUnsatisfiable", "DoNotSchedule"}})))
          .spec()["topologySpreadConstraints"][0];
  EXPECT_EQ(cap["maxSkew"], 2);
  EXPECT_EQ(cap["minDomains"], 2147483647);
  EXPECT_EQ(cap["nodeAffinityPolicy"], "Ignore");
  const Json wish =
      Rendered(groupWith(domain({{"maxPerDomain", 2}}))).spec()["topologySpreadConstraints"][0];
  EXPECT_EQ(wish["whenUnsatisfiable"], "ScheduleAnyway");
  EXPECT_FALSE(wish.contains("minDomains"));
  // The user's own wish for that key stands.
  Json both = domain({{"maxPerDomain", 2}});
  both["template"]["spec"]["topologySpreadConstraints"] = Json::array(
      {{{"topologyKey", "zone"}, {"maxSkew", 1}, {"whenUnsatisfiable", "ScheduleAnyway"}}});
  EXPECT_THAT(Rendered(groupWith(both)).spec()["topologySpreadConstraints"], SizeIs(1));
}

TEST(RenderPod, ExclusiveTopologyKeepsOthersOut) {
  Json topology = topologyOf(Json::array());
  topology["topology"]["exclusive"] = {{"topologyKey", "cell"}, {"scope", "Group"}};
  const Rendered by_group(groupWith(topology));
  EXPECT_EQ(
      by_group.spec()["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"],
      Json::array({{{"topologyKey", "cell"},
                    {"labelSelector", {{"matchLabels", {{"stowage.dev/group-uid", "u-1"}}}}}}}));
  EXPECT_THAT(by_group.repelled("required"), SizeIs(1));
  EXPECT_EQ(by_group.repelled("required")[0]["namespaceSelector"], Json::object());
  topology["topology"]["exclusive"]["scope"] = "Shard";
  EXPECT_THAT(Rendered(groupWith(topology)).repelled("required"), SizeIs(2));
}

TEST(RenderPod, OnlyFirstReplicasOfShardsAvoidEachOther) {
  Json topology = topologyOf(Json::array());
  topology["topology"]["leaderSpread"] = "Preferred";
  Rendered rendered(groupWith(topology));
  EXPECT_FALSE(rendered.spec().contains("affinity"));
  rendered.first = true;
  EXPECT_THAT(keys(rendered.repelled("preferred")), ElementsAre("kubernetes.io/hostname"));
}

TEST(RenderPod, WithoutRulesHasNoAffinity) {
  EXPECT_FALSE(Rendered(groupWith(topologyOf(Json::array()))).spec().contains("affinity"));
}

// The definition leaves the pod spec open: whatever is in it, something is rendered for the API
// server to judge, and what was malformed is still there for it to see.
TEST(RenderPod, PassesOnWhatIsNoPod) {
  for (const char* member :
       {"affinity", "topologySpreadConstraints", "volumes", "tolerations", "nodeSelector",
        "initContainers", "schedulerName", "securityContext", "resources"}) {
    for (const Json& value :
         {Json(5), Json("x"), Json::array({1}), Json{{"a", Json::array({1})}}}) {
      Json spec = Json::parse(kEverything);
      spec["template"]["spec"][member] = value;
      const Rendered rendered(groupFromText(spec.dump()));
      EXPECT_TRUE(rendered.spec().contains(member)) << member << value;
    }
  }
  for (const char* member : {"env", "resources", "name"}) {
    Json spec = Json::parse(kEverything);
    spec["template"]["spec"]["initContainers"][0][member] = 5;
    EXPECT_EQ(Rendered(groupFromText(spec.dump())).spec()["initContainers"][0][member], 5);
  }
  Json spec = Json::parse(kEverything);
  spec["template"]["spec"]["initContainers"][0] = "x";
  spec["template"]["spec"]["affinity"]["podAntiAffinity"] = 7;
  const Rendered rendered(groupFromText(spec.dump()));
  EXPECT_EQ(rendered.spec()["initContainers"][0], "x");
  EXPECT_EQ(rendered.spec()["affinity"]["podAntiAffinity"], 7);
  // A revision that somebody else made.
  auto strange = Revision::fromData("db-r", 1, R"({"renderVersion":1,"template":{"metadata":5,
    "spec":{}},"shardOverrides":[{"shards":"x,-,99999999999999,1-","labels":5,"tolerations":{},
    "priorityClassName":[]}]})");
  ASSERT_TRUE(strange.has_value());
  Rendered pod(groupWith());
  pod.revision = *strange;
  EXPECT_EQ(pod.spec()["restartPolicy"], "Always");
}

}  // namespace
}  // namespace stowage::statefulgroup
