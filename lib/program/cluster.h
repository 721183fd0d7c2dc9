// Cluster: what a program needs to know and have before it can talk to its cluster and to others of
// its kind. Reads files; starts nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "k8sclient/config/client_config.h"
#include "k8sclient/lease/leader_election.h"
#include "k8sclient/rest/rest_api_client.h"

namespace stowage::program {

// A client with connections of its own. An error names the credential that cannot be read.
base::Result<std::unique_ptr<k8sclient::RestApiClient>> connect(
    const k8sclient::ClientConfig& config, const k8sclient::RestOptions& options,
    base::Clock& clock, base::MetricSink& metrics);

// The namespace of the program's Lease: `wanted`, else the pod's own; outside a cluster, where
// there is none of our own, kube-system.
std::string leaseNamespace(const std::string& wanted);

// Short host name of this machine or pod, for event reporters and lease identities.
std::string hostName();

std::uint64_t freshSeed();

// An elector that logs who leads. `work` runs while this process leads.
std::unique_ptr<k8sclient::LeaderElector> makeElector(
    k8sclient::LeaseOptions options, std::function<void(const std::stop_token&)> work,
    std::function<void()> on_lost, k8sclient::ApiClient& api, base::Clock& clock,
    std::uint64_t seed, base::MetricSink& metrics);

}  // namespace stowage::program
