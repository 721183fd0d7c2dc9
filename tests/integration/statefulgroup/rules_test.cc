// Every rule of the CustomResourceDefinition on a real kube-apiserver: what it lets through, what
// it refuses, and in which words.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "integration/statefulgroup/group_api.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;

// A rule, by a part of its message, and specs on both sides of it. With `before`, the rule is about
// a change of that spec.
struct Rule {
  const char* message;
  Json accepted;
  Json refused;
  Json before = nullptr;
};

Json hook() { return {{"port", 8080}}; }
Json ports() { return Json::array({{{"name", "client"}, {"port", 2379}}}); }
Json claim(const Json& storage, const Json& more = Json::object()) {
  Json spec = {{"accessModes", {"ReadWriteOnce"}},
               {"resources", {{"requests", {{"storage", storage}}}}}};
  spec.merge_patch(more);
  return {{"volumeClaimTemplates", Json::array({{{"name", "data"}, {"spec", spec}}})}};
}
Json twoVoters(const char* budget) {
  return {{"replicas", 2},
          {"consensus", {{"memberParity", "Any"}}},
          {"disruption", {{"budget", budget}}}};
}
Json rolesNamed(const char* name, const char* cardinality) {
  return {{"roles", Json::array({{{"name", name}, {"cardinality", cardinality}},
                                 {{"name", "leader"}, {"cardinality", "One"}}})}};
}
Json shardUnavailability(const Json& value) {
  return {{"updateStrategy", {{"rollingUpdate", {{"maxUnavailableShards", value}}}}}};
}

std::vector<Rule> memberRules() {
  Json two = twoVoters("MinAvailable");
  two["disruption"]["minAvailable"] = 1;
  return {
      {"naming StatefulSet needs shards to be 1",
       {{"naming", "StatefulSet"}, {"shards", 1}},
       {{"naming", "StatefulSet"}, {"shards", 2}}},
      {"an even number of voters bears no more failures",
       {{"replicas", 4}, {"consensus", {{"voters", 3}}}},
       {{"replicas", 4}}},
      {"disruption.budget None is only possible with one shard",
       {{"disruption", {{"budget", "None"}}}},
       {{"shards", 2}, {"disruption", {{"budget", "None"}}}}},
      {"disruption.minAvailable belongs to disruption.budget MinAvailable",
       {{"disruption", {{"budget", "MinAvailable"}, {"minAvailable", 2}}}},
       {{"disruption", {{"budget", "MinAvailable"}, {"minAvailable", 3}}}}},
      {"disruption.minAvailable belongs to disruption.budget MinAvailable",
       {{"disruption", {{"budget", "Quorum"}}}},
       {{"disruption", {{"budget", "Quorum"}, {"minAvailable", 2}}}}},
      {"consensus.minHealthy may raise the quorum",
       {{"replicas", 5}, {"consensus", {{"minHealthy", 3}}}},
       {{"replicas", 5}, {"consensus", {{"minHealthy", 2}}}}},
      {"consensus.minHealthy must not exceed the number of voters",
       {{"consensus", {{"minHealthy", 3}}}},
       {{"consensus", {{"minHealthy", 4}}}}},
      {"consensus.voters must not exceed replicas",
       {{"consensus", {{"voters", 3}}}},
       {{"consensus", {{"voters", 5}}}}},
      {"two voters of a quorum can never be disrupted", two, twoVoters("Quorum")},
      {"replicas 0 needs runPolicy Hibernated",
       {{"replicas", 0}, {"runPolicy", "Hibernated"}},
       {{"replicas", 0}}},
      {"at most one role may have cardinality One", rolesNamed("second", "Many"),
       rolesNamed("second", "One")},
      {"client and peers are names of Services", rolesNamed("clients", "Many"),
       rolesNamed("client", "Many")},
      {"needs the consent to drop the lost claim",
       {{"recovery", {{"volumeLoss", "Replace"}}},
        {"persistentVolumeClaimRetentionPolicy", {{"whenReplaced", "Delete"}}}},
       {{"recovery", {{"volumeLoss", "Replace"}}}}},
  };
}

std::vector<Rule> serviceRules() {
  return {
      {"client and per-replica Services need services.ports",
       {{"services", {{"client", {{"policy", "Create"}}}, {"ports", ports()}}}},
       {{"services", {{"client", {{"policy", "Create"}}}}}}},
      {"client and per-replica Services need services.ports",
       {{"services", {{"perReplica", {{"policy", "Create"}}}, {"ports", ports()}}}},
       {{"services", {{"perReplica", {{"policy", "Create"}}}}}}},
      {"services.client.roles must name roles of the group",
       {{"services", {{"client", {{"roles", {"leader"}}}}}}},
       {{"services", {{"client", {{"roles", {"primary"}}}}}}}},
      {"services.headless.name needs naming StatefulSet",
       {{"naming", "StatefulSet"}, {"services", {{"headless", {{"name", "peers"}}}}}},
       {{"services", {{"headless", {{"name", "peers"}}}}}}},
      {"services.headless.name is immutable",
       {{"naming", "StatefulSet"},
        {"minReadySeconds", 1},
        {"services", {{"headless", {{"name", "a"}}}}}},
       {{"naming", "StatefulSet"}, {"services", {{"headless", {{"name", "b"}}}}}},
       {{"naming", "StatefulSet"}, {"services", {{"headless", {{"name", "a"}}}}}}},
      {"roleProbe.source HTTP needs roleProbe.http",
       {{"roleProbe", {{"source", "HTTP"}, {"http", hook()}}}},
       {{"roleProbe", {{"source", "HTTP"}}}}},
      {"switchover.mode HTTP needs switchover.http",
       {{"switchover", {{"mode", "HTTP"}, {"http", hook()}}}},
       {{"switchover", {{"mode", "HTTP"}}}}},
      {"membership.mode HTTP needs membership.http",
       {{"membership", {{"mode", "HTTP"}, {"http", hook()}}}},
       {{"membership", {{"mode", "HTTP"}}}}},
      {"healthGates.mode HTTP needs healthGates.http",
       {{"healthGates", {{"mode", "HTTP"}, {"http", hook()}}}},
       {{"healthGates", {{"mode", "HTTP"}}}}},
      {"updateStrategy.rollingUpdate belongs to type RollingUpdate",
       {{"updateStrategy", {{"type", "OnDelete"}}}},
       {{"updateStrategy", {{"type", "OnDelete"}, {"rollingUpdate", Json::object()}}}}},
      {"maxUnavailableShards must be a number from 1", shardUnavailability("100%"),
       shardUnavailability("101%")},
      {"maxUnavailableShards must be a number from 1", shardUnavailability(256),
       shardUnavailability(0)},
  };
}

std::vector<Rule> changeRules() {
  Json added = claim("1Gi");
  added["volumeClaimTemplates"].push_back(
      {{"name", "log"}, {"spec", claim("1Gi")["volumeClaimTemplates"][0]["spec"]}});
  return {
      {"naming is immutable",
       {{"minReadySeconds", 1}},
       {{"naming", "StatefulSet"}},
       Json::object()},
      {"fewer shards would give up their data",
       {{"shards", 1}, {"shardScaleInPolicy", "Allow"}},
       {{"shards", 1}},
       {{"shards", 2}}},
      {"volumeClaimTemplates cannot be removed", added, Json::object(), claim("1Gi")},
      {"accessModes are immutable", claim("1Gi", {{"volumeAttributesClassName", "fast"}}),
       claim("1Gi", {{"accessModes", {"ReadWriteMany"}}}), claim("1Gi")},
      {"storageClassName is immutable", claim("2Gi", {{"storageClassName", "a"}}),
       claim("1Gi", {{"storageClassName", "b"}}), claim("1Gi", {{"storageClassName", "a"}})},
      {"storageClassName is immutable", claim("2Gi"), claim("1Gi", {{"storageClassName", "b"}}),
       claim("1Gi")},
      {"volumeMode is immutable", claim("1Gi", {{"volumeMode", "Block"}}),
       claim("1Gi", {{"volumeMode", "Filesystem"}}), claim("1Gi", {{"volumeMode", "Block"}})},
      {"storage may grow and not shrink", claim("1.5Gi"), claim("1023Mi"), claim("1Gi")},
      {"storage may grow and not shrink", claim(2000), claim("999"), claim(1000)},
      {"storage must be a quantity above zero", claim("1"), claim("much")},
      {"storage must be a quantity above zero", claim(1), claim(0)},
  };
}

class GroupRules : public GroupApi {
 protected:
  void expectRule(const Rule& rule) {
    SCOPED_TRACE(rule.message);
    if (rule.before.is_null()) {
      const auto accepted = create(kGroups, group("db", rule.accepted), true);
      EXPECT_TRUE(accepted.has_value()) << accepted.error().message;
      expectRefused(create(kGroups, group("db", rule.refused), true), rule);
      return;
    }
    const std::string name = "db-" + std::to_string(++created_);
    const auto created = create(kGroups, group(name, rule.before), false);
    ASSERT_TRUE(created.has_value()) << created.error().message;
    const auto change = [&](const Json& spec) {
      Json body = group(name, spec);
      body["metadata"]["resourceVersion"] = (*created)["metadata"]["resourceVersion"];
      k8sclient::CallOptions options;
      options.query = {{"dryRun", "All"}};
      return api_->update(pathOf(kGroups, name), body.dump(), options, {});
    };
    const auto accepted = change(rule.accepted);
    EXPECT_TRUE(accepted.has_value()) << accepted.error().message;
    expectRefused(change(rule.refused), rule);
  }

  template <typename T>
  static void expectRefused(const k8sclient::ApiResult<T>& answer, const Rule& rule) {
    ASSERT_FALSE(answer.has_value()) << "accepted: " << rule.refused.dump();
    EXPECT_EQ(answer.error().http_status, 422);
    EXPECT_THAT(answer.error().message, HasSubstr(rule.message));
  }

  int created_ = 0;
};

TEST_F(GroupRules, OfMembersLetThroughAndRefuse) {
  for (const Rule& rule : memberRules()) expectRule(rule);
}

TEST_F(GroupRules, OfServicesHooksAndUpdatesLetThroughAndRefuse) {
  for (const Rule& rule : serviceRules()) expectRule(rule);
}

TEST_F(GroupRules, OfChangesLetThroughAndRefuse) {
  for (const Rule& rule : changeRules()) expectRule(rule);
}

TEST_F(GroupRules, OfNamesLetThroughAndRefuse) {
  const std::string longest(48, 'a');
  const auto named = [&](const std::string& name, const Json& spec = Json::object()) {
    return create(kGroups, group(name, spec), true);
  };
  const Json kept = {{"naming", "StatefulSet"}};
  EXPECT_TRUE(named(longest).has_value());
  EXPECT_TRUE(named(longest + "bbbb", kept).has_value());
  for (const auto& answer :
       {named(longest + "b"), named(longest + "bbbbb", kept), named("1db"), named("d.b")}) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().message, HasSubstr("metadata.name must start with a letter"));
  }
  const auto withRole = [&](const std::string& role) {
    return named(longest, {{"roles", Json::array({{{"name", role}}})},
                           {"services", {{"client", {{"roles", {role}}}}}}});
  };
  EXPECT_TRUE(withRole("abcdefghij").has_value());
  const auto too_long = withRole("abcdefghijk");
  ASSERT_FALSE(too_long.has_value());
  EXPECT_THAT(too_long.error().message, HasSubstr("too long for Services named after these roles"));
}

// The tables above name every message of the CustomResourceDefinition.
TEST_F(GroupRules, AreAllTried) {
  std::ifstream file(STOWAGE_SOURCE_DIR "/lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml");
  std::stringstream text;
  text << file.rdbuf();
  // Folded messages as one line, as the server shows them.
  const std::string crd = std::regex_replace(text.str(), std::regex("\\s+"), " ");
  std::set<std::string> tried = {"metadata.name must start", "too long for Services"};
  for (const auto& rules : {memberRules(), serviceRules(), changeRules()}) {
    for (const Rule& rule : rules) tried.insert(rule.message);
  }
  const std::regex rule_at("- (\\{)?rule:");
  const auto count = std::distance(std::sregex_iterator(crd.begin(), crd.end(), rule_at), {});
  EXPECT_EQ(static_cast<std::size_t>(count), tried.size());
  for (const std::string& message : tried) EXPECT_THAT(crd, HasSubstr(message));
}

}  // namespace
}  // namespace stowage::testing
