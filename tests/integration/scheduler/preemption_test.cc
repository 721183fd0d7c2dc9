// Preemption by the real binary on a real kube-apiserver. There is no kubelet: a victim with a
// grace period stays, terminating, until the test removes it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kUser = "stowage-scheduler";

// Takes connections and never says a word.
class SilentListener {
 public:
  SilentListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(freePort()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 64), 0);
  }
  ~SilentListener() { close(fd_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  int fd_;
  int port_;
};

class PreemptionOnRealApi : public ::testing::Test {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    const Json classes = {
        {"apiVersion", "v1"},
        {"kind", "List"},
        {"items", Json::array({priorityClass("it-high", 1000, ""), priorityClass("it-mid", 500, ""),
                               priorityClass("it-never", 1000, "Never")})}};
    const CommandResult made = cluster_.kubectlWithInput({"apply", "-f", "-"}, classes.dump());
    ASSERT_EQ(made.exit_code, 0) << made.output;
    mark_ = auditMark(cluster_);
  }
  void TearDown() override { deleteNodes(cluster_); }

  static Json priorityClass(const std::string& name, int value, const std::string& policy) {
    Json made = {{"apiVersion", "scheduling.k8s.io/v1"},
                 {"kind", "PriorityClass"},
                 {"metadata", {{"name", name}}},
                 {"value", value}};
    if (!policy.empty()) made["preemptionPolicy"] = policy;
    return made;
  }
  // A pod of another scheduler that is on a node already.
  [[nodiscard]] Json placed(const std::string& name, const std::string& node,
                            const std::string& cpu, int grace = 0) const {
    Json pod = podManifest(ns_, name, "somebody-else", cpu, "64Mi");
    pod["spec"]["nodeName"] = node;
    pod["spec"]["terminationGracePeriodSeconds"] = grace;
    return pod;
  }
  [[nodiscard]] Json wanting(const std::string& name, const std::string& cpu,
                             const std::string& priority_class) const {
    Json pod = podManifest(ns_, name, "stowage-scheduler", cpu, "64Mi");
    if (!priority_class.empty()) pod["spec"]["priorityClassName"] = priority_class;
    return pod;
  }
  Json pod(const std::string& name) { return getObject(cluster_, {"pod", name, "-n", ns_}); }
  std::string nodeOf(const std::string& name) {
    const Json found = pod(name);
    return found.is_object() ? found["spec"].value("nodeName", "") : "";
  }
  std::string nominatedNodeOf(const std::string& name) {
    const Json found = pod(name);
    return found.is_object() ? found["status"].value("nominatedNodeName", "") : "";
  }
  bool terminating(const std::string& name) {
    const Json found = pod(name);
    return found.is_object() && found["metadata"].contains("deletionTimestamp");
  }
  // What a kubelet does once the containers have ended.
  void finishTermination(const std::string& name) {
    const CommandResult done =
        cluster_.kubectl({"delete", "pod", name, "-n", ns_, "--force", "--grace-period=0",
                          "--wait=false", "--ignore-not-found"});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  std::string messageOf(const std::string& name) {
    const Json condition = scheduledCondition(cluster_, ns_, name);
    return condition.is_object() ? condition.value("message", "") : "";
  }
  std::size_t podsLeft() { return listObjects(cluster_, {"pods", "-n", ns_}).size(); }
  std::vector<PodWrite> writes() { return podWrites(cluster_, kUser, ns_, mark_); }
  std::vector<std::string> deleted() {
    std::vector<std::string> names;
    for (const PodWrite& write : writes()) {
      if (write.verb == "delete") names.push_back(write.pod);
    }
    return names;
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
  std::size_t mark_ = 0;
};

TEST_F(PreemptionOnRealApi, AGracefulVictimIsNominatedForMarkedDeletedAndWaitedFor) {
  createAll(cluster_, {nodeManifest("n", "4", "8Gi"), placed("low", "n", "3", 30)});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {wanting("high", "3", "it-high")});
  ASSERT_TRUE(waitFor([&] { return terminating("low"); }, 20s)) << scheduler.process().log();

  const Json victim = pod("low");
  Json mark;
  for (const Json& condition : victim["status"]["conditions"]) {
    if (condition["type"] == "DisruptionTarget") mark = condition;
  }
  ASSERT_TRUE(mark.is_object());
  EXPECT_EQ(mark["status"], "True");
  EXPECT_EQ(mark["reason"], "PreemptionByScheduler");
  EXPECT_EQ(mark["message"], "stowage-scheduler: preempting to accommodate a higher priority pod");
  EXPECT_EQ(mark["observedGeneration"], 1);
  EXPECT_EQ(nominatedNodeOf("high"), "n");
  EXPECT_EQ(messageOf("high"), "0/1 nodes are available: 1 Insufficient cpu.");

  // The order on the server: nomination, mark, deletion.
  const std::vector<PodWrite> written = writes();
  ASSERT_EQ(written.size(), 3U);
  EXPECT_EQ(written[0].verb + " " + written[0].pod + "/" + written[0].subresource,
            "patch high/status");
  EXPECT_EQ(written[0].body["status"]["nominatedNodeName"], "n");
  EXPECT_EQ(written[1].verb + " " + written[1].pod + "/" + written[1].subresource,
            "patch low/status");
  EXPECT_EQ(written[1].body["metadata"]["uid"], victim["metadata"]["uid"]);
  EXPECT_EQ(written[2].verb + " " + written[2].pod, "delete low");

  std::vector<Json> events;
  ASSERT_TRUE(waitFor(
      [&] { return !(events = podEvents(cluster_, ns_, "low", "Preempted")).empty(); }, 10s));
  EXPECT_EQ(events[0]["note"],
            "Preempted by pod " + pod("high")["metadata"]["uid"].get<std::string>() + " on node n");
  EXPECT_EQ(events[0]["type"], "Normal");
  EXPECT_EQ(events[0]["action"], "Preempting");
  EXPECT_EQ(events[0]["related"]["name"], "high");
  EXPECT_EQ(events[0]["reportingController"], "stowage-scheduler");

  // The room is promised: a lower priority does not get it, neither before nor after.
  createAll(cluster_, {wanting("low-too", "2", "")});
  ASSERT_TRUE(waitFor([&] { return !messageOf("low-too").empty(); }, 60s));
  finishTermination("low");
  ASSERT_TRUE(waitFor([&] { return nodeOf("high") == "n"; }, 20s)) << scheduler.process().log();
  EXPECT_EQ(nodeOf("low-too"), "");
  EXPECT_THAT(deleted(), ElementsAre("low"));
  EXPECT_TRUE(overcommittedNodes(cluster_).empty());
}

TEST_F(PreemptionOnRealApi, ABudgetSteersTheChoiceAndDoesNotForbid) {
  // Without a disruption controller a budget allows nothing.
  Json guarded = placed("guarded", "a", "3");
  guarded["metadata"]["labels"] = {{"app", "guarded"}};
  createAll(
      cluster_,
      {nodeManifest("a", "4", "8Gi"),
       nodeManifest("b", "4", "8Gi"),
       guarded,
       placed("plain", "b", "3"),
       {{"apiVersion", "policy/v1"},
        {"kind", "PodDisruptionBudget"},
        {"metadata", {{"namespace", ns_}, {"name", "guard"}}},
        {"spec", {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"app", "guarded"}}}}}}}}});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {wanting("first", "3", "it-high")});
  ASSERT_TRUE(waitFor([&] { return nodeOf("first") == "b"; }, 20s)) << scheduler.process().log();
  EXPECT_THAT(deleted(), ElementsAre("plain"));
  createAll(cluster_, {wanting("second", "3", "it-high")});
  ASSERT_TRUE(waitFor([&] { return nodeOf("second") == "a"; }, 20s)) << scheduler.process().log();
  EXPECT_THAT(deleted(), ElementsAre("plain", "guarded"));
}

TEST_F(PreemptionOnRealApi, PolicyNeverEvictsNobody) {
  createAll(cluster_, {nodeManifest("n", "4", "8Gi"), placed("low", "n", "3")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {wanting("meek", "3", "it-never")});
  ASSERT_TRUE(waitFor([&] { return !messageOf("meek").empty(); }, 20s))
      << scheduler.process().log();
  EXPECT_EQ(messageOf("meek"),
            "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
            "not eligible due to preemptionPolicy=Never.");
  EXPECT_EQ(nodeOf("low"), "n");
  EXPECT_TRUE(deleted().empty());
}

// The body that we send: the server must refuse it for a pod of another uid.
TEST_F(PreemptionOnRealApi, TheServerKeepsAPodWhoseUidIsNotTheVictims) {
  createAll(cluster_, {nodeManifest("n", "4", "8Gi"), placed("successor", "n", "3")});
  const Json options = {{"apiVersion", "v1"},
                        {"kind", "DeleteOptions"},
                        {"preconditions", {{"uid", "00000000-0000-0000-0000-000000000000"}}}};
  const CommandResult refused = cluster_.kubectlWithInput(
      {"delete", "--raw", "/api/v1/namespaces/" + ns_ + "/pods/successor", "-f", "-"},
      options.dump());
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("the UID in the precondition"));
  EXPECT_EQ(nodeOf("successor"), "n");
}

TEST_F(PreemptionOnRealApi, KilledAmidItsDeletionsTheSuccessorFinishesAndEvictsNobodyMore) {
  std::vector<Json> objects = {nodeManifest("n", "10100m", "64Gi")};
  for (int i = 0; i < 100; ++i) objects.push_back(placed("v" + std::to_string(i), "n", "100m"));
  createAll(cluster_, objects);
  auto first = std::make_unique<SchedulerProcess>(cluster_, SchedulerFlags{});
  ASSERT_TRUE(first->waitReady()) << first->process().log();
  createAll(cluster_, {wanting("high", "9", "it-high")});
  ASSERT_TRUE(waitFor([&] { return !deleted().empty(); }, 20s, 1ms)) << first->process().log();
  first->process().signal(SIGKILL);
  first->process().waitExit(5s);
  const std::size_t left = podsLeft();
  ASSERT_GT(left, 12U) << "killed too late to prove anything";
  EXPECT_EQ(nominatedNodeOf("high"), "n") << "it stood before the first deletion";
  EXPECT_EQ(nodeOf("high"), "");
  first.reset();

  SchedulerProcess second(cluster_, {});
  // Deletions that were cut off may have been carried out by half; a kubelet would end those.
  const auto bound = [&] {
    for (const Json& each : listObjects(cluster_, {"pods", "-n", ns_})) {
      if (each["metadata"].contains("deletionTimestamp")) {
        finishTermination(each["metadata"]["name"]);
      }
    }
    return nodeOf("high") == "n";
  };
  ASSERT_TRUE(waitFor(bound, 60s)) << second.process().log() << messageOf("high");
  // 0.1 cpu was free and 9 are needed: 89 of 100 victims.
  EXPECT_EQ(podsLeft(), 11U + 1U);
  EXPECT_TRUE(overcommittedNodes(cluster_).empty());
}

// A webhook that never answers holds the victim's mark back: the nomination stands, nothing else
// has happened yet.
TEST_F(PreemptionOnRealApi, KilledBetweenNominationAndEvictionTheSuccessorFinishesIt) {
  Json victim = placed("low", "n", "3");
  victim["metadata"]["labels"] = {{"it", "held-back"}};
  createAll(cluster_, {nodeManifest("n", "4", "8Gi"), victim, placed("spared", "n", "500m")});
  const SilentListener silent;
  const std::string name = "held-back-" + ns_;
  const Json webhook = {
      {"apiVersion", "admissionregistration.k8s.io/v1"},
      {"kind", "ValidatingWebhookConfiguration"},
      {"metadata", {{"name", name}}},
      {"webhooks",
       {{{"name", "held-back.stowage.dev"},
         {"clientConfig", {{"url", "https://127.0.0.1:" + std::to_string(silent.port()) + "/"}}},
         {"rules",
          {{{"apiGroups", {""}},
            {"apiVersions", {"v1"}},
            {"operations", {"UPDATE", "DELETE"}},
            {"resources", {"pods", "pods/status"}}}}},
         {"objectSelector", {{"matchLabels", {{"it", "held-back"}}}}},
         {"failurePolicy", "Fail"},
         {"timeoutSeconds", 30},
         {"sideEffects", "None"},
         {"admissionReviewVersions", {"v1"}}}}}};
  const CommandResult made = cluster_.kubectlWithInput({"create", "-f", "-"}, webhook.dump());
  ASSERT_EQ(made.exit_code, 0) << made.output;
  auto first = std::make_unique<SchedulerProcess>(cluster_, SchedulerFlags{});
  ASSERT_TRUE(first->waitReady()) << first->process().log();
  // The server takes a moment to know of the webhook: until a write to the victim hangs.
  ASSERT_TRUE(waitFor(
      [&] {
        return cluster_
                   .kubectl({"label", "pod", "low", "-n", ns_, "probe=1", "--overwrite",
                             "--request-timeout=1s"})
                   .exit_code != 0;
      },
      20s));
  createAll(cluster_, {wanting("high", "3", "it-high")});
  ASSERT_TRUE(waitFor([&] { return nominatedNodeOf("high") == "n"; }, 20s))
      << first->process().log();
  first->process().signal(SIGKILL);
  first->process().waitExit(5s);
  first.reset();
  EXPECT_TRUE(deleted().empty());
  EXPECT_FALSE(terminating("low"));
  ASSERT_EQ(cluster_.kubectl({"delete", "validatingwebhookconfiguration", name}).exit_code, 0);

  SchedulerProcess second(cluster_, {});
  ASSERT_TRUE(waitFor([&] { return nodeOf("high") == "n"; }, 60s))
      << second.process().log() << messageOf("high");
  EXPECT_THAT(deleted(), ElementsAre("low"));
  EXPECT_EQ(nodeOf("spared"), "n");
}

TEST_F(PreemptionOnRealApi, ANominationOfAnotherSchedulerKeepsItsRoom) {
  createAll(cluster_, {nodeManifest("n", "4", "8Gi")});
  Json theirs = podManifest(ns_, "theirs", "somebody-else", "3", "64Mi");
  theirs["spec"]["priorityClassName"] = "it-mid";
  createAll(cluster_, {theirs});
  const auto nominate = [&](const std::string& node) {
    const Json patch = {{"status", {{"nominatedNodeName", node.empty() ? Json() : Json(node)}}}};
    const CommandResult done =
        cluster_.kubectl({"patch", "pod", "theirs", "-n", ns_, "--subresource=status",
                          "--type=merge", "-p", patch.dump()});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  };
  nominate("n");
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {wanting("ours", "2", "")});
  ASSERT_TRUE(waitFor([&] { return !messageOf("ours").empty(); }, 20s))
      << scheduler.process().log();
  EXPECT_THAT(messageOf("ours"), HasSubstr("1 Insufficient cpu"));
  EXPECT_EQ(nodeOf("ours"), "");
  nominate("");
  EXPECT_TRUE(waitFor([&] { return nodeOf("ours") == "n"; }, 20s)) << scheduler.process().log();
}

}  // namespace
}  // namespace stowage::testing
