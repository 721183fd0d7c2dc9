#include "integration/operator/group_watcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "k8sclient/watch/line_splitter.h"
#include "testing/process/child_process.h"

namespace stowage::testing {

using Json = nlohmann::json;

GroupWatcher::GroupWatcher(k8sclient::ApiClient& api, std::string ns)
    : api_(api), ns_(std::move(ns)) {
  for (const k8sclient::ResourceType& type :
       {k8sclient::ResourceType{"", "v1", "pods"},
        k8sclient::ResourceType{"", "v1", "persistentvolumeclaims"},
        k8sclient::ResourceType{"stowage.dev", "v1alpha1", "statefulgroups"},
        k8sclient::ResourceType{"apps", "v1", "controllerrevisions"}})
    threads_.emplace_back([this, type](const std::stop_token& stop) { watch(type, stop); });
}

GroupWatcher::~GroupWatcher() { stop(); }

std::vector<Change> GroupWatcher::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& a, const Change& b) { return a.version < b.version; });
  return std::exchange(changes_, {});
}

bool GroupWatcher::sawGo(const std::string& uid) {
  const std::scoped_lock lock(mutex_);
  return std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
    if (change.kind == Change::Kind::kLost || change.object["metadata"]["uid"] != uid) return false;
    return change.kind == Change::Kind::kGone ||
           change.object["metadata"].contains("deletionTimestamp");
  });
}

void GroupWatcher::watch(const k8sclient::ResourceType& type, const std::stop_token& stop) {
  const std::string path = k8sclient::resourcePath(type, ns_) + "?watch=true&timeoutSeconds=3600";
  std::string version;
  while (!stop.stop_requested()) {
    k8sclient::LineSplitter lines;
    const auto ended =
        api_.stream(version.empty() ? path : path + "&resourceVersion=" + version,
                    {.idle = std::chrono::hours(1)}, stop, [&](std::string_view piece) {
                      return lines.feed(piece, [&](std::string_view line) {
                        return take(type.plural, line, version);
                      }) == k8sclient::LineSplitter::Verdict::kContinue;
                    });
    if (stop.stop_requested()) return;
    if (!ended && ended.error().http_status == 410) lost(type.plural, version);
    pauseBetweenLooks(std::chrono::milliseconds(100));
  }
}

bool GroupWatcher::take(const std::string& resource, std::string_view line, std::string& version) {
  Json event = Json::parse(line, nullptr, false);
  const std::string type = event.is_object() ? event.value("type", "") : "";
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") {
    lost(resource, version);
    return false;
  }
  version = event["object"]["metadata"]["resourceVersion"];
  const std::scoped_lock lock(mutex_);
  Change change;
  // What is told anew after a gap comes after it, however old it is.
  change.version = std::max<std::int64_t>(std::stoll(version), gaps_[resource]);
  newest_ = std::max(newest_, change.version);
  change.kind = type == "DELETED" ? Change::Kind::kGone : Change::Kind::kPut;
  change.resource = resource;
  change.object = std::move(event["object"]);
  changes_.push_back(std::move(change));
  return true;
}

void GroupWatcher::lost(const std::string& resource, std::string& version) {
  if (version.empty()) return;
  version.clear();
  const std::scoped_lock lock(mutex_);
  gaps_[resource] = newest_;
  changes_.push_back({newest_, Change::Kind::kLost, resource, Json()});
}

}  // namespace stowage::testing
