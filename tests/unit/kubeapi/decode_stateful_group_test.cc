#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubeapi/decode.h"
#include "kubeapi/stateful_group.h"

namespace stowage::kubeapi {
namespace {

using ::testing::HasSubstr;

std::string groupWith(const std::string& fields) {
  return R"({"metadata":{"name":"db","namespace":"a","uid":"u","resourceVersion":"7"},"spec":{)" +
         std::string(R"("template":{"spec":{"containers":[{"name":"c"}]}})") +
         (fields.empty() ? "" : ",") + fields + "}}";
}

StatefulGroupPtr decode(const std::string& json) {
  Decoder<StatefulGroup> decoder;
  auto group = decoder.object(json);
  EXPECT_TRUE(group.has_value()) << group.error().toString();
  return group ? *group : std::make_shared<const StatefulGroup>();
}

std::string errorOf(const std::string& json) {
  Decoder<StatefulGroup> decoder;
  const auto group = decoder.object(json);
  EXPECT_FALSE(group.has_value()) << json;
  return group ? "" : group.error().message();
}

TEST(DecodeStatefulGroup, DefaultsStandWithoutAServerThatSetsThem) {
  const auto group = decode(groupWith(""));
  EXPECT_EQ(group->spec.shards, 1);
  EXPECT_EQ(group->spec.replicas, 3);
  EXPECT_EQ(group->spec.consensus.type, group::ConsensusType::kQuorum);
  EXPECT_EQ(group->spec.roles.size(), 3U);
  EXPECT_EQ(group->spec.topology.failure_domains.size(), 2U);
  EXPECT_FALSE(group->spec.update_strategy.rolling_update.has_value());
}

TEST(DecodeStatefulGroup, TemplateIsKeptAsItIs) {
  const auto group = decode(
      R"({"metadata":{"name":"db"},"spec":{"template":{ "spec" : {"containers":[{"name":"c","x":1.50,"y":null}]}}}})");
  EXPECT_EQ(group->spec.pod_template.text,
            R"({"spec":{"containers":[{"name":"c","x":1.5,"y":null}]}})");
}

TEST(DecodeStatefulGroup, ClaimTemplatesTellTheirSize) {
  const auto group = decode(groupWith(
      R"("volumeClaimTemplates":[{"name":"data","metadata":{"labels":{"a":"b"}},"spec":{"accessModes":["ReadWriteOnce"],)"
      R"("volumeAttributesClassName":"fast","resources":{"requests":{"storage":"10Gi"}}}}])"));
  ASSERT_EQ(group->spec.claim_templates.size(), 1U);
  const auto& claim = group->spec.claim_templates.front();
  EXPECT_EQ(claim.name, "data");
  EXPECT_EQ(claim.storage.value(), 10LL << 30);
  EXPECT_EQ(claim.attributes_class, "fast");
  EXPECT_EQ(*claim.labels.find("a"), "b");
  EXPECT_THAT(claim.spec.text, HasSubstr("ReadWriteOnce"));
}

TEST(DecodeStatefulGroup, NumbersOrTextsAreBoth) {
  const auto group = decode(groupWith(
      R"("updateStrategy":{"rollingUpdate":{"maxUnavailableShards":"25%"}},)"
      R"("services":{"ports":[{"name":"a","port":1,"targetPort":8080},{"name":"b","port":2}]})"));
  EXPECT_EQ(group->spec.update_strategy.rolling_update->max_unavailable_shards.text, "25%");
  ASSERT_EQ(group->spec.services.ports.size(), 2U);
  EXPECT_EQ(group->spec.services.ports[0].target_port->number, 8080);
  EXPECT_FALSE(group->spec.services.ports[1].target_port.has_value());
}

TEST(DecodeStatefulGroup, ErrorsNameTheField) {
  EXPECT_EQ(errorOf(groupWith(R"("shards":257)")), "spec.shards: expected a number from 1 to 256");
  EXPECT_EQ(errorOf(groupWith(R"("consensus":{"type":"Raft"})")),
            "spec.consensus.type: expected one of Quorum, PrimaryReplica, None");
  EXPECT_EQ(errorOf(groupWith(R"("offlineReplicas":"0/1")")),
            "spec.offlineReplicas: expected an array");
  EXPECT_EQ(errorOf(groupWith(R"("roleProbe":{"http":{"port":"x"}})")),
            "spec.roleProbe.http.port: expected an integer");
  EXPECT_EQ(errorOf(R"({"metadata":{"name":"db"}})"), "spec: required");
  EXPECT_EQ(errorOf(R"({"metadata":{"name":"db"},"spec":{}})"), "spec.template: required");
  EXPECT_EQ(errorOf(R"({"metadata":{"name":"db"},"spec":{"template":[]}})"),
            "spec.template: expected an object");
}

TEST(DecodeStatefulGroup, WhatIsTooMuchIsAnErrorOfThatObject) {
  std::string many = R"("offlineReplicas":[)";
  for (int i = 0; i < 65; ++i) many += (i == 0 ? "" : ",") + ("\"0/" + std::to_string(i) + "\"");
  EXPECT_EQ(errorOf(groupWith(many + "]")), "spec.offlineReplicas: more than 64 entries");

  const std::string large(600 * 1024, 'x');
  const std::string text =
      R"({"metadata":{"name":"db"},"spec":{"template":{"a":")" + large + R"("}}})";
  EXPECT_EQ(errorOf(text), "spec.template: larger than 512 KiB");

  std::string deep = R"({"metadata":{"name":"db"},"spec":{"template":{"a":)";
  for (int i = 0; i < 100; ++i) deep += "[";
  for (int i = 0; i < 100; ++i) deep += "]";
  EXPECT_FALSE(errorOf(deep + "}}}").empty());

  Decoder<StatefulGroup> decoder;
  const auto list =
      decoder.list(R"({"items":[)" + text + "," + groupWith("") + R"(,{"metadata":{}}]})");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->items.size(), 1U);
  EXPECT_EQ(list->bad.size(), 2U);
}

TEST(EncodeStatefulGroup, StatusUpdateCarriesTheVersionAndZeros) {
  const auto group = decode(groupWith(""));
  const std::string body = encodeStatusUpdate(*group, group::Status{});
  EXPECT_THAT(body, HasSubstr(R"("name":"db","namespace":"a","uid":"u","resourceVersion":"7")"));
  EXPECT_THAT(body, HasSubstr(R"("readyReplicas":0)"));
  EXPECT_THAT(body, HasSubstr(R"("quorateShards":0)"));
}

}  // namespace
}  // namespace stowage::kubeapi
