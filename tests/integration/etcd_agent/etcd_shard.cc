#include "integration/etcd_agent/etcd_shard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stowage_paths.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "k8sclient/config/base64.h"
#include "k8sclient/transport/beast_transport.h"

namespace stowage::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 120s;
constexpr int kMembers = 5;

const std::string& etcdBinary() {
  static const std::string kPath = [] {
    const auto found =
        runCommand({"bash", "-c",
                    STOWAGE_SOURCE_DIR
                    "/tests/controlplane/controlplane.sh build etcd >&2 && " STOWAGE_SOURCE_DIR
                    "/tests/controlplane/controlplane.sh path etcd"},
                   {}, std::chrono::seconds(1200));
    std::string path = found.output.substr(0, found.output.find_last_not_of('\n') + 1);
    return path.substr(path.rfind('\n') + 1);
  }();
  return kPath;
}

}  // namespace

EtcdShard::EtcdShard(std::string ns, std::vector<std::string> access)
    : ns_(std::move(ns)), access_(std::move(access)) {
  std::string name = (fs::temp_directory_path() / "etcd_agent_it_XXXXXX").string();
  dir_ = ::mkdtemp(name.data());
  static int shards = 0;
  // Of this process, so that others run beside it.
  network_ =
      fmt::format("127.{}.{}.", 100 + ::getpid() / 250 % 150, 1 + (::getpid() + ++shards) % 250);
}

EtcdShard::~EtcdShard() {
  members_.clear();
  if (!::testing::Test::HasFailure()) fs::remove_all(dir_);
}

std::string EtcdShard::addressOf(int ordinal) const {
  return network_ + std::to_string(ordinal + 1);
}

std::string EtcdShard::pathOf(int ordinal, const std::string& file) const {
  return (dir_ / (nameOf(ordinal) + "." + file)).string();
}

std::vector<std::string> EtcdShard::commonFlags(int ordinal) const {
  std::vector<std::string> flags = {"--name=" + nameOf(ordinal),
                                    "--data-dir=" + pathOf(ordinal, "data")};
  for (int i = 0; i < kMembers; ++i)
    flags.push_back(fmt::format("--member={}={}", nameOf(i), addressOf(i)));
  return flags;
}

void EtcdShard::startAgent(int ordinal) {
  std::vector<std::string> argv = {STOWAGE_BINARY_DIR "/cmd/etcd-agent/stowage-etcd-agent",
                                   fmt::format("--listen={}:7070", addressOf(ordinal)),
                                   fmt::format("--etcd=http://{}:2379", addressOf(ordinal)), "-v1"};
  for (const auto& flags : {commonFlags(ordinal), access_})
    argv.insert(argv.end(), flags.begin(), flags.end());
  at(ordinal).agent.reset();  // its port is free
  at(ordinal).agent = std::make_unique<ChildProcess>(argv, pathOf(ordinal, "agent.log"),
                                                     std::vector{"POD_NAMESPACE=" + ns_});
}

void EtcdShard::startInit(int ordinal, const std::vector<std::string>& more) {
  std::vector<std::string> argv = {STOWAGE_BINARY_DIR "/cmd/etcd-agent/stowage-etcd-agent", "init",
                                   "--etcd-config=" + pathOf(ordinal, "yaml"),
                                   "--etcd-listen=" + addressOf(ordinal)};
  for (const auto& flags : {commonFlags(ordinal), more})
    argv.insert(argv.end(), flags.begin(), flags.end());
  fs::create_directories(pathOf(ordinal, "data"));
  fs::remove(pathOf(ordinal, "yaml"));
  at(ordinal).init = std::make_unique<ChildProcess>(argv, pathOf(ordinal, "init.log"),
                                                    std::vector{"POD_NAMESPACE=" + ns_});
}

int EtcdShard::awaitInit(int ordinal) { return at(ordinal).init->waitExit(kPatience).value_or(-1); }

std::string EtcdShard::config(int ordinal) {
  std::stringstream text;
  text << std::ifstream(pathOf(ordinal, "yaml")).rdbuf();
  return text.str();
}

void EtcdShard::startEtcd(int ordinal) {
  at(ordinal).etcd = std::make_unique<ChildProcess>(
      std::vector<std::string>{etcdBinary(), "--config-file=" + pathOf(ordinal, "yaml")},
      pathOf(ordinal, "etcd.log"));
}

void EtcdShard::killEtcd(int ordinal) {
  at(ordinal).etcd->signal(SIGKILL);
  EXPECT_TRUE(at(ordinal).etcd->waitExit(kPatience));
  at(ordinal).etcd.reset();
}

void EtcdShard::loseVolume(int ordinal) {
  fs::remove_all(pathOf(ordinal, "data"));
  fs::create_directories(pathOf(ordinal, "data"));
}

void EtcdShard::startMember(int ordinal) {
  startAgent(ordinal);
  startInit(ordinal);
  ASSERT_EQ(awaitInit(ordinal), 0) << initLog(ordinal);
  startEtcd(ordinal);
}

EtcdShard::Answer EtcdShard::send(const std::string& scheme, int ordinal, const std::string& port,
                                  const std::string& path, const std::string& body,
                                  const std::string& token) {
  k8sclient::Endpoint endpoint;
  endpoint.scheme = scheme;
  endpoint.host = addressOf(ordinal);
  endpoint.port = port;
  endpoint.insecure_skip_verify = true;
  auto transport = k8sclient::makeBeastTransport(endpoint);
  k8sclient::HttpRequest request;
  request.target = path;
  if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
  if (!body.empty()) {
    request.method = k8sclient::Method::kPost;
    request.content_type = "application/json";
    request.body = body;
  }
  const auto answer = (*transport)->send(request, 10s, {});
  return answer ? Answer{answer->status, answer->body} : Answer{0, answer.error().message};
}

EtcdShard::Answer EtcdShard::ask(int ordinal, const std::string& verb, const std::string& pod,
                                 const std::string& token) {
  const Json body = {{"operationId", "u/" + verb}, {"pod", pod}, {"podUID", "u"}};
  return send("https", ordinal, "7070", "/v1/" + verb, body.dump(), token);
}

EtcdShard::Answer EtcdShard::role(int ordinal, const std::string& token) {
  return send("https", ordinal, "7070", "/v1/role", {}, token);
}

EtcdShard::Answer EtcdShard::askUntilDone(int ordinal, const std::string& verb,
                                          const std::string& pod) {
  Answer answer;
  (void)waitFor(
      [&] {
        answer = ask(ordinal, verb, pod);
        return answer.status == 200;
      },
      kPatience);
  return answer;
}

int EtcdShard::leader() {
  int leader = -1;
  for (const auto& [ordinal, member] : members_) {
    if (member.agent == nullptr) continue;
    const Json told = Json::parse(role(ordinal).body, nullptr, false);
    if (!told.is_object() || told.value("role", "") != "leader") continue;
    if (leader >= 0) return -1;
    leader = ordinal;
  }
  return leader;
}

int EtcdShard::awaitLeader() {
  int found = -1;
  (void)waitFor([&] { return (found = leader()) >= 0; }, kPatience);
  return found;
}

EtcdShard::Json EtcdShard::etcd(int ordinal, const std::string& path, const Json& body) {
  const Answer answer = send("http", ordinal, "2379", path, body.dump(), {});
  return answer.status == 200 ? Json::parse(answer.body, nullptr, false) : Json();
}

bool EtcdShard::put(int ordinal, const std::string& key, const std::string& value) {
  return !etcd(ordinal, "/v3/kv/put",
               {{"key", k8sclient::encodeBase64(key)}, {"value", k8sclient::encodeBase64(value)}})
              .is_null();
}

std::string EtcdShard::getLocal(int ordinal, const std::string& key) {
  const Json answer = etcd(ordinal, "/v3/kv/range",
                           {{"key", k8sclient::encodeBase64(key)}, {"serializable", true}});
  if (!answer.is_object() || !answer.contains("kvs")) return {};
  return k8sclient::decodeBase64(answer["kvs"][0].value("value", "")).value_or("");
}

std::vector<std::string> EtcdShard::memberNames(int ordinal) {
  std::vector<std::string> names;
  const Json list = etcd(ordinal, "/v3/cluster/member/list", {{"linearizable", true}});
  if (!list.is_object()) return names;
  for (const Json& member : list["members"])
    names.push_back(member.value("name", "") + (member.value("isLearner", false) ? "?" : ""));
  return names;
}

}  // namespace stowage::testing
