// What etcd answers, as it does (v3.6.8) and as it should not.
#include "cmd/etcd-agent/etcd_json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace stowage::etcd_agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kStatus =
    R"({"header":{"cluster_id":"9253426191885963938", "member_id":"16788246376774201753",
    "revision":"1", "raft_term":"3"}, "version":"3.6.8", "leader":"14366652780212977218",
    "raftIndex":"9", "raftTerm":"2", "raftAppliedIndex":"8", "isLearner":true,
    "errors":["memberID:1 alarm:NOSPACE "]})";

TEST(EtcdJson, ReadsAStatus) {
  const auto status = decodeStatus(kStatus);
  ASSERT_TRUE(status) << status.error().toString();
  EXPECT_EQ(status->member, 16788246376774201753U);
  EXPECT_EQ(status->leader, 14366652780212977218U);
  EXPECT_EQ(status->term, 2U);
  EXPECT_EQ(status->index, 9U);
  EXPECT_EQ(status->applied, 8U);
  EXPECT_TRUE(status->learner);
  EXPECT_THAT(status->errors, ElementsAre("memberID:1 alarm:NOSPACE "));
  // Zero values are left out.
  const auto fresh = decodeStatus(R"({"header":{"member_id":"1"}})");
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->leader, 0U);
  EXPECT_FALSE(fresh->learner);
}

TEST(EtcdJson, ReadsMembers) {
  const auto list = decodeMembers(
      R"({"header":{"cluster_id":"5"}, "members":[{"ID":"7", "peerURLs":["http://d:2380"],
      "isLearner":true}, {"ID":"8", "name":"c", "peerURLs":["http://c:2380"],
      "clientURLs":["http://c:2379"]}]})");
  ASSERT_TRUE(list) << list.error().toString();
  EXPECT_EQ(list->cluster, 5U);
  EXPECT_THAT(list->members,
              ElementsAre(Member{7, "", {"http://d:2380"}, {}, true},
                          Member{8, "c", {"http://c:2380"}, {"http://c:2379"}, false}));
  EXPECT_EQ(list->voters(), 1);
  const auto added = decodeAdded(
      R"({"member":{"ID":"7", "peerURLs":["http://d:2380"], "isLearner":true}, "members":[]})");
  ASSERT_TRUE(added);
  EXPECT_EQ(added->id, 7U);
}

TEST(EtcdJson, NonsenseIsAnError) {
  const char* const kBadStatus[] = {
      "",
      "[]",
      "null",
      "<html>",
      R"({"header":{}})",
      R"({"header":{"member_id":"0"}})",
      R"({"header":{"member_id":"-1"}})",
      R"({"header":{"member_id":"1"},"leader":"x"})",
      R"({"header":{"member_id":"1"},"leader":-1})",
      R"({"header":{"member_id":"1"},"raftTerm":1.5})",
      R"({"header":{"member_id":"1"},"raftTerm":"99999999999999999999"})",
      R"({"header":{"member_id":"1"},"isLearner":"no"})",
      R"({"header":{"member_id":"1"},"errors":"none"})",
      R"({"header":{"member_id":"1"},"errors":[1]})",
  };
  for (const char* body : kBadStatus) EXPECT_FALSE(decodeStatus(body)) << body;
  const char* const kBadMembers[] = {
      "{}",
      R"({"members":[]})",
      R"({"members":{}})",
      R"({"members":[1]})",
      R"({"members":[{}]})",
      R"({"members":[{"ID":"1"},{"ID":"1"}]})",
      R"({"members":[{"ID":"1","name":5}]})",
      R"({"members":[{"ID":"1","peerURLs":[["x"]]}]})",
  };
  for (const char* body : kBadMembers) EXPECT_FALSE(decodeMembers(body)) << body;
  EXPECT_FALSE(decodeAdded("{}"));
  EXPECT_FALSE(decodeAdded(R"({"member":[]})"));
}

TEST(EtcdJson, WhatIsTooMuchIsAnError) {
  std::string many = R"({"members":[)";
  for (int i = 1; i <= 33; ++i) many += fmt::format(R"({}{{"ID":"{}"}})", i > 1 ? "," : "", i);
  EXPECT_FALSE(decodeMembers(many + "]}"));
  EXPECT_FALSE(decodeMembers(
      fmt::format(R"({{"members":[{{"ID":"1","name":"{}"}}]}})", std::string(1025, 'n'))));
  EXPECT_FALSE(decodeStatus(fmt::format(R"({{"header":{{"member_id":"1"}},"x":"{}"}})",
                                        std::string(kMaxEtcdAnswer, 'x'))));
  EXPECT_FALSE(decodeStatus(std::string(100'000, '[')));
}

TEST(EtcdJson, RefusalsAreShownShort) {
  EXPECT_EQ(decodeRefusal(400, R"({"code":9, "message":"etcdserver: not leader"})"),
            "etcdserver: not leader");
  EXPECT_EQ(decodeRefusal(503, "<html>"), "HTTP 503");
  EXPECT_EQ(decodeRefusal(500, R"({"message":7})"), "HTTP 500");
  EXPECT_EQ(decodeRefusal(400, fmt::format(R"({{"message":"{}"}})", std::string(1000, 'm'))).size(),
            256U);
}

TEST(EtcdJson, Requests) {
  EXPECT_EQ(encodeIdRequest(16788246376774201753U), R"({"ID":"16788246376774201753"})");
  EXPECT_EQ(encodeTransferRequest(5), R"({"targetID":"5"})");
  EXPECT_EQ(encodeAddLearnerRequest("http://a\"b:1"),
            R"({"peerURLs":["http://a\"b:1"],"isLearner":true})");
}

// Whatever is cut or changed in an answer, it is read or refused.
RC_GTEST_PROP(EtcdJson, BrokenAnswersEndWell, (std::string junk)) {
  std::string body = kStatus;
  const auto at = *rc::gen::inRange<std::size_t>(0, body.size());
  body.replace(at, *rc::gen::inRange<std::size_t>(0, 20), junk);
  (void)decodeStatus(body);
  (void)decodeMembers(body);
  (void)decodeAdded(body);
  RC_ASSERT(decodeRefusal(400, body).size() <= 256U);
}

}  // namespace
}  // namespace stowage::etcd_agent
