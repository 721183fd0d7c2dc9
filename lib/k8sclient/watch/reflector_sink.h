// ReflectorSink: who receives what a Reflector reads. Implemented by ObjectCache and by tests.
// Thread safety: all calls come from one thread, one at a time, in order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stowage::k8sclient {

template <typename T>
class ReflectorSink {
 public:
  using Object = std::shared_ptr<const T>;

  virtual ~ReflectorSink() = default;
  // The whole truth as of `resource_version`: what is neither in `items` nor named in `unread` does
  // not exist. `unread` are keys of objects that exist and could not be decoded.
  virtual void replaced(std::vector<Object> items, const std::vector<std::string>& unread,
                        const std::string& resource_version) = 0;
  // Added or modified; which of the two is for the receiver to find out.
  virtual void applied(Object object) = 0;
  // Deleted; `object` is its last state.
  virtual void deleted(Object object) = 0;
  // An object that could not be decoded, on a list (also named in its replaced()) or on a watch.
  // `key` is "ns/name", or "#12" when not even that could be read. Whoever keeps a copy keeps it.
  virtual void badObject(std::string_view key, std::string_view message) = 0;
  // Deleted, and its last state could not be decoded. `key` as above.
  virtual void deletedUnread(std::string_view key) = 0;
};

}  // namespace stowage::k8sclient
