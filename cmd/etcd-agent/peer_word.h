// What agents tell each other while a cluster is founded: GET /v1/peer, for anybody, over HTTPS:
// {"cluster": "ns/db-0", "member": "db-0-1", "state": "empty"}. Encoding is pure; answers are
// hostile input. Thread safety: ask() from any thread.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cmd/etcd-agent/data_folder.h"

namespace stowage::etcd_agent {

inline constexpr std::string_view kPeerPath = "/v1/peer";

struct PeerWord {
  std::string cluster;
  std::string member;
  FolderState state = FolderState::kEmpty;
};
std::string encodePeerWord(const PeerWord& word);
base::Result<PeerWord> decodePeerWord(std::string_view body);

class PeerWords {
 public:
  virtual ~PeerWords() = default;
  // What the agent at `host` says; blocks for two seconds at most.
  virtual base::Result<PeerWord> ask(const std::string& host) = 0;
};

// The agents serve at `port`.
std::unique_ptr<PeerWords> makePeerWords(int port, std::stop_token stop);

}  // namespace stowage::etcd_agent
