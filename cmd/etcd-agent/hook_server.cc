#include "cmd/etcd-agent/hook_server.h"

#include "base/log.h"

namespace stowage::etcd_agent {

namespace hooks = kubeapi::hooks;
using serving::HttpCall;
using serving::HttpReply;

namespace {

// A sidecar is small, and only the operator has something to ask.
serving::ServingOptions optionsOf(const ListenOptions& listen) {
  serving::ServingOptions options;
  options.bind_address = listen.address;
  options.port = listen.port;
  options.tls_cert_file = listen.tls_cert_file;
  options.tls_key_file = listen.tls_key_file;
  options.flags = {"--listen", "--listen"};
  options.limits.open_connections = 64;
  options.limits.waiting_requests = 16;
  options.limits.workers = 4;
  options.limits.post_bytes = hooks::kMaxAnswer;
  options.limits.access.concurrent_reviews = 2;
  options.limits.access.entries = 128;
  return options;
}

int statusOf(hooks::Verdict verdict) {
  switch (verdict) {
    case hooks::Verdict::kDone:
      return 200;
    case hooks::Verdict::kWorking:
      return 202;
    case hooks::Verdict::kRefused:
      return 409;
    case hooks::Verdict::kFailed:
      break;
  }
  return 500;
}

HttpReply reply(int status, std::string json) {
  return {status, "application/json", std::move(json), {}};
}

}  // namespace

HookServer::HookServer(const ListenOptions& options, Agent& agent,
                       serving::AccessReviewer& reviewer, base::Clock& clock,
                       base::MetricSink& metrics)
    : agent_(agent), server_(optionsOf(options), health_, reviewer, clock, metrics) {
  server_.handle(std::string(hooks::kRolePath), [this](const HttpCall&) {
    const auto role = agent_.role();
    if (!role) return reply(503, hooks::encodeMessage(role.error().message()));
    return reply(200, hooks::encodeRole(*role));
  });
  serveVerb("switchover", &Agent::switchover);
  serveVerb("join", &Agent::join);
  serveVerb("leave", &Agent::leave);
  serveVerb("pre-disruption", &Agent::preDisruption);
  serveVerb("post-restart", &Agent::postRestart);
}

void HookServer::tellPeers(const DataFolder& folder, const PeerWord& self) {
  server_.handleOpen(std::string(kPeerPath), [&folder, self](const HttpCall&) {
    const auto read = folder.read();
    if (!read) {
      base::log().warn("the data folder cannot be read", {{"error", read.error().message()}});
      return reply(503, hooks::encodeMessage("the data folder cannot be read"));
    }
    PeerWord word = self;
    word.state = read->state;
    return reply(200, encodePeerWord(word));
  });
}

void HookServer::serveVerb(const char* verb, Verb method) {
  server_.handlePost(hooks::pathOf(verb), [this, verb, method](const HttpCall& call) {
    const auto request = hooks::decodeRequest(call.body);
    if (!request) return reply(400, hooks::encodeMessage(request.error().message()));
    const Answer answer = (agent_.*method)(*request);
    base::log().debug("asked", {{"verb", verb},
                                {"pod", request->pod},
                                {"operation", request->operation_id},
                                {"status", statusOf(answer.verdict)},
                                {"message", answer.message}});
    return reply(statusOf(answer.verdict), hooks::encodeMessage(answer.message));
  });
}

}  // namespace stowage::etcd_agent
