// GroupWrites: the writes of one pass over one group. Each is remembered in the WriteLog, so that
// the next pass waits until the caches show it. Not thread safe: belongs to the pass.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "statefulgroup/ports.h"
#include "statefulgroup/reconcile/write_log.h"

namespace stowage::statefulgroup {

// Who an object is, as an answer tells.
struct Identity {
  Symbol uid;
  std::string resource_version;
};
// nullopt: the body is no object.
std::optional<Identity> identityOf(std::string_view body);

class GroupWrites {
 public:
  // `group`: "ns/name".
  GroupWrites(std::string group, std::string ns, ObjectApi& api, WriteLog& log, base::Clock& clock);

  Answer create(Resource resource, const std::string& name, std::string_view json);
  // A merge patch on the object as it was seen: refused when it is another or has changed since.
  // `changes` is an object without a uid or resourceVersion in its metadata.
  Answer patch(Resource resource, const std::string& name, const Fence& fence,
               std::string_view changes, std::string_view subresource = {});
  Answer replace(Resource resource, const std::string& name, std::string_view subresource,
                 std::string_view json);
  Answer remove(Resource resource, const std::string& name, const Fence& fence);
  Answer evict(const std::string& pod, const Fence& fence);
  // What somebody's write has changed: the next pass waits for the caches to show it as it is now.
  void awaitSight(Resource resource, const std::string& name);
  // Past the caches.
  Answer get(Resource resource, const std::string& name);

  [[nodiscard]] const std::string& group() const { return group_; }
  [[nodiscard]] const std::string& ns() const { return ns_; }
  [[nodiscard]] int count() const { return count_; }  // writes that the server took

 private:
  [[nodiscard]] ObjectName nameOf(Resource resource, const std::string& name) const;
  Answer written(const ObjectName& object, Answer answer);
  Answer removed(const ObjectName& object, const Fence& fence, Answer answer);

  const std::string group_;
  const std::string ns_;
  ObjectApi& api_;
  WriteLog& log_;
  base::Clock& clock_;
  int count_ = 0;
};

}  // namespace stowage::statefulgroup
