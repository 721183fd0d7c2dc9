#include "scheduling/preemption/victim_order.h"

namespace stowage::scheduling {

base::WallTime startOf(const kubeapi::Pod& pod) {
  return pod.status.start_time.value_or(base::WallTime::max());
}

bool moreImportant(const kubeapi::Pod& a, const kubeapi::Pod& b) {
  if (a.spec.priority != b.spec.priority) return a.spec.priority > b.spec.priority;
  const base::WallTime start_a = startOf(a);
  const base::WallTime start_b = startOf(b);
  if (start_a != start_b) return start_a < start_b;
  return a.meta.uid.view() < b.meta.uid.view();
}

}  // namespace stowage::scheduling
