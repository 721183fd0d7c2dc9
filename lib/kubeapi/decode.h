// Decoding: JSON from the wire to typed values, with simdjson. One bad object is an error of that
// object alone, with a message that names the field; nothing here throws or recurses on input.
// Thread safety: a Decoder belongs to one thread (it reuses its buffers); results are independent.
// Limits: objects up to 16 MiB, nesting up to 64, strings up to 1 MiB; more is an error.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "kubeapi/meta.h"

namespace stowage::kubeapi {

// The types that a decoder exists for are listed at the end of decode.cc.
// Usage:  Decoder<Pod> decoder;  Result<PodPtr> pod = decoder.object(json);
template <typename T>
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // One object. Unknown fields are ignored; a wrong type, invalid UTF-8 or a limit is an error.
  base::Result<std::shared_ptr<const T>> object(std::string_view json);

  struct BadItem {
    std::string key;      // "ns/name" when it could be read, else the index "#12"
    std::string message;  // what was wrong
  };
  struct List {
    ListMeta meta;
    std::vector<std::shared_ptr<const T>> items;
    std::vector<BadItem> bad;  // dropped items; the rest of the list stands
  };
  // A LIST answer. Fails only when the list itself cannot be read.
  base::Result<List> list(std::string_view json);

  enum class EventType { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  struct Event {
    EventType type = EventType::kUnknown;
    std::shared_ptr<const T> object;  // kAdded, kModified, kDeleted
    ObjectMeta meta;                  // kBookmark: resource_version and annotations only
    bool initial_events_end = false;  // bookmark that ends a streaming list
    std::string error_status;         // kError: the Status object's JSON
    std::string unknown_type;         // kUnknown
    // The object could not be decoded: resource_version and key are still there when readable, so
    // that the watch can go on after it.
    base::Status object_error;
    std::string bad_key;
    std::string resource_version;
  };
  // One line of a watch stream. Fails only when the envelope itself cannot be read.
  base::Result<Event> event(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// metav1.Status of an error answer.
struct ApiStatus {
  int code = 0;
  std::string reason;  // "NotFound", "Expired", ...
  std::string message;
  std::int64_t retry_after_seconds = 0;
  std::vector<std::string> causes;  // reasons of details.causes
};
// Never fails: text that is no Status becomes a message of at most 2 kB.
ApiStatus decodeStatus(std::string_view body, int http_code);

}  // namespace stowage::kubeapi
