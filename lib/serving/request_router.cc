#include "serving/request_router.h"

#include <set>
#include <utility>

namespace stowage::serving {

namespace {

bool isBelow(const std::string& path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

bool isHealthPath(const std::string& path) {
  return isBelow(path, "/livez") || isBelow(path, "/readyz") || isBelow(path, "/healthz");
}

HttpReply refusal(int status, const char* text) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::string(text) + "\n";
  return reply;
}

HttpReply methodRefusal(const char* allowed) {
  HttpReply reply = refusal(405, "Method Not Allowed");
  reply.headers.emplace("Allow", allowed);
  return reply;
}

}  // namespace

const base::MetricFamily& RequestRouter::requestsFamily() {
  static const base::MetricFamily kFamily{
      base::MetricType::kCounter,
      "stowage_serving_requests_total",
      "Requests answered by the HTTPS endpoint, by handler and status code.",
      {"code", "handler"},
      {}};
  return kFamily;
}

void RequestRouter::handle(const std::string& path, HttpHandler handler) {
  auto shared = std::make_shared<const HttpHandler>(std::move(handler));
  std::lock_guard lock(mutex_);
  handlers_[path].get = std::move(shared);
}

void RequestRouter::handlePut(const std::string& path, HttpHandler handler) {
  auto shared = std::make_shared<const HttpHandler>(std::move(handler));
  std::lock_guard lock(mutex_);
  handlers_[path].put = std::move(shared);
}

HttpReply RequestRouter::route(const HttpCall& call, const std::stop_token& stop) {
  std::string label = "health";
  const bool health = isHealthPath(call.path);
  HttpReply reply = !health                ? routeProtected(call, stop, label)
                    : call.method == "PUT" ? methodRefusal("GET, HEAD")
                                           : routeHealth(call);
  metrics_
      .counter(requestsFamily().name, requestsFamily().help,
               {{"handler", label}, {"code", std::to_string(reply.status)}})
      .increment();
  return reply;
}

HttpReply RequestRouter::routeHealth(const HttpCall& call) const {
  std::set<std::string> exclude;
  const auto [begin, end] = call.query.equal_range("exclude");
  for (auto it = begin; it != end; ++it) exclude.insert(it->second);
  HealthAnswer answer = health_.answer(call.path, call.query.contains("verbose"), exclude);
  HttpReply reply;
  reply.status = answer.status;
  reply.body = std::move(answer.body);
  return reply;
}

HttpReply RequestRouter::routeProtected(const HttpCall& call, const std::stop_token& stop,
                                        std::string& label) {
  // Who may not know does not learn which paths there are.
  const auto handlers = find(call.path);
  label = handlers ? call.path : "other";
  const bool put = call.method == "PUT";
  // HEAD tells no more than GET does and needs the same right.
  switch (gate_.decide(call.authorization, call.path, put ? "put" : "get", stop)) {
    case Access::kAllowed:
      break;
    case Access::kUnauthenticated: {
      HttpReply reply = refusal(401, "Unauthorized");
      reply.headers.emplace("WWW-Authenticate", "Bearer");
      return reply;
    }
    case Access::kForbidden:
      return refusal(403, "Forbidden");
    case Access::kUnavailable: {
      HttpReply reply = refusal(503, "access cannot be reviewed now");
      reply.headers.emplace("Retry-After", "1");
      return reply;
    }
  }
  if (!handlers) return refusal(404, "404 page not found");
  const auto& handler = put ? handlers->put : handlers->get;
  if (handler == nullptr) return methodRefusal(put ? "GET, HEAD" : "PUT");
  return (*handler)(call);
}

std::optional<RequestRouter::Handlers> RequestRouter::find(const std::string& path) const {
  std::lock_guard lock(mutex_);
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace stowage::serving
