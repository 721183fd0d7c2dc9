#include "cmd/operator/agent_client.h"

#include <utility>

#include "k8sclient/transport/beast_transport.h"

namespace stowage::operator_cmd {

using kubeapi::group::HookScheme;
using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;

namespace {

k8sclient::Endpoint endpointOf(const kubeapi::MemberPod& pod, const kubeapi::group::Hook& hook) {
  k8sclient::Endpoint endpoint;
  endpoint.scheme = hook.scheme == HookScheme::kHttps ? "https" : "http";
  endpoint.host = pod.ip;
  endpoint.port = std::to_string(hook.port);
  // Agents have certificates of their own making; what they are told is no secret but the token,
  // which is good for agents of this namespace only.
  endpoint.insecure_skip_verify = true;
  return endpoint;
}

const base::MetricFamily& requestsFamily() {
  static const base::MetricFamily kFamily{
      base::MetricType::kCounter,
      "stowage_hook_requests_total",
      "Calls to agents in pods by HTTP status, <error> without one.",
      {"code", "path"},
      {}};
  return kFamily;
}
const base::MetricFamily& durationsFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kHistogram,
                                          "stowage_hook_request_duration_seconds",
                                          "Duration of calls to agents in pods.",
                                          {"path"},
                                          base::exponentialBuckets(0.001, 2, 14)};
  return kFamily;
}

}  // namespace

AgentClient::AgentClient(HookTokens& tokens, AgentTurns::Limits asking, AgentTurns::Limits probing,
                         base::MetricSink& metrics, base::Clock& clock, std::stop_token stop)
    : tokens_(tokens),
      asking_(asking, clock),
      probing_(probing, clock),
      metrics_(metrics),
      clock_(clock),
      stop_(std::move(stop)) {
  metrics.announce(requestsFamily());
  metrics.announce(durationsFamily());
}

base::Result<AgentClient::Exchange> AgentClient::exchange(AgentTurns& turns,
                                                          const kubeapi::MemberPod& pod,
                                                          const kubeapi::group::Hook& hook,
                                                          const std::string& path,
                                                          std::string body) {
  if (pod.ip.empty()) return base::fail(base::Code::kUnavailable, "the pod has no address yet");
  k8sclient::HttpRequest request;
  request.method = body.empty() ? k8sclient::Method::kGet : k8sclient::Method::kPost;
  request.target = path;
  // Nobody is asked without one.
  const auto token = tokens_.tokenFor(pod.meta.ns.str());
  if (!token) return base::fail(token.error());
  const auto turn = turns.take(pod.meta.ns.str());
  if (!turn)
    return base::fail(base::Code::kResourceExhausted,
                      "agents are slow here: others are waited for before this one is asked");
  request.headers.push_back({"Authorization", "Bearer " + *token});
  if (!body.empty()) {
    request.content_type = "application/json";
    request.body = std::move(body);
  }
  k8sclient::TransportOptions options;
  options.max_body = kubeapi::hooks::kMaxAnswer;
  auto transport = k8sclient::makeBeastTransport(endpointOf(pod, hook), options);
  if (!transport) return base::fail(transport.error());
  const base::SteadyTime start = clock_.now();
  auto answer = (*transport)->send(request, std::chrono::seconds(hook.timeout_seconds), stop_);
  const base::MetricLabels labels = {{"path", path},
                                     {"code", answer ? std::to_string(answer->status) : "<error>"}};
  metrics_.counter(requestsFamily().name, requestsFamily().help, labels).increment();
  metrics_
      .histogram(durationsFamily().name, durationsFamily().help, {{"path", path}},
                 durationsFamily().buckets)
      .observe(std::chrono::duration<double>(clock_.now() - start).count());
  if (!answer) return base::fail(base::Code::kUnavailable, answer.error().message);
  if (answer->status == 401) tokens_.refused(pod.meta.ns.str(), *token);
  return Exchange{answer->status, std::move(answer->body)};
}

HookAnswer AgentClient::ask(const HookRequest& request) {
  const std::string body = kubeapi::hooks::encodeRequest(
      {request.operation_id, request.subject.meta.name.str(), request.subject.meta.uid.str()});
  const std::string path = kubeapi::hooks::pathOf(statefulgroup::text(request.verb));
  auto answer = exchange(asking_, request.agent, request.hook, path, body);
  if (!answer) return {HookAnswer::Kind::kFailed, answer.error().message()};
  std::string message = kubeapi::hooks::messageOf(answer->body);
  switch (kubeapi::hooks::verdictOf(answer->status)) {
    case kubeapi::hooks::Verdict::kDone:
      return {HookAnswer::Kind::kDone, std::move(message)};
    case kubeapi::hooks::Verdict::kWorking:
      return {HookAnswer::Kind::kWorking, std::move(message)};
    case kubeapi::hooks::Verdict::kRefused:
      return {HookAnswer::Kind::kRefused, message.empty() ? "refused" : std::move(message)};
    case kubeapi::hooks::Verdict::kFailed:
      break;
  }
  return {HookAnswer::Kind::kFailed,
          "HTTP " + std::to_string(answer->status) + (message.empty() ? "" : ": " + message)};
}

base::Result<kubeapi::hooks::Role> AgentClient::role(const kubeapi::MemberPod& pod,
                                                     const kubeapi::group::Hook& hook) {
  auto answer = exchange(probing_, pod, hook, std::string(kubeapi::hooks::kRolePath), {});
  if (!answer) return base::fail(answer.error());
  if (answer->status != 200)
    return base::fail(base::Code::kUnavailable, "HTTP " + std::to_string(answer->status));
  return kubeapi::hooks::decodeRole(answer->body);
}

}  // namespace stowage::operator_cmd
