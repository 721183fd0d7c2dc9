// examples/primary-replica as it is, under the real operator, while a client writes numbered lines:
// an update in place and one with new pods (the primary hands over), the loss of the primary's
// node. No line that was said yes to is lost, and how long nobody could write is told.
#include <gmock/gmock.h>

#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>

#include <cstdio>
#include <set>
#include <sstream>

#include "integration/etcd_group/etcd_group_world.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kExample = STOWAGE_SOURCE_DIR "/examples/primary-replica/";
constexpr int kPort = 7070;

std::optional<std::string> answerOf(const std::string& address, const char* path) {
  httplib::Client client(address, kPort);
  client.set_connection_timeout(1);
  client.set_read_timeout(2);
  const auto answer = client.Get(path);
  if (!answer || answer->status != 200) return std::nullopt;
  return answer->body;
}

// Writes lines "1", "2", ... to whichever member takes them, one after another.
class LineWriter {
 public:
  explicit LineWriter(std::function<std::vector<std::string>()> members)
      : members_(std::move(members)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  struct Phase {
    int acknowledged = 0;
    std::chrono::milliseconds longest_gap{0};
  };
  Phase next() {
    const std::scoped_lock lock(mutex_);
    noteGap();
    return std::exchange(phase_, {});
  }
  int acknowledged() {
    const std::scoped_lock lock(mutex_);
    return phase_.acknowledged;
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  // That were said yes to.
  [[nodiscard]] const std::set<int>& lines() const { return lines_; }

 private:
  void noteGap() {
    phase_.longest_gap =
        std::max(phase_.longest_gap,
                 std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - last_));
  }
  bool append(const std::string& address, int number) {
    httplib::Client client(address, kPort);
    client.set_connection_timeout(1);
    client.set_read_timeout(4);
    const auto answer = client.Post("/append", std::to_string(number), "text/plain");
    return answer && answer->status == 200;
  }
  void run(const std::stop_token& stop) {
    // One that takes lines is asked first the next time.
    std::string known;
    for (int number = 1; !stop.stop_requested(); ++number) {
      std::vector<std::string> members = members_();
      if (!known.empty()) members.insert(members.begin(), known);
      known.clear();
      for (const std::string& address : members) {
        if (stop.stop_requested() || !append(address, number)) continue;
        const std::scoped_lock lock(mutex_);
        noteGap();
        last_ = Clock::now();
        ++phase_.acknowledged;
        lines_.insert(number);
        known = address;
        break;
      }
    }
  }

  const std::function<std::vector<std::string>()> members_;
  std::mutex mutex_;  // guards phase_ and last_
  Phase phase_;
  Clock::time_point last_ = Clock::now();
  std::set<int> lines_;
  std::jthread thread_;
};

class PrimaryReplicaIt : public EtcdGroupWorld {
 protected:
  void apply() {
    const std::string member = textOf(std::string(kExample) + "member.py");
    const Json map = {{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", "log-member"}, {"namespace", ns_}}},
                      {"data", {{"member.py", member}}}};
    createAll(cluster_, {map});
    for (const std::string file : {"access.yaml", "group.yaml"}) {
      std::string text = textOf(kExample + file);
      if (const auto at = text.find("namespace: default"); at != std::string::npos)
        text.replace(at, 18, "namespace: " + ns_);
      const CommandResult done = cluster_.kubectlWithInput({"apply", "-n", ns_, "-f", "-"}, text);
      ASSERT_EQ(done.exit_code, 0) << done.output;
    }
  }
  std::vector<std::string> addresses() const {
    return nodes().resolve(ns_, "log-0-peers." + ns_ + ".svc");
  }
  // Whom Service log-0-primary finds.
  std::string primary() {
    std::string found;
    (void)waitFor(
        [&] {
          for (const auto& [name, pod] : pods("log")) {
            if (pod["metadata"]["labels"].value("stowage.dev/role", "") == "primary") found = name;
          }
          return !found.empty();
        },
        kPatience);
    return found;
  }
  void rest() {
    awaitRest("log");
    if (!HasFailure()) return;
    for (const auto& [name, pod] : pods("log"))
      std::printf("%s %s\n%s\n", name.c_str(), pod["status"].dump().c_str(),
                  nodes().log(ns_, name, "log").c_str());
  }
  void phase(const char* what, std::chrono::seconds longest) {
    const LineWriter::Phase phase = writer_->next();
    std::printf("  %-28s %5d lines acknowledged, longest gap %5lld ms\n", what, phase.acknowledged,
                static_cast<long long>(phase.longest_gap.count()));
    EXPECT_GT(phase.acknowledged, 0) << what;
    EXPECT_LE(phase.longest_gap, longest) << what;
  }
  void change(const char* field, const Json& value) {
    const Json patch = Json::array({{{"op", "replace"},
                                     {"path", std::string("/spec/template/spec/") + field},
                                     {"value", value}}});
    const CommandResult done =
        cluster_.kubectl({"patch", "sfg", "log", "-n", ns_, "--type=json", "-p", patch.dump()});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }

  std::unique_ptr<LineWriter> writer_;
};

TEST_F(PrimaryReplicaIt, NoLineThatWasSaidYesToIsLost) {
  apply();
  rest();
  ASSERT_FALSE(HasFailure());
  writer_ = std::make_unique<LineWriter>([this] { return addresses(); });
  EXPECT_TRUE(waitFor([&] { return writer_->acknowledged() > 0; }, 30s));
  phase("at rest", 5s);

  const auto before = uids("log");
  const std::string image = "containers/0/image";
  change(image.c_str(), "python:3.13-slim-next");
  rest();
  EXPECT_EQ(uids("log"), before);
  phase("update in place", 15s);

  change("terminationGracePeriodSeconds", 4);
  rest();
  for (const auto& [name, uid] : uids("log")) EXPECT_NE(uid, before.at(name)) << name;
  EXPECT_FALSE(eventsOf("log", "SwitchoverStarted").empty());
  EXPECT_FALSE(eventsOf("log", "SwitchoverSucceeded").empty());
  EXPECT_THAT(eventsOf("log", "SwitchoverFailed"), IsEmpty());
  phase("update with new pods", 15s);

  // The primary's node is off, and somebody who knows says so.
  const std::string lost = primary();
  const std::string node = nodeOf(lost);
  const std::string uid = uids("log").at(lost);
  nodes().kill(node);
  await("log", "Degraded", "True/NodeLost");
  phase("the primary's node is lost", 30s);
  const std::string fence = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";
  ASSERT_EQ(cluster_.kubectl({"taint", "node", node, fence}).exit_code, 0);
  EXPECT_TRUE(waitFor(
      [&] {
        const auto now = uids("log");
        return now.contains(lost) && now.at(lost) != uid;
      },
      kPatience));
  rest();
  ASSERT_EQ(cluster_.kubectl({"taint", "node", node, fence + "-"}).exit_code, 0);
  nodes().restore(node);
  phase("it comes back elsewhere", 15s);

  writer_->stop();
  const std::string reader = primary();
  std::set<int> kept;
  for (const std::string& address : addresses()) {
    const auto text = answerOf(address, "/log");
    if (address != pods("log").at(reader)["status"].value("podIP", "") || !text) continue;
    std::istringstream all(*text);
    for (int line = 0; all >> line;) kept.insert(line);
  }
  int missing = 0;
  for (const int line : writer_->lines()) missing += kept.contains(line) ? 0 : 1;
  EXPECT_EQ(missing, 0) << "of " << writer_->lines().size() << " lines";
  EXPECT_THAT(writer_->lines(), Not(IsEmpty()));
}

}  // namespace
}  // namespace stowage::testing
