// The same extenders under the real kube-scheduler and under Stowage, on one real API server: what
// they are asked, where pods go and what is said must be the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"
#include "testing/http/scripted_server.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* kOurs = "stowage-scheduler";
constexpr const char* kTheirs = "kube-side";

std::string lowerKeys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null()) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return Json(keys).dump();
}

// The extenders of all tests: one server, told apart by path. What they say follows from names:
// nodes that end in "no" are rejected, those that end in "never" unresolvably so.
class Extenders {
 public:
  explicit Extenders(ControlPlane& cluster) : cluster_(cluster) {
    server_.onRequest([this](const ReceivedRequest& request, Reply& reply) {
      const Json args = Json::parse(request.body);
      const Json answer = answerTo(request.target, args);
      reply.json(200, answer.dump());
    });
  }
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::string urlOfNobody() const {
    return "http://127.0.0.1:" + std::to_string(freePort());
  }
  // What was asked with that path, as the names of the fields that were set: "path [..]".
  [[nodiscard]] std::set<std::string> asked(const std::string& ns) const {
    std::set<std::string> seen;
    for (const ReceivedRequest& request : server_.requests()) {
      const Json args = Json::parse(request.body);
      const bool ours = args.contains("Pod") ? args["Pod"]["metadata"]["namespace"] == ns
                                             : args["PodNamespace"] == ns;
      if (ours) seen.insert(request.target + " " + lowerKeys(args));
    }
    return seen;
  }

 private:
  Json answerTo(const std::string& target, const Json& args) {
    if (target == "/error/filter") return {{"Error", "licence server is down"}};
    if (target == "/bind/bind") return bind(args);
    if (target.ends_with("/preempt")) return preempt(args);
    const std::vector<std::string> nodes = nodesOf(args);
    if (target.ends_with("/prioritize")) {
      Json scores = Json::array();
      for (const std::string& node : nodes) {
        scores.push_back({{"Host", node}, {"Score", node.ends_with("best") ? 10 : 0}});
      }
      return scores;
    }
    return filter(nodes, args["Nodes"].is_null());
  }
  static std::vector<std::string> nodesOf(const Json& args) {
    if (!args["NodeNames"].is_null()) return args["NodeNames"].get<std::vector<std::string>>();
    std::vector<std::string> names;
    for (const Json& node : args["Nodes"]["items"]) names.push_back(node["metadata"]["name"]);
    return names;
  }
  static Json filter(const std::vector<std::string>& nodes, bool by_name) {
    Json result = {{"FailedNodes", Json::object()}, {"FailedAndUnresolvableNodes", Json::object()}};
    Json kept = Json::array();
    for (const std::string& node : nodes) {
      if (node.ends_with("no")) {
        result["FailedNodes"][node] = "no licence is free";
      } else if (node.ends_with("never")) {
        result["FailedAndUnresolvableNodes"][node] = "no licence for this model";
      } else {
        kept.push_back(node);
      }
    }
    if (by_name) {
      result["NodeNames"] = kept;
    } else {
      Json items = Json::array();
      for (const auto& name : kept) items.push_back({{"metadata", {{"name", name}}}});
      result["Nodes"] = {{"metadata", Json::object()}, {"items", items}};
    }
    return result;
  }
  // Of all candidates only the one whose name ends in "best".
  static Json preempt(const Json& args) {
    Json kept = Json::object();
    for (const auto& [node, victims] : args["NodeNameToMetaVictims"].items()) {
      if (node.ends_with("best")) kept[node] = victims;
    }
    for (const auto& [node, victims] : args["NodeNameToVictims"].items()) {
      if (!node.ends_with("best")) continue;
      Json uids = Json::array();
      for (const Json& pod : victims["Pods"]) uids.push_back({{"UID", pod["metadata"]["uid"]}});
      kept[node] = {{"Pods", uids}, {"NumPDBViolations", victims["NumPDBViolations"]}};
    }
    return {{"NodeNameToMetaVictims", kept}};
  }
  Json bind(const Json& args) {
    if (args["PodName"].get<std::string>().ends_with("refused")) {
      return {{"Error", "no device is left"}};
    }
    const std::string ns = args["PodNamespace"];
    const std::string pod = args["PodName"];
    const Json binding = {{"apiVersion", "v1"},
                          {"kind", "Binding"},
                          {"metadata", {{"namespace", ns}, {"name", pod}}},
                          {"target", {{"kind", "Node"}, {"name", args["Node"]}}}};
    const auto done = cluster_.kubectlWithInput(
        {"create", "--raw", "/api/v1/namespaces/" + ns + "/pods/" + pod + "/binding", "-f", "-"},
        binding.dump());
    return {{"Error", done.exit_code == 0 ? "" : done.output}};
  }

  ControlPlane& cluster_;
  ScriptedServer server_;
};

std::string managed(const std::string& resource) {
  return "  managedResources: [{name: example.test/" + resource + ", ignoredByScheduler: true}]\n";
}

std::string configWith(const Extenders& extenders, const std::string& kubeconfig,
                       const std::string& scheduler) {
  std::string text =
      "apiVersion: kubescheduler.config.k8s.io/v1\n"
      "kind: KubeSchedulerConfiguration\n"
      "leaderElection: {leaderElect: false}\n"
      "clientConnection: {kubeconfig: \"" +
      kubeconfig +
      "\"}\n"
      "profiles: [{schedulerName: " +
      scheduler +
      ", plugins: {}}]\n"
      "extenders:\n";
  const auto add = [&](const std::string& path, const std::string& rest,
                       const std::string& resource) {
    text += "- urlPrefix: " + extenders.url() + "/" + path + "\n" + rest + managed(resource);
  };
  add("names",
      "  filterVerb: filter\n  prioritizeVerb: prioritize\n  weight: 50\n"
      "  nodeCacheCapable: true\n",
      "names");
  add("objects/", "  filterVerb: filter\n  prioritizeVerb: prioritize\n  weight: 50\n", "objects");
  add("error", "  filterVerb: filter\n  nodeCacheCapable: true\n", "error");
  add("bind", "  bindVerb: bind\n  nodeCacheCapable: true\n", "bind");
  add("preempt", "  preemptVerb: preempt\n  nodeCacheCapable: true\n", "preempt");
  add("victims", "  preemptVerb: preempt\n", "victims");
  text += "- urlPrefix: " + extenders.urlOfNobody() +
          "\n  filterVerb: filter\n  prioritizeVerb: prioritize\n  weight: 1\n  ignorable: true\n"
          "  nodeCacheCapable: true\n" +
          managed("nobody");
  return text;
}

// Both schedulers run over all tests of the program.
class ExtendersOnRealApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ControlPlane& cluster = ControlPlane::instance();
    extenders_ = new Extenders(cluster);
    theirs_ = new ControlPlane::TempFile(
        configWith(*extenders_, cluster.kubeSchedulerKubeconfig(), kTheirs));
    cluster.startKubeScheduler(theirs_->path());
    ours_ = new ControlPlane::TempFile(configWith(*extenders_, "", kOurs));
    SchedulerFlags flags;
    flags.name = "";
    flags.extra = {"--config", ours_->path()};
    scheduler_ = new SchedulerProcess(cluster, flags);
    ASSERT_TRUE(scheduler_->waitReady()) << scheduler_->process().log();
    const Json low = {{"apiVersion", "scheduling.k8s.io/v1"},
                      {"kind", "PriorityClass"},
                      {"metadata", {{"name", "extenders-high"}}},
                      {"value", 1000}};
    ASSERT_EQ(cluster.kubectlWithInput({"apply", "-f", "-"}, low.dump()).exit_code, 0);
  }
  static void TearDownTestSuite() {
    delete scheduler_;
    ControlPlane::instance().stopKubeScheduler();
    delete ours_;
    delete theirs_;
    delete extenders_;
  }
  void SetUp() override { ns_ = cluster_.namespaceForTest(); }
  void TearDown() override { deleteNodes(cluster_); }

  void nodes(const std::vector<std::string>& names) {
    std::vector<Json> made;
    for (const std::string& name : names) made.push_back(nodeManifest(name, "4", "8Gi"));
    createAll(cluster_, made);
  }
  Json pod(const std::string& name, const std::string& scheduler, const std::string& resource,
           const std::string& cpu = "100m") {
    Json made = podManifest(ns_, name, scheduler, cpu, "64Mi");
    Json& resources = made["spec"]["containers"][0]["resources"];
    resources["requests"]["example.test/" + resource] = "1";
    resources["limits"]["example.test/" + resource] = "1";
    return made;
  }
  // One pod for each scheduler, theirs first.
  void both(const std::string& resource, const std::string& suffix = "") {
    createAll(cluster_,
              {pod("theirs" + suffix, kTheirs, resource), pod("ours" + suffix, kOurs, resource)});
  }
  std::string nodeOf(const std::string& name) {
    const Json object = getObject(cluster_, {"pod", name, "-n", ns_});
    return object.is_object() ? object["spec"].value("nodeName", "") : "";
  }
  bool bothBound(const std::string& suffix = "") {
    return waitFor(
        [&] { return !nodeOf("theirs" + suffix).empty() && !nodeOf("ours" + suffix).empty(); },
        30s);
  }
  // {reason, message} of both conditions, once both are there.
  std::pair<Json, Json> refusals(const std::string& suffix = "") {
    const auto said = [&](const std::string& name) -> Json {
      const Json condition = scheduledCondition(cluster_, ns_, name);
      if (condition.is_null()) return {};
      return {{"status", condition["status"]},
              {"reason", condition.value("reason", "")},
              {"message", condition.value("message", "")}};
    };
    EXPECT_TRUE(waitFor(
        [&] { return !said("theirs" + suffix).is_null() && !said("ours" + suffix).is_null(); },
        30s));
    return {said("theirs" + suffix), said("ours" + suffix)};
  }
  static std::string log() { return scheduler_->process().log(); }

  static inline Extenders* extenders_ = nullptr;
  static inline ControlPlane::TempFile* theirs_ = nullptr;
  static inline ControlPlane::TempFile* ours_ = nullptr;
  static inline SchedulerProcess* scheduler_ = nullptr;
  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
};

TEST_F(ExtendersOnRealApi, FilterAndScoresDecideWithNamesAndWithObjects) {
  nodes({"n1", "n2-best", "n3-no"});
  for (const std::string resource : {"names", "objects"}) {
    both(resource, "-" + resource);
    ASSERT_TRUE(bothBound("-" + resource)) << log();
    EXPECT_EQ(nodeOf("theirs-" + resource), "n2-best");
    EXPECT_EQ(nodeOf("ours-" + resource), "n2-best");
  }
  EXPECT_EQ(extenders_->asked(ns_),
            (std::set<std::string>{
                R"(/names/filter ["NodeNames","Pod"])", R"(/names/prioritize ["NodeNames","Pod"])",
                R"(/objects/filter ["Nodes","Pod"])", R"(/objects/prioritize ["Nodes","Pod"])"}))
      << "both ask in the same way";
}

TEST_F(ExtendersOnRealApi, OneNodeAloneIsFilteredAsAnObject) {
  nodes({"n1"});
  both("objects");
  ASSERT_TRUE(bothBound()) << log();
  EXPECT_EQ(nodeOf("ours"), "n1");
  EXPECT_EQ(extenders_->asked(ns_), (std::set<std::string>{R"(/objects/filter ["Nodes","Pod"])"}));
}

TEST_F(ExtendersOnRealApi, RejectionsAreToldInTheSameWords) {
  nodes({"n1-no", "n2-no", "n3-never"});
  both("names");
  const auto [theirs, ours] = refusals();
  EXPECT_EQ(ours, theirs);
  EXPECT_THAT(ours.value("message", ""),
              HasSubstr("1 no licence for this model, 2 no licence is free."));
  // Any event wakes them: the node that comes is one that the extender allows.
  nodes({"n4"});
  ASSERT_TRUE(bothBound()) << log();
  EXPECT_EQ(nodeOf("ours"), "n4");
}

TEST_F(ExtendersOnRealApi, AnErrorIsToldInTheSameWords) {
  nodes({"n1"});
  both("error");
  const auto [theirs, ours] = refusals();
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.value("message", ""), "licence server is down");
  EXPECT_EQ(ours.value("reason", ""), "SchedulerError");
}

TEST_F(ExtendersOnRealApi, AnIgnorableExtenderThatIsDownIsSkipped) {
  nodes({"n1", "n2"});
  both("nobody");
  EXPECT_TRUE(bothBound()) << log();
}

TEST_F(ExtendersOnRealApi, TheBindingExtenderBinds) {
  nodes({"n1"});
  both("bind");
  ASSERT_TRUE(bothBound()) << log();
  const auto records = bindingRecords(cluster_);
  EXPECT_EQ(records.at(ns_ + "/ours").succeeded, 1);
  EXPECT_EQ(extenders_->asked(ns_),
            (std::set<std::string>{R"(/bind/bind ["Node","PodName","PodNamespace","PodUID"])"}));
  both("bind", "-refused");
  const auto [theirs, ours] = refusals("-refused");
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.value("message", ""), "no device is left");
}

class ExtendedPreemption : public ExtendersOnRealApi {
 protected:
  void narrows(const std::string& resource);
};

void ExtendedPreemption::narrows(const std::string& resource) {
  for (const std::string scheduler : {kTheirs, kOurs}) {
    const std::string side = scheduler == kOurs ? "ours" : "theirs";
    std::vector<Json> made;
    for (const std::string& node : {side + "-1", side + "-2-best", side + "-3"}) {
      made.push_back(nodeManifest(node, "2", "8Gi"));
      made.back()["metadata"]["labels"]["side"] = side;
      Json low = podManifest(ns_, "low-" + node, "nobody", "2", "64Mi");
      low["spec"]["nodeName"] = node;
      made.push_back(low);
    }
    createAll(cluster_, made);
    Json high = pod(side, scheduler, resource, "2");
    high["spec"]["priorityClassName"] = "extenders-high";
    high["spec"]["nodeSelector"] = {{"side", side}};
    createAll(cluster_, {high});
    ASSERT_TRUE(waitFor([&] { return !nodeOf(side).empty(); }, 60s)) << log();
    EXPECT_EQ(nodeOf(side), side + "-2-best");
    EXPECT_TRUE(getObject(cluster_, {"pod", "low-" + side + "-2-best", "-n", ns_}).is_null() ||
                getObject(cluster_, {"pod", "low-" + side + "-2-best", "-n", ns_}).is_discarded());
    EXPECT_EQ(nodeOf("low-" + side + "-1"), side + "-1") << "the others stay";
  }
}

TEST_F(ExtendedPreemption, ExtendersNarrowWhomToPreempt) {
  narrows("preempt");
  EXPECT_EQ(extenders_->asked(ns_),
            (std::set<std::string>{R"(/preempt/preempt ["NodeNameToMetaVictims","Pod"])"}));
}

TEST_F(ExtendedPreemption, ThoseWithoutACacheGetTheVictims) {
  narrows("victims");
  EXPECT_EQ(extenders_->asked(ns_),
            (std::set<std::string>{R"(/victims/preempt ["NodeNameToVictims","Pod"])"}));
}

}  // namespace
}  // namespace stowage::testing
