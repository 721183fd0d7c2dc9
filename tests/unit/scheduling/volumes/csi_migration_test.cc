// In-tree volumes as CSI drivers see them. Expected values: csi-translation-lib's rules, v0.36.3.
#include "scheduling/volumes/csi_migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders/storage_builder.h"

namespace stowage::testing {
namespace {

using scheduling::csiAffinityOf;
using scheduling::CsiVolume;
using scheduling::csiVolumeOf;
using scheduling::migratedPlugin;

constexpr const char* kAws = "awsElasticBlockStore";
constexpr const char* kGce = "gcePersistentDisk";
constexpr const char* kZone = "topology.kubernetes.io/zone";
constexpr const char* kBetaZone = "failure-domain.beta.kubernetes.io/zone";
constexpr const char* kBetaRegion = "failure-domain.beta.kubernetes.io/region";

base::Result<CsiVolume> translated(const VolumeBuilder& builder) {
  const auto volume = builder.build();
  const auto* plugin = migratedPlugin(volume->source);
  EXPECT_NE(plugin, nullptr) << volume->source.plugin.view();
  return csiVolumeOf(*plugin, *volume);
}

TEST(CsiMigration, HandlesOfVolumes) {
  struct Row {
    const char* name;
    VolumeBuilder volume;
    CsiVolume want;
  };
  const auto gce = [](std::string_view label, std::string_view value) {
    auto made = makeVolume("pv").source(kGce, "disk");
    if (!label.empty()) made.label(label, value);
    return made;
  };
  const std::string gce_driver = "pd.csi.storage.gke.io";
  for (const Row& row : std::vector<Row>{
           {"bare EBS id", makeVolume("pv").source(kAws, "vol-1"), {"ebs.csi.aws.com", "vol-1"}},
           {"EBS id with a zone",
            makeVolume("pv").source(kAws, "aws://us-east-1a/vol-1"),
            {"ebs.csi.aws.com", "vol-1"}},
           {"EBS id without a zone",
            makeVolume("pv").source(kAws, "aws:///vol-1"),
            {"ebs.csi.aws.com", "vol-1"}},
           {"GCE without labels",
            gce("", ""),
            {gce_driver, "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/disk"}},
           {"GCE in a zone",
            gce(kZone, "us-east1-b"),
            {gce_driver, "projects/UNSPECIFIED/zones/us-east1-b/disks/disk"}},
           {"GCE in two zones",
            gce(kBetaZone, "us-east1-b__us-east1-c"),
            {gce_driver, "projects/UNSPECIFIED/regions/us-east1/disks/disk"}},
           {"Cinder", makeVolume("pv").source("cinder", "c"), {"cinder.csi.openstack.org", "c"}},
           {"Portworx", makeVolume("pv").source("portworxVolume", "p"), {"pxd.portworx.com", "p"}},
           {"Azure disk",
            makeVolume("pv").source("azureDisk", "/subscriptions/d"),
            {"disk.csi.azure.com", "/subscriptions/d"}},
       }) {
    const auto got = translated(row.volume);
    ASSERT_TRUE(got.has_value()) << row.name;
    EXPECT_EQ(*got, row.want) << row.name << ": " << got->handle.view();
  }
}

TEST(CsiMigration, WhatCannotBeTranslatedSaysWhy) {
  EXPECT_FALSE(translated(makeVolume("pv").source(kAws, "aws://zone/disk-1")).has_value());
  EXPECT_FALSE(translated(makeVolume("pv").source(kAws, "aws://zone")).has_value());
  EXPECT_FALSE(translated(makeVolume("pv").source(kGce, "d").label(kZone, "us-east1-b__eu-west1-c"))
                   .has_value());
  EXPECT_FALSE(translated(makeVolume("pv").source(kGce, "d").label(kZone, "a__b")).has_value());
  auto unmanaged = makeVolume("pv").source("azureDisk", "http://disk");
  unmanaged.edit().source.unmanaged = true;
  EXPECT_FALSE(translated(unmanaged).has_value());
}

TEST(CsiMigration, OtherVolumesAreLeftAlone) {
  for (const char* plugin : {"csi", "nfs", "vsphereVolume", "azureFile", ""}) {
    kubeapi::VolumeSource source;
    source.plugin = plugin;
    EXPECT_EQ(migratedPlugin(source), nullptr) << plugin;
  }
  EXPECT_EQ(scheduling::migratedProvisioner("example.test/maker"), nullptr);
  EXPECT_EQ(scheduling::migratedProvisioner("kubernetes.io/aws-ebs")->driver, "ebs.csi.aws.com");
}

TEST(CsiMigration, ZonesOfTheAffinityGetTheDriversKey) {
  const auto volume = makeVolume("pv")
                          .source(kAws, "vol-1")
                          .usableFrom(kBetaZone, {"a"})
                          .usableFrom(kBetaRegion, {"r"})
                          .usableFrom("other", {"x"})
                          .build();
  const auto affinity = csiAffinityOf(*migratedPlugin(volume->source), *volume);
  const auto& expressions = affinity->terms.at(0).match_expressions;
  EXPECT_EQ(expressions.at(0).key, base::Symbol("topology.ebs.csi.aws.com/zone"));
  EXPECT_EQ(expressions.at(1).key, base::Symbol("topology.kubernetes.io/region"));
  EXPECT_EQ(expressions.at(2).key, base::Symbol("other"));
}

TEST(CsiMigration, ZoneLabelsBecomeAffinityWhenThereIsNone) {
  const auto volume =
      makeVolume("pv").source("cinder", "c").label(kZone, "a__b").usableFrom("k", {"v"}).build();
  const auto affinity = csiAffinityOf(*migratedPlugin(volume->source), *volume);
  const auto& expressions = affinity->terms.at(0).match_expressions;
  ASSERT_EQ(expressions.size(), 2U);
  EXPECT_EQ(expressions[1].key, base::Symbol("topology.cinder.csi.openstack.org/zone"));
  EXPECT_THAT(expressions[1].values, ::testing::ElementsAre(base::Symbol("a"), base::Symbol("b")));
}

TEST(CsiMigration, AzureZonesAreNotTranslated) {
  const auto volume =
      makeVolume("pv").source("azureDisk", "d").usableFrom(kZone, {"a"}).label(kZone, "b").build();
  EXPECT_EQ(csiAffinityOf(*migratedPlugin(volume->source), *volume), volume->node_affinity);
}

TEST(CsiMigration, ANodeSaysWhichPluginsAreHandedOver) {
  const auto& aws = *scheduling::migratedProvisioner("kubernetes.io/aws-ebs");
  EXPECT_FALSE(scheduling::migratedOn(aws, nullptr));
  EXPECT_FALSE(scheduling::migratedOn(aws, makeCsiNode("n").build().get()));
  EXPECT_FALSE(scheduling::migratedOn(
      aws,
      makeCsiNode("n").migrated("kubernetes.io/aws-ebs-2,kubernetes.io/gce-pd").build().get()));
  EXPECT_TRUE(scheduling::migratedOn(
      aws, makeCsiNode("n").migrated("kubernetes.io/gce-pd,kubernetes.io/aws-ebs").build().get()));
}

}  // namespace
}  // namespace stowage::testing
