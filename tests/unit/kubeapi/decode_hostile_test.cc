// Hostile input to the decoders: every kind of damage is an error of the object that carries it,
// named by its field, and of nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kubeapi/decode.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "testing/builders/print.h"

namespace stowage::kubeapi {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string podWith(const std::string& spec) {
  return R"({"metadata":{"name":"a","namespace":"ns"},"spec":{)" + spec + "}}";
}

std::string podWithMeta(const std::string& meta) {
  return R"({"metadata":{"name":"a","namespace":"ns",)" + meta + "}}";
}

base::Status errorOf(const std::string& json) {
  Decoder<Pod> decoder;
  auto pod = decoder.object(json);
  return pod ? base::Status() : pod.error();
}

struct HostileRow {
  std::string json;
  std::string message;  // part of the error
};

TEST(DecodeHostile, AWrongTypeNamesItsField) {
  const HostileRow rows[] = {
      {podWith(R"("nodeName":7)"), "spec.nodeName: expected a string"},
      {podWith(R"("priority":"high")"), "spec.priority: expected an integer"},
      {podWith(R"("priority":1.5)"), "spec.priority: expected an integer"},
      {podWith(R"("priority":2147483648)"), "spec.priority: integer out of range"},
      {podWith(R"("priority":18446744073709551615)"), "spec.priority: expected an integer"},
      {podWith(R"("hostNetwork":"yes")"), "spec.hostNetwork: expected true or false"},
      {podWith(R"("containers":{"name":"c"})"), "spec.containers: expected an array"},
      {podWith(R"("containers":["c"])"), "spec.containers[0]: expected an object"},
      {podWith(R"("containers":[{},{"name":[]}])"), "spec.containers[1].name: expected a string"},
      {podWith(R"("containers":[{"resources":{"requests":{"cpu":true}}}])"),
       "spec.containers[0].resources.requests.cpu: expected a string"},
      {podWith(R"("containers":[{"resources":{"requests":{"cpu":"1 core"}}}])"),
       R"(spec.containers[0].resources.requests.cpu: not a quantity: "1 core")"},
      {podWith(R"("tolerations":[{"tolerationSeconds":"5"}])"),
       "spec.tolerations[0].tolerationSeconds: expected an integer"},
      {podWith(R"("affinity":{"nodeAffinity":[]})"),
       "spec.affinity.nodeAffinity: expected an object"},
      {podWith(R"("nodeSelector":{"a":1})"), "spec.nodeSelector.a: expected a string"},
      {podWithMeta(R"("labels":{"a":null,"b":{}})"), "metadata.labels.b: expected a string"},
      {podWithMeta(R"("labels":[])"), "metadata.labels: expected an object"},
      {podWithMeta(R"("creationTimestamp":"")"),
       "metadata.creationTimestamp: expected an RFC 3339 time"},
      {podWithMeta(R"("creationTimestamp":"yesterday")"),
       "metadata.creationTimestamp: expected an RFC 3339 time"},
      {podWithMeta(R"("creationTimestamp":12)"), "metadata.creationTimestamp: expected a string"},
      {podWithMeta(R"("generation":1e3)"), "metadata.generation: expected an integer"},
      {R"({"metadata":"x"})", "metadata: expected an object"},
      {R"({"metadata":{}})", "metadata.name: required"},
      {R"({})", "metadata.name: required"},
      {R"([])", "expected an object"},
      {R"("pod")", "expected an object"},
      {R"(null)", "metadata.name: required"},
  };
  for (const HostileRow& row : rows) {
    const base::Status status = errorOf(row.json);
    EXPECT_EQ(status.code(), base::Code::kInvalidArgument) << row.json;
    EXPECT_THAT(status.message(), HasSubstr(row.message)) << row.json;
  }
}

TEST(DecodeHostile, DamagedTextIsAnErrorWhereverItStands) {
  const std::string rows[] = {
      "",
      " ",
      "{",
      podWith(R"("nodeName":"n1")") + "x",
      podWith(R"("nodeName":"n1)"),
      podWith(R"("unknown":tru)"),
      podWith(R"("unknown":[1,2)"),
      podWith(R"("unknown":[1,])"),
      podWith(R"("unknown":{"a" 1})"),
      podWith(R"("unknown":"\ud800")"),
      podWith(R"("unknown":"\q")"),
      podWith("\"unknown\":\"\xff\xfe\""),
      podWith("\"unknown\":\"a\tb\""),
      podWith(R"("unknown":01)"),
      podWith(R"("unknown":1e999)"),
      podWith(R"("unknown":99999999999999999999999)"),
      podWith("\"unknown\":" + nested(100)),
      podWith("\"unknown\":" + nested(100'000)),
      podWith("\"unknown\":" + std::string(100'000, '[')),
      std::string("{\"metadata\":{\"name\":\"a\0b\"}}", 26),
      "\xef\xbb\xbf" + podWith(""),
  };
  for (const std::string& json : rows) {
    EXPECT_EQ(errorOf(json).code(), base::Code::kInvalidArgument) << json.substr(0, 120);
  }
}

TEST(DecodeHostile, UnknownFieldsOfAnyShapeAreIgnored) {
  EXPECT_TRUE(errorOf(podWith(R"("future":{"a":[1,2.5,null,"x",{"b":true}]},"":1)")).ok());
  EXPECT_TRUE(errorOf(podWith("\"future\":" + nested(50))).ok());
}

TEST(DecodeHostile, HugeStringsAreRefusedOnlyWhereTheyWouldBeKept) {
  const std::string huge(2 << 20, 'x');
  EXPECT_THAT(errorOf(podWith("\"nodeName\":\"" + huge + "\"")).message(),
              HasSubstr("spec.nodeName: string longer than 1 MiB"));
  EXPECT_THAT(errorOf(podWithMeta("\"labels\":{\"" + huge + "\":\"v\"}")).message(),
              HasSubstr("key longer than 1 MiB"));
  EXPECT_TRUE(errorOf(podWithMeta("\"annotations\":{\"a\":\"" + huge + "\"}")).ok());
  EXPECT_THAT(errorOf(podWithMeta("\"annotations\":{\"stowage.dev/a\":\"" +
                                  huge.substr(0, 1 << 17) + "\"}"))
                  .message(),
              HasSubstr("annotation longer than 64 KiB"));
  EXPECT_TRUE(errorOf(podWith("\"unknown\":\"" + huge + "\"")).ok());
}

TEST(DecodeHostile, ObjectsAbove16MiBAreRefused) {
  const std::string filler(17 << 20, ' ');
  EXPECT_THAT(errorOf(podWith(filler)).message(), HasSubstr("larger than 16 MiB"));
}

TEST(DecodeHostile, ErrorMessagesStaySmall) {
  const std::string key(100'000, 'k');
  EXPECT_LT(errorOf(podWith("\"nodeSelector\":{\"" + key + "\":1}")).message().size(), 1000U);
  EXPECT_LT(errorOf(podWith("\"overhead\":{\"cpu\":\"" + key + "\"}")).message().size(), 1000U);
}

TEST(DecodeHostile, AbsurdQuantitiesSaturateAndDoNotFail) {
  Decoder<Pod> decoder;
  auto pod = decoder.object(podWith(R"("overhead":{"cpu":"1e100","memory":"1e-100","x":0.5,"y":7,
                                       "z":" 5 ","n":null})"));
  ASSERT_TRUE(pod.has_value()) << pod.error().toString();
  const ResourceList& overhead = (*pod)->spec.overhead;
  EXPECT_EQ(findResource(overhead, "cpu")->milliValue(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(findResource(overhead, "memory")->value(), 1);
  EXPECT_EQ(findResource(overhead, "x")->milliValue(), 500);
  EXPECT_EQ(findResource(overhead, "y")->value(), 7);
  EXPECT_EQ(findResource(overhead, "z")->value(), 5);
  EXPECT_TRUE(findResource(overhead, "n")->isZero());
}

// A page of `count` pods p0, p1, ... with `bad` in the middle.
std::string pageWith(const std::string& bad, int count = 4) {
  std::string page = R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"77",)"
                     R"("continue":"next","remainingItemCount":12},"items":[)";
  for (int i = 0; i < count; ++i) {
    if (i > 0) page += ",";
    if (i == count / 2) page += bad + ",";
    page += R"({"metadata":{"name":"p)" + std::to_string(i) + R"(","namespace":"ns"}})";
  }
  return page + "]}";
}

TEST(DecodeList, OneBadItemCostsThatItemOnly) {
  const std::string bad_items[] = {
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"priority":"x"}})",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"overhead":{"cpu":"x"}}})",
      "{\"metadata\":{\"name\":\"bad\",\"namespace\":\"ns\"},\"spec\":{\"x\":\"\xff\"}}",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":)" + nested(100) + "}",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":)" + nested(50'000) + "}",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"n":1e999}})",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"n":tru}})",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"n":"\ud800"}})",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"nodeName":")" +
          std::string(2 << 20, 'x') + "\"}}",
      R"({"metadata":{"name":"bad","namespace":"ns"},"spec":{"n":")" + std::string(17 << 20, 'x') +
          "\"}}",
  };
  Decoder<Pod> decoder;
  for (const std::string& bad : bad_items) {
    auto list = decoder.list(pageWith(bad));
    ASSERT_TRUE(list.has_value()) << bad.substr(0, 120) << list.error().toString();
    EXPECT_THAT(list->items, SizeIs(4)) << bad.substr(0, 120);
    ASSERT_THAT(list->bad, SizeIs(1)) << bad.substr(0, 120);
    EXPECT_EQ(list->bad[0].key, "ns/bad") << bad.substr(0, 120);
    EXPECT_THAT(list->bad[0].message, ::testing::Not(IsEmpty()));
    EXPECT_LT(list->bad[0].message.size(), 1000U);
    EXPECT_EQ(list->meta.resource_version, "77");
    EXPECT_EQ(list->meta.continue_token, "next");
    EXPECT_EQ(list->meta.remaining_items, 12);
  }
}

TEST(DecodeList, ABadItemWithoutANameIsNamedByItsPlace) {
  Decoder<Pod> decoder;
  for (const std::string& bad : {std::string("{}"), std::string("7"), std::string("null"),
                                 std::string("\"text\""), std::string(R"({"metadata":5})")}) {
    auto list = decoder.list(pageWith(bad));
    ASSERT_TRUE(list.has_value()) << bad;
    ASSERT_THAT(list->bad, SizeIs(1)) << bad;
    EXPECT_EQ(list->bad[0].key, "#2") << bad;
    EXPECT_THAT(list->items, SizeIs(4)) << bad;
  }
}

TEST(DecodeList, StringsThatLookLikeStructureDoNotMoveTheBorders) {
  Decoder<Pod> decoder;
  const std::string tricky =
      R"({"metadata":{"name":"t","namespace":"ns","labels":{"a":"}],{[\"\\"}},"x":"\\\"}]}"})";
  auto list = decoder.list(pageWith(tricky));
  ASSERT_TRUE(list.has_value());
  EXPECT_THAT(list->bad, IsEmpty());
  ASSERT_THAT(list->items, SizeIs(5));
  EXPECT_EQ(list->items[2]->meta.labels.find("a")->view(), "}],{[\"\\");
}

TEST(DecodeList, EmptyPagesAndUnusualLayoutsAreRead) {
  Decoder<Pod> decoder;
  for (const char* page :
       {R"({"items":[]})", R"({"items":null})", R"( { "items" : [ ] , "metadata" : { } } )",
        R"({"\u0069tems":[]})", "{\"items\":[],\"metadata\":null}\n"}) {
    auto list = decoder.list(page);
    ASSERT_TRUE(list.has_value()) << page << list.error().toString();
    EXPECT_THAT(list->items, IsEmpty());
    EXPECT_THAT(list->bad, IsEmpty());
  }
}

TEST(DecodeList, APageThatIsNoListFailsAsAWhole) {
  Decoder<Pod> decoder;
  for (const std::string& page :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
        std::string(R"({"kind":"Status","code":500})"), std::string(R"({"items":{}})"),
        std::string(R"({"items":7})"), std::string(R"({"items":[})"),
        std::string(R"({"items":[{}})"), std::string(R"({"items":[{},]})"),
        std::string(R"({"items":[{} {}]})"), std::string(R"({"items":[]} x)"),
        std::string(R"({"items":[],})"), std::string(R"({"items":[],"metadata":5})"),
        std::string(R"({"items":[],"metadata":{"resourceVersion":5}})"),
        pageWith("{}").substr(0, 200)}) {
    EXPECT_FALSE(decoder.list(page).has_value()) << page;
  }
}

TEST(DecodeEvent, ReadsEachKindOfEvent) {
  Decoder<Pod> decoder;
  using Type = Decoder<Pod>::EventType;
  const std::string object = R"({"metadata":{"name":"a","namespace":"n","resourceVersion":"5"}})";
  for (const auto& [name, type] :
       {std::pair("ADDED", Type::kAdded), std::pair("MODIFIED", Type::kModified),
        std::pair("DELETED", Type::kDeleted)}) {
    auto event =
        decoder.event(std::string(R"({"type":")") + name + R"(","object":)" + object + "}\n");
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->type, type);
    ASSERT_NE(event->object, nullptr);
    EXPECT_EQ(objectKey(event->object->meta), "n/a");
    EXPECT_EQ(event->resource_version, "5");
    EXPECT_TRUE(event->object_error.ok());
  }
  auto reversed = decoder.event(R"({"object":)" + object + R"(,"type":"ADDED"})");
  ASSERT_TRUE(reversed.has_value());
  EXPECT_NE(reversed->object, nullptr);
}

TEST(DecodeEvent, BookmarksCarryTheResourceVersionAndTheEndOfTheInitialList) {
  Decoder<Pod> decoder;
  auto plain = decoder.event(
      R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"99"}}})");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->type, Decoder<Pod>::EventType::kBookmark);
  EXPECT_EQ(plain->meta.resource_version, "99");
  EXPECT_EQ(plain->resource_version, "99");
  EXPECT_FALSE(plain->initial_events_end);
  EXPECT_TRUE(plain->object_error.ok());
  auto end = decoder.event(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"100",
                               "annotations":{"k8s.io/initial-events-end":"true"}}}})");
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->initial_events_end);
}

TEST(DecodeEvent, ErrorsAndUnknownTypesAreHandedOn) {
  Decoder<Pod> decoder;
  auto error = decoder.event(R"({"type":"ERROR","object":{"kind":"Status","code":410}})");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->type, Decoder<Pod>::EventType::kError);
  EXPECT_EQ(error->error_status, R"({"kind":"Status","code":410})");
  auto unknown = decoder.event(R"({"type":"FUTURE","object":{}})");
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->type, Decoder<Pod>::EventType::kUnknown);
  EXPECT_EQ(unknown->unknown_type, "FUTURE");
}

TEST(DecodeEvent, ABrokenObjectLeavesItsKeyAndVersionReadable) {
  Decoder<Pod> decoder;
  const std::string meta = R"("metadata":{"name":"a","namespace":"n","resourceVersion":"5"})";
  for (const std::string& object :
       {"{" + meta + R"(,"spec":{"priority":"x"}})", "{" + meta + ",\"spec\":\"\xff\"}",
        "{" + meta + ",\"spec\":" + nested(1000) + "}", R"({"spec":[1e999],)" + meta + "}"}) {
    auto event = decoder.event(R"({"type":"MODIFIED","object":)" + object + "}");
    ASSERT_TRUE(event.has_value()) << object;
    EXPECT_EQ(event->object, nullptr) << object;
    EXPECT_FALSE(event->object_error.ok()) << object;
    EXPECT_EQ(event->bad_key, "n/a") << object;
    EXPECT_EQ(event->resource_version, "5") << object;
  }
}

TEST(DecodeEvent, ADamagedEnvelopeFails) {
  Decoder<Pod> decoder;
  for (const char* line : {"", "x", "[]", "{}", R"({"type":5,"object":{}})", R"({"object":{}})",
                           R"({"type":"ADDED","object":{})", R"({"type":"ADDED","object":{}}})",
                           R"({"type":"ADDED" "object":{}})"}) {
    EXPECT_FALSE(decoder.event(line).has_value()) << line;
  }
  auto missing = decoder.event(R"({"type":"ADDED"})");
  ASSERT_TRUE(missing.has_value());
  EXPECT_FALSE(missing->object_error.ok());
}

TEST(Decoder, IsGoodForMoreObjectsAfterAnError) {
  Decoder<Pod> decoder;
  EXPECT_FALSE(decoder.object("{\"metadata\":" + nested(5000)).has_value());
  EXPECT_TRUE(decoder.object(podWith("")).has_value());
  EXPECT_FALSE(decoder.object(podWith(std::string(17 << 20, ' '))).has_value());
  EXPECT_TRUE(decoder.object(podWith(std::string(15 << 20, ' '))).has_value());
  EXPECT_TRUE(decoder.object(podWith("")).has_value());
}

}  // namespace
}  // namespace stowage::kubeapi
