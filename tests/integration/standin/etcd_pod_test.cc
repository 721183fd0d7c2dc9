// A pod with the real etcd: it is ready when etcd says so, ends with grace, comes back with its
// data, and goes and comes with its node.
#include <gmock/gmock.h>

#include "integration/standin/etcd_client.h"
#include "integration/standin/stand_in_world.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class EtcdPodIt : public StandInWorld {
 protected:
  void SetUp() override {
    StandInWorld::SetUp();
    create({{"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", {{"name", "db"}, {"namespace", ns_}}},
            {"spec",
             {{"clusterIP", "None"},
              {"publishNotReadyAddresses", true},
              {"selector", {{"app", "db"}}},
              {"ports", Json::array({{{"port", 2379}}})}}}});
    create({{"apiVersion", "v1"},
            {"kind", "PersistentVolumeClaim"},
            {"metadata", {{"name", "data"}, {"namespace", ns_}}},
            {"spec",
             {{"storageClassName", "folders"},
              {"accessModes", {"ReadWriteOnce"}},
              {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}});
  }
  // Its URLs are names, so it starts only where names resolve.
  void createEtcd(const std::string& node) {
    const std::string host = "http://$(NAME).db." + ns_ + ".svc:";
    const auto field = [](const char* name, const char* path) {
      return Json{{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
    };
    const Json container = {
        {"name", "etcd"},
        {"image", "etcd"},
        {"env", {field("NAME", "metadata.name"), field("IP", "status.podIP")}},
        {"args",
         {"--name=$(NAME)", "--data-dir=/var/lib/etcd", "--listen-client-urls=http://$(IP):2379",
          "--advertise-client-urls=" + host + "2379", "--listen-peer-urls=http://$(IP):2380",
          "--initial-advertise-peer-urls=" + host + "2380",
          "--initial-cluster=$(NAME)=" + host + "2380"}},
        {"readinessProbe",
         {{"httpGet", {{"path", "/readyz"}, {"port", "client"}}}, {"periodSeconds", 1}}},
        {"ports", Json::array({{{"name", "client"}, {"containerPort", 2379}}})},
        {"volumeMounts", Json::array({{{"name", "data"}, {"mountPath", "/var/lib/etcd"}}})}};
    create(shellPod(
        "db-0", "",
        {{"metadata", {{"labels", {{"app", "db"}}}}},
         {"spec",
          {{"nodeName", node},
           {"hostname", "db-0"},
           {"subdomain", "db"},
           {"containers", Json::array({container})},
           {"volumes", Json::array({{{"name", "data"},
                                     {"persistentVolumeClaim", {{"claimName", "data"}}}}})}}}}));
    ASSERT_TRUE(becomes("db-0", "ready")) << get("pod", "db-0")["status"].dump(1) << log();
  }
  EtcdClient client() { return EtcdClient(get("pod", "db-0")["status"]["podIP"]); }
  std::string log() { return nodes().log(ns_, "db-0", "etcd"); }
};

TEST_F(EtcdPodIt, EndsWithGraceAndComesBackWithItsData) {
  createEtcd("node-0");
  const Json status = get("pod", "db-0")["status"];
  EXPECT_THAT(status["podIP"].get<std::string>(), StartsWith("127."));
  EXPECT_EQ(status["containerStatuses"][0]["restartCount"], 0);
  EXPECT_EQ(status["containerStatuses"][0]["image"], "etcd");
  ASSERT_TRUE(client().put("key", "value"));
  const EtcdClient before = client();
  askToGo("db-0");
  ASSERT_TRUE(becomes("db-0", "gone"));
  EXPECT_EQ(before.get("key"), std::nullopt);
  EXPECT_THAT(log(), HasSubstr("received signal; shutting down"));
  createEtcd("node-1");
  EXPECT_EQ(client().get("key"), "value");
}

TEST_F(EtcdPodIt, GoesAndComesWithItsNode) {
  createEtcd("node-0");
  ASSERT_TRUE(client().put("key", "value"));
  const EtcdClient before = client();
  nodes().kill("node-0");
  EXPECT_EQ(before.get("key"), std::nullopt);
  EXPECT_TRUE(is("db-0", "ready"));  // nobody has told otherwise
  nodes().restore("node-0");
  ASSERT_TRUE(waitFor(
      [&] {
        const Json now = get("pod", "db-0")["status"];
        return now["containerStatuses"][0]["restartCount"] == 1 && is("db-0", "ready");
      },
      30s))
      << get("pod", "db-0")["status"].dump(1) << log();
  EXPECT_EQ(client().get("key"), "value");
}

TEST_F(EtcdPodIt, RunsOnWhereItsNodeIsSilentAndEndsWhenThatHears) {
  createEtcd("node-0");
  const EtcdClient there = client();
  nodes().partition("node-0");
  askToGo("db-0");
  ASSERT_TRUE(there.put("key", "value"));
  // As it is after a node was declared lost: its successor may run already when the node comes
  // back.
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0", "-n", ns_, "--force", "--grace-period=0"})
                .exit_code,
            0);
  EXPECT_EQ(there.get("key"), "value");
  nodes().restore("node-0");
  EXPECT_TRUE(waitFor([&] { return there.get("key") == std::nullopt; }, 60s));
  createEtcd("node-1");
  EXPECT_EQ(client().get("key"), "value");
}

}  // namespace
}  // namespace stowage::testing
