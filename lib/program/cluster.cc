#include "program/cluster.h"

#include <unistd.h>

#include <array>
#include <random>
#include <utility>

#include "base/log.h"
#include "base/rng.h"
#include "k8sclient/config/sessions.h"

namespace stowage::program {

namespace {
constexpr const char* kFallbackLeaseNamespace = "kube-system";
}

base::Result<std::unique_ptr<k8sclient::RestApiClient>> connect(
    const k8sclient::ClientConfig& config, const k8sclient::RestOptions& options,
    base::Clock& clock, base::MetricSink& metrics) {
  auto sessions = k8sclient::ConfigSessions::open(config, clock);
  if (!sessions) return base::fail(sessions.error());
  return std::make_unique<k8sclient::RestApiClient>(std::move(*sessions), clock, metrics, options);
}

std::string leaseNamespace(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const k8sclient::Environment environment = k8sclient::processEnvironment();
  const bool in_pod = environment("KUBERNETES_SERVICE_HOST") || environment("POD_NAMESPACE");
  return in_pod ? k8sclient::podNamespace(environment) : kFallbackLeaseNamespace;
}

std::string hostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::uint64_t freshSeed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

std::unique_ptr<k8sclient::LeaderElector> makeElector(
    k8sclient::LeaseOptions options, std::function<void(const std::stop_token&)> work,
    std::function<void()> on_lost, k8sclient::ApiClient& api, base::Clock& clock,
    std::uint64_t seed, base::MetricSink& metrics) {
  base::Rng rng(seed);
  options.identity = k8sclient::leaseIdentity(hostName(), rng);
  k8sclient::LeaderCallbacks callbacks;
  callbacks.onStarted = std::move(work);
  callbacks.onLost = std::move(on_lost);
  callbacks.onNewLeader = [](const std::string& holder) {
    base::log().info("leader seen", {{"holder", holder}});
  };
  base::log().info("leader election on",
                   {{"lease", options.ns + "/" + options.name}, {"identity", options.identity}});
  return std::make_unique<k8sclient::LeaderElector>(std::move(options), std::move(callbacks), api,
                                                    clock, seed, metrics);
}

}  // namespace stowage::program
