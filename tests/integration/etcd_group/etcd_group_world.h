// EtcdGroupWorld: an OperatorWorld whose pods run: nodes are a stand-in's
// (tests/controlplane/standin), in three zones; the group is that of examples/etcd, with real etcds
// and their agents; the operator shows the agents tokens of its service account; and nodes that
// fall silent are found out by the real node lifecycle controller.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "integration/etcd_group/numbered_writer.h"
#include "integration/operator/operator_world.h"
#include "integration/standin/etcd_client.h"
#include "integration/standin/stand_in.h"

namespace stowage::testing {

class EtcdGroupWorld : public OperatorWorld {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  // The example's objects in the test's namespace, with that many shards. The group's name is
  // kGroup. `changes`: what else of the group's text becomes what.
  using Changes = std::vector<std::pair<std::string, std::string>>;
  void applyExample(int shards, const Changes& changes = {});
  static constexpr const char* kGroup = "etcd";
  // One that may ask the agents.
  static std::unique_ptr<OperatorProcess> startHookedOperator(
      const std::vector<std::string>& environment = {});
  // Waits until all is done, for as long as that many shards may take one after another.
  void awaitAll(int shards);
  // Asks for that many replicas; does not wait.
  void setReplicas(int replicas);
  // Waits for the member's next pod.
  void awaitAnother(const std::string& member, const std::string& uid);

  // One client for each shard.
  void startWriters(int shards);
  // Ends a phase: tells, and checks, how long nobody could write.
  void endPhase(const std::string& what, std::chrono::milliseconds longest_gap);
  // Nothing that was acknowledged is lost.
  void stopWritersAndReadBack();

  static StandIn& nodes();
  // Addresses of a shard's members that are to be found.
  [[nodiscard]] std::vector<std::string> addresses(int shard) const;
  // The members of a shard, by its own word and its pods' names; also those that were never up.
  [[nodiscard]] std::map<std::string, EtcdClient::Member> members(int shard) const;
  // Names of the voting ones.
  [[nodiscard]] std::vector<std::string> voters(int shard) const;
  // The pod whose etcd leads the shard; "" when none says so within a time.
  std::string leader(int shard);
  std::string nodeOf(const std::string& pod);
  // What members are and have written, for a failure's message.
  [[nodiscard]] std::string logs();
  CommandResult stowage(std::vector<std::string> words);

 private:
  std::vector<std::unique_ptr<NumberedWriter>> writers_;
};

}  // namespace stowage::testing
