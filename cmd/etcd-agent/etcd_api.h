// EtcdApi: what the agent asks members of an etcd cluster, each at its client URL.
// Thread safety: implementations answer from any thread; every call blocks for a few seconds at
// most.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/status.h"
#include "cmd/etcd-agent/etcd_types.h"

namespace stowage::etcd_agent {

// Errors: kUnavailable nobody answered, kNotFound there is no such member, kConflict etcd refused
// (the message is its own), kInternal the answer makes no sense.
class EtcdApi {
 public:
  virtual ~EtcdApi() = default;
  virtual base::Result<MemberStatus> status(const std::string& url) = 0;
  // As the leader knows it: an error while there is no quorum, and from a learner.
  virtual base::Result<MemberList> members(const std::string& url) = 0;
  virtual base::Result<Member> addLearner(const std::string& url, const std::string& peer_url) = 0;
  virtual base::Status promote(const std::string& url, std::uint64_t id) = 0;
  virtual base::Status remove(const std::string& url, std::uint64_t id) = 0;
  // Asked of the leader.
  virtual base::Status transferLeadership(const std::string& url, std::uint64_t to) = 0;
};

// How members are reached when their URLs are https.
struct EtcdTls {
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
};

// Over etcd's JSON gateway. `stop` ends calls that are under way.
std::unique_ptr<EtcdApi> makeEtcdApi(EtcdTls tls, std::stop_token stop);

}  // namespace stowage::etcd_agent
