#include "cmd/scheduler/debug_pages.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <utility>

#include "base/log.h"

namespace stowage::scheduler_cmd {
namespace {

using Json = nlohmann::json;
using scheduling::DumpRequest;
using scheduling::StateDump;

// An answer of this many entries is a few megabytes.
constexpr std::size_t kMostEntries = 10'000;

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string text(const Json& json) {
  // Names are the API server's, but an object that is not UTF-8 must not end the answer.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json nameOf(const kubeapi::Pod& pod) {
  return {{"namespace", pod.meta.ns.view()},
          {"name", pod.meta.name.view()},
          {"uid", pod.meta.uid.view()}};
}

base::Status readNumber(const std::string& value, std::size_t& out) {
  const char* end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, out);
  if (error == std::errc() && at == end && out > 0 && out <= kMostEntries) return {};
  return {base::Code::kInvalidArgument,
          "limit must be a number from 1 to " + std::to_string(kMostEntries)};
}

base::Status readParameter(const std::string& key, const std::string& value, DumpRequest& out) {
  const bool queue = out.what == DumpRequest::What::kQueue;
  if (key == "limit") return readNumber(value, out.limit);
  if (queue && key == "namespace") {
    out.ns = value;
  } else if (key == (queue ? "pod" : "node")) {
    out.name = value;
  } else if (!queue && key == "verify" && (value == "true" || value == "false")) {
    out.verify = value == "true";
  } else {
    return {base::Code::kInvalidArgument,
            std::string("the parameters are ") +
                (queue ? "namespace, pod" : "node, verify (true or false)") + " and limit; not " +
                key + "=" + value};
  }
  return {};
}

// Null: the thread did not come round in time, or has ended.
std::unique_ptr<StateDump> askLoop(scheduling::SchedulingLoop& loop, const DumpRequest& request,
                                   base::Duration patience) {
  // Shared with the inspection, which may come round after this call has given up.
  auto answer = std::make_shared<std::promise<std::unique_ptr<StateDump>>>();
  std::future<std::unique_ptr<StateDump>> future = answer->get_future();
  std::stop_source stop;
  scheduling::Inspection look = [answer, request, token = stop.get_token()](auto& scheduler) {
    if (token.stop_requested()) return;
    try {
      answer->set_value(std::make_unique<StateDump>(scheduler.dump(request)));
    } catch (...) {
      answer->set_exception(std::current_exception());
    }
  };
  if (!loop.tryPush(std::move(look))) return nullptr;
  answer.reset();
  if (future.wait_for(patience) != std::future_status::ready) {
    stop.request_stop();
    return nullptr;
  }
  try {
    return future.get();
  } catch (const std::exception& error) {
    // Also when the loop ended with the question in its inbox.
    base::log().warn("the state could not be read", {{"error", error.what()}});
    return nullptr;
  }
}

serving::HttpHandler page(DumpRequest::What what, std::string (*json)(const StateDump&),
                          scheduling::SchedulingLoop& loop, base::Duration patience) {
  return [what, json, &loop, patience](const serving::HttpCall& call) -> serving::HttpReply {
    auto request = dumpRequest(what, call);
    if (!request) return {400, "text/plain; charset=utf-8", request.error().message() + "\n"};
    const auto dump = askLoop(loop, *request, patience);
    if (dump == nullptr) {
      return {503, "text/plain; charset=utf-8",
              "the scheduling thread is busy or has ended; try again\n"};
    }
    return {200, "application/json", json(*dump)};
  };
}

}  // namespace

serving::HttpHandler queuePage(scheduling::SchedulingLoop& loop, base::Duration patience) {
  return page(DumpRequest::What::kQueue, queueJson, loop, patience);
}

serving::HttpHandler cachePage(scheduling::SchedulingLoop& loop, base::Duration patience) {
  return page(DumpRequest::What::kNodes, cacheJson, loop, patience);
}

base::Result<DumpRequest> dumpRequest(DumpRequest::What what, const serving::HttpCall& call) {
  DumpRequest request;
  request.what = what;
  for (const auto& [key, value] : call.query) {
    if (base::Status read = readParameter(key, value, request); !read.ok()) return base::fail(read);
  }
  return request;
}

std::string queueJson(const StateDump& dump) {
  Json pods = Json::array();
  for (const scheduling::WaitingPod& waiting : dump.waiting_pods) {
    Json pod = nameOf(*waiting.pod);
    pod["schedulerName"] = waiting.profile;
    pod["priority"] = waiting.pod->spec.priority;
    pod["queue"] = scheduling::nameOf(waiting.place);
    pod["attempts"] = waiting.attempts;
    pod["waitedSeconds"] = seconds(waiting.waited);
    if (waiting.backoff_left.count() > 0) pod["backoffSeconds"] = seconds(waiting.backoff_left);
    if (!waiting.rejectors.empty()) pod["rejectedBy"] = waiting.rejectors;
    if (!waiting.promised.empty()) pod["nominatedNode"] = waiting.promised.view();
    pods.push_back(std::move(pod));
  }
  return text({{"counts",
                {{"active", dump.queue.active},
                 {"backoff", dump.queue.backoff},
                 {"unschedulable", dump.queue.unschedulable},
                 {"gated", dump.queue.gated},
                 {"all", dump.waiting}}},
               {"pods", std::move(pods)}});
}

std::string cacheJson(const StateDump& dump) {
  Json nodes = Json::array();
  for (const scheduling::DumpedNode& shown : dump.shown_nodes) {
    Json node = {{"name", shown.name.view()}, {"podCount", shown.pod_count}};
    for (const auto& resource : shown.resources) {
      node["resources"][std::string(resource.name.view())] = {{"allocatable", resource.allocatable},
                                                              {"requested", resource.requested}};
    }
    for (const auto& held : shown.pods) {
      Json pod = nameOf(*held.pod);
      if (held.assumed) pod["assumed"] = true;
      node["pods"].push_back(std::move(pod));
    }
    for (const auto& promised : shown.promised) node["nominated"].push_back(nameOf(*promised));
    nodes.push_back(std::move(node));
  }
  Json all = {{"counts", {{"nodes", dump.nodes}, {"pods", dump.pods}, {"assumed", dump.assumed}}},
              {"nodes", std::move(nodes)}};
  if (dump.consistent) all["consistent"] = *dump.consistent;
  return text(all);
}

}  // namespace stowage::scheduler_cmd
