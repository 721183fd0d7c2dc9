// FakeEtcd: an etcd cluster as its members' answers, in memory; what would change it is remembered.
// Thread safe where it is an EtcdApi; the rest belongs to the test, between calls.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cmd/etcd-agent/etcd_api.h"

namespace stowage::etcd_agent {

class FakeEtcd final : public EtcdApi {
 public:
  struct One {
    Member member;
    MemberStatus status;
    bool up = true;
  };

  // Members db-0-0, ... with ids 1, ...; the first leads in term 7.
  explicit FakeEtcd(int count) {
    for (int i = 0; i < count; ++i) add(i);
  }
  static std::string urlOf(int ordinal) { return fmt::format("http://h{}:2379", ordinal); }
  static std::uint64_t idOf(int ordinal) { return static_cast<std::uint64_t>(ordinal) + 1; }

  One& add(int ordinal, bool learner = false) {
    One one;
    one.member = {idOf(ordinal),
                  fmt::format("db-0-{}", ordinal),
                  {fmt::format("http://h{}:2380", ordinal)},
                  {urlOf(ordinal)},
                  learner};
    one.status = {idOf(ordinal), 1, 7, 5000, 5000, learner, {}};
    return cluster[idOf(ordinal)] = one;
  }
  One& at(int ordinal) { return cluster.at(idOf(ordinal)); }
  void lead(std::uint64_t leader) {
    for (auto& [id, one] : cluster) {
      one.status.leader = leader;
      ++one.status.term;
    }
  }

  base::Result<MemberStatus> status(const std::string& url) override {
    const std::lock_guard lock(mutex_);
    const One* one = find(url);
    if (one == nullptr) return base::fail(base::Code::kUnavailable, url + ": no answer");
    return one->status;
  }
  base::Result<MemberList> members(const std::string& url) override {
    const std::lock_guard lock(mutex_);
    return list(url);
  }
  base::Result<Member> addLearner(const std::string& url, const std::string& peer_url) override {
    One one;
    one.member = {next_id, "", {peer_url}, {}, true};
    one.up = false;
    base::Status added = change(url, "add " + peer_url, [&] { cluster[next_id++] = one; });
    if (!added.ok()) return base::fail(added);
    return one.member;
  }
  base::Status promote(const std::string& url, std::uint64_t id) override {
    return change(url, fmt::format("promote {}", id),
                  [&] { cluster.at(id).member.learner = false; });
  }
  base::Status remove(const std::string& url, std::uint64_t id) override {
    return change(url, fmt::format("remove {}", id), [&] { cluster.erase(id); });
  }
  base::Status transferLeadership(const std::string& url, std::uint64_t to) override {
    return change(url, fmt::format("transfer {}", to), [&] {
      if (transfers) lead(to);
    });
  }

  std::map<std::uint64_t, One> cluster;
  std::vector<std::string> asked;           // what changes something
  std::optional<base::Status> refuse_next;  // the next change
  bool transfers = true;                    // a leadership that is given is taken
  std::uint64_t next_id = 100;

 private:
  const One* find(const std::string& url) const {
    for (const auto& [id, one] : cluster) {
      if (one.up && !one.member.client_urls.empty() && one.member.client_urls.front() == url)
        return &one;
    }
    return nullptr;
  }
  [[nodiscard]] bool quorum() const {
    int voters = 0;
    int up = 0;
    for (const auto& [id, one] : cluster) {
      voters += one.member.learner ? 0 : 1;
      up += !one.member.learner && one.up ? 1 : 0;
    }
    return up >= voters / 2 + 1;
  }
  base::Result<MemberList> list(const std::string& url) const {
    const One* one = find(url);
    if (one == nullptr) return base::fail(base::Code::kUnavailable, url + ": no answer");
    if (one->member.learner)
      return base::fail(base::Code::kConflict, "etcdserver: rpc not supported for learner");
    if (!quorum()) return base::fail(base::Code::kUnavailable, "etcdserver: request timed out");
    MemberList out{77, {}};
    for (const auto& [id, each] : cluster) out.members.push_back(each.member);
    return out;
  }
  base::Status change(const std::string& url, std::string what, const std::function<void()>& how) {
    const std::lock_guard lock(mutex_);
    asked.push_back(std::move(what));
    if (refuse_next) return *std::exchange(refuse_next, std::nullopt);
    if (const auto known = list(url); !known) return known.error();
    how();
    return {};
  }

  mutable std::mutex mutex_;
};

}  // namespace stowage::etcd_agent
