// Vocabulary: the few names that generated clusters use. Pure.
#pragma once

#include <string>
#include <vector>

namespace stowage::conformance {

using Names = std::vector<std::string>;

inline const std::string kZone = "topology.kubernetes.io/zone";
inline const std::string kRegion = "topology.kubernetes.io/region";
inline const std::string kHost = "kubernetes.io/hostname";
inline const std::string kRack = "example.com/rack";
inline const std::string kHash = "pod-template-hash";

inline const Names kNamespaces = {"team-a", "team-b", "team-c", "kube-system"};
inline const Names kZones = {"zone-a", "zone-b", "zone-c", "zone-d"};
inline const Names kApps = {"web", "db", "cache"};
inline const Names kTiers = {"front", "back"};
inline const Names kHashes = {"6b9f", "7c4d"};
inline const Names kNodeKeys = {kZone, "disk", "gen", kHost, "absent"};
inline const Names kNodeValues = {"zone-a", "zone-b", "ssd", "hdd",    "3",
                                  "5",      "07",     "",    "node-1", "node-2"};
inline const Names kTaintKeys = {"dedicated", "spot", "maintenance"};
inline const Names kTaintValues = {"", "gpu", "1", "7"};
inline const Names kEffects = {"NoSchedule", "NoSchedule", "PreferNoSchedule", "PreferNoSchedule",
                               "NoExecute"};
inline const Names kScalars = {"nvidia.com/gpu", "hugepages-2Mi", "example.com/nic"};
inline const Names kImages = {"registry.example/web:1.0",
                              "registry.example/web",
                              "nginx",
                              "nginx:1.27",
                              "registry.example:5000/db:v2",
                              "registry.example:5000/db",
                              "cache@sha256:"
                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

}  // namespace stowage::conformance
