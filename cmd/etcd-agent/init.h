// Init: brings a member to where its etcd can be started: finds out whether it founds the cluster
// or joins one, does what that takes, and writes etcd's configuration. Every pass begins with what
// the folder and the others say, so that it may end anywhere and be run again.
// Thread safety: one thread. Ownership: everything that is given by reference outlives it.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "cmd/etcd-agent/data_folder.h"
#include "cmd/etcd-agent/etcd_api.h"
#include "cmd/etcd-agent/etcd_config.h"
#include "cmd/etcd-agent/founding.h"
#include "cmd/etcd-agent/peer_word.h"
#include "cmd/etcd-agent/peers.h"

namespace stowage::etcd_agent {

struct InitOptions {
  EtcdConfig config;        // but for the members and whether it founds
  std::string base_config;  // YAML of the user's
  std::string config_file;  // to write
  std::uint64_t max_lag = 1000;
  base::Duration patience = std::chrono::minutes(10);
};

class Init {
 public:
  Init(InitOptions options, DataFolder& folder, EtcdApi& etcd, PeerWords& words, const Peers& peers,
       base::Clock& clock);

  // Until etcd may be started. kTimeout: the patience is over; kCancelled.
  base::Status run(const std::stop_token& stop);

 private:
  // What the others say, and where a member was found that knows the leader.
  Surroundings look(const std::stop_token& stop);
  enum class Next : std::uint8_t { kLook, kEtcd };
  // Each does what it says; an error is told and tried again, unless kInvalidArgument.
  base::Result<Next> take(const step::Start& step, const Surroundings& around);
  base::Result<Next> take(const step::SetAside& step, const Surroundings& around);
  base::Result<Next> take(const step::NoteReady& step, const Surroundings& around);
  base::Result<Next> take(const step::Found& step, const Surroundings& around);
  base::Result<Next> take(const step::Remove& step, const Surroundings& around);
  base::Result<Next> take(const step::AddLearner& step, const Surroundings& around);
  base::Result<Next> take(const step::Join& step, const Surroundings& around);
  base::Result<Next> take(const step::Wait& step, const Surroundings& around);
  base::Status writeConfig(std::vector<InitialMember> members, bool founds);
  void tell(const std::string& what);

  const InitOptions options_;
  DataFolder& folder_;
  EtcdApi& etcd_;
  PeerWords& words_;
  const Peers& peers_;
  base::Clock& clock_;
  const Self self_;
  std::string source_;  // the URL of the member whose word about the cluster was taken
  std::string told_;
  base::SteadyTime told_at_;
};

}  // namespace stowage::etcd_agent
