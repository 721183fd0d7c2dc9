// A client writes throughout everything that is done to a group of real etcd members. No
// acknowledged write is lost, and how long nobody could write is told, phase by phase.
// STOWAGE_ETCD_SHARDS: how many shards of three (default 1).
#include <gmock/gmock.h>

#include <cstdlib>

#include "integration/etcd_group/etcd_group_world.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

// A member that is asked to go hands the leadership over; one that is lost is missed after an
// election timeout (1 s).
constexpr auto kPlanned = 5s;
constexpr auto kLost = 10s;

int shardsWanted() {
  const char* wanted = std::getenv("STOWAGE_ETCD_SHARDS");
  return wanted == nullptr ? 1 : std::atoi(wanted);
}

class EtcdGroupIt : public EtcdGroupWorld {
 protected:
  // Members of a fixed list, without an agent: nobody joins or leaves.
  Json withoutAgent(const std::string& image) const {
    const auto field = [](const char* name, const char* path) {
      return Json{{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
    };
    const std::string domain = ".$(STOWAGE_PEERS_SERVICE)." + ns_ + ".svc:";
    std::string members;
    for (int i = 0; i < 3; ++i) {
      const std::string member = "$(STOWAGE_GROUP)-$(STOWAGE_SHARD)-" + std::to_string(i);
      members.append(i == 0 ? "" : ",").append(member).append("=http://").append(member);
      members.append(domain).append("2380");
    }
    const Json container = {
        {"name", "main"},
        {"image", image},
        {"env", {field("NAME", "metadata.name"), field("IP", "status.podIP")}},
        {"args",
         {"--name=$(NAME)", "--data-dir=/var/lib/etcd/data", "--initial-cluster=" + members,
          "--listen-client-urls=http://$(IP):2379", "--listen-peer-urls=http://$(IP):2380",
          "--advertise-client-urls=http://$(NAME)" + domain + "2379",
          "--initial-advertise-peer-urls=http://$(NAME)" + domain + "2380"}},
        {"readinessProbe",
         {{"httpGet", {{"path", "/readyz"}, {"port", 2379}}}, {"periodSeconds", 1}}},
        {"volumeMounts", Json::array({{{"name", "data"}, {"mountPath", "/var/lib/etcd"}}})}};
    return {{"template",
             {{"spec",
               {{"terminationGracePeriodSeconds", 10}, {"containers", Json::array({container})}}}}},
            {"volumeClaimTemplates",
             Json::array({{{"name", "data"},
                           {"spec",
                            {{"accessModes", {"ReadWriteOnce"}},
                             {"storageClassName", "folders"},
                             {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}})}};
  }

  // All shards, one after another: that takes as many times as long.
  void awaitAll() {
    (void)waitFor([&] { return condition("db", "Ready") == "True/AllReady"; },
                  kPatience * shardsWanted());
    awaitRest("db");
  }

  std::string someLeader() {
    std::string found;
    EXPECT_TRUE(waitFor([&] { return !(found = leader("db", 0)).empty(); }, 30s)) << logs("db");
    return found;
  }

  void updateImages() {
    changeGroup("db", withoutAgent("etcd:2"));
    awaitAll();
    for (const auto& [name, pod] : pods("db"))
      EXPECT_EQ(pod["spec"]["containers"][0]["image"], "etcd:2") << name;
  }

  // In one look: between two, the pod may be gone.
  bool isAnother(const std::string& member, const std::string& before) {
    const auto now = uids("db");
    const auto found = now.find(member);
    return found != now.end() && found->second != before;
  }

  void replaceAMember(const std::string& member) {
    const std::string before = uids("db").at(member);
    const CommandResult done = stowage({"replace", member});
    ASSERT_EQ(done.exit_code, 0) << done.output;
    EXPECT_TRUE(waitFor([&] { return isAnother(member, before); }, kPatience));
    awaitRest("db");
  }

  // The node is off, and somebody who knows says so (docs/statefulgroup.md, Lost nodes).
  void loseTheNodeOf(const std::string& member) {
    const std::string node = nodeOf(member);
    const std::string before = uids("db").at(member);
    nodes().kill(node);
    await("db", "Degraded", "True/NodeLost");
    EXPECT_EQ(uids("db").at(member), before);
    const std::string taint = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";
    ASSERT_EQ(cluster_.kubectl({"taint", "node", node, taint}).exit_code, 0);
    EXPECT_TRUE(waitFor([&] { return isAnother(member, before); }, kPatience))
        << getGroup("db")["status"].dump(1);
    awaitRest("db");
    EXPECT_NE(nodeOf(member), node);
    ASSERT_EQ(cluster_.kubectl({"taint", "node", node, taint + "-"}).exit_code, 0);
    nodes().restore(node);
  }
};

TEST_F(EtcdGroupIt, NoAcknowledgedWriteIsLost) {
  const int shards = shardsWanted();
  Json spec = withoutAgent("etcd:1");
  spec["shards"] = shards;
  createGroup("db", spec);
  awaitAll();
  if (HasFailure()) FAIL() << logs("db");
  startWriters("db", shards);
  ASSERT_FALSE(someLeader().empty());
  endPhase("at rest", kPlanned);

  updateImages();
  endPhase("rolling update", kPlanned);

  replaceAMember("db-0-1");
  endPhase("kubectl stowage replace", kPlanned);

  loseTheNodeOf(someLeader());
  endPhase("the leader's node is lost", kLost);

  stopWritersAndReadBack();
  if (HasFailure()) std::printf("%s\n", logs("db").c_str());
}

}  // namespace
}  // namespace stowage::testing
