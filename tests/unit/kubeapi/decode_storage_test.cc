// Storage objects, field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubeapi/decode.h"
#include "kubeapi/kept_annotations.h"
#include "kubeapi/storage.h"
#include "testing/builders/print.h"

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

template <typename T>
std::shared_ptr<const T> decode(std::string_view json) {
  Decoder<T> decoder;
  auto object = decoder.object(json);
  EXPECT_TRUE(object.has_value()) << (object ? "" : object.error().toString());
  return object ? *object : std::make_shared<T>();
}

TEST(DecodePersistentVolume, EverythingThatBindingReads) {
  const PersistentVolumePtr volume = decode<PersistentVolume>(R"({"metadata":{"name":"pv",
      "annotations":{"pv.kubernetes.io/bound-by-controller":"yes"}},
    "spec":{"capacity":{"storage":"10Gi"},"accessModes":["ReadWriteOnce","ReadOnlyMany"],
      "claimRef":{"namespace":"ns","name":"c","uid":"u"},"storageClassName":"fast",
      "volumeMode":"Block","volumeAttributesClassName":"gold",
      "csi":{"driver":"ebs.csi.aws.com","volumeHandle":"vol-1","readOnly":true},
      "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
        {"key":"zone","operator":"In","values":["a"]}]}]}}},
    "status":{"phase":"Bound"}})");
  EXPECT_EQ(volume->capacity.value(), std::int64_t{10} << 30);
  EXPECT_THAT(volume->access_modes, ElementsAre(Symbol("ReadWriteOnce"), Symbol("ReadOnlyMany")));
  EXPECT_EQ(*volume->claim, (ClaimReference{"ns", "c", "u"}));
  EXPECT_EQ(volume->storage_class, Symbol("fast"));
  EXPECT_EQ(volume->volume_mode, Symbol("Block"));
  EXPECT_EQ(volume->attributes_class, Symbol("gold"));
  EXPECT_EQ(volume->source, (VolumeSource{"csi", "ebs.csi.aws.com", "vol-1", true}));
  ASSERT_TRUE(volume->node_affinity.has_value());
  EXPECT_THAT(volume->node_affinity->terms, SizeIs(1));
  EXPECT_EQ(volume->phase, Symbol("Bound"));
  EXPECT_NE(volume->meta.annotations.find(kBoundByController), nullptr);
}

TEST(DecodePersistentVolume, InTreeSources) {
  struct Row {
    const char* spec;
    VolumeSource source;
  };
  for (const Row& row : {
           Row{R"("awsElasticBlockStore":{"volumeID":"v"})",
               {"awsElasticBlockStore", "", "v", false}},
           Row{R"("azureDisk":{"diskName":"n","diskURI":"/d","kind":"Dedicated"})",
               {"azureDisk", "", "/d", false, true}},
           Row{R"("local":{"path":"/d"})", {"local", "", "/d", false}},
           Row{R"("nfs":{"server":"s","path":"/p","readOnly":true})", {"nfs", "", "/p", true}},
           Row{R"("fc":{"lun":1})", {"fc", "", "", false}},
           Row{R"("csi":null,"hostPath":{"path":"/h"})", {"hostPath", "", "/h", false}},
           Row{R"("future":{"x":1})", {"", "", "", false}},
       }) {
    const auto volume = decode<PersistentVolume>(
        std::string(R"({"metadata":{"name":"pv"},"spec":{)") + row.spec + "}}");
    EXPECT_EQ(volume->source, row.source) << row.spec;
  }
}

TEST(DecodeClaim, HowFarAnExpansionIs) {
  const auto claim = decode<PersistentVolumeClaim>(R"({"metadata":{"name":"c"},
    "spec":{"resources":{"requests":{"storage":"2Gi"}}},
    "status":{"phase":"Bound","capacity":{"storage":"1Gi","other":"1"},
      "allocatedResourceStatuses":{"storage":"NodeResizePending"},
      "currentVolumeAttributesClassName":"gold","modifyVolumeStatus":{"status":"Infeasible"},
      "conditions":[{"type":"FileSystemResizePending","status":"True"}]}})");
  EXPECT_EQ(claim->request.value(), 2LL << 30);
  ASSERT_TRUE(claim->capacity.has_value());
  EXPECT_EQ(claim->capacity->value(), 1LL << 30);
  EXPECT_EQ(claim->resize_status, Symbol("NodeResizePending"));
  EXPECT_EQ(claim->current_attributes_class, Symbol("gold"));
  EXPECT_EQ(claim->modify_status, Symbol("Infeasible"));
  ASSERT_EQ(claim->conditions.size(), 1U);
  EXPECT_EQ(claim->conditions[0].type, Symbol("FileSystemResizePending"));
  EXPECT_EQ(claim->phase, Symbol("Bound"));
  EXPECT_EQ(decode<PersistentVolumeClaim>(R"({"metadata":{"name":"c"}})")->capacity, std::nullopt);
}

TEST(DecodeClaim, AbsentAndEmptyClassDiffer) {
  const PersistentVolumeClaimPtr claim = decode<PersistentVolumeClaim>(R"({"metadata":{"name":"c",
      "annotations":{"pv.kubernetes.io/bind-completed":"yes",
                     "volume.kubernetes.io/selected-node":"n1","other":"x"}},
    "spec":{"accessModes":["ReadWriteOncePod"],"resources":{"requests":{"storage":"1500M"}},
      "volumeName":"pv","storageClassName":"","volumeMode":"Filesystem",
      "selector":{"matchLabels":{"a":"b"}},"volumeAttributesClassName":"gold",
      "dataSource":{"kind":"VolumeSnapshot","name":"s"}},
    "status":{"phase":"Bound"}})");
  EXPECT_EQ(claim->request.value(), 1'500'000'000);
  EXPECT_THAT(claim->access_modes, ElementsAre(Symbol("ReadWriteOncePod")));
  EXPECT_EQ(claim->volume_name, Symbol("pv"));
  ASSERT_TRUE(claim->storage_class.has_value());
  EXPECT_TRUE(claim->storage_class->empty());
  EXPECT_TRUE(claim->selector.has_value());
  EXPECT_EQ(claim->attributes_class, Symbol("gold"));
  EXPECT_TRUE(claim->has_data_source);
  EXPECT_EQ(claim->phase, Symbol("Bound"));
  EXPECT_THAT(claim->meta.annotations, SizeIs(2));
  const auto plain = decode<PersistentVolumeClaim>(
      R"({"metadata":{"name":"c"},"spec":{"storageClassName":null,"dataSource":null}})");
  EXPECT_FALSE(plain->storage_class.has_value());
  EXPECT_FALSE(plain->has_data_source);
}

TEST(DecodeStorageClass, BindingModeAndTopologies) {
  const StorageClassPtr storage_class = decode<StorageClass>(R"({"metadata":{"name":"fast"},
    "provisioner":"ebs.csi.aws.com","volumeBindingMode":"WaitForFirstConsumer",
    "allowedTopologies":[{"matchLabelExpressions":[{"key":"zone","values":["a","b"]}]}]})");
  EXPECT_EQ(storage_class->provisioner, Symbol("ebs.csi.aws.com"));
  EXPECT_TRUE(storage_class->wait_for_first_consumer);
  ASSERT_THAT(storage_class->allowed_topologies, SizeIs(1));
  EXPECT_THAT(storage_class->allowed_topologies[0].requirements,
              ElementsAre(SelectorRequirement{"zone", SelectorOperator::kIn, {"a", "b"}}));
  EXPECT_FALSE(decode<StorageClass>(R"({"metadata":{"name":"f"},"volumeBindingMode":"Immediate"})")
                   ->wait_for_first_consumer);
}

TEST(DecodeCsi, NodeDriverAndCapacity) {
  const CsiNodePtr node = decode<CsiNode>(R"({"metadata":{"name":"n1",
      "annotations":{"storage.alpha.kubernetes.io/migrated-plugins":"kubernetes.io/aws-ebs"}},
    "spec":{"drivers":[{"name":"d","nodeID":"i","topologyKeys":["zone"],
      "allocatable":{"count":25}},{"name":"e","topologyKeys":null}]}})");
  EXPECT_THAT(node->drivers,
              ElementsAre(CsiNodeDriver{"d", {"zone"}, 25}, CsiNodeDriver{"e", {}, {}}));
  EXPECT_NE(node->meta.annotations.find(kMigratedPlugins), nullptr);

  const CsiDriverPtr driver = decode<CsiDriver>(
      R"({"metadata":{"name":"d"},"spec":{"attachRequired":false,"storageCapacity":true}})");
  EXPECT_FALSE(driver->attach_required);
  EXPECT_TRUE(driver->storage_capacity);
  EXPECT_TRUE(decode<CsiDriver>(R"({"metadata":{"name":"d"},"spec":{}})")->attach_required);

  const CsiStorageCapacityPtr capacity = decode<CsiStorageCapacity>(R"({"metadata":{"name":"c",
    "namespace":"ns"},"nodeTopology":{"matchLabels":{"zone":"a"}},"storageClassName":"fast",
    "capacity":"100Gi","maximumVolumeSize":"10Gi"})");
  EXPECT_TRUE(capacity->node_topology.has_value());
  EXPECT_EQ(capacity->storage_class, Symbol("fast"));
  EXPECT_EQ(capacity->capacity->value(), std::int64_t{100} << 30);
  EXPECT_EQ(capacity->maximum_volume_size->value(), std::int64_t{10} << 30);
  const auto none = decode<CsiStorageCapacity>(
      R"({"metadata":{"name":"c"},"nodeTopology":null,"capacity":null})");
  EXPECT_FALSE(none->node_topology.has_value());
  EXPECT_FALSE(none->capacity.has_value());
}

TEST(DecodeVolumeAttachment, OfAVolumeAndOfAnInlineSource) {
  const VolumeAttachmentPtr attachment = decode<VolumeAttachment>(R"({"metadata":{"name":"a"},
    "spec":{"attacher":"d","nodeName":"n1","source":{"persistentVolumeName":"pv"}},
    "status":{"attached":true}})");
  EXPECT_EQ(attachment->attacher, Symbol("d"));
  EXPECT_EQ(attachment->node_name, Symbol("n1"));
  EXPECT_EQ(attachment->volume_name, Symbol("pv"));
  EXPECT_TRUE(attachment->attached);
  EXPECT_FALSE(attachment->inline_source.has_value());
  const auto inlined = decode<VolumeAttachment>(R"({"metadata":{"name":"a"},"spec":{"source":{
    "inlineVolumeSpec":{"csi":{"driver":"d","volumeHandle":"h"}}}}})");
  ASSERT_TRUE(inlined->inline_source.has_value());
  EXPECT_EQ(*inlined->inline_source, (VolumeSource{"csi", "d", "h", false}));
}

// Hostile values in the field classes that only these types have.
TEST(DecodeStorage, WrongTypesAreErrorsThatNameTheirField) {
  Decoder<PersistentVolume> volumes;
  for (const char* json : {R"({"metadata":{"name":"a"},"spec":{"capacity":{"storage":"x"}}})",
                           R"({"metadata":{"name":"a"},"spec":{"claimRef":[]}})",
                           R"({"metadata":{"name":"a"},"spec":{"csi":7}})",
                           R"({"metadata":{"name":"a"},"spec":{"accessModes":"RWO"}})"}) {
    auto volume = volumes.object(json);
    ASSERT_FALSE(volume.has_value()) << json;
    EXPECT_EQ(volume.error().message().rfind("spec.", 0), 0U) << volume.error().message();
  }
  Decoder<CsiNode> nodes;
  auto node = nodes.object(
      R"({"metadata":{"name":"a"},"spec":{"drivers":[{"allocatable":{"count":1e99}}]}})");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().message(), "spec.drivers[0].allocatable.count: expected an integer");
}

}  // namespace
}  // namespace stowage::kubeapi
