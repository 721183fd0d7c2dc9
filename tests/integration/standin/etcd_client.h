// Keys of an etcd, over its JSON gateway (etcd's api/etcdserverpb/rpc.proto says which path is
// which call). Reads and writes are linearizable. Thread safe: nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stowage::testing {

class EtcdClient {
 public:
  explicit EtcdClient(std::string address, int port = 2379)
      : address_(std::move(address)), port_(port) {}

  // True: acknowledged. False: refused, or nobody knows.
  [[nodiscard]] bool put(const std::string& key, const std::string& value) const;
  // nullopt: no answer; "" when there is no such key.
  [[nodiscard]] std::optional<std::string> get(const std::string& key) const;
  struct Pair {
    std::string key;
    std::string value;
  };
  // All keys that begin with `prefix`; nullopt: no answer.
  [[nodiscard]] std::optional<std::vector<Pair>> list(const std::string& prefix) const;
  // Whether it leads its cluster; false without an answer.
  [[nodiscard]] bool leads() const;
  struct Member {
    std::string id;        // never given again
    std::string name;      // "" until it has been up
    std::string peer_url;  // the first
    bool learner = false;
  };
  // As the leader knows them; empty without an answer, which learners do not give.
  [[nodiscard]] std::vector<Member> members() const;
  // Names of the voting members; empty without an answer.
  [[nodiscard]] std::vector<std::string> voters() const;

 private:
  [[nodiscard]] std::optional<std::string> call(const std::string& path,
                                                const std::string& body) const;

  std::string address_;
  int port_;
};

}  // namespace stowage::testing
