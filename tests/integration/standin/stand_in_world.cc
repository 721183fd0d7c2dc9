#include "integration/standin/stand_in_world.h"

namespace stowage::testing {

using namespace std::chrono_literals;

namespace {

std::unique_ptr<StandIn>& running() {
  static std::unique_ptr<StandIn> stand_in;
  return stand_in;
}

}  // namespace

StandIn& StandInWorld::nodes() { return *running(); }

void StandInWorld::SetUpTestSuite() {
  ControlPlane& cluster = ControlPlane::instance();
  cluster.startControllers("persistentvolume-binder-controller");
  createAll(cluster, {Json::parse(kFolders)});
  running() = std::make_unique<StandIn>(
      cluster, std::vector<std::string>{"node-0", "node-1"},
      StandIn::Images{{"etcd", {etcdProgram()}}, {"shell", {"/bin/sh"}}, {"shell:2", {"/bin/sh"}}});
}

void StandInWorld::TearDownTestSuite() {
  running().reset();
  ControlPlane& cluster = ControlPlane::instance();
  (void)cluster.kubectl({"delete", "storageclass", "folders"});
  deleteNodes(cluster);
  cluster.stopControllers();
}

void StandInWorld::SetUp() { ns_ = cluster_.namespaceForTest(); }

Json StandInWorld::shellPod(const std::string& name, const std::string& script,
                            const Json& patch) const {
  Json pod = {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", name}, {"namespace", ns_}}},
      {"spec",
       {{"nodeName", "node-0"},
        {"terminationGracePeriodSeconds", 5},
        {"containers",
         Json::array(
             {{{"name", "main"}, {"image", "shell"}, {"args", Json::array({"-c", script})}}})}}}};
  pod.merge_patch(patch);
  return pod;
}

Json StandInWorld::get(const std::string& plural, const std::string& name) {
  return getObject(cluster_, {plural, name, "-n", ns_});
}

bool StandInWorld::is(const std::string& pod, const std::string& what) {
  const Json found = get("pod", pod);
  if (!found.is_object()) return what == "gone";
  const Json status = found.value("status", Json::object());
  if (status.value("phase", "") == what) return true;
  for (const Json& one : status.value("conditions", Json::array())) {
    if (one["type"] == "Ready") return what == (one["status"] == "True" ? "ready" : "not ready");
  }
  return false;
}

bool StandInWorld::becomes(const std::string& pod, const std::string& what) {
  return waitFor([&] { return is(pod, what); }, 30s);
}

void StandInWorld::askToGo(const std::string& pod) {
  const CommandResult done = cluster_.kubectl({"delete", "pod", pod, "-n", ns_, "--wait=false"});
  EXPECT_EQ(done.exit_code, 0) << done.output;
}

}  // namespace stowage::testing
