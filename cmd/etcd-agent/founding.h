// How a member gets into its cluster before its etcd has ever run: it founds it with the others, or
// joins what is there. Pure; the reasons are in docs/decisions/0015.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cmd/etcd-agent/data_folder.h"
#include "cmd/etcd-agent/etcd_types.h"

namespace stowage::etcd_agent {

// What is known of the others at one moment.
struct Surroundings {
  // What those said who have to be heard before a cluster is founded: by name; silence is nullopt.
  std::map<std::string, std::optional<FolderState>> expected;
  // Others that were found and said something.
  std::map<std::string, FolderState> others;
  // Addresses of the shard at which nobody said who he is.
  std::vector<std::string> silent;
  // The members as their leader knows them, and who of them follows it; none: no member is up, or
  // they have no quorum.
  std::optional<ClusterSight> cluster;
};

struct Self {
  std::string name;
  std::string host;
  bool founder = false;
};

namespace step {
// etcd finds its own way by what it has written.
struct Start {};
// It was removed: what it has is of no use to anybody, and etcd would not start on it.
struct SetAside {};
// All founders are empty: from now on this one may found at any time.
struct NoteReady {};
// Start as one of the founders.
struct Found {};
// Somebody else than the present volume was in the cluster under this name.
struct Remove {
  std::uint64_t id = 0;
};
struct AddLearner {};
// Start as the learner that was added.
struct Join {
  std::uint64_t id = 0;
};
struct Wait {
  std::string reason;
};
}  // namespace step
using Step = std::variant<step::Start, step::SetAside, step::NoteReady, step::Found, step::Remove,
                          step::AddLearner, step::Join, step::Wait>;

Step nextStep(const Folder& own, const Surroundings& around, const Self& self,
              std::uint64_t max_lag);

}  // namespace stowage::etcd_agent
