// The step that a member takes before its etcd has run, in every state of its own and of others.
#include "cmd/etcd-agent/founding.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>

namespace stowage::etcd_agent {
namespace {

using ::testing::HasSubstr;
using State = FolderState;

constexpr std::uint64_t kLag = 100;
const Self kSelf{"db-0-0", "h0", true};

std::string said(const Step& step) {
  constexpr const char* kNames[] = {"start",  "set aside", "note ready", "found",
                                    "remove", "add",       "join",       "wait"};
  return kNames[step.index()];
}

// What the founders db-0-1 and db-0-2 say.
Surroundings heard(std::optional<State> one, std::optional<State> two) {
  Surroundings around;
  around.expected = {{"db-0-1", one}, {"db-0-2", two}};
  return around;
}
std::string next(State own, const Surroundings& around, const Self& self = kSelf) {
  return said(nextStep({own, 0}, around, self, kLag));
}

// A cluster of db-0-0 (1), db-0-1 (2) and db-0-2 (3), led by 2; the first has never been up.
ClusterSight formed() {
  ClusterSight sight;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const std::string host = "h" + std::to_string(id - 1);
    sight.list.members.push_back({id,
                                  id == 1 ? "" : "db-0-" + std::to_string(id - 1),
                                  {"http://" + host + ":2380"},
                                  {"http://" + host + ":2379"},
                                  false});
    if (id > 1) sight.statuses[id] = {id, 2, 3, 10, 10, false, {}};
  }
  return sight;
}

TEST(EtcdFounding, FoundersFoundWhenAllAreEmpty) {
  EXPECT_EQ(next(State::kEmpty, heard(State::kEmpty, State::kEmpty)), "note ready");
  EXPECT_EQ(next(State::kEmpty, heard(State::kReady, State::kEmpty)), "note ready");
  EXPECT_EQ(next(State::kReady, heard(State::kReady, State::kReady)), "found");
  EXPECT_EQ(next(State::kReady, heard(State::kReady, State::kMember)), "found");
  // Nobody begins before all may.
  EXPECT_EQ(next(State::kReady, heard(State::kReady, State::kEmpty)), "wait");
  EXPECT_EQ(next(State::kReady, heard(State::kReady, std::nullopt)), "wait");
}

TEST(EtcdFounding, SilenceIsNoNo) {
  EXPECT_EQ(next(State::kEmpty, heard(State::kEmpty, std::nullopt)), "wait");
  EXPECT_EQ(next(State::kEmpty, heard(std::nullopt, std::nullopt)), "wait");
  Surroundings around = heard(State::kEmpty, State::kEmpty);
  around.silent = {"10.0.0.9"};
  const Step step = nextStep({}, around, kSelf, kLag);
  ASSERT_EQ(said(step), "wait");
  EXPECT_THAT(std::get<step::Wait>(step).reason, HasSubstr("10.0.0.9"));
}

// Founder 0 loses its volume while 1 and 2 have theirs.
TEST(EtcdFounding, AFounderThatLostItsVolumeDoesNotFoundAgain) {
  EXPECT_EQ(next(State::kEmpty, heard(State::kMember, State::kMember)), "wait")
      << "their etcd does not answer";
  EXPECT_EQ(next(State::kEmpty, heard(State::kMember, std::nullopt)), "wait");
  EXPECT_EQ(next(State::kEmpty, heard(State::kMember, State::kEmpty)), "wait");
  Surroundings around = heard(State::kMember, State::kMember);
  around.cluster = formed();
  around.cluster->list.members[0].name = "db-0-0";  // it has been up
  EXPECT_EQ(next(State::kEmpty, around), "remove");
  EXPECT_EQ(next(State::kReady, around), "remove") << "a note that somebody copied is not enough";
  around.cluster->list.members.erase(around.cluster->list.members.begin());
  EXPECT_EQ(next(State::kEmpty, around), "add");
}

TEST(EtcdFounding, AMemberOutsideTheFoundersStopsThem) {
  Surroundings around = heard(State::kEmpty, State::kEmpty);
  around.others = {{"db-0-4", State::kEmpty}};
  EXPECT_EQ(next(State::kEmpty, around), "note ready");
  around.others = {{"db-0-4", State::kMember}};
  EXPECT_EQ(next(State::kEmpty, around), "wait");
  around.others = {{"db-0-4", State::kJoining}};
  EXPECT_EQ(next(State::kEmpty, around), "wait");
}

TEST(EtcdFounding, ASlowFounderTakesItsPlace) {
  Surroundings around = heard(State::kMember, State::kMember);
  around.cluster = formed();
  EXPECT_EQ(next(State::kReady, around), "found");
  EXPECT_EQ(next(State::kEmpty, around), "remove") << "whether the place was used is not known";
}

TEST(EtcdFounding, OthersJoin) {
  const Self late{"db-0-3", "h3", false};
  EXPECT_EQ(next(State::kEmpty, heard(State::kEmpty, State::kEmpty), late), "wait");
  Surroundings around = heard(State::kMember, State::kMember);
  EXPECT_EQ(next(State::kEmpty, around, late), "wait");
  around.cluster = formed();
  EXPECT_EQ(next(State::kEmpty, around, late), "add");
  around.cluster->list.members.push_back({9, "", {"http://h3:2380"}, {}, true});
  EXPECT_EQ(said(nextStep({State::kJoining, 9}, around, late, kLag)), "join");
  EXPECT_EQ(said(nextStep({State::kJoining, 8}, around, late, kLag)), "remove");
  EXPECT_EQ(next(State::kEmpty, around, late), "remove") << "its note did not get to the disk";
  around.cluster->list.members.back().name = "db-0-3";
  EXPECT_EQ(said(nextStep({State::kJoining, 9}, around, late, kLag)), "remove")
      << "it was up, and this volume has nothing of it";
}

TEST(EtcdFounding, NoVoterIsReplacedWithoutAQuorumOfTheOthers) {
  Surroundings around = heard(State::kMember, std::nullopt);
  around.cluster = formed();
  around.cluster->list.members[0].name = "db-0-0";
  around.cluster->statuses.erase(3);
  EXPECT_EQ(next(State::kEmpty, around), "wait");
}

TEST(EtcdFounding, WhatHasRunGoesOn) {
  EXPECT_EQ(next(State::kMember, heard(std::nullopt, std::nullopt)), "start");
  EXPECT_EQ(next(State::kMember, heard(State::kEmpty, State::kEmpty)), "start");
  Surroundings around = heard(State::kMember, State::kMember);
  around.cluster = formed();
  EXPECT_EQ(next(State::kMember, around), "start");
  around.cluster->list.members.erase(around.cluster->list.members.begin());
  EXPECT_EQ(next(State::kMember, around), "set aside");
}

// Three founders that look at each other in any order, crash at any time (what is in memory is
// lost; what is noted stays), lose volumes at any time: never does an etcd start as a founder whose
// place in the cluster was used by a volume that is gone.
class Simulation {
 public:
  void look(int i) {
    Node& node = nodes_[i];
    if (node.running) return;
    Surroundings around;
    for (int j = 0; j < 3; ++j) {
      if (j != i) around.expected[nameOf(j)] = nodes_[j].state;
    }
    const bool quorum = running() >= 2;
    if (quorum) around.cluster = sight();
    const Self self{nameOf(i), "h" + std::to_string(i), true};
    const Step step = nextStep({node.state, node.id}, around, self, kLag);
    if (std::holds_alternative<step::NoteReady>(step)) node.state = State::kReady;
    if (std::holds_alternative<step::Start>(step)) node.running = true;
    if (std::holds_alternative<step::Found>(step)) found(i);
    if (const auto* remove = std::get_if<step::Remove>(&step)) members_.erase(remove->id);
    if (std::holds_alternative<step::AddLearner>(step)) add(i);
    if (std::holds_alternative<step::Join>(step)) {
      node.running = true;
      node.state = State::kMember;
      members_[node.id].used = true;
      members_[node.id].learner = false;
    }
  }
  void stop(int i) { nodes_[i].running = false; }
  void loseVolume(int i) { nodes_[i] = {}; }
  [[nodiscard]] int running() const {
    int count = 0;
    for (const auto& [id, member] : members_)
      count += nodes_[member.node].running && nodes_[member.node].id == id ? 1 : 0;
    return members_.size() / 2 < static_cast<std::size_t>(count) ? count : 0;
  }

 private:
  struct Node {
    State state = State::kEmpty;
    std::uint64_t id = 0;
    bool running = false;
  };
  struct Place {
    int node = 0;
    bool used = false;  // some etcd has run in it
    bool learner = false;
  };
  static std::string nameOf(int i) { return "db-0-" + std::to_string(i); }

  void found(int i) {
    const bool anew = std::none_of(nodes_.begin(), nodes_.end(),
                                   [](const Node& node) { return node.state == State::kMember; });
    // With the first the cluster is there, with a place for each founder; what was before is lost
    // wholly, or was never there.
    if (anew) {
      members_.clear();
      for (int j = 0; j < 3; ++j) members_[static_cast<std::uint64_t>(j) + 1] = {j, false, false};
    }
    const auto place = members_.find(static_cast<std::uint64_t>(i) + 1);
    RC_ASSERT(place != members_.end());
    RC_ASSERT(!place->second.used);
    place->second.used = true;
    nodes_[i].state = State::kMember;
    nodes_[i].id = place->first;
    nodes_[i].running = true;
  }
  void add(int i) {
    members_[next_id_] = {i, false, true};
    nodes_[i].state = State::kJoining;
    nodes_[i].id = next_id_++;
  }
  [[nodiscard]] ClusterSight sight() const {
    ClusterSight out;
    std::uint64_t leader = 0;
    for (const auto& [id, member] : members_) {
      if (nodes_[member.node].running && nodes_[member.node].id == id) leader = id;
    }
    for (const auto& [id, member] : members_) {
      const std::string host = "http://h" + std::to_string(member.node);
      out.list.members.push_back({id,
                                  member.used ? nameOf(member.node) : "",
                                  {host + ":2380"},
                                  {host + ":2379"},
                                  member.learner});
      if (nodes_[member.node].running && nodes_[member.node].id == id)
        out.statuses[id] = {id, leader, 3, 10, 10, member.learner, {}};
    }
    return out;
  }

  std::array<Node, 3> nodes_;
  std::map<std::uint64_t, Place> members_;
  std::uint64_t next_id_ = 100;
};

RC_GTEST_PROP(EtcdFounding, NoPlaceIsUsedByTwoVolumes, ()) {
  Simulation world;
  const int events = *rc::gen::inRange(0, 60);
  for (int e = 0; e < events; ++e) {
    const int node = *rc::gen::inRange(0, 3);
    const int what = *rc::gen::inRange(0, 12);
    if (what == 0) world.loseVolume(node);
    if (what == 1) world.stop(node);
    if (what > 1) world.look(node);
  }
}

TEST(EtcdFounding, WithoutLossesAllFound) {
  Simulation world;
  for (int round = 0; round < 4; ++round) {
    for (int node = 0; node < 3; ++node) world.look(node);
  }
  EXPECT_EQ(world.running(), 3);
}

}  // namespace
}  // namespace stowage::etcd_agent
