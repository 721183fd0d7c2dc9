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

HttpReply methodRefusal(const std::string& allowed) {
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

const RequestRouter::Handlers::Handler& RequestRouter::Handlers::of(
    const std::string& method) const {
  return method == "PUT" ? put : method == "POST" ? post : get;
}

std::string RequestRouter::Handlers::allowed() const {
  std::string methods;
  const auto add = [&methods](const Handler& handler, const char* names) {
    if (handler != nullptr) methods += std::string(methods.empty() ? "" : ", ") + names;
  };
  add(open != nullptr ? open : get, "GET, HEAD");
  add(put, "PUT");
  add(post, "POST");
  return methods;
}

void RequestRouter::set(const std::string& path, Handlers::Handler Handlers::* which,
                        HttpHandler handler) {
  auto shared = std::make_shared<const HttpHandler>(std::move(handler));
  std::lock_guard lock(mutex_);
  handlers_[path].*which = std::move(shared);
}

void RequestRouter::handle(const std::string& path, HttpHandler handler) {
  set(path, &Handlers::get, std::move(handler));
}
void RequestRouter::handlePut(const std::string& path, HttpHandler handler) {
  set(path, &Handlers::put, std::move(handler));
}
void RequestRouter::handlePost(const std::string& path, HttpHandler handler) {
  set(path, &Handlers::post, std::move(handler));
}
void RequestRouter::handleOpen(const std::string& path, HttpHandler handler) {
  set(path, &Handlers::open, std::move(handler));
}

HttpReply RequestRouter::route(const HttpCall& call, const std::stop_token& stop) {
  std::string label = "health";
  const bool health = isHealthPath(call.path);
  const bool reads = call.method == "GET" || call.method == "HEAD";
  HttpReply reply = !health  ? routeOther(call, stop, label)
                    : !reads ? methodRefusal("GET, HEAD")
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

HttpReply RequestRouter::routeOther(const HttpCall& call, const std::stop_token& stop,
                                    std::string& label) {
  // Who may not know does not learn which paths there are.
  const auto handlers = find(call.path);
  label = handlers ? call.path : "other";
  const bool reads = call.method == "GET" || call.method == "HEAD";
  if (reads && handlers && handlers->open != nullptr) return (*handlers->open)(call);
  // HEAD tells no more than GET does and needs the same right.
  const char* verb = reads ? "get" : call.method == "PUT" ? "put" : "post";
  switch (gate_.decide(call.authorization, call.path, verb, stop)) {
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
  const auto& handler = handlers->of(call.method);
  if (handler == nullptr) return methodRefusal(handlers->allowed());
  return (*handler)(call);
}

std::optional<RequestRouter::Handlers> RequestRouter::find(const std::string& path) const {
  std::lock_guard lock(mutex_);
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace stowage::serving
