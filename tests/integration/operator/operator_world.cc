#include "integration/operator/operator_world.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "stowage_paths.h"

namespace stowage::testing {

using namespace std::chrono_literals;

namespace {

constexpr const char* kControllers =
    "disruption-controller,garbage-collector-controller,persistentvolume-binder-controller,"
    "persistentvolume-protection-controller,persistentvolumeclaim-protection-controller,"
    "pod-garbage-collector-controller,statefulset-controller";
constexpr const char* kUser = "stowage-operator";
std::unique_ptr<SchedulerProcess>& scheduler() {
  static std::unique_ptr<SchedulerProcess> process;
  return process;
}

Json zonedNode(int number) {
  Json node = nodeManifest("node-" + std::to_string(number), "1000", "4000Gi", "2000");
  node["metadata"]["labels"]["topology.kubernetes.io/zone"] = "zone-" + std::to_string(number % 3);
  return node;
}

void tools(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {"bash",
                                   std::string(STOWAGE_SOURCE_DIR) + "/tests/tools/tools.sh"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const CommandResult result = runCommand(argv, {}, 600s);
  ASSERT_EQ(result.exit_code, 0) << result.output;
}

}  // namespace

Json imagePatch(const std::string& image) {
  return {{"template",
           {{"spec", {{"containers", Json::array({{{"name", "main"}, {"image", image}}})}}}}}};
}

OperatorProcess::OperatorProcess(ControlPlane& cluster, const std::vector<std::string>& flags,
                                 const std::vector<std::string>& environment) {
  run(cluster, "operator", kUser, flags, environment);
}

void OperatorWorld::SetUpTestSuite() {
  ControlPlane& cluster = ControlPlane::instance();
  // The garbage collector looks for new kinds of owners every 30 s only.
  GroupApi::SetUpTestSuite();
  cluster.startControllers(kControllers);
  std::vector<Json> nodes;
  for (int i = 0; i < 6; ++i) nodes.push_back(zonedNode(i));
  createAll(cluster, nodes);
  tools({"kwok-start", cluster.logDir() + "/kwok", cluster.adminKubeconfig(),
         std::to_string(getpid())});
  SchedulerFlags flags;
  flags.verify_caches = false;
  scheduler() = std::make_unique<SchedulerProcess>(cluster, flags);
  ASSERT_TRUE(scheduler()->waitReady());
}

void OperatorWorld::TearDownTestSuite() {
  scheduler().reset();
  ControlPlane& cluster = ControlPlane::instance();
  tools({"kwok-stop", cluster.logDir() + "/kwok"});
  deleteNodes(cluster);
  cluster.stopControllers();
}

void OperatorWorld::SetUp() {
  GroupApi::SetUp();
  begin_ = start_ = auditMark(cluster_);
  watcher_ = std::make_unique<GroupWatcher>(*api_, ns_);
  operator_ = startOperator();
  ASSERT_TRUE(operator_->waitReady());
}

void OperatorWorld::TearDown() {
  EXPECT_THAT(refusedRequests(cluster_, kUser, begin_), ::testing::IsEmpty());
  // Groups go with their finalizers' owner at hand.
  (void)cluster_.kubectl({"delete", "sfg", "--all", "-n", ns_, "--timeout=60s"});
  judgeHistory();
}

void OperatorWorld::judgeHistory() {
  HistoryJudge judge(removedByOperator());
  for (const std::string& uid : given_up_) judge.giveUp(uid);
  for (const std::string& uid : judge.removed())
    EXPECT_TRUE(waitFor([&] { return watcher_->sawGo(uid); }, 20s)) << uid << " was not seen to go";
  for (const Change& change : watcher_->stop()) judge.see(change);
  EXPECT_THAT(judge.violations(), ::testing::IsEmpty());
}

std::set<std::string> OperatorWorld::removedByOperator() {
  std::set<std::string> uids;
  std::ifstream file(cluster_.auditLog());
  file.seekg(static_cast<std::streamoff>(start_));
  for (std::string line; std::getline(file, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || event["user"].value("username", "") != kUser) continue;
    const int code = event.value("/responseStatus/code"_json_pointer, 0);
    const Json object = event.value("objectRef", Json::object());
    if (object.value("namespace", "") != ns_ || code < 200 || code >= 300) continue;
    const std::string resource = object.value("resource", "");
    if (resource != "pods" && resource != "persistentvolumeclaims") continue;
    const Json request = event.value("requestObject", Json::object());
    const bool evicted = object.value("subresource", "") == "eviction";
    const char* where = evicted ? "/deleteOptions/preconditions/uid" : "/preconditions/uid";
    if (evicted || event.value("verb", "") == "delete")
      uids.insert(request.value(Json::json_pointer(where), "without a uid"));
  }
  return uids;
}

std::unique_ptr<OperatorProcess> OperatorWorld::startOperator(
    std::vector<std::string> flags, const std::vector<std::string>& environment) {
  if (flags.empty()) flags = {"--leader-elect=false"};
  return std::make_unique<OperatorProcess>(ControlPlane::instance(), flags, environment);
}

void OperatorWorld::createGroup(const std::string& name, const Json& spec_patch) {
  Json spec = imagePatch("example.test/db:1");
  spec["template"]["spec"]["terminationGracePeriodSeconds"] = 0;
  spec["template"]["spec"]["automountServiceAccountToken"] = false;
  // Unless a test is about what is done in place.
  if (spec_patch.value("/updateStrategy/type"_json_pointer, "") != "OnDelete")
    spec["updateStrategy"] = {{"rollingUpdate", {{"podUpdatePolicy", "Recreate"}}}};
  spec.merge_patch(spec_patch);
  const auto made = create(kGroups, group(name, spec), false);
  ASSERT_TRUE(made.has_value()) << made.error().message;
}

void OperatorWorld::changeGroup(const std::string& name, const Json& spec_patch) {
  const auto changed = patch(pathOf(kGroups, name), {{"spec", spec_patch}});
  ASSERT_TRUE(changed.has_value()) << changed.error().message;
}

Json OperatorWorld::getGroup(const std::string& name) {
  const auto found = get(pathOf(kGroups, name));
  return found ? *found : Json();
}

std::string OperatorWorld::condition(const std::string& name, const std::string& type) {
  const Json found = getGroup(name);
  const Json status = found.is_object() ? found.value("status", Json::object()) : Json::object();
  if (status.value("observedGeneration", 0) != found["metadata"].value("generation", -1)) return {};
  for (const Json& one : status.value("conditions", Json::array())) {
    if (one["type"] == type)
      return one["status"].get<std::string>() + "/" + one["reason"].get<std::string>();
  }
  return {};
}

void OperatorWorld::await(const std::string& name, const std::string& type,
                          const std::string& value) {
  EXPECT_TRUE(waitFor([&] { return condition(name, type) == value; }, kPatience))
      << type << " is " << condition(name, type) << " instead of " << value << "\n"
      << getGroup(name).dump(1);
}

void OperatorWorld::awaitRest(const std::string& name) {
  await(name, "Ready", "True/AllReady");
  await(name, "BudgetsSynced", "True/Synced");
  await(name, "Progressing", "False/Idle");
}

std::map<std::string, Json> OperatorWorld::pods(const std::string& name) {
  std::map<std::string, Json> pods;
  for (Json& pod : listObjects(cluster_, {"pods", "-n", ns_, "-l", "stowage.dev/group=" + name})) {
    const std::string key = pod["metadata"]["name"];
    pods[key] = std::move(pod);
  }
  return pods;
}

std::map<std::string, std::string> OperatorWorld::uids(const std::string& name) {
  std::map<std::string, std::string> uids;
  for (const auto& [pod, object] : pods(name)) uids[pod] = object["metadata"]["uid"];
  return uids;
}

std::vector<std::string> OperatorWorld::namesOf(const std::string& plural,
                                                const std::string& name) {
  std::vector<std::string> names;
  for (const Json& object :
       listObjects(cluster_, {plural, "-n", ns_, "-l", "stowage.dev/group=" + name}))
    names.push_back(object["metadata"]["name"]);
  return names;
}

void OperatorWorld::setReady(const std::string& pod, bool ready) {
  const Json condition = {{"type", "Ready"},
                          {"status", ready ? "True" : "False"},
                          {"lastTransitionTime", "2026-01-01T00:00:00Z"}};
  const Json patch = {{"status", {{"conditions", Json::array({condition})}}}};
  const CommandResult done =
      cluster_.kubectl({"patch", "pod", pod, "-n", ns_, "--subresource=status", "--type=strategic",
                        "-p", patch.dump()});
  EXPECT_EQ(done.exit_code, 0) << done.output;
}

void OperatorWorld::setLabel(const std::string& pod, const std::string& key,
                             const std::string& value) {
  const CommandResult done =
      cluster_.kubectl({"label", "pod", pod, "-n", ns_, key + "=" + value, "--overwrite"});
  EXPECT_EQ(done.exit_code, 0) << done.output;
}

std::vector<std::string> OperatorWorld::eventsOf(const std::string& name,
                                                 const std::string& reason) {
  std::vector<std::string> notes;
  for (const Json& event : podEvents(cluster_, ns_, name, reason))
    notes.push_back(event.value("note", ""));
  return notes;
}

std::vector<std::string> OperatorWorld::operatorWrites(std::size_t mark) {
  std::vector<std::string> writes;
  std::ifstream file(cluster_.auditLog());
  file.seekg(static_cast<std::streamoff>(mark));
  for (std::string line; std::getline(file, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || event["user"].value("username", "") != kUser) continue;
    const Json object = event.value("objectRef", Json::object());
    const std::string verb = event.value("verb", "");
    const std::string resource = object.value("resource", "");
    if (verb == "get" || verb == "list" || verb == "watch" || resource == "events" ||
        resource == "leases" || object.value("namespace", "") != ns_)
      continue;
    std::string text = verb;
    text.append(" ").append(resource).append(" ").append(object.value("name", ""));
    writes.push_back(std::move(text));
  }
  return writes;
}

std::vector<std::string> OperatorWorld::removals(std::size_t mark) {
  std::vector<std::string> removed;
  for (const PodWrite& write : podWrites(cluster_, kUser, ns_, mark)) {
    const bool evicted = write.verb == "create" && write.subresource == "eviction";
    if (evicted || write.verb == "delete") removed.push_back(write.pod);
  }
  return removed;
}

}  // namespace stowage::testing
