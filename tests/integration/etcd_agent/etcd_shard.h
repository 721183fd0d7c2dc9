// EtcdShard: members of one shard as a pod would run them: real etcd and the agent beside it, each
// member on a loopback address of its own, its volume a folder. Ends with its processes and
// folders. Not thread safe.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testing/process/child_process.h"

namespace stowage::testing {

class EtcdShard {
 public:
  using Json = nlohmann::json;
  struct Answer {
    int status = 0;  // 0: none
    std::string body;
    friend std::ostream& operator<<(std::ostream& out, const Answer& answer) {
      return out << answer.status << ' ' << answer.body;
    }
  };

  // `access`: flags that say who may ask; `ns`: the pods' namespace.
  EtcdShard(std::string ns, std::vector<std::string> access);
  ~EtcdShard();

  static std::string nameOf(int ordinal) { return "db-0-" + std::to_string(ordinal); }

  // The agent, then its init step beside it.
  void startAgent(int ordinal);
  void startInit(int ordinal, const std::vector<std::string>& more = {});
  // Exit code of the init step, and what it wrote.
  int awaitInit(int ordinal);
  [[nodiscard]] std::string initLog(int ordinal) { return at(ordinal).init->log(); }
  [[nodiscard]] std::string config(int ordinal);
  void startEtcd(int ordinal);
  void killEtcd(int ordinal);
  void killAgent(int ordinal) { at(ordinal).agent.reset(); }
  void loseVolume(int ordinal);
  // Agent, init, etcd; init must end well.
  void startMember(int ordinal);

  // `token` as the operator would show it.
  Answer ask(int ordinal, const std::string& verb, const std::string& pod,
             const std::string& token = "any");
  Answer role(int ordinal, const std::string& token = "any");
  // Asks until 200; the last answer.
  Answer askUntilDone(int ordinal, const std::string& verb, const std::string& pod);
  // The ordinal whose agent says that it leads; -1 when none or two do.
  int leader();
  int awaitLeader();

  // etcd itself, at its gateway; null when it does not answer with 200.
  Json etcd(int ordinal, const std::string& path, const Json& body);
  bool put(int ordinal, const std::string& key, const std::string& value);
  // Through the member's own log, without asking the leader.
  std::string getLocal(int ordinal, const std::string& key);
  std::vector<std::string> memberNames(int ordinal);

 private:
  struct One {
    std::unique_ptr<ChildProcess> agent;
    std::unique_ptr<ChildProcess> init;
    std::unique_ptr<ChildProcess> etcd;
  };
  One& at(int ordinal) { return members_[ordinal]; }
  [[nodiscard]] std::string addressOf(int ordinal) const;
  [[nodiscard]] std::string pathOf(int ordinal, const std::string& file) const;
  [[nodiscard]] std::vector<std::string> commonFlags(int ordinal) const;
  Answer send(const std::string& scheme, int ordinal, const std::string& port,
              const std::string& path, const std::string& body, const std::string& token);

  const std::string ns_;
  const std::vector<std::string> access_;
  std::filesystem::path dir_;
  std::string network_;  // "127.a.b."
  std::map<int, One> members_;
};

}  // namespace stowage::testing
