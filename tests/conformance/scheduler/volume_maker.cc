#include "conformance/scheduler/volume_maker.h"

#include "conformance/scheduler/vocabulary.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

const Names kClaims = {"data", "logs", "cache"};
const Names kDrivers = {"ebs.csi.aws.com", "disk.example.com"};
const Names kClasses = {"wait", "immediate", "local", "zonal", "missing"};

json meta(const std::string& name) {
  return {{"name", name}, {"uid", "uid-" + name}, {"resourceVersion", "1"}};
}

}  // namespace

std::string VolumeMaker::accessMode() {
  return dice_.pick(
      Names{"ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod", "ReadOnlyMany"});
}

std::string VolumeMaker::amount() { return dice_.pick(Names{"1Gi", "5Gi", "10Gi", "10G", "20Gi"}); }

json VolumeMaker::storageClass(const std::string& name, const std::string& provisioner,
                               bool waits) {
  return {{"metadata", meta(name)},
          {"provisioner", provisioner},
          {"volumeBindingMode", waits ? "WaitForFirstConsumer" : "Immediate"}};
}

json VolumeMaker::source() {
  const std::string id = "vol-" + std::to_string(dice_.below(6));
  switch (dice_.below(5)) {
    case 0:
      return {{"awsElasticBlockStore", {{"volumeID", "aws://zone-a/" + id}}}};
    case 1:
      return {{"local", {{"path", "/mnt/" + id}}}};
    default:
      return {{"csi", {{"driver", dice_.pick(kDrivers)}, {"volumeHandle", id}}}};
  }
}

json VolumeMaker::nodeAffinity() {
  json one = {{"operator", dice_.chance(85) ? "In" : "NotIn"}};
  if (dice_.chance(60)) {
    one["key"] = kZone;
    for (std::uint64_t i = 1 + dice_.below(2); i > 0; --i) {
      one["values"].push_back(dice_.pick(kZones));
    }
  } else {
    one["key"] = kHost;
    one["values"] = {"node-" + std::to_string(dice_.below(nodes_))};
  }
  return {{"required", {{"nodeSelectorTerms", {{{"matchExpressions", {one}}}}}}}};
}

void VolumeMaker::addVolume(json& question, const std::string& name) {
  json volume = {{"metadata", meta(name)}};
  json& spec = volume["spec"];
  spec = source();
  spec["capacity"]["storage"] = amount();
  spec["accessModes"] = {accessMode()};
  if (dice_.chance(30)) spec["accessModes"].push_back("ReadOnlyMany");
  spec["storageClassName"] = dice_.pick(Names{"wait", "local", "local", "zonal", ""});
  if (dice_.chance(70)) spec["nodeAffinity"] = nodeAffinity();
  if (dice_.chance(35)) {
    const std::string key =
        dice_.pick(Names{kZone, "failure-domain.beta.kubernetes.io/zone", kRegion});
    volume["metadata"]["labels"][key] =
        key == kRegion ? "north" : dice_.pick(Names{"zone-a", "zone-b", "zone-a__zone-b"});
  }
  if (dice_.chance(20)) volume["metadata"]["labels"]["tier"] = dice_.pick(kTiers);
  if (dice_.chance(8)) spec["volumeMode"] = "Block";
  volume["status"]["phase"] = "Available";
  if (dice_.chance(10)) volume["status"]["phase"] = dice_.pick(Names{"Pending", "Released"});
  if (dice_.chance(8)) volume["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
  if (dice_.chance(12)) {
    spec["claimRef"] = {{"namespace", dice_.pick(kNamespaces)}, {"name", dice_.pick(kClaims)}};
  }
  question["persistentVolumes"].push_back(std::move(volume));
}

// The claim and a volume made for it, as the persistent volume controller leaves them.
void VolumeMaker::bind(json& question, json& claim) {
  const std::string name = "bound-" + std::to_string(bound_++);
  addVolume(question, name);
  json& volume = question["persistentVolumes"].back();
  volume["spec"]["claimRef"] = {{"namespace", claim["metadata"]["namespace"]},
                                {"name", claim["metadata"]["name"]},
                                {"uid", claim["metadata"]["uid"]}};
  volume["spec"]["accessModes"] = claim["spec"]["accessModes"];
  volume["spec"]["storageClassName"] = claim["spec"].value("storageClassName", "");
  volume["status"]["phase"] = "Bound";
  claim["spec"]["volumeName"] = name;
  claim["status"]["phase"] = "Bound";
  if (dice_.chance(90)) claim["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = "yes";
  if (dice_.chance(3))
    question["persistentVolumes"].erase(question["persistentVolumes"].size() - 1);
}

void VolumeMaker::addClaim(json& question, const std::string& ns, const std::string& name) {
  json claim = {{"metadata", meta(name)}};
  claim["metadata"]["namespace"] = ns;
  claim["metadata"]["uid"] = "uid-" + ns + "-" + name;
  json& spec = claim["spec"];
  spec["accessModes"] = {accessMode()};
  spec["resources"]["requests"]["storage"] = amount();
  if (dice_.chance(95)) spec["storageClassName"] = dice_.pick(kClasses);
  if (dice_.chance(5)) spec["storageClassName"] = "";
  if (dice_.chance(8)) spec["volumeMode"] = "Block";
  if (dice_.chance(8)) spec["selector"]["matchLabels"]["tier"] = dice_.pick(kTiers);
  claim["status"]["phase"] = "Pending";
  if (dice_.chance(45)) {
    bind(question, claim);
  } else if (dice_.chance(10)) {
    claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] =
        "node-" + std::to_string(dice_.below(nodes_));
  }
  if (dice_.chance(3)) claim["status"]["phase"] = "Lost";
  if (dice_.chance(4)) claim["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
  question["persistentVolumeClaims"].push_back(std::move(claim));
}

json VolumeMaker::csiNode(std::size_t node) {
  json one = {{"metadata", meta("node-" + std::to_string(node))},
              {"spec", {{"drivers", json::array()}}}};
  for (const std::string& driver : kDrivers) {
    if (dice_.chance(20)) continue;
    json of = {{"name", driver}, {"nodeID", "id"}, {"topologyKeys", json::array()}};
    if (dice_.chance(80)) of["allocatable"]["count"] = dice_.below(4);
    one["spec"]["drivers"].push_back(std::move(of));
  }
  if (dice_.chance(80)) {
    one["metadata"]["annotations"]["storage.alpha.kubernetes.io/migrated-plugins"] =
        "kubernetes.io/aws-ebs,kubernetes.io/gce-pd";
  }
  return one;
}

json VolumeMaker::capacity(std::size_t number) {
  json one = {{"metadata", meta("capacity-" + std::to_string(number))},
              {"storageClassName", dice_.pick(Names{"wait", "zonal"})}};
  one["metadata"]["namespace"] = "kube-system";
  if (dice_.chance(90)) one["nodeTopology"]["matchLabels"][kZone] = dice_.pick(kZones);
  if (dice_.chance(85)) one["capacity"] = dice_.pick(Names{"0", "5Gi", "10Gi", "100Gi"});
  if (dice_.chance(40)) one["maximumVolumeSize"] = dice_.pick(Names{"5Gi", "10Gi", "50Gi"});
  return one;
}

void VolumeMaker::addObjects(json& question) {
  json& classes = question["storageClasses"];
  classes.push_back(storageClass("wait", "disk.example.com", true));
  classes.push_back(storageClass("immediate", "disk.example.com", false));
  classes.push_back(storageClass("local", "kubernetes.io/no-provisioner", true));
  json zonal = storageClass("zonal", "ebs.csi.aws.com", true);
  zonal["allowedTopologies"] = {
      {{"matchLabelExpressions",
        {{{"key", kZone}, {"values", {dice_.pick(kZones), dice_.pick(kZones)}}}}}}};
  classes.push_back(std::move(zonal));
  for (const std::string& driver : kDrivers) {
    if (dice_.chance(30)) continue;
    question["csiDrivers"].push_back(
        {{"metadata", meta(driver)},
         {"spec", {{"storageCapacity", dice_.chance(50)}, {"attachRequired", dice_.chance(85)}}}});
  }
  for (std::uint64_t i = dice_.below(6); i > 0; --i) {
    addVolume(question, "free-" + std::to_string(i));
  }
  for (const std::string& ns : kNamespaces) {
    for (const std::string& claim : kClaims) {
      if (dice_.chance(92)) addClaim(question, ns, claim);
    }
  }
  for (std::size_t node = 0; node < nodes_; ++node) {
    if (dice_.chance(85)) question["csiNodes"].push_back(csiNode(node));
  }
  for (std::uint64_t i = dice_.below(4); i > 0; --i) {
    question["csiStorageCapacities"].push_back(capacity(i));
  }
  for (std::uint64_t i = dice_.chance(40) ? 1 + dice_.below(3) : 0; i > 0; --i) {
    question["volumeAttachments"].push_back(
        {{"metadata", meta("attachment-" + std::to_string(i))},
         {"spec",
          {{"attacher", dice_.pick(kDrivers)},
           {"nodeName", "node-" + std::to_string(dice_.below(nodes_))},
           {"source", {{"persistentVolumeName", "bound-" + std::to_string(dice_.below(4))}}}}},
         {"status", {{"attached", true}}}});
  }
}

json VolumeMaker::inlineVolume() {
  const std::string id = "vol-" + std::to_string(dice_.below(3));
  const bool read_only = dice_.chance(40);
  switch (dice_.below(5)) {
    case 0:
      return {{"gcePersistentDisk", {{"pdName", id}, {"readOnly", read_only}}}};
    case 1:
      return {{"awsElasticBlockStore", {{"volumeID", id}, {"readOnly", read_only}}}};
    case 2:
      return {{"iscsi",
               {{"targetPortal", "10.0.0.1"},
                {"iqn", "iqn." + id},
                {"lun", 0},
                {"readOnly", read_only}}}};
    case 3:
      return {{"rbd",
               {{"monitors", {dice_.pick(Names{"m1", "m2"})}},
                {"image", id},
                {"pool", dice_.pick(Names{"rbd", "other"})},
                {"readOnly", read_only}}}};
    default:
      return {{"azureDisk", {{"diskName", id}, {"diskURI", "/uri/" + id}}}};
  }
}

void VolumeMaker::use(json& pod) {
  const std::size_t first = dice_.below(kClaims.size());
  for (std::uint64_t i = dice_.chance(25) ? 2 : 1; i > 0; --i) {
    json volume = json::object();
    if (dice_.chance(75)) {
      // Twice the same is a documented deviation: seldom.
      const std::size_t other = (first + i) % kClaims.size();
      volume["persistentVolumeClaim"]["claimName"] = kClaims[dice_.chance(2) ? first : other];
      if (dice_.chance(10)) volume["persistentVolumeClaim"]["readOnly"] = true;
    } else if (dice_.chance(70)) {
      volume = inlineVolume();
    } else if (dice_.chance(30)) {
      volume["ephemeral"]["volumeClaimTemplate"]["spec"] = {
          {"accessModes", {"ReadWriteOnce"}},
          {"storageClassName", "wait"},
          {"resources", {{"requests", {{"storage", "1Gi"}}}}}};
    } else {
      volume["emptyDir"] = json::object();
    }
    volume["name"] = "v" + std::to_string(i);
    pod["spec"]["volumes"].push_back(std::move(volume));
  }
}

}  // namespace stowage::conformance
