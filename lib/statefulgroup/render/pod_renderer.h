// Pods, rendered: a pure function of a revision and of who the pod is. Never of the present spec:
// the same inputs give the same bytes for as long as the revision is kept, whatever version of the
// operator runs.
#pragma once

#include <optional>
#include <string>

#include "kubeapi/meta.h"
#include "statefulgroup/names.h"
#include "statefulgroup/revision.h"

namespace stowage::statefulgroup {

struct PodInputs {
  const kubeapi::ObjectMeta& group;  // namespace, name and uid count
  const Names& names;
  const Revision& revision;
  Replica replica;
  std::optional<int> slot;      // slots.h; of voters
  bool first_of_shard = false;  // its ordinal is ordinals.start
  // As they are now: told to the pod by annotations, and on living pods patched.
  int shards = 1;
  int replicas = 1;
};

// The JSON of the pod, to be created. What a template has that is no pod (a list where an object
// belongs) is passed on as it is: the API server says what is wrong with it.
std::string renderPod(const PodInputs& inputs);

}  // namespace stowage::statefulgroup
