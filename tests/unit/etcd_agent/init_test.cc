// The init step before others in memory: what it does, in which order, and that it may die
// anywhere.
#include "cmd/etcd-agent/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "k8sclient/config/client_config.h"
#include "unit/etcd_agent/fake_etcd.h"

namespace stowage::etcd_agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeWords final : public PeerWords {
 public:
  base::Result<PeerWord> ask(const std::string& host) override {
    const auto found = words.find(host);
    if (found == words.end()) return base::fail(base::Code::kUnavailable, "no answer");
    return found->second;
  }
  void say(int ordinal, FolderState state, const std::string& cluster = "ns/db-0") {
    words[fmt::format("h{}", ordinal)] = {cluster, fmt::format("db-0-{}", ordinal), state};
  }
  std::map<std::string, PeerWord> words;  // not changed while somebody asks
};

class EtcdInitTest : public ::testing::Test {
 protected:
  ~EtcdInitTest() override { fs::remove_all(path_); }

  base::Status run(int ordinal, base::Duration patience = base::Duration::zero()) {
    PeerOptions options;
    options.name = fmt::format("db-0-{}", ordinal);
    for (int i = 0; i < 5; ++i) options.hosts[fmt::format("db-0-{}", i)] = fmt::format("h{}", i);
    const Peers peers(options, clock_);
    InitOptions init;
    init.config = {options.name,
                   path_ / "data",
                   "http://0.0.0.0:2380",
                   "http://0.0.0.0:2379",
                   peers.peerUrlOf(options.name),
                   "http://own:2379",
                   "ns/db-0",
                   {},
                   false};
    init.config_file = path_ / "etcd.yaml";
    init.patience = patience;
    return Init(init, folder_, etcd_, words_, peers, clock_).run({});
  }
  [[nodiscard]] std::string config() const {
    return k8sclient::readFile(path_ / "etcd.yaml").value_or("none");
  }
  void etcdHasRun() const {
    fs::create_directories(path_ / "data/member/wal");
    std::ofstream(path_ / "data/member/wal/a.wal") << "x";
  }

  static fs::path madeFolder() {
    std::string name = ::testing::TempDir() + "etcd_init_XXXXXX";
    const fs::path path = ::mkdtemp(name.data());
    fs::create_directories(path / "data");
    return path;
  }

  const fs::path path_ = madeFolder();
  base::SystemClock clock_;
  FakeEtcd etcd_{3};
  FakeWords words_;
  DataFolder folder_{(path_ / "data").string()};
};

TEST_F(EtcdInitTest, FoundersFoundInTwoSteps) {
  words_.say(0, FolderState::kEmpty);
  words_.say(2, FolderState::kEmpty);
  etcd_.cluster.clear();
  EXPECT_EQ(run(1).code(), base::Code::kTimeout);
  EXPECT_EQ(folder_.read()->state, FolderState::kReady);
  EXPECT_EQ(config(), "none");
  EXPECT_THAT(run(1).message(), HasSubstr("db-0-0, db-0-2"));
  words_.say(0, FolderState::kReady);
  words_.say(2, FolderState::kReady);
  EXPECT_TRUE(run(1).ok());
  EXPECT_THAT(config(), HasSubstr("initial-cluster-state: \"new\""));
  EXPECT_THAT(config(),
              HasSubstr("\"db-0-0=http://h0:2380,db-0-1=http://h1:2380,db-0-2=http://h2:2380\""));
  // Again, after a crash before etcd ran.
  fs::remove(path_ / "etcd.yaml");
  EXPECT_TRUE(run(1).ok());
  EXPECT_THAT(config(), HasSubstr("\"new\""));
  // And once it has run.
  etcdHasRun();
  EXPECT_TRUE(run(1).ok());
  EXPECT_THAT(config(), HasSubstr("\"existing\""));
  EXPECT_THAT(etcd_.asked, IsEmpty());
}

TEST_F(EtcdInitTest, AnotherJoinsAsALearner) {
  for (int i = 0; i < 3; ++i) words_.say(i, FolderState::kMember);
  EXPECT_TRUE(run(3, std::chrono::seconds(10)).ok());
  EXPECT_THAT(etcd_.asked, ElementsAre("add http://h3:2380"));
  EXPECT_EQ(folder_.read()->joining_as, 100U);
  EXPECT_THAT(config(), HasSubstr("\"existing\""));
  EXPECT_THAT(config(), HasSubstr("db-0-2=http://h2:2380,db-0-3=http://h3:2380\""));
  // Once more: it is the same learner.
  EXPECT_TRUE(run(3).ok());
  EXPECT_EQ(etcd_.asked.size(), 1U);
}

TEST_F(EtcdInitTest, ALostNoteMakesAnotherLearner) {
  for (int i = 0; i < 3; ++i) words_.say(i, FolderState::kMember);
  ASSERT_TRUE(run(3, std::chrono::seconds(10)).ok());
  fs::remove_all(path_ / "data/member");
  EXPECT_TRUE(run(3, std::chrono::seconds(10)).ok());
  EXPECT_THAT(etcd_.asked, ElementsAre("add http://h3:2380", "remove 100", "add http://h3:2380"));
  EXPECT_EQ(folder_.read()->joining_as, 101U);
}

TEST_F(EtcdInitTest, AFounderWithoutItsVolumeComesAsALearner) {
  words_.say(1, FolderState::kMember);
  words_.say(2, FolderState::kMember);
  etcd_.lead(2);
  etcd_.at(0).up = false;
  EXPECT_TRUE(run(0, std::chrono::seconds(10)).ok());
  EXPECT_THAT(etcd_.asked, ElementsAre("remove 1", "add http://h0:2380"));
}

TEST_F(EtcdInitTest, EtcdsRefusalIsWaitedFor) {
  for (int i = 0; i < 3; ++i) words_.say(i, FolderState::kMember);
  etcd_.refuse_next = base::Status(base::Code::kConflict, "too many learner members in cluster");
  EXPECT_TRUE(run(3, std::chrono::seconds(10)).ok());
  EXPECT_EQ(etcd_.asked.size(), 2U);
}

// Who answers at an address of another cluster says nothing about this one.
TEST_F(EtcdInitTest, WordsOfOthersDoNotCount) {
  etcd_.cluster.clear();
  words_.say(0, FolderState::kEmpty, "ns/other-0");
  words_.say(2, FolderState::kEmpty);
  EXPECT_THAT(run(1).message(), HasSubstr("to hear from db-0-0"));
  words_.words["h0"] = {"ns/db-0", "db-0-9", FolderState::kEmpty};
  EXPECT_THAT(run(1).message(), HasSubstr("to hear from db-0-0"));
  words_.say(0, FolderState::kMember, "ns/other-0");
  EXPECT_THAT(run(3).message(), HasSubstr("for a cluster to join"));
}

TEST_F(EtcdInitTest, ARemovedMemberComesAnew) {
  for (int i = 0; i < 3; ++i) words_.say(i, FolderState::kMember);
  etcdHasRun();
  EXPECT_TRUE(run(3, std::chrono::seconds(10)).ok());
  EXPECT_THAT(etcd_.asked, ElementsAre("add http://h3:2380"));
  EXPECT_TRUE(fs::exists(path_ / "data/member.removed/wal/a.wal"));
}

TEST_F(EtcdInitTest, ABaseThatCannotBeIsSaidAtOnce) {
  etcdHasRun();
  PeerOptions options;
  options.name = "db-0-1";
  const Peers peers(options, clock_);
  InitOptions init;
  init.base_config = "name: x\n";
  init.config_file = path_ / "etcd.yaml";
  init.patience = std::chrono::hours(1);
  const base::Status ended = Init(init, folder_, etcd_, words_, peers, clock_).run({});
  EXPECT_EQ(ended.code(), base::Code::kInvalidArgument);
  EXPECT_THAT(ended.message(), HasSubstr("--etcd-base-config: name is set by the agent"));
}

}  // namespace
}  // namespace stowage::etcd_agent
