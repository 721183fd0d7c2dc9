// A Reflector<Pod> on the test's own thread, against a scripted API and a clock that steps: every
// test runs to the end of its script and then looks at what was asked and what was delivered.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "k8sclient/watch/reflector.h"
#include "kubeapi/pod.h"
#include "testing/api/scripted_api_client.h"
#include "testing/api/stepping_clock.h"

namespace stowage::k8sclient {

inline std::string podJson(std::string_view name, std::string_view version,
                           std::string_view extra = "") {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"ns","name":")" +
         std::string(name) + R"(","uid":"uid-)" + std::string(name) + R"(","resourceVersion":")" +
         std::string(version) + R"("})" + std::string(extra) + "}";
}

inline std::string listJson(std::string_view version, const std::vector<std::string>& items,
                            std::string_view continue_token = "") {
  std::string out = R"({"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":")" +
                    std::string(version) + R"(")";
  if (!continue_token.empty()) out += R"(,"continue":")" + std::string(continue_token) + R"(")";
  out += R"(},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : ",") + items[i];
  return out + "]}";
}

inline std::string eventLine(std::string_view type, const std::string& object) {
  return R"({"type":")" + std::string(type) + R"(","object":)" + object + "}\n";
}

inline std::string bookmarkLine(std::string_view version, bool initial_events_end = false) {
  return eventLine(
      "BOOKMARK",
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":")" + std::string(version) +
          R"(")" +
          (initial_events_end ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "") +
          "}}");
}

inline std::string errorLine(int code, std::string_view reason) {
  return eventLine(
      "ERROR", R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":")" +
                   std::string(reason) + R"(","message":"scripted","code":)" +
                   std::to_string(code) + "}");
}

// What was delivered, one line per call.
class RecordingSink final : public ReflectorSink<kubeapi::Pod> {
 public:
  void replaced(std::vector<Object> items, const std::vector<std::string>& unread,
                const std::string& version) override {
    std::vector<std::string> names;
    for (const Object& item : items) names.push_back(name(item));
    std::sort(names.begin(), names.end());
    std::string line = "replaced";
    for (const std::string& one : names) line += " " + one;
    for (const std::string& key : unread) line += " unread:" + key;
    calls.push_back(line + " at " + version);
  }
  void applied(Object object) override { calls.push_back("applied " + name(object)); }
  void deleted(Object object) override { calls.push_back("deleted " + name(object)); }
  void badObject(std::string_view key, std::string_view message) override {
    calls.push_back("bad " + std::string(key));
    last_message = message;
  }
  void deletedUnread(std::string_view key) override {
    calls.push_back("deletedUnread " + std::string(key));
  }

  std::vector<std::string> calls;
  std::string last_message;

 private:
  static std::string name(const Object& object) {
    return object->meta.name.str() + "@" + object->meta.resource_version;
  }
};

class ReflectorTest : public ::testing::Test {
 protected:
  ReflectorTest() {
    options_.type = {"", "v1", "pods"};
    options_.use_watch_list = false;
    api_.stopAtEnd(stop_);
  }

  // Runs until the script is at its end.
  void run() {
    reflector_ = std::make_unique<Reflector<kubeapi::Pod>>(options_, api_, sink_, clock_, 1,
                                                           base::nullMetricSink());
    reflector_->run(stop_.get_token());
  }

  // The calls, without the random timeouts; the last one, which ended the test, is left out.
  std::vector<std::string> asked() const {
    std::vector<std::string> lines;
    for (std::string line : api_.asked()) {
      const std::size_t at = line.find("&timeoutSeconds=");
      if (at != std::string::npos) line.erase(at);
      const std::string common = "watch=1&allowWatchBookmarks=true";
      if (const std::size_t from = line.find(common); from != std::string::npos) {
        line.replace(from, common.size(), "");
      }
      const std::string path = "/api/v1/pods?";
      if (const std::size_t from = line.find(path); from != std::string::npos) {
        line.erase(from, path.size());
      } else if (const std::size_t bare = line.find(" /api/v1/pods"); bare != std::string::npos) {
        line.erase(bare);
      }
      if (const std::size_t from = line.find("WATCH &"); from == 0) line.erase(6, 1);
      lines.push_back(line);
    }
    return lines;
  }

  // The waits that lie between calls, in seconds.
  std::vector<double> waits() const {
    std::vector<double> out;
    for (const base::Duration sleep : clock_.sleeps()) {
      out.push_back(std::chrono::duration<double>(sleep).count());
    }
    return out;
  }

  // A list with pod a at version 10, and then the watch that the test is about.
  void listFirst() { api_.answer(listJson("10", {podJson("a", "5")})); }

  testing::ScriptedApiClient api_;
  testing::SteppingClock clock_;
  std::stop_source stop_;
  ReflectorOptions options_;
  RecordingSink sink_;
  std::unique_ptr<Reflector<kubeapi::Pod>> reflector_;
};

// First waits of the backoff: d in [0.8, 1.6), [1.6, 3.2), ...
inline ::testing::Matcher<double> backoffStep(int step) {
  const double least = std::min(0.8 * (1 << step), 30.0);
  return ::testing::AllOf(::testing::Ge(least), ::testing::Lt(2 * least));
}

}  // namespace stowage::k8sclient
