// Operators die while they ask real etcd members to join, to leave and to hand over; agents die
// once etcd has done it and before they say so. Whoever comes next asks the same again: nobody
// joins or leaves twice, by etcd's own list, where no id is given twice, and no acknowledged write
// is lost.
#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>

#include "integration/etcd_group/etcd_group_world.h"

namespace stowage::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// Nobody dies who serves; a leader that goes has handed over.
constexpr auto kLongestGap = 10s;

class EtcdCrashIt : public EtcdGroupWorld {
 protected:
  // Agents that also tell what they were asked.
  void formed(Changes changes) {
    changes.emplace_back("periodSeconds: 5}", "periodSeconds: 1}");  // of the role probe
    changes.emplace_back("- --listen=$(POD_IP):7070", "- --v=1\n        - --listen=$(POD_IP):7070");
    applyExample(1, changes);
    awaitAll(1);
    stuck_ = HasFailure();
    ASSERT_FALSE(stuck_) << logs();
    remember();
    startWriters(1);
  }

  // The operator ends, `change` comes about, and another one dies at that point.
  template <typename Change>
  void dieAt(const std::string& failpoint, const Change& change) {
    if (stuck_) return;
    operator_.reset();
    change();
    const auto doomed = startHookedOperator({"STOWAGE_FAILPOINTS=" + failpoint});
    stuck_ = !waitFor([&] { return !doomed->process().running(); }, kPatience);
    ASSERT_FALSE(stuck_) << failpoint << " was not reached\n" << logs();
    ASSERT_EQ(doomed->process().waitExit(1s), 137) << doomed->process().log();
    remember();
  }
  void dieAt(const std::string& failpoint) {
    dieAt(failpoint, [] {});
  }
  void finish() {
    if (stuck_) return;
    operator_ = startHookedOperator();
    ASSERT_TRUE(operator_->waitReady());
    awaitAll(1);
    remember();
  }

  // Who is in the cluster now. A member that is in has the id with which it was first seen.
  void remember() {
    seen_ = members(0);
    for (const auto& [pod, member] : seen_) {
      const auto before = ids_.emplace(pod, member.id).first;
      EXPECT_EQ(before->second, member.id) << pod << " has joined twice";
    }
  }
  [[nodiscard]] bool votes(const std::string& pod) const {
    const auto found = seen_.find(pod);
    return found != seen_.end() && !found->second.learner;
  }
  std::string annotation(const std::string& pod, const std::string& key) {
    return getObject(cluster_, {"pod", pod, "-n", ns_})["metadata"]
        .value("annotations", Json::object())
        .value("stowage.dev/" + key, "");
  }

  // With which operation ids members were asked that, by its agents' logs.
  std::set<std::string> askedOf(const std::string& pod, const std::string& verb) {
    const std::regex line("asked verb=\"" + verb + "\" pod=\"" + pod + "\" operation=\"([^\"]*)\"");
    std::set<std::string> ids;
    for (const auto& [name, member] : ids_) {
      const std::string text = nodes().log(ns_, name, "agent");
      for (std::sregex_iterator found(text.begin(), text.end(), line), end; found != end; ++found)
        ids.insert((*found)[1]);
    }
    return ids;
  }
  // How often agents have written that.
  int countInLogs(const std::string& words) {
    int count = 0;
    for (const auto& [name, member] : ids_) {
      const std::string text = nodes().log(ns_, name, "agent");
      for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++count;
    }
    return count;
  }
  // How often the pod's member was "added" to the cluster or "removed" from it, by the log of a
  // founder's etcd.
  int countChanges(const std::string& what, const std::string& pod) {
    std::istringstream lines(nodes().log(ns_, "etcd-0-0", "etcd"));
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("\"msg\":\"" + what + " member\"") != std::string::npos &&
          line.find("//" + pod + ".") != std::string::npos)
        ++count;
    }
    return count;
  }

  bool stuck_ = false;  // something that was waited for has not come
  std::map<std::string, EtcdClient::Member> seen_;
  std::map<std::string, std::string> ids_;  // in etcd, by pod
};

TEST_F(EtcdCrashIt, OperatorsThatDieAreFollowedByThoseThatAskTheSame) {
  formed({});
  const std::size_t mark = auditMark(cluster_);

  // It was asked, and nothing is written down yet.
  dieAt("after:ask/join/etcd-0-3:1", [&] { setReplicas(5); });
  EXPECT_EQ(annotation("etcd-0-3", "joined"), "");
  // It is in, and that is not written down.
  dieAt("after:done/join/etcd-0-3:1");
  EXPECT_TRUE(votes("etcd-0-3"));
  EXPECT_EQ(annotation("etcd-0-3", "joined"), "");
  // It is written down, and the next one has not been made.
  dieAt("before:create/pods/etcd-0-4:1");
  EXPECT_EQ(annotation("etcd-0-3", "joined"), "true");
  EXPECT_THAT(seen_, SizeIs(4));
  finish();
  EXPECT_THAT(voters(0), SizeIs(5));
  EXPECT_THAT(askedOf("etcd-0-3", "join"), SizeIs(1));
  EXPECT_THAT(removals(mark), IsEmpty());
  endPhase("operators die at joins", kLongestGap);

  // It is written down that it shall leave, and nobody was asked.
  dieAt("before:ask/leave/etcd-0-4:1", [&] { setReplicas(3); });
  const std::string record = annotation("etcd-0-4", "operation");
  EXPECT_NE(record, "");
  EXPECT_TRUE(votes("etcd-0-4"));
  // It has left, and its pod lives.
  dieAt("after:done/leave/etcd-0-4:1");
  EXPECT_EQ(annotation("etcd-0-4", "operation"), record);
  EXPECT_THAT(seen_, Not(Contains(Key("etcd-0-4"))));
  EXPECT_THAT(removals(mark), IsEmpty());
  // It is gone, and it is the next one's turn.
  dieAt("before:ask/leave/etcd-0-3:1");
  EXPECT_THAT(removals(mark), ElementsAre("etcd-0-4"));
  EXPECT_TRUE(votes("etcd-0-3"));
  EXPECT_THAT(seen_, SizeIs(4));
  finish();
  EXPECT_THAT(voters(0), ElementsAre("etcd-0-0", "etcd-0-1", "etcd-0-2"));
  EXPECT_THAT(askedOf("etcd-0-4", "leave"), SizeIs(1));
  for (const std::string pod : {"etcd-0-3", "etcd-0-4"}) {
    EXPECT_TRUE(waitFor([&] { return countChanges("removed", pod) > 0; }, 30s)) << pod;
    EXPECT_EQ(countChanges("removed", pod), 1) << pod;
    EXPECT_EQ(countChanges("added", pod), 1) << pod;
  }
  EXPECT_THAT(removals(mark), ElementsAre("etcd-0-4", "etcd-0-3"));
  endPhase("operators die at leaves", kLongestGap);

  const std::string first = leader(0);
  const std::string uid = uids(kGroup).at(first);
  // It is written down that the leader shall go, and nobody was asked.
  dieAt("before:ask/switchover/" + first + ":1",
        [&] { EXPECT_EQ(stowage({"replace", first}).exit_code, 0); });
  const std::string asked = annotation(first, "operation");
  EXPECT_NE(asked, "");
  EXPECT_EQ(countInLogs("handing the leadership over"), 0);
  // Somebody else leads, and nobody has heard of it.
  dieAt("after:ask/switchover/" + first + ":1");
  EXPECT_EQ(annotation(first, "operation"), asked);
  EXPECT_NE(leader(0), first);
  // That is known, and it still runs.
  dieAt("before:evict/pods/" + first + ":1");
  EXPECT_EQ(annotation(first, "operation"), asked);
  EXPECT_EQ(uids(kGroup).at(first), uid);
  finish();
  EXPECT_NE(uids(kGroup).at(first), uid);
  EXPECT_THAT(askedOf(first, "switchover"), SizeIs(1));
  EXPECT_THAT(removals(mark), ElementsAre("etcd-0-4", "etcd-0-3", first));
  endPhase("operators die at a hand-over", kLongestGap);

  stopWritersAndReadBack();
  if (HasFailure()) std::printf("%s\n", logs().c_str());
}

// Where agents die once, each.
const std::vector<std::pair<std::string, std::string>> kDyingAgents = {
    {"env: &env\n",
     "env: &env\n"
     "        - name: STOWAGE_FAILPOINTS\n"
     "          value: promote:/var/lib/etcd/died-promoting,remove:/var/lib/etcd/died-removing,"
     "transfer:/var/lib/etcd/died-handing-over,init/add:/var/lib/etcd/died-adding,"
     "init/remove:/var/lib/etcd/died-removing-again\n"}};

TEST_F(EtcdCrashIt, AgentsThatDieAreAskedTheSameAgain) {
  formed(kDyingAgents);
  const std::size_t mark = auditMark(cluster_);

  setReplicas(5);
  awaitAll(1);
  EXPECT_THAT(voters(0), SizeIs(5)) << logs();
  remember();
  for (const std::string pod : {"etcd-0-3", "etcd-0-4"}) {
    const std::string init = nodes().log(ns_, pod, "init");
    EXPECT_THAT(init, ::testing::HasSubstr("dying at a failpoint after=\"init/add\"")) << pod;
    const std::string agent = nodes().log(ns_, pod, "agent");
    EXPECT_THAT(agent, ::testing::HasSubstr("dying at a failpoint after=\"promote\"")) << pod;
    EXPECT_THAT(askedOf(pod, "join"), SizeIs(1)) << pod;
  }
  EXPECT_THAT(removals(mark), IsEmpty());
  endPhase("agents die at joins", kLongestGap);

  setReplicas(3);
  awaitAll(1);
  EXPECT_THAT(voters(0), ElementsAre("etcd-0-0", "etcd-0-1", "etcd-0-2")) << logs();
  remember();
  EXPECT_GE(countInLogs("dying at a failpoint after=\"remove\""), 2);
  // Whoever was added twice, since nobody had noted the first time, was removed as often.
  for (const std::string pod : {"etcd-0-3", "etcd-0-4"}) {
    EXPECT_LE(countChanges("added", pod), 2) << pod;
    EXPECT_TRUE(
        waitFor([&] { return countChanges("removed", pod) == countChanges("added", pod); }, 30s))
        << pod;
  }
  EXPECT_THAT(removals(mark), ElementsAre("etcd-0-4", "etcd-0-3"));
  endPhase("agents die at leaves", kLongestGap);

  const std::string first = leader(0);
  const std::string uid = uids(kGroup).at(first);
  EXPECT_EQ(stowage({"replace", first}).exit_code, 0);
  awaitAnother(first, uid);
  awaitRest(kGroup);
  remember();
  EXPECT_EQ(countInLogs("dying at a failpoint after=\"transfer\""), 1);
  EXPECT_THAT(removals(mark), ElementsAre("etcd-0-4", "etcd-0-3", first));
  endPhase("an agent dies at a hand-over", kLongestGap);

  stopWritersAndReadBack();
  if (HasFailure()) std::printf("%s\n", logs().c_str());
}

}  // namespace
}  // namespace stowage::testing
