// PrioritySort: higher priority first, then who waits longer. Pure.
// Source: kube-scheduler plugins/queuesort/priority_sort.go, v1.36.3.
#pragma once

#include "scheduling/queue/queued_pod.h"

namespace stowage::scheduling {

struct PrioritySort {
  bool operator()(const QueuedPod& a, const QueuedPod& b) const {
    if (a.pod->spec.priority != b.pod->spec.priority) {
      return a.pod->spec.priority > b.pod->spec.priority;
    }
    if (a.queued_at != b.queued_at) return a.queued_at < b.queued_at;
    return a.sequence < b.sequence;
  }
};

}  // namespace stowage::scheduling
