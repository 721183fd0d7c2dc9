// What one small write costs its client: POSTs of a binding over TLS with a client certificate and
// keep-alive, through both transports. The counter cpu_us is user and system time of this process
// per call; the server is a process of its own, either the scripted one (default) or the API server
// of STOWAGE_BENCH_KUBECONFIG, which is then asked SelfSubjectAccessReviews.
#include <benchmark/benchmark.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "k8sclient/config/sessions.h"
#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "testing/http/scripted_server.h"

namespace stowage {
namespace {

using k8sclient::Endpoint;
using k8sclient::HttpRequest;
using k8sclient::HttpTransport;

constexpr std::chrono::seconds kTimeout{30};
// Two pool threads: what the scheduler's main asks for, and the cheapest.
constexpr int kPoolThreads = 2;

struct Target {
  Endpoint endpoint;
  HttpRequest request;
};
Target target;

// The scripted server in a child process that dies with us. Its certificates are made before the
// fork, its port comes through a pipe.
void startScriptedServer() {
  const testing::TestAuthority ca;
  testing::ServerOptions options;
  options.tls = ca.server({"127.0.0.1"});
  options.client_ca_pem = ca.pem();
  const testing::TestCertificate me = ca.client("system:stowage-scheduler");
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    testing::ScriptedServer server(options);
    server.onRequest(testing::answerJson(201, R"({"kind":"Status","status":"Success"})"));
    const int port = server.port();
    if (write(ends[1], &port, sizeof port) != sizeof port) _exit(1);
    for (;;) pause();
  }
  int port = 0;
  if (read(ends[0], &port, sizeof port) != sizeof port) std::abort();
  target.endpoint.host = "127.0.0.1";
  target.endpoint.port = std::to_string(port);
  target.endpoint.ca_pem = ca.pem();
  target.endpoint.client_cert_pem = me.cert_pem;
  target.endpoint.client_key_pem = me.key_pem;
  target.request.target = "/api/v1/namespaces/default/pods/web-7d4b9c6f5-x2x7k/binding";
  target.request.body =
      R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"web-7d4b9c6f5-x2x7k",)"
      R"("namespace":"default","uid":"5f3c1c52-7d1a-4f5e-9a52-0d8f5b8f9d11"},)"
      R"("target":{"apiVersion":"v1","kind":"Node","name":"node-0042"}})";
}

bool useKubeconfig(const char* path) {
  auto config = k8sclient::loadKubeconfig({path}, true);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message().c_str());
    return false;
  }
  target.endpoint = config->endpoint;
  const auto fill = [](const std::string& file, std::string& pem) {
    if (file.empty()) return;
    if (auto text = k8sclient::readFile(file)) pem = *text;
  };
  fill(config->ca_file, target.endpoint.ca_pem);
  fill(config->client_cert_file, target.endpoint.client_cert_pem);
  fill(config->client_key_file, target.endpoint.client_key_pem);
  target.request.target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  target.request.body =
      R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",)"
      R"("spec":{"resourceAttributes":{"verb":"create","resource":"pods"}}})";
  return true;
}

double processCpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

void postMany(benchmark::State& state, k8sclient::TransportFactory make) {
  auto transport = make(target.endpoint);
  if (!transport) return state.SkipWithError(transport.error().message().c_str());
  (void)(*transport)->send(target.request, kTimeout, {});  // connects
  const double before = processCpuMicros();
  for (auto _ : state) {
    const auto answer = (*transport)->send(target.request, kTimeout, {});
    if (!answer) return state.SkipWithError(answer.error().message.c_str());
    if (answer->status != 201) return state.SkipWithError("unexpected status");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["cpu_us"] =
      (processCpuMicros() - before) / static_cast<double>(state.iterations());
}

}  // namespace
}  // namespace stowage

int main(int argc, char** argv) {
  using stowage::k8sclient::Endpoint;
  const char* kubeconfig = std::getenv("STOWAGE_BENCH_KUBECONFIG");
  stowage::target.request.method = stowage::k8sclient::Method::kPost;
  stowage::target.request.content_type = "application/json";
  if (kubeconfig == nullptr) {
    stowage::startScriptedServer();
  } else if (!stowage::useKubeconfig(kubeconfig)) {
    return 1;
  }
  stowage::k8sclient::initializeCpprest(stowage::kPoolThreads);
  const stowage::k8sclient::TransportFactory cpprest = [](const Endpoint& endpoint) {
    return stowage::k8sclient::makeCpprestTransport(endpoint);
  };
  const stowage::k8sclient::TransportFactory beast = [](const Endpoint& endpoint) {
    return stowage::k8sclient::makeBeastTransport(endpoint);
  };
  for (const auto& [name, make] : {std::pair("post/cpprest", cpprest), {"post/beast", beast}}) {
    benchmark::RegisterBenchmark(name, stowage::postMany, make)
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime()
        ->MinTime(2);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
