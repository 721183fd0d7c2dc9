// HookServer: the agent's HTTPS endpoint: GET /v1/role and POST /v1/<verb> for the operator,
// /livez, /readyz and GET /v1/peer for anybody. Thread safety: start() and stop() from the owner's
// thread. Ownership: agent, reviewer, clock and metrics outlive it.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "cmd/etcd-agent/agent.h"
#include "cmd/etcd-agent/data_folder.h"
#include "cmd/etcd-agent/peer_word.h"
#include "serving/access_review.h"
#include "serving/health.h"
#include "serving/https_server.h"

namespace stowage::etcd_agent {

struct ListenOptions {
  std::string address;  // without brackets
  std::uint16_t port = 0;
  std::string tls_cert_file = {};
  std::string tls_key_file = {};
};

class HookServer {
 public:
  HookServer(const ListenOptions& options, Agent& agent, serving::AccessReviewer& reviewer,
             base::Clock& clock, base::MetricSink& metrics);
  // Tells other members what `folder` says, as the member `self` (its state is not used).
  void tellPeers(const DataFolder& folder, const PeerWord& self);
  base::Status start() { return server_.start(); }
  void stop() { server_.stop(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  using Verb = Answer (Agent::*)(const Agent::Request&);
  void serveVerb(const char* verb, Verb method);

  Agent& agent_;
  serving::HealthRegistry health_;
  serving::HttpsServer server_;
};

}  // namespace stowage::etcd_agent
