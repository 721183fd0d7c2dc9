#include "integration/etcd_group/etcd_group_world.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <regex>

#include "stowage_paths.h"

namespace stowage::testing {

using namespace std::chrono_literals;

namespace {

constexpr const char* kExample = STOWAGE_SOURCE_DIR "/examples/etcd/";

constexpr const char* kControllers =
    "disruption-controller,garbage-collector-controller,persistentvolume-binder-controller,"
    "persistentvolume-protection-controller,persistentvolumeclaim-protection-controller,"
    "pod-garbage-collector-controller,statefulset-controller,node-lifecycle-controller,"
    "taint-eviction-controller,serviceaccount-controller,"
    "root-ca-certificate-publisher-controller";

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

// Of the example: etcd's own image, and ours. A tag more is the same program, for an update.
StandIn::Images images() {
  static const std::regex pattern("image: (\\S+)");
  const std::string text = textOf(std::string(kExample) + "group.yaml");
  StandIn::Images images;
  for (auto found = std::sregex_iterator(text.begin(), text.end(), pattern);
       found != std::sregex_iterator(); ++found) {
    const std::string image = (*found)[1];
    const bool etcd = image.find("/etcd:") != std::string::npos;
    const std::string program =
        etcd ? etcdProgram() : STOWAGE_BINARY_DIR "/cmd/etcd-agent/stowage-etcd-agent";
    images[image] = images[image + "-next"] = {program};
  }
  // Of examples/primary-replica: the machine's own.
  images["python:3.13-slim"] = images["python:3.13-slim-next"] = {"/usr/bin/python3"};
  return images;
}

void replaceAll(std::string& text, const std::string& from, const std::string& to) {
  std::size_t count = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
    ++count;
  }
  EXPECT_GT(count, 0U) << "the example has no \"" << from << "\"";
}

}  // namespace

StandIn& EtcdGroupWorld::nodes() { return *running().nodes; }

void EtcdGroupWorld::SetUpTestSuite() {
  ControlPlane::withServiceAccounts();
  ControlPlane& cluster = ControlPlane::instance();
  GroupApi::SetUpTestSuite();
  cluster.startControllers(kControllers, {kGrace});
  Json folders = Json::parse(kFolders);
  folders["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] = "true";
  createAll(cluster, {folders});
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i)
    names.push_back("node-" + std::to_string(i) + ",topology.kubernetes.io/zone=zone-" +
                    std::to_string(i % 3));
  running().nodes = std::make_unique<StandIn>(cluster, names, images());
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

void EtcdGroupWorld::SetUp() {
  OperatorWorld::SetUp();
  operator_.reset();
  operator_ = startHookedOperator();
  ASSERT_TRUE(operator_->waitReady());
}

std::unique_ptr<OperatorProcess> EtcdGroupWorld::startHookedOperator(
    const std::vector<std::string>& environment) {
  return startOperator(
      {"--leader-elect=false", "--hook-service-account=stowage-system:stowage-operator"},
      environment);
}

void EtcdGroupWorld::applyExample(int shards, const Changes& changes) {
  for (const std::string file : {"access.yaml", "group.yaml"}) {
    std::string text = textOf(kExample + file);
    replaceAll(text, "namespace: etcd", "namespace: " + ns_);
    if (file == "group.yaml") {
      replaceAll(text, "shards: 3", "shards: " + std::to_string(shards));
      for (const auto& [from, to] : changes) replaceAll(text, from, to);
    }
    const CommandResult done = cluster_.kubectlWithInput({"apply", "-f", "-"}, text);
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
}

void EtcdGroupWorld::awaitAll(int shards) {
  (void)waitFor([&] { return condition(kGroup, "Ready") == "True/AllReady"; }, kPatience * shards);
  awaitRest(kGroup);
}

std::vector<std::string> EtcdGroupWorld::addresses(int shard) const {
  return nodes().resolve(
      ns_, std::string(kGroup) + "-" + std::to_string(shard) + "-peers." + ns_ + ".svc");
}

void EtcdGroupWorld::setReplicas(int replicas) {
  const std::string flag = "--replicas=" + std::to_string(replicas);
  const CommandResult done =
      cluster_.kubectl({"scale", std::string("sfg/") + kGroup, flag, "-n", ns_});
  ASSERT_EQ(done.exit_code, 0) << done.output;
}

void EtcdGroupWorld::awaitAnother(const std::string& member, const std::string& uid) {
  EXPECT_TRUE(waitFor(
      [&] {
        const auto now = uids(kGroup);
        return now.contains(member) && now.at(member) != uid;
      },
      kPatience))
      << member << getGroup(kGroup)["status"].dump(1);
}

std::map<std::string, EtcdClient::Member> EtcdGroupWorld::members(int shard) const {
  std::map<std::string, EtcdClient::Member> members;
  for (const std::string& address : addresses(shard)) {
    for (const EtcdClient::Member& member : EtcdClient(address).members()) {
      const std::size_t host = member.peer_url.find("//") + 2;
      members[member.peer_url.substr(host, member.peer_url.find('.') - host)] = member;
    }
    if (!members.empty()) break;
  }
  return members;
}

std::vector<std::string> EtcdGroupWorld::voters(int shard) const {
  std::vector<std::string> names;
  for (const auto& [pod, member] : members(shard)) {
    if (!member.learner) names.push_back(member.name);
  }
  return names;
}

std::string EtcdGroupWorld::leader(int shard) {
  std::string found;
  const std::string prefix = std::string(kGroup) + "-" + std::to_string(shard) + "-";
  (void)waitFor(
      [&] {
        for (const auto& [name, pod] : pods(kGroup)) {
          const bool ours = name.starts_with(prefix);
          if (ours && EtcdClient(pod["status"].value("podIP", "")).leads()) found = name;
        }
        return !found.empty();
      },
      30s);
  return found;
}

std::string EtcdGroupWorld::nodeOf(const std::string& pod) {
  return getObject(cluster_, {"pod", pod, "-n", ns_})["spec"].value("nodeName", "");
}

std::string EtcdGroupWorld::logs() {
  std::string all = getGroup(kGroup).dump(1) + "\n";
  for (const auto& [name, pod] : pods(kGroup)) {
    all.append(name).append(": ").append(pod["status"].dump()).append("\n");
    for (const char* container : {"agent", "init", "etcd"}) {
      const std::string text = nodes().log(ns_, name, container);
      all.append(text.substr(text.size() - std::min<std::size_t>(text.size(), 2000))).append("\n");
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

void EtcdGroupWorld::startWriters(int shards) {
  for (int shard = 0; shard < shards; ++shard)
    writers_.push_back(
        std::make_unique<NumberedWriter>([this, shard] { return addresses(shard); }));
}

void EtcdGroupWorld::endPhase(const std::string& what, std::chrono::milliseconds longest_gap) {
  for (std::size_t shard = 0; shard < writers_.size(); ++shard) {
    const NumberedWriter::Phase phase = writers_[shard]->nextPhase();
    std::printf(
        "  %-26s shard %zu: %3lld s, %6lld writes acknowledged, %4lld tried again, longest gap "
        "%5lld ms\n",
        what.c_str(), shard, static_cast<long long>(phase.length.count() / 1000),
        static_cast<long long>(phase.acknowledged), static_cast<long long>(phase.retried),
        static_cast<long long>(phase.longest_gap.count()));
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
