// Service, ReplicationController, ReplicaSet and StatefulSet, as far as they tell which pods are
// siblings: by their selectors. Decoded once, shared, never changed.
#pragma once

#include <memory>
#include <optional>

#include "kubeapi/meta.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

struct Service {
  ObjectMeta meta;
  std::optional<Labels> selector;  // absent: endpoints are made by hand
};
using ServicePtr = std::shared_ptr<const Service>;

struct ReplicationController {
  ObjectMeta meta;
  Labels selector;
};
using ReplicationControllerPtr = std::shared_ptr<const ReplicationController>;

struct ReplicaSet {
  ObjectMeta meta;
  std::optional<LabelSelector> selector;
};
using ReplicaSetPtr = std::shared_ptr<const ReplicaSet>;

struct StatefulSet {
  ObjectMeta meta;
  std::optional<LabelSelector> selector;
};
using StatefulSetPtr = std::shared_ptr<const StatefulSet>;

}  // namespace stowage::kubeapi
