// The client's main paths on a real kube-apiserver: verbs on both lanes, lists and watches, and
// what happens to them when the network or the server misbehaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "k8sclient/cache/object_cache.h"
#include "k8sclient/config/sessions.h"
#include "k8sclient/events/event_recorder.h"
#include "k8sclient/lease/leader_election.h"
#include "k8sclient/rest/rest_api_client.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "k8sclient/watch/reflector.h"
#include "kubeapi/pod.h"
#include "testing/controlplane/control_plane.h"
#include "testing/http/relay.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using k8sclient::CallOptions;
using k8sclient::PatchType;
using nlohmann::json;

// Real time that a test can move forward, so that a file is "50 s old" at once.
class ShiftedClock final : public base::Clock {
 public:
  [[nodiscard]] base::SteadyTime now() const override { return real_.now() + offset_.load(); }
  [[nodiscard]] base::WallTime wallNow() const override { return real_.wallNow(); }
  bool sleepUntil(base::SteadyTime deadline, const std::stop_token& stop) override {
    return real_.sleepUntil(deadline - offset_.load(), stop);
  }
  void advance(base::Duration step) { offset_ = offset_.load() + step; }

 private:
  base::SystemClock real_;
  std::atomic<base::Duration> offset_{base::Duration::zero()};
};

class ClientOnRealApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { k8sclient::initializeCpprest(2); }
  void SetUp() override { ns_ = cluster_.namespaceForTest(); }

  k8sclient::ClientConfig adminConfig() {
    auto config = k8sclient::loadKubeconfig({cluster_.adminKubeconfig()}, true);
    EXPECT_TRUE(config.has_value()) << config.error().toString();
    return *config;
  }
  std::unique_ptr<k8sclient::RestApiClient> connect(const k8sclient::ClientConfig& config) {
    auto sessions = k8sclient::ConfigSessions::open(config, clock_);
    EXPECT_TRUE(sessions.has_value()) << sessions.error().toString();
    return std::make_unique<k8sclient::RestApiClient>(std::move(*sessions), clock_,
                                                      base::nullMetricSink());
  }
  std::string path(const char* plural, const std::string& name = {}, const char* subresource = "") {
    return k8sclient::resourcePath({"", "v1", plural}, ns_, name, subresource);
  }
  void createPod(const std::string& name) {
    const json pod = {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata", {{"name", name}, {"namespace", ns_}}},
        {"spec",
         {{"schedulerName", "nobody"},
          {"containers", json::array({{{"name", "c"}, {"image", "example.test/x"}}})}}}};
    const auto result = cluster_.kubectlWithInput({"create", "-f", "-"}, pod.dump());
    ASSERT_EQ(result.exit_code, 0) << result.output;
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  // On a watch of that lane.
  void watchThroughABadNetwork(CallOptions::Lane lane);

  ShiftedClock clock_;
  std::string ns_;
};

// A cache of the test namespace's pods and the reflector that feeds it.
struct PodWatch {
  PodWatch(k8sclient::ApiClient& api, base::Clock& clock, const std::string& ns,
           k8sclient::ReflectorOptions options = {}) {
    options.type = {"", "v1", "pods"};
    options.ns = ns;
    options.backoff.initial = 100ms;
    options.backoff.cap = 500ms;
    reflector = std::make_unique<k8sclient::Reflector<kubeapi::Pod>>(options, api, cache, clock, 7,
                                                                     base::nullMetricSink());
    reflector->start();
  }
  ~PodWatch() { reflector->stop(); }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& pod : cache.list()) found.insert(pod->meta.name.str());
    return found;
  }
  bool sees(const std::set<std::string>& want) const {
    return waitFor([&] { return cache.synced() && names() == want; }, 30s);
  }
  k8sclient::ObjectCache<kubeapi::Pod> cache;
  std::unique_ptr<k8sclient::Reflector<kubeapi::Pod>> reflector;
};

TEST_F(ClientOnRealApi, EveryVerbWorksOnBothLanes) {
  auto api = connect(adminConfig());
  for (const auto lane : {CallOptions::Lane::kDefault, CallOptions::Lane::kFast}) {
    CallOptions options;
    options.lane = lane;
    const std::string name = lane == CallOptions::Lane::kFast ? "fast" : "default";
    const json map = {{"metadata", {{"name", name}}}, {"data", {{"a", "1"}}}};
    auto created = api->create(path("configmaps"), map.dump(), options, {});
    ASSERT_TRUE(created.has_value()) << created.error().message;
    auto twice = api->create(path("configmaps"), map.dump(), options, {});
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().code, base::Code::kAlreadyExists);

    const std::string object = path("configmaps", name);
    EXPECT_TRUE(api->patch(object, PatchType::kMerge, R"({"data":{"b":"2"}})", options, {}));
    EXPECT_TRUE(
        api->patch(object, PatchType::kStrategicMerge, R"({"data":{"c":"3"}})", options, {}));
    EXPECT_TRUE(api->patch(object, PatchType::kJson,
                           R"([{"op":"add","path":"/data/d","value":"4"}])", options, {}));
    CallOptions apply = options;
    apply.query = {{"fieldManager", "stowage-test"}, {"force", "true"}};
    auto applied = api->patch(object, PatchType::kApply,
                              json{{"apiVersion", "v1"},
                                   {"kind", "ConfigMap"},
                                   {"metadata", {{"name", name}}},
                                   {"data", {{"e", "5"}}}}
                                  .dump(),
                              apply, {});
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
    json current = json::parse(*api->get(object, options, {}));
    EXPECT_EQ(current["data"], json({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}}));

    json stale = current;
    stale["metadata"]["resourceVersion"] = "1";
    auto conflict = api->update(object, stale.dump(), options, {});
    ASSERT_FALSE(conflict.has_value());
    EXPECT_EQ(conflict.error().code, base::Code::kConflict);
    current["data"] = {{"only", "this"}};
    EXPECT_TRUE(api->update(object, current.dump(), options, {}));
    EXPECT_TRUE(api->remove(
        object,
        R"({"preconditions":{"uid":")" + current["metadata"]["uid"].get<std::string>() + "\"}}",
        options, {}));
    auto gone = api->get(object, options, {});
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, base::Code::kNotFound);
  }
}

TEST_F(ClientOnRealApi, ListsInPagesAndByStreamSeeTheSameAndFollowChanges) {
  auto api = connect(adminConfig());
  std::set<std::string> want;
  for (int i = 0; i < 7; ++i) {
    want.insert("p" + std::to_string(i));
    createPod("p" + std::to_string(i));
  }
  k8sclient::ReflectorOptions paged;
  paged.page_size = 3;
  paged.use_watch_list = false;
  PodWatch by_pages(*api, clock_, ns_, paged);
  PodWatch by_stream(*api, clock_, ns_);
  EXPECT_TRUE(by_pages.sees(want));
  EXPECT_TRUE(by_stream.sees(want));
  createPod("late");
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "p0", "-n", ns_, "--now"}).exit_code, 0);
  want.insert("late");
  want.erase("p0");
  EXPECT_TRUE(by_pages.sees(want));
  EXPECT_TRUE(by_stream.sees(want));
  EXPECT_EQ(by_stream.reflector->health().relists, 1U);
}

void ClientOnRealApi::watchThroughABadNetwork(CallOptions::Lane lane) {
  k8sclient::ClientConfig config = adminConfig();
  Relay relay(Relay::Kind::kFixed, std::stoi(config.endpoint.port));
  config.endpoint.port = std::to_string(relay.port());
  auto api = connect(config);
  k8sclient::ReflectorOptions impatient;
  impatient.idle_timeout = 2s;
  impatient.lane = lane;
  PodWatch watch(*api, clock_, ns_, impatient);
  createPod("a");
  ASSERT_TRUE(watch.sees({"a"}));

  relay.cut();
  createPod("b");
  EXPECT_TRUE(watch.sees({"a", "b"})) << "after a cut";
  relay.delay(150ms);
  createPod("c");
  EXPECT_TRUE(watch.sees({"a", "b", "c"})) << "with delay";
  relay.delay(0ms);
  relay.stall(true);
  const int connections = relay.connectionCount();
  createPod("d");
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "a", "-n", ns_, "--now"}).exit_code, 0);
  // The stalled stream is given up for its silence; then the network comes back.
  EXPECT_TRUE(waitFor([&] { return relay.connectionCount() > connections; }, 20s));
  relay.stall(false);
  EXPECT_TRUE(watch.sees({"b", "c", "d"})) << "after a stall";
}

TEST_F(ClientOnRealApi, WatchThroughAProxyThatCutsDelaysAndStallsLosesNothing) {
  watchThroughABadNetwork(CallOptions::Lane::kDefault);
}

TEST_F(ClientOnRealApi, AWatchOnTheFastLaneLosesNothingEither) {
  watchThroughABadNetwork(CallOptions::Lane::kFast);
}

TEST_F(ClientOnRealApi, ServerKilledAndRestartedOnTheSameDataIsFollowedOn) {
  auto api = connect(adminConfig());
  PodWatch watch(*api, clock_, ns_);
  createPod("before");
  ASSERT_TRUE(watch.sees({"before"}));
  cluster_.killApiServer();
  EXPECT_TRUE(waitFor([&] { return !watch.reflector->health().last_error.empty(); }, 20s));
  cluster_.restartApiServer();
  createPod("after");
  EXPECT_TRUE(watch.sees({"before", "after"}));
}

TEST_F(ClientOnRealApi, RotatedServingCertificateOfTheSameCaGoesUnnoticed) {
  auto api = connect(adminConfig());
  PodWatch watch(*api, clock_, ns_);
  createPod("before");
  ASSERT_TRUE(watch.sees({"before"}));
  cluster_.rotateServingCertificate();
  createPod("after");
  EXPECT_TRUE(watch.sees({"before", "after"}));
  // A client of its own has new connections and sees the new certificate.
  auto fresh = connect(adminConfig());
  for (const auto lane : {CallOptions::Lane::kDefault, CallOptions::Lane::kFast}) {
    CallOptions options;
    options.lane = lane;
    EXPECT_TRUE(fresh->get(path("pods", "after"), options, {}).has_value());
  }
}

TEST_F(ClientOnRealApi, TokenReplacedOnDiskIsTakenUpWithoutARestart) {
  ASSERT_EQ(cluster_.kubectl({"create", "serviceaccount", "robot", "-n", ns_}).exit_code, 0);
  // Aggregated roles such as view are empty here: no controller fills them.
  ASSERT_EQ(
      cluster_.kubectl({"create", "role", "robot", "-n", ns_, "--verb=list", "--resource=pods"})
          .exit_code,
      0);
  ASSERT_EQ(cluster_
                .kubectl({"create", "rolebinding", "robot", "-n", ns_, "--role=robot",
                          "--serviceaccount=" + ns_ + ":robot"})
                .exit_code,
            0);
  ControlPlane::TempFile file("not a token");
  k8sclient::ClientConfig config = adminConfig();
  config.endpoint.client_cert_pem.clear();
  config.endpoint.client_key_pem.clear();
  config.client_cert_file.clear();
  config.client_key_file.clear();
  config.token_file = file.path();
  auto api = connect(config);
  auto refused = api->get(path("pods"), {}, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::kUnauthorized);

  // After a 401 the file is read again for the next request.
  std::ofstream(file.path()) << cluster_.token(ns_, "robot") << "\n";
  std::string last;
  EXPECT_TRUE(waitFor(
      [&] {
        auto answer = api->get(path("pods"), {}, {});
        last = answer ? "" : answer.error().toStatus().toString();
        return answer.has_value();
      },
      15s))
      << last;
  // And when it is 50 s old, without any refusal.
  std::ofstream(file.path()) << "rotten";
  EXPECT_TRUE(api->get(path("pods"), {}, {}).has_value()) << "still the token read before";
  clock_.advance(60s);
  EXPECT_FALSE(api->get(path("pods"), {}, {}).has_value()) << "the new content of the file";
}

TEST_F(ClientOnRealApi, RepeatedEventBecomesASeries) {
  auto api = connect(adminConfig());
  createPod("subject");
  const json pod = json::parse(*api->get(path("pods", "subject"), {}, {}));
  k8sclient::EventRecorder recorder({}, *api, clock_, 3, base::nullMetricSink());
  recorder.start();
  k8sclient::EventRecord record;
  record.type = k8sclient::EventType::kWarning;
  record.reason = "FailedScheduling";
  record.action = "Scheduling";
  record.note = std::string(2000, 'x');
  record.regarding = {"Pod", "v1", ns_, "subject", pod["metadata"]["uid"], ""};
  record.reporting_controller = "stowage-scheduler";
  record.reporting_instance = "stowage-scheduler-test";
  const auto events = [&] {
    const auto result = cluster_.kubectl({"get", "events.events.k8s.io", "-n", ns_, "-o", "json"});
    return json::parse(result.output)["items"];
  };
  ASSERT_TRUE(recorder.record(record));
  ASSERT_TRUE(waitFor([&] { return events().size() == 1; }, 15s));
  EXPECT_EQ(events()[0]["note"].get<std::string>().size(), 1024U);
  ASSERT_TRUE(recorder.record(record));
  EXPECT_TRUE(waitFor([&] { return events()[0].contains("series"); }, 15s));
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0]["series"]["count"], 2);
  recorder.stop();
}

TEST_F(ClientOnRealApi, LeaseGoesToTheSecondCandidateWhenTheFirstStops) {
  auto api = connect(adminConfig());
  const auto options = [&](const char* identity) {
    return k8sclient::LeaseOptions{ns_, "test", identity, 4s, 2s, 500ms};
  };
  std::atomic<int> started{0};
  k8sclient::LeaderCallbacks callbacks;
  callbacks.onStarted = [&](const std::stop_token& stop) {
    ++started;
    clock_.sleepFor(1h, stop);
  };
  callbacks.onLost = [] {};
  k8sclient::LeaderElector one(options("one"), callbacks, *api, clock_, 1, base::nullMetricSink());
  k8sclient::LeaderElector two(options("two"), callbacks, *api, clock_, 2, base::nullMetricSink());
  std::jthread first([&](const std::stop_token& stop) { one.run(stop); });
  ASSERT_TRUE(waitFor([&] { return one.isLeader(); }, 15s));
  std::jthread second([&](const std::stop_token& stop) { two.run(stop); });
  ASSERT_TRUE(waitFor([&] { return two.holder() == "one"; }, 15s));
  EXPECT_FALSE(two.isLeader());
  first.request_stop();
  first.join();
  EXPECT_TRUE(waitFor([&] { return two.isLeader(); }, 15s));
  EXPECT_EQ(started.load(), 2);
}

}  // namespace
}  // namespace stowage::testing
