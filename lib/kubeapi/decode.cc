// The frame around the per-type decoders: one object, a list page, a watch event. Pages and events
// are first cut at the borders of their objects (json_scan.h), then every object is parsed on its
// own with simdjson's DOM, which validates all of it (UTF-8, structure, numbers, depth) before a
// value is read. So a broken object never reaches beyond itself, and what is read is sound.
#include "kubeapi/decode.h"

#include <fmt/format.h>

#include <utility>

#include "kubeapi/decoders.h"
#include "kubeapi/json_scan.h"
#include "kubeapi/kept_annotations.h"

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxObject = 16U << 20;
constexpr std::size_t kMaxDepth = 64;
// Buffers above this are given back after use: one page must not hold its memory for ever.
constexpr std::size_t kKeptBuffer = 4U << 20;
constexpr std::size_t kMaxShownType = 64;
constexpr std::size_t kMaxErrorStatus = 64 * 1024;

base::Status invalid(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message)};
}

// A parser whose buffers are reused from object to object.
class Parser {
 public:
  // `text` must stay alive and unchanged for as long as the element is used. `spare` is the number
  // of readable bytes behind it: with enough of them nothing is copied.
  base::Result<JsonElement> parse(std::string_view text, std::size_t spare) {
    if (text.empty()) return base::fail(invalid("no JSON"));
    if (text.size() > kMaxObject) return base::fail(invalid("object larger than 16 MiB"));
    if (!parser_ || parser_->capacity() > kKeptBuffer) {
      parser_ = std::make_unique<simdjson::dom::parser>();
      if (const auto error =
              parser_->allocate(simdjson::dom::MINIMAL_DOCUMENT_CAPACITY, kMaxDepth)) {
        return base::fail(base::Code::kResourceExhausted, simdjson::error_message(error));
      }
    }
    JsonElement element;
    const bool copy = spare < simdjson::SIMDJSON_PADDING;
    const auto error = parser_->parse(text.data(), text.size(), copy).get(element);
    if (error != simdjson::SUCCESS) return base::fail(invalid(simdjson::error_message(error)));
    return element;
  }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;
};

// What can be told of an object that could not be decoded.
struct Identity {
  std::string name;
  std::string ns;
  std::string resource_version;

  [[nodiscard]] std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

// Reads metadata without parsing the rest; empty members where that fails.
Identity identify(std::string_view object) {
  constexpr std::size_t kLongest = 512;  // names end at 253
  Identity identity;
  const auto take = [](std::string_view value, std::string& out) {
    if (value.size() <= kLongest) out = decodeJsonString(value).value_or("");
  };
  JsonScan members(object);
  while (members.next()) {
    if (members.key() != "metadata") continue;
    JsonScan meta(members.value());
    while (meta.next()) {
      if (meta.key() == "name") take(meta.value(), identity.name);
      if (meta.key() == "namespace") take(meta.value(), identity.ns);
      if (meta.key() == "resourceVersion") take(meta.value(), identity.resource_version);
    }
  }
  return identity;
}

// Readable bytes of `whole` behind `part`, which lies inside it.
std::size_t spareBehind(std::string_view whole, std::string_view part) {
  if (part.empty()) return 0;
  return static_cast<std::size_t>((whole.data() + whole.size()) - (part.data() + part.size()));
}

void readListMeta(JsonReading& reading, JsonElement element, ListMeta& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "resourceVersion") {
      readValue(reading, value, out.resource_version);
    } else if (key == "continue") {
      readValue(reading, value, out.continue_token);
    } else if (key == "remainingItemCount") {
      readValue(reading, value, out.remaining_items);
    }
  });
}

// Only metadata of an object: bookmarks have nothing else.
base::Status decodeMetaOnly(JsonElement element, ObjectMeta& out) {
  JsonReading reading;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") readMeta(reading, value, out);
  });
  return reading.status();
}

template <typename T>
base::Result<std::shared_ptr<const T>> decodeElement(JsonElement element) {
  auto object = std::make_shared<T>();
  JsonReading reading;
  decodeInto(reading, element, *object);
  if (!reading.ok()) return base::fail(reading.status());
  if (object->meta.name.empty()) return base::fail(invalid("metadata.name: required"));
  return object;
}

}  // namespace

template <typename T>
struct Decoder<T>::State {
  Parser parser;

  base::Result<std::shared_ptr<const T>> decode(std::string_view text, std::size_t spare) {
    const auto element = parser.parse(text, spare);
    if (!element) return base::fail(element.error());
    return decodeElement<T>(*element);
  }

  void decodeItem(std::string_view page, std::string_view item, List& list) {
    auto object = decode(item, spareBehind(page, item));
    if (object) {
      list.items.push_back(std::move(*object));
      return;
    }
    std::string key = identify(item).key();
    if (key.empty()) key = fmt::format("#{}", list.items.size() + list.bad.size());
    list.bad.push_back({std::move(key), object.error().message()});
  }

  // `scan` stands at the member "items".
  base::Status decodeItems(std::string_view page, JsonScan& scan, List& list) {
    if (scan.peek() != '[') {
      return scan.value() == "null" ? base::Status() : invalid("items: expected an array");
    }
    JsonScan items = scan.enter();
    while (items.next()) {
      if (const std::string_view item = items.value(); !item.empty()) decodeItem(page, item, list);
    }
    scan.leave(items);
    return items.ok() ? base::Status() : invalid("items: malformed JSON");
  }

  base::Status decodeListMeta(std::string_view page, std::string_view text, ListMeta& out) {
    const auto element = parser.parse(text, spareBehind(page, text));
    if (!element) return element.error().withPrefix("metadata");
    JsonReading reading;
    readListMeta(reading, *element, out);
    return reading.ok() ? base::Status() : reading.status().withPrefix("metadata");
  }

  void decodeEventObject(std::string_view line, std::string_view text, Event& event) {
    if (text.empty()) {
      event.object_error = invalid("no object");
      return;
    }
    auto object = decode(text, spareBehind(line, text));
    if (object) {
      event.resource_version = (*object)->meta.resource_version;
      event.object = std::move(*object);
      return;
    }
    event.object_error = object.error();
    Identity identity = identify(text);
    event.bad_key = identity.key();
    event.resource_version = std::move(identity.resource_version);
  }

  void decodeBookmark(std::string_view line, std::string_view text, Event& event) {
    if (text.empty()) {
      event.object_error = invalid("no object");
      return;
    }
    const auto element = parser.parse(text, spareBehind(line, text));
    event.object_error = element ? decodeMetaOnly(*element, event.meta) : element.error();
    if (!event.object_error.ok()) {
      event.resource_version = identify(text).resource_version;
      return;
    }
    event.resource_version = event.meta.resource_version;
    const Symbol* end = event.meta.annotations.find(kInitialEventsEnd);
    event.initial_events_end = end != nullptr && end->view() == "true";
  }
};

template <typename T>
Decoder<T>::Decoder() : state_(std::make_unique<State>()) {}
template <typename T>
Decoder<T>::~Decoder() = default;
template <typename T>
Decoder<T>::Decoder(Decoder&&) noexcept = default;
template <typename T>
Decoder<T>& Decoder<T>::operator=(Decoder&&) noexcept = default;

template <typename T>
base::Result<std::shared_ptr<const T>> Decoder<T>::object(std::string_view json) {
  return state_->decode(json, 0);
}

template <typename T>
auto Decoder<T>::list(std::string_view json) -> base::Result<List> {
  List list;
  bool has_items = false;
  JsonScan scan(json);
  if (scan.ok() && !scan.isObject()) return base::fail(invalid("list: expected an object"));
  while (scan.next()) {
    base::Status status;
    if (scan.key() == "items") {
      has_items = true;
      status = state_->decodeItems(json, scan, list);
    } else if (scan.key() == "metadata") {
      status = state_->decodeListMeta(json, scan.value(), list.meta);
    }
    if (!status.ok()) return base::fail(status.withPrefix("list"));
  }
  if (!scan.ok()) return base::fail(invalid("list: malformed JSON"));
  if (!has_items) return base::fail(invalid("list: no items"));
  return list;
}

template <typename T>
auto Decoder<T>::event(std::string_view line) -> base::Result<Event> {
  std::string type;
  std::string_view object;
  JsonScan scan(line);
  if (scan.ok() && !scan.isObject()) return base::fail(invalid("event: expected an object"));
  while (scan.next()) {
    if (scan.key() == "type" && scan.value().size() <= kMaxShownType) {
      type = decodeJsonString(scan.value()).value_or("");
    } else if (scan.key() == "object") {
      object = scan.value();
    }
  }
  if (!scan.ok()) return base::fail(invalid("event: malformed JSON"));
  if (type.empty()) return base::fail(invalid("event: no type"));

  Event event;
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") {
    event.type = type == "ADDED"      ? EventType::kAdded
                 : type == "MODIFIED" ? EventType::kModified
                                      : EventType::kDeleted;
    state_->decodeEventObject(line, object, event);
  } else if (type == "BOOKMARK") {
    event.type = EventType::kBookmark;
    state_->decodeBookmark(line, object, event);
  } else if (type == "ERROR") {
    event.type = EventType::kError;
    event.error_status = std::string(object.substr(0, kMaxErrorStatus));
  } else {
    event.unknown_type = std::move(type);
  }
  return event;
}

template class Decoder<Pod>;
template class Decoder<Node>;
template class Decoder<Namespace>;
template class Decoder<Lease>;
template class Decoder<kubeapi::Event>;
template class Decoder<PersistentVolume>;
template class Decoder<PersistentVolumeClaim>;
template class Decoder<StorageClass>;
template class Decoder<CsiNode>;
template class Decoder<CsiDriver>;
template class Decoder<CsiStorageCapacity>;
template class Decoder<VolumeAttachment>;
template class Decoder<PodDisruptionBudget>;
template class Decoder<PodGroup>;
template class Decoder<Service>;
template class Decoder<ReplicationController>;
template class Decoder<ReplicaSet>;
template class Decoder<StatefulSet>;
template class Decoder<StatefulGroup>;
template class Decoder<MemberPod>;
template class Decoder<ControllerRevision>;
template class Decoder<OwnedService>;

}  // namespace stowage::kubeapi
