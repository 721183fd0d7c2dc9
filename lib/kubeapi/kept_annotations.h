// Annotations that some part of Stowage reads; every other one is dropped while decoding, since
// annotations are much of an object's bytes. Pure functions.
#pragma once

#include <string_view>

namespace stowage::kubeapi {

inline constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";
inline constexpr std::string_view kBindCompleted = "pv.kubernetes.io/bind-completed";
inline constexpr std::string_view kBoundByController = "pv.kubernetes.io/bound-by-controller";
inline constexpr std::string_view kSelectedNode = "volume.kubernetes.io/selected-node";
inline constexpr std::string_view kStorageProvisioner = "volume.kubernetes.io/storage-provisioner";
inline constexpr std::string_view kBetaStorageClass = "volume.beta.kubernetes.io/storage-class";
inline constexpr std::string_view kMigratedPlugins = "storage.alpha.kubernetes.io/migrated-plugins";
inline constexpr std::string_view kDefaultStorageClass =
    "storageclass.kubernetes.io/is-default-class";
inline constexpr std::string_view kVolcanoGroup = "scheduling.k8s.io/group-name";
inline constexpr std::string_view kOwnPrefix = "stowage.dev/";
inline constexpr std::string_view kKoordinatorGangPrefix = "gang.scheduling.koordinator.sh/";

// Longer values of kept annotations make the object an error: nothing we read comes near.
inline constexpr std::size_t kMaxAnnotationValue = 64 * 1024;

bool isKeptAnnotation(std::string_view key);

}  // namespace stowage::kubeapi
