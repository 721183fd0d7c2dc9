// What makes two specs the same revision, and what makes them two.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "statefulgroup/canonical_template.h"
#include "unit/statefulgroup/group_builder.h"

namespace stowage::statefulgroup {
namespace {

std::string dataWith(const Json& patch = Json::object()) { return revisionData(groupWith(patch)); }
Json inPod(const Json& patch) { return {{"template", {{"spec", patch}}}}; }
// The one container of the template, with these members.
Json inContainer(Json members) {
  members["name"] = "main";
  members["image"] = "x:1";
  return inPod({{"containers", Json::array({members})}});
}

TEST(RevisionData, IsThisTextForEver) {
  const kubeapi::StatefulGroup group = groupFromText(R"({
    "template": {"metadata": {"labels": {"b": "2", "a": "1"}, "annotations": {}},
      "spec": {"nodeSelector": {}, "restartPolicy": "Always", "hostname": "h",
        "containers": [{"name": "main", "image": "x:1", "command": null, "args": [],
          "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {}}}]}},
    "shardOverrides": [{"shards": "0-1", "labels": {"tier": "hot"}}, {"shards": "2"}],
    "volumeClaimTemplates": [
      {"name": "wal", "spec": {"resources": {"requests": {"storage": "1Gi"}}}},
      {"name": "data", "spec": {"resources": {"requests": {"storage": "2Gi"}}}}],
    "restartTime": "2026-01-02T05:04:05+02:00"})");
  EXPECT_EQ(
      revisionData(group),
      R"({"claims":["data","wal"],"renderVersion":1,"restartTime":"2026-01-02T03:04:05Z",)"
      R"("shardOverrides":[{"labels":{"tier":"hot"},"shards":"0-1"}],)"
      R"("template":{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"image":"x:1",)"
      R"("name":"main","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}},)"
      R"("topology":{"failureDomains":[{"maxPerDomain":1,"topologyKey":"kubernetes.io/hostname",)"
      R"("whenUnsatisfiable":"DoNotSchedule"},{"quorumSafe":"Preferred",)"
      R"("topologyKey":"topology.kubernetes.io/zone"}]}})");
}

TEST(RevisionData, IsNotTouchedByWhatRestartsNothing) {
  const std::string plain = dataWith();
  const Json ports = {{{"name", "p"}, {"port", 1}}};
  for (const Json& patch : std::vector<Json>{
           {{"shards", 4}},
           {{"replicas", 5}},
           {{"ordinals", {{"start", 7}}}},
           {{"offlineReplicas", {"0/1"}}},
           {{"consensus", {{"voters", 1}}}},
           {{"roles", Json::array({{{"name", "x"}}})}},
           {{"disruption", {{"singleReplica", "Allow"}}}},
           {{"updateStrategy", {{"type", "OnDelete"}}}},
           {{"services", {{"ports", ports}, {"client", {{"policy", "Create"}}}}}},
           {{"runPolicy", "Hibernated"}},
           {{"minReadySeconds", 5}},
           {{"revisionHistoryLimit", 1}},
           {{"topology", {{"leaderSpread", "Off"}}}},
           inPod({{"hostname", "h"}}),
           inPod({{"subdomain", "s"}}),
           inPod({{"restartPolicy", "Always"}}),
       }) {
    EXPECT_EQ(dataWith(patch), plain) << patch;
  }
}

TEST(RevisionData, HasNoSizesOfVolumes) {
  const auto claim = [](const char* size) {
    return Json{
        {"volumeClaimTemplates",
         {{{"name", "data"}, {"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}}}}};
  };
  EXPECT_EQ(dataWith(claim("1Gi")), dataWith(claim("2Gi")));
  EXPECT_NE(dataWith(claim("1Gi")), dataWith());
}

TEST(RevisionData, ChangesWithWhatPodsAreRenderedFrom) {
  const Json zone = {{"topologyKey", "zone"}};
  const auto domain = [&](const Json& rule) {
    Json entry = zone;
    entry.update(rule);
    return Json{{"topology", {{"failureDomains", Json::array({entry})}}}};
  };
  std::set<std::string> seen = {dataWith()};
  for (const Json& patch : std::vector<Json>{
           {{"restartTime", "2026-01-02T03:04:05Z"}},
           {{"restartTime", "2026-01-02T03:04:06Z"}},
           {{"template", {{"metadata", {{"labels", {{"a", "b"}}}}}}}},
           {{"template", {{"metadata", {{"annotations", {{"a", "b"}}}}}}}},
           {{"shardOverrides", {{{"shards", "0"}, {"labels", {{"a", "b"}}}}}}},
           {{"shardOverrides", {{{"shards", "1"}, {"labels", {{"a", "b"}}}}}}},
           {{"shardOverrides", {{{"shards", "1"}, {"priorityClassName", "p"}}}}},
           {{"topology", {{"leaderSpread", "Preferred"}}}},
           {{"topology", {{"exclusive", {{"topologyKey", "zone"}}}}}},
           {{"topology", {{"exclusive", {{"topologyKey", "zone"}, {"scope", "Group"}}}}}},
           domain({{"quorumSafe", "Required"}}),
           domain({{"quorumSafe", "Preferred"}}),
           domain({{"quorumSafe", "Off"}}),
           domain({{"quorumSafe", "Off"}, {"maxPerDomain", 1}}),
           domain({{"quorumSafe", "Off"}, {"maxPerDomain", 2}}),
           domain({{"quorumSafe", "Off"},
                   {"maxPerDomain", 2},
                   {"whenUnsatisfiable", "DoNotSchedule"}}),
           inPod({{"schedulerName", "x"}}),
           inContainer({{"command", {"a"}}}),
       }) {
    EXPECT_TRUE(seen.insert(dataWith(patch)).second) << patch;
  }
}

TEST(RevisionData, TakesWhatIsEmptyForAbsentWhereItIsTheSame) {
  const std::string plain = dataWith();
  // RFC 7386 cannot set a null; these texts are specs as they are.
  const auto pod = [](const std::string& members) {
    return revisionData(groupFromText(
        R"({"template":{"spec":{"containers":[{"name":"main","image":"x:1"}])" + members + "}}}"));
  };
  for (const char* members :
       {R"(,"nodeSelector":null)", R"(,"nodeSelector":{})", R"(,"tolerations":[])",
        R"(,"affinity":{})", R"(,"securityContext":{})", R"(,"volumes":null)",
        R"(,"imagePullSecrets":[])", R"(,"initContainers":[])"}) {
    EXPECT_EQ(pod(members), plain) << members;
  }
  const auto container = [](const std::string& members) {
    return revisionData(groupFromText(
        R"({"template":{"spec":{"containers":[{"name":"main","image":"x:1")" + members + "}]}}}"));
  };
  for (const char* members :
       {R"(,"env":[])", R"(,"resources":{})", R"(,"resources":null)",
        R"(,"resources":{"limits":{},"requests":null,"claims":[]})", R"(,"command":null)"}) {
    EXPECT_EQ(container(members), plain) << members;
  }
  EXPECT_EQ(dataWith({{"template", {{"metadata", {{"labels", Json::object()}}}}}}), plain);
}

TEST(RevisionData, KeepsWhatIsEmptyWhereItMayMeanSomething) {
  const auto pod = [](const std::string& members) {
    return revisionData(groupFromText(
        R"({"template":{"spec":{"containers":[{"name":"main","image":"x:1"}])" + members + "}}}"));
  };
  const auto term = [&](const std::string& members) {
    return pod(R"(,"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[)"
               R"({"topologyKey":"z")" +
               members + "}]}}");
  };
  // All namespaces, or the pod's own; no pod, or every pod.
  EXPECT_NE(term(""), term(R"(,"namespaceSelector":{})"));
  EXPECT_NE(term(""), term(R"(,"labelSelector":{})"));
  EXPECT_NE(term(R"(,"labelSelector":null)"), term(R"(,"labelSelector":{})"));
  const auto volume = [&](const std::string& members) {
    return pod(R"(,"volumes":[{"name":"v")" + members + "}]");
  };
  EXPECT_NE(volume(""), volume(R"(,"emptyDir":{})"));
  // A map's null is an empty text, which a node must have.
  EXPECT_NE(pod(R"(,"nodeSelector":{"a":null})"), pod(""));
  EXPECT_NE(pod(R"(,"resources":{})"), pod(""));
  EXPECT_NE(pod(R"(,"overhead":{})"), pod(""));  // refused without a RuntimeClass that says so
  EXPECT_NE(dataWith(inContainer({{"securityContext", Json::object()}})), dataWith());
}

TEST(RevisionData, ComparesAmountsByValue) {
  const auto limits = [](const Json& cpu, const Json& memory) {
    return dataWith(inContainer({{"resources", {{"limits", {{"cpu", cpu}, {"memory", memory}}}}}}));
  };
  EXPECT_EQ(limits("1", "1Gi"), limits("1000m", "1073741824"));
  EXPECT_EQ(limits(1, "1Gi"), limits("1", "1024Mi"));
  EXPECT_EQ(limits(0.5, "1G"), limits("500m", "1e9"));
  EXPECT_NE(limits("1", "1Gi"), limits("1001m", "1Gi"));
  EXPECT_NE(limits("1", "1Gi"), limits("1", "1G"));
  EXPECT_NE(limits("1u", "1Gi"), limits("2u", "1Gi"));
  EXPECT_NE(limits("nonsense", "1Gi"), limits("other", "1Gi"));
}

TEST(CanonicalQuantity, ReadsWellAndKeepsItsValue) {
  EXPECT_EQ(canonicalQuantity("1024Mi"), "1Gi");
  EXPECT_EQ(canonicalQuantity("1536Mi"), "1536Mi");
  EXPECT_EQ(canonicalQuantity("512000000"), "512M");
  EXPECT_EQ(canonicalQuantity("0.1"), "100m");
  EXPECT_EQ(canonicalQuantity("0"), "0");
  EXPECT_EQ(canonicalQuantity("x"), "x");
}

RC_GTEST_PROP(CanonicalQuantity, DependsOnTheValueAlone, ()) {
  const auto text = [] {
    return fmt::format("{}{}", *rc::gen::inRange(0, 4096),
                       *rc::gen::element<std::string>("", "m", "u", "k", "M", "G", "Ki", "Mi", "Gi",
                                                      "e3", "E", "Ei"));
  };
  const std::string a = text();
  const std::string b = text();
  const bool equal = *kubeapi::Quantity::parse(a) == *kubeapi::Quantity::parse(b);
  RC_ASSERT((canonicalQuantity(a) == canonicalQuantity(b)) == equal);
  RC_ASSERT(*kubeapi::Quantity::parse(canonicalQuantity(a)) == *kubeapi::Quantity::parse(a));
}

// Any JSON, small.
Json anyValue(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  switch (kind) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange(-5, 1000);
    case 3:
      return *rc::gen::element<std::string>("", "a", "1Gi", "\"\\\n", "\u00e9<");
    case 4:
      return 0.25;
    case 5: {
      Json array = Json::array();
      for (int i = *rc::gen::inRange(0, 3); i > 0; --i) array.push_back(anyValue(depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        object[*rc::gen::element<std::string>("a", "b", "resources", "limits", "labels", "env",
                                              "emptyDir", "affinity")] = anyValue(depth - 1);
      }
      return object;
    }
  }
}

// The same value with members in any order and spaces anywhere.
std::string scrambled(const Json& value) {
  const auto space = [] { return *rc::gen::element<std::string>("", "", " ", "\n\t"); };
  if (value.is_array()) {
    std::string out = "[";
    for (const Json& item : value) {
      if (out.size() > 1) out += ",";
      out += space() + scrambled(item) + space();
    }
    return out + "]";
  }
  if (!value.is_object()) return value.dump();
  std::vector<std::string> members;
  for (const auto& member : value.items()) {
    members.push_back(space() + Json(member.key()).dump() + space() + ":" + space() +
                      scrambled(member.value()) + space());
  }
  for (std::size_t i = members.size(); i > 1; --i) {
    std::swap(members[i - 1], members[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return "{" + fmt::format("{}", fmt::join(members, ",")) + "}";
}

RC_GTEST_PROP(RevisionData, KnowsNoOrderOfMembersAndNoSpaces, ()) {
  Json spec = minimalSpec();
  for (const char* member : {"nodeSelector", "affinity", "volumes", "tolerations"}) {
    spec["template"]["spec"][member] = anyValue(3);
  }
  spec["template"]["spec"]["containers"][0]["resources"] = anyValue(3);
  const std::string data = revisionData(groupFromText(spec.dump()));
  RC_ASSERT(revisionData(groupFromText(scrambled(spec))) == data);
  // And it is a fixed point: read back, it is the same.
  const auto revision = Revision::fromData("db-r", 1, data);
  RC_ASSERT(revision.has_value());
  RC_ASSERT(revision->data() == data);
  RC_ASSERT(canonicalTemplate(Json::parse(data)["template"]) == Json::parse(data)["template"]);
}

TEST(RevisionHash, IsTheSameForEver) {
  // These name objects in clusters. They never change.
  // XXH64 of nothing is 0xEF46DB3751D8E999.
  EXPECT_EQ(revisionHash("", 0), "fslngxfhv6");
  EXPECT_EQ(revisionHash(R"({"renderVersion":1})", 0), "j8k5fwb84n");
  EXPECT_EQ(revisionHash(R"({"renderVersion":1})", 1), "l68dpp96v7");
  EXPECT_EQ(revisionHash(dataWith(), 0), "95f7vflxf5");
}

RC_GTEST_PROP(RevisionHash, FitsIntoNamesAndSeparates, (std::string a, std::string b)) {
  const std::string hash = revisionHash(a, 0);
  RC_ASSERT(hash.size() == 10U);
  RC_ASSERT(hash.find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  RC_ASSERT((hash == revisionHash(b, 0)) == (a == b));
  RC_ASSERT(hash != revisionHash(a, 1));
}

}  // namespace
}  // namespace stowage::statefulgroup
