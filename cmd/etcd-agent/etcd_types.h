// What etcd says about itself, as plain values (api/etcdserverpb/rpc.proto of etcd v3.6.8).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stowage::etcd_agent {

struct Member {
  std::uint64_t id = 0;
  std::string name;  // empty: it was added and has never been up
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
  friend bool operator==(const Member&, const Member&) = default;
};

struct MemberList {
  std::uint64_t cluster = 0;
  std::vector<Member> members;

  [[nodiscard]] const Member* byId(std::uint64_t id) const {
    for (const Member& member : members) {
      if (member.id == id) return &member;
    }
    return nullptr;
  }
  [[nodiscard]] int voters() const {
    int count = 0;
    for (const Member& member : members) count += member.learner ? 0 : 1;
    return count;
  }
};

// What a member answers about itself, with or without a quorum.
struct MemberStatus {
  std::uint64_t member = 0;
  std::uint64_t leader = 0;   // 0: it follows nobody
  std::uint64_t term = 0;     // of what it has applied last
  std::uint64_t index = 0;    // what it knows to be committed
  std::uint64_t applied = 0;  // what it has applied of that
  bool learner = false;
  std::vector<std::string> errors;  // alarms, and "no leader"
};

// The members, and what those that answered said just now, by id.
struct ClusterSight {
  MemberList list;
  std::map<std::uint64_t, MemberStatus> statuses;
};

}  // namespace stowage::etcd_agent
