// EtcdGroupWorld: an OperatorWorld whose pods run: nodes are a stand-in's
// (tests/controlplane/standin), in three zones, a group's members are real etcds, and nodes that
// fall silent are found out by the real node lifecycle controller.
#pragma once

#include <memory>
#include <string>
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
  // One client for each shard of the group.
  void startWriters(const std::string& group, int shards);
  // Ends a phase: tells, and checks, how long nobody could write.
  void endPhase(const std::string& what, std::chrono::milliseconds longest_gap);
  // Nothing that was acknowledged is lost.
  void stopWritersAndReadBack();

  static StandIn& nodes();
  // Addresses of a shard's members that are to be found.
  [[nodiscard]] std::vector<std::string> addresses(const std::string& group, int shard) const;
  // The pod whose etcd leads the shard; "" when none says so.
  std::string leader(const std::string& group, int shard);
  std::string nodeOf(const std::string& pod);
  // What a member's containers wrote, for the failure's message.
  [[nodiscard]] std::string logs(const std::string& group);
  CommandResult stowage(std::vector<std::string> words);

 private:
  std::vector<std::unique_ptr<NumberedWriter>> writers_;
};

}  // namespace stowage::testing
