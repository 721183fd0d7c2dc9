// What is left on disk, and what is written for etcd and for other agents.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cmd/etcd-agent/data_folder.h"
#include "cmd/etcd-agent/etcd_config.h"
#include "cmd/etcd-agent/options.h"
#include "cmd/etcd-agent/peer_word.h"
#include "k8sclient/config/client_config.h"

namespace stowage::etcd_agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class EtcdDataFolderTest : public ::testing::Test {
 protected:
  EtcdDataFolderTest() {
    std::string name = ::testing::TempDir() + "etcd_agent_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~EtcdDataFolderTest() override { fs::remove_all(path_); }
  void touch(const std::string& file, const std::string& content = "") const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << content;
  }

  fs::path path_;
};

TEST_F(EtcdDataFolderTest, SaysWhatHasBeen) {
  DataFolder folder(path_);
  EXPECT_EQ(folder.read()->state, FolderState::kEmpty);
  touch("member/snap/db");  // etcd died before its log was there
  fs::create_directories(path_ / "member/wal");
  EXPECT_EQ(folder.read()->state, FolderState::kEmpty);
  ASSERT_TRUE(folder.noteReady().ok());
  EXPECT_EQ(folder.read()->state, FolderState::kReady);
  ASSERT_TRUE(folder.noteJoining(18446744073709551615U).ok());
  EXPECT_EQ(folder.read()->state, FolderState::kJoining);
  EXPECT_EQ(folder.read()->joining_as, 18446744073709551615U);
  touch("member/wal/0000000000000000-0000000000000000.wal");
  EXPECT_EQ(folder.read()->state, FolderState::kMember);
}

TEST_F(EtcdDataFolderTest, WhoTakesEtcdsFilesAwayTakesTheNoteToo) {
  DataFolder folder(path_);
  ASSERT_TRUE(folder.noteReady().ok());
  fs::remove_all(path_ / "member");
  EXPECT_EQ(folder.read()->state, FolderState::kEmpty);
}

TEST_F(EtcdDataFolderTest, WhatIsSetAsideIsKeptOnce) {
  DataFolder folder(path_);
  for (const char* content : {"first", "second"}) {
    touch("member/wal/a.wal", content);
    ASSERT_EQ(folder.read()->state, FolderState::kMember);
    ASSERT_TRUE(folder.setAside().ok());
    EXPECT_EQ(folder.read()->state, FolderState::kEmpty);
    EXPECT_EQ(*k8sclient::readFile(path_ / "member.removed/wal/a.wal"), content);
  }
}

TEST_F(EtcdDataFolderTest, AStrangeNoteIsAnError) {
  for (const char* note :
       {"", "ready", "joining \n", "joining x\n", "joining 1", "ready\nready\n"}) {
    touch("member/stowage-note", note);
    EXPECT_FALSE(DataFolder(path_).read()) << note;
  }
  touch("member/stowage-note", std::string(100, 'x'));
  EXPECT_FALSE(DataFolder(path_).read());
}

TEST_F(EtcdDataFolderTest, AFolderThatCannotBeReadIsAnError) {
  touch("member");
  EXPECT_FALSE(DataFolder(path_).read());
  EXPECT_FALSE(DataFolder(path_).noteReady().ok());
}

const EtcdConfig kConfig{"db-0-1",
                         "/data",
                         "http://0.0.0.0:2380",
                         "http://0.0.0.0:2379",
                         "http://h1:2380",
                         "http://h1:2379",
                         "ns/db-0",
                         {{"db-0-0", "http://h0:2380"}, {"db-0-1", "http://h1:2380"}},
                         true};

TEST(EtcdConfigFile, HasTheUsersPartAndOurs) {
  const auto text =
      renderEtcdConfig("quota-backend-bytes: 5\n# a comment: name\nlog-level: warn", kConfig);
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(*text,
            "quota-backend-bytes: 5\n# a comment: name\nlog-level: warn\n"
            "name: \"db-0-1\"\ndata-dir: \"/data\"\nlisten-peer-urls: \"http://0.0.0.0:2380\"\n"
            "listen-client-urls: \"http://0.0.0.0:2379\"\n"
            "initial-advertise-peer-urls: \"http://h1:2380\"\n"
            "advertise-client-urls: \"http://h1:2379\"\n"
            "initial-cluster: \"db-0-0=http://h0:2380,db-0-1=http://h1:2380\"\n"
            "initial-cluster-state: \"new\"\ninitial-cluster-token: \"ns/db-0\"\n");
  EtcdConfig joins = kConfig;
  joins.founds = false;
  EXPECT_THAT(*renderEtcdConfig("", joins), HasSubstr("initial-cluster-state: \"existing\"\n"));
}

TEST(EtcdConfigFile, WhatTheAgentSetsCannotBeSet) {
  for (const char* base :
       {"name: x", "a: 1\n\"data-dir\": x", "'initial-cluster' : x", "{name: x}"})
    EXPECT_FALSE(renderEtcdConfig(base, kConfig)) << base;
  EXPECT_TRUE(renderEtcdConfig("peer-transport-security:\n  name: x\n", kConfig));
}

TEST(EtcdConfigFile, ALearnerIsToldOfAllMembers) {
  MemberList list;
  list.members = {{1, "db-0-0", {"http://h0:2380", "http://g0:2380"}, {}, false},
                  {0xab, "", {"http://h2:2380"}, {}, false},
                  {7, "", {"http://h1:2380"}, {}, true}};
  EtcdConfig config = kConfig;
  config.members = initialMembers(list, 7, "db-0-1");
  EXPECT_THAT(*renderEtcdConfig("", config),
              HasSubstr("\"db-0-0=http://h0:2380,db-0-0=http://g0:2380,member-ab=http://h2:2380,"
                        "db-0-1=http://h1:2380\""));
}

TEST(EtcdPeerWord, IsReadAsItIsWritten) {
  for (const FolderState state :
       {FolderState::kEmpty, FolderState::kReady, FolderState::kJoining, FolderState::kMember}) {
    const auto word = decodePeerWord(encodePeerWord({"ns/db-0", "db-0-1", state}));
    ASSERT_TRUE(word);
    EXPECT_EQ(word->cluster, "ns/db-0");
    EXPECT_EQ(word->member, "db-0-1");
    EXPECT_EQ(word->state, state);
  }
  for (const char* body :
       {"", "[]", "{}", R"({"cluster":"c","member":"m"})",
        R"({"cluster":"c","member":"m","state":1})",
        R"({"cluster":"c","member":"m","state":"Empty"})", R"({"member":"m","state":"empty"})"})
    EXPECT_FALSE(decodePeerWord(body)) << body;
  EXPECT_FALSE(
      decodePeerWord(R"({"cluster":"c","member":"m","state":"empty"})" + std::string(5000, ' ')));
}

std::variant<Options, program::EarlyExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "stowage-etcd-agent");
  return parseOptions(static_cast<int>(words.size()), words.data());
}

TEST(EtcdAgentOptions, SayWhatIsMissing) {
  const auto exitOf = [](const std::vector<const char*>& words) {
    auto parsed = parse(words);
    auto* exit = std::get_if<program::EarlyExit>(&parsed);
    return exit == nullptr ? std::string("none") : fmt::format("{} {}", exit->code, exit->text);
  };
  EXPECT_THAT(exitOf({}), HasSubstr("2 stowage-etcd-agent: --name"));
  EXPECT_THAT(exitOf({"--name", "db-0-1"}), HasSubstr("--operator-account"));
  EXPECT_THAT(exitOf({"--name", "db", "--insecure-any-token"}), HasSubstr("ends with its number"));
  EXPECT_THAT(exitOf({"--name", "db-0-1", "--operator-account", "x"}), HasSubstr("NAMESPACE:NAME"));
  EXPECT_THAT(exitOf({"init", "--name", "db-0-1"}), HasSubstr("--etcd-config"));
  EXPECT_EQ(exitOf({"init", "--name", "db-0-1", "--etcd-config", "f"}), "none");
  EXPECT_EQ(exitOf({"--name", "db-0-1", "--operator-account", "a:b"}), "none");
  EXPECT_THAT(exitOf({"--help"}), HasSubstr("0 Runs beside an etcd member"));
  EXPECT_THAT(exitOf({"init", "--help"}), HasSubstr("0 Before etcd starts"));
}

TEST(EtcdAgentOptions, AddressesOfAllForms) {
  Options options;
  const auto at = [&](const std::string& text) {
    options.listen = text;
    const auto listen = listenOptions(options);
    return listen ? fmt::format("{} {}", listen->address, listen->port) : "none";
  };
  EXPECT_EQ(at("127.0.0.1:7070"), "127.0.0.1 7070");
  EXPECT_EQ(at("[fd00::1]:7070"), "fd00::1 7070");
  EXPECT_EQ(at("fd00::1:7070"), "fd00::1 7070");
  EXPECT_EQ(at(":7070"), "0.0.0.0 7070");
  for (const char* bad : {"7070", "a:", "a:x", "a:65536", "a:-1"})
    EXPECT_EQ(at(bad), "none") << bad;
}

TEST(EtcdPeers, AreNamedAfterThePod) {
  base::SystemClock clock;
  PeerOptions options;
  options.name = "db-0-1";
  options.domain = "db-0-peers.ns.svc";
  options.hosts = {{"db-0-2", "10.0.0.2"}, {"db-0-7", "fd00::7"}};
  const Peers peers(options, clock);
  EXPECT_THAT(peers.founders(), ::testing::ElementsAre("db-0-0", "db-0-1", "db-0-2"));
  EXPECT_THAT(peers.expected(), ::testing::ElementsAre("db-0-0", "db-0-2"));
  EXPECT_THAT(peers.namedHosts(),
              ::testing::ElementsAre("db-0-0.db-0-peers.ns.svc", "10.0.0.2", "fd00::7"));
  EXPECT_EQ(peers.peerUrlOf("db-0-1"), "http://db-0-1.db-0-peers.ns.svc:2380");
  EXPECT_EQ(peers.clientUrl("fd00::7"), "http://[fd00::7]:2379");
  options.replicas = 5;
  options.name = "db-0-3";
  const Peers more(options, clock);
  EXPECT_THAT(more.expected(), ::testing::ElementsAre("db-0-0", "db-0-1", "db-0-2", "db-0-4"));
  EXPECT_FALSE(more.isFounder());
  for (const char* name : {"", "-1", "db", "db-", "db-x", "db-01", "db--1x"})
    EXPECT_FALSE(parsePodName(name)) << name;
}

}  // namespace
}  // namespace stowage::etcd_agent
