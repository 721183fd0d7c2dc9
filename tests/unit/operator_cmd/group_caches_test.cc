// What passes see, and which groups are told to look when something changes.
#include "cmd/operator/group_caches.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "testing/process/child_process.h"

namespace stowage::operator_cmd {
namespace {

using Json = nlohmann::json;
using k8sclient::ApiResult;
using k8sclient::StreamEnd;
using statefulgroup::NodeSight;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

// An API server of watches alone: what each resource begins with, and what happens then.
class WatchedApi final : public k8sclient::ApiClient {
 public:
  void begin(const std::string& plural, const Json& object) { push(plural, "ADDED", object); }
  void push(const std::string& plural, const std::string& type, Json object) {
    const std::scoped_lock lock(mutex_);
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    lines_[plural].push_back(Json{{"type", type}, {"object", object}}.dump() + "\n");
    more_.notify_all();
  }
  // All that it has now is its first list.
  void listed(const std::string& plural) {
    push(plural, "BOOKMARK",
         {{"metadata", {{"annotations", {{"k8s.io/initial-events-end", "true"}}}}}});
  }

  ApiResult<std::string> call(k8sclient::Method, const std::string&, std::string_view,
                              std::string_view, const k8sclient::CallOptions&,
                              const std::stop_token&) override {
    return tl::unexpected(k8sclient::ApiError{});
  }
  ApiResult<StreamEnd> stream(const std::string& path, const k8sclient::StreamOptions&,
                              const std::stop_token& stop,
                              const std::function<bool(std::string_view)>& on_data) override {
    const std::string bare = path.substr(0, path.find('?'));
    auto& lines = lineOf(bare.substr(bare.rfind('/') + 1));
    while (true) {
      std::string line;
      {
        std::unique_lock lock(mutex_);
        if (!more_.wait(lock, stop, [&] { return !lines.empty(); }))
          return StreamEnd{StreamEnd::Reason::kCancelled, {}};
        line = std::move(lines.front());
        lines.pop_front();
      }
      if (!on_data(line)) return StreamEnd{StreamEnd::Reason::kCancelled, {}};
    }
  }

 private:
  std::deque<std::string>& lineOf(const std::string& plural) {
    const std::scoped_lock lock(mutex_);
    return lines_[plural];
  }
  std::mutex mutex_;
  std::condition_variable_any more_;
  std::map<std::string, std::deque<std::string>> lines_;
  int version_ = 0;
};

class GroupCachesTest : public ::testing::Test {
 protected:
  static Json named(const std::string& name, const std::string& group = {},
                    const std::string& ns = "ns") {
    Json object = {{"metadata", {{"name", name}, {"namespace", ns}, {"uid", "u-" + ns + name}}}};
    if (!group.empty()) object["metadata"]["labels"] = {{"stowage.dev/group", group}};
    return object;
  }
  static Json group(const std::string& name, int generation, const std::string& ns = "ns") {
    Json made = named(name, {}, ns);
    made["metadata"]["generation"] = generation;
    made["spec"] = {{"replicas", 3},
                    {"template", {{"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}}}}}};
    return made;
  }
  static Json pod(const std::string& name, const std::string& group, const std::string& node) {
    Json made = named(name, group);
    made["spec"] = {{"nodeName", node}, {"containers", {{{"name", "c"}, {"image", "i"}}}}};
    return made;
  }
  static Json node(const std::string& name, const std::string& ready) {
    Json made = {{"metadata", {{"name", name}, {"uid", "u-" + name}}}};
    made["status"]["conditions"] = {{{"type", "Ready"}, {"status", ready}}};
    return made;
  }
  // Groups a and b of ns and c of another namespace; a has two pods, b one.
  void begin() {
    api_.begin("statefulgroups", group("a", 1));
    api_.begin("statefulgroups", group("b", 1));
    api_.begin("statefulgroups", group("c", 1, "other"));
    api_.begin("pods", pod("a-0-1", "a", "n1"));
    api_.begin("pods", pod("a-0-0", "a", "n0"));
    api_.begin("pods", pod("b-0-0", "b", "n1"));
    api_.begin("nodes", node("n1", "True"));
    caches_.start();
    for (const std::string& plural : caches_.resources()) api_.listed(plural);
    ASSERT_TRUE(testing::waitFor([&] { return caches_.allSynced(); }, 10s));
    // All watches are idle once what they began with has been told.
    ASSERT_TRUE(testing::waitFor([&] { return told().size() == 3; }, 10s));
    forget();
  }
  std::set<std::string> told() {
    const std::scoped_lock lock(mutex_);
    return told_;
  }
  void forget() {
    const std::scoped_lock lock(mutex_);
    told_.clear();
    pods_.clear();
  }
  // Waits for it, and forgets it.
  template <typename Matcher>
  void expectTold(const Matcher& matcher) {
    EXPECT_TRUE(testing::waitFor([&] { return ::testing::Matches(matcher)(told()); }, 5s))
        << ::testing::PrintToString(told());
    forget();
  }

  WatchedApi api_;
  base::SystemClock clock_;
  std::mutex mutex_;
  std::set<std::string> told_;
  std::set<std::string> pods_;
  GroupCaches caches_{api_,
                      "",
                      clock_,
                      1,
                      base::nullMetricSink(),
                      [this](const std::string& key, bool) {
                        const std::scoped_lock lock(mutex_);
                        told_.insert(key);
                      },
                      [this](const std::string& key) {
                        const std::scoped_lock lock(mutex_);
                        pods_.insert(key);
                      },
                      {}};
};

TEST_F(GroupCachesTest, NothingIsSyncedBeforeItsFirstListIsComplete) {
  caches_.start();
  EXPECT_FALSE(caches_.allSynced());
  EXPECT_EQ(caches_.synced("pods").code(), base::Code::kUnavailable);
  api_.listed("pods");
  EXPECT_TRUE(testing::waitFor([&] { return caches_.synced("pods").ok(); }, 10s));
  EXPECT_FALSE(caches_.allSynced());
  EXPECT_EQ(caches_.synced("bananas").code(), base::Code::kNotFound);
}

TEST_F(GroupCachesTest, APassSeesWhatIsOfItsGroup) {
  begin();
  const auto observed = caches_.observe("ns", "a");
  ASSERT_TRUE(observed.has_value());
  ASSERT_EQ(observed->pods.size(), 2U);
  EXPECT_EQ(observed->pods[0]->meta.name, "a-0-0");
  EXPECT_EQ(observed->pods[1]->meta.name, "a-0-1");
  EXPECT_EQ(observed->nodes.at(base::Symbol("n0")).state, NodeSight::State::kGone);
  EXPECT_EQ(observed->nodes.at(base::Symbol("n1")).state, NodeSight::State::kReady);
  EXPECT_FALSE(caches_.observe("other", "a").has_value());
  EXPECT_THAT(caches_.keys(), UnorderedElementsAre("ns/a", "ns/b", "other/c"));
}

TEST_F(GroupCachesTest, APodThatChangesHandsConcernsBothGroups) {
  begin();
  api_.push("pods", "MODIFIED", pod("a-0-1", "b", "n1"));
  expectTold(UnorderedElementsAre("ns/a", "ns/b"));
  EXPECT_EQ(caches_.observe("ns", "b")->pods.size(), 2U);
  api_.push("pods", "DELETED", pod("b-0-0", "b", "n1"));
  expectTold(ElementsAre("ns/b"));
}

TEST_F(GroupCachesTest, OwnStatusWritesWakeNobody) {
  begin();
  Json written = group("a", 1);
  written["status"] = {{"observedGeneration", 1}, {"readyReplicas", 3}};
  api_.push("statefulgroups", "MODIFIED", written);
  api_.push("statefulgroups", "MODIFIED", group("b", 2));
  expectTold(ElementsAre("ns/b"));
}

TEST_F(GroupCachesTest, ABudgetOfNoGroupConcernsAllOfItsNamespace) {
  begin();
  api_.push("poddisruptionbudgets", "ADDED", named("mine"));
  expectTold(UnorderedElementsAre("ns/a", "ns/b"));
  api_.push("poddisruptionbudgets", "ADDED", named("a-0", "a"));
  expectTold(ElementsAre("ns/a"));
}

TEST_F(GroupCachesTest, ANodeThatFallsSilentConcernsThoseOnIt) {
  begin();
  Json beat = node("n1", "True");
  beat["metadata"]["annotations"] = {{"beat", "2"}};
  api_.push("nodes", "MODIFIED", beat);
  api_.push("nodes", "MODIFIED", node("n1", "Unknown"));
  expectTold(UnorderedElementsAre("ns/a", "ns/b"));
  Json fenced = node("n1", "Unknown");
  fenced["spec"]["taints"] = {
      {{"key", "node.kubernetes.io/out-of-service"}, {"effect", "NoExecute"}}};
  api_.push("nodes", "MODIFIED", fenced);
  expectTold(UnorderedElementsAre("ns/a", "ns/b"));
  EXPECT_EQ(caches_.observe("ns", "b")->nodes.at(base::Symbol("n1")).state,
            NodeSight::State::kFenced);
}

}  // namespace
}  // namespace stowage::operator_cmd
