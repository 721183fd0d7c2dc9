#include "integration/etcd_group/etcd_group_world.h"

#include <gmock/gmock.h>

#include <cstdio>

#include "stowage_paths.h"

namespace stowage::testing {

using namespace std::chrono_literals;

namespace {

constexpr const char* kControllers =
    "disruption-controller,garbage-collector-controller,persistentvolume-binder-controller,"
    "persistentvolume-protection-controller,persistentvolumeclaim-protection-controller,"
    "pod-garbage-collector-controller,statefulset-controller,node-lifecycle-controller,"
    "taint-eviction-controller";

// Less than the default of 50 s, but not less than a busy machine may keep a living node waiting.
constexpr const char* kGrace = "--node-monitor-grace-period=30s";

struct Programs {
  std::unique_ptr<StandIn> nodes;
  std::unique_ptr<SchedulerProcess> scheduler;
};
Programs& running() {
  static Programs programs;
  return programs;
}

}  // namespace

StandIn& EtcdGroupWorld::nodes() { return *running().nodes; }

void EtcdGroupWorld::SetUpTestSuite() {
  ControlPlane& cluster = ControlPlane::instance();
  GroupApi::SetUpTestSuite();
  cluster.startControllers(kControllers, {kGrace});
  createAll(cluster, {Json::parse(kFolders)});
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i)
    names.push_back("node-" + std::to_string(i) + ",topology.kubernetes.io/zone=zone-" +
                    std::to_string(i % 3));
  running().nodes = std::make_unique<StandIn>(
      cluster, names, StandIn::Images{{"etcd:1", {etcdProgram()}}, {"etcd:2", {etcdProgram()}}});
  SchedulerFlags flags;
  flags.verify_caches = false;
  running().scheduler = std::make_unique<SchedulerProcess>(cluster, flags);
  ASSERT_TRUE(running().scheduler->waitReady());
}

void EtcdGroupWorld::TearDownTestSuite() {
  running() = {};
  ControlPlane& cluster = ControlPlane::instance();
  (void)cluster.kubectl({"delete", "storageclass", "folders"});
  deleteNodes(cluster);
  cluster.stopControllers();
}

std::vector<std::string> EtcdGroupWorld::addresses(const std::string& group, int shard) const {
  return nodes().resolve(ns_, group + "-" + std::to_string(shard) + "-peers." + ns_ + ".svc");
}

std::string EtcdGroupWorld::leader(const std::string& group, int shard) {
  for (const auto& [name, pod] : pods(group)) {
    const bool ours = name.starts_with(group + "-" + std::to_string(shard) + "-");
    if (ours && EtcdClient(pod["status"].value("podIP", "")).leads()) return name;
  }
  return {};
}

std::string EtcdGroupWorld::nodeOf(const std::string& pod) {
  return getObject(cluster_, {"pod", pod, "-n", ns_})["spec"].value("nodeName", "");
}

std::string EtcdGroupWorld::logs(const std::string& group) {
  std::string all;
  for (const auto& [name, pod] : pods(group)) {
    for (const Json& container : pod["spec"]["containers"]) {
      const std::string text = nodes().log(ns_, name, container["name"]);
      all.append(name).append(": ").append(pod["status"].dump()).append("\n");
      all.append(text.substr(text.size() - std::min<std::size_t>(text.size(), 3000))).append("\n");
    }
  }
  return all;
}

CommandResult EtcdGroupWorld::stowage(std::vector<std::string> words) {
  words.insert(words.begin(),
               std::string(STOWAGE_BINARY_DIR) + "/cmd/kubectl-stowage/kubectl-stowage");
  words.insert(words.end(), {"-n", ns_, "--kubeconfig", cluster_.adminKubeconfig()});
  return runCommand(words);
}

void EtcdGroupWorld::startWriters(const std::string& group, int shards) {
  for (int shard = 0; shard < shards; ++shard)
    writers_.push_back(
        std::make_unique<NumberedWriter>([this, group, shard] { return addresses(group, shard); }));
}

void EtcdGroupWorld::endPhase(const std::string& what, std::chrono::milliseconds longest_gap) {
  for (std::size_t shard = 0; shard < writers_.size(); ++shard) {
    const NumberedWriter::Phase phase = writers_[shard]->nextPhase();
    std::printf(
        "  %-28s shard %zu: %6lld writes acknowledged, %4lld tried again, longest gap %5lld ms\n",
        what.c_str(), shard, static_cast<long long>(phase.acknowledged),
        static_cast<long long>(phase.retried), static_cast<long long>(phase.longest_gap.count()));
    EXPECT_GT(phase.acknowledged, 0) << what << ", shard " << shard;
    EXPECT_LE(phase.longest_gap, longest_gap) << what << ", shard " << shard;
  }
  std::fflush(stdout);
}

void EtcdGroupWorld::stopWritersAndReadBack() {
  for (const auto& writer : writers_) {
    writer->stop();
    EXPECT_THAT(writer->lost(), ::testing::IsEmpty())
        << "of " << writer->acknowledged() << " acknowledged writes";
  }
  writers_.clear();
}

}  // namespace stowage::testing
