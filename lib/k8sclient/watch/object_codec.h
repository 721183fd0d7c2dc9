// ObjectCodec: the typed half of a reflector, seen by the untyped loop. It decodes, keeps what is
// staged until a list is complete, and hands objects to the sink.
// Thread safety: one thread (the reflector's).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "k8sclient/watch/reflector_sink.h"
#include "kubeapi/decode.h"

namespace stowage::k8sclient {

// What the loop must know about a decoded event; the object itself stays inside the codec.
struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string resource_version;     // "" when unreadable
  bool initial_events_end = false;  // the bookmark that ends a streaming list
  std::string detail;               // kError: the Status as JSON; kUnknown: the type's name
  bool bad = false;                 // the object could not be decoded
  std::string bad_key;
  std::string bad_message;
};

class ObjectCodec {
 public:
  using BadObject = std::function<void(std::string_view key, std::string_view message)>;

  virtual ~ObjectCodec() = default;
  // Decodes one page of a LIST and adds its items to the stage.
  virtual base::Result<kubeapi::ListMeta> stagePage(std::string_view body,
                                                    const BadObject& bad) = 0;
  // Decodes one line of a watch; one of the next four calls may then use its object.
  virtual base::Result<WatchEvent> decode(std::string_view line) = 0;
  virtual void stageApply() = 0;   // into the stage (streaming list)
  virtual void stageDelete() = 0;  // out of the stage
  virtual void apply() = 0;        // to the sink
  virtual void remove() = 0;       // to the sink
  // The stage replaces everything at the sink.
  virtual void commitStage(const std::string& resource_version) = 0;
  virtual void clearStage() = 0;
};

template <typename T>
class TypedCodec final : public ObjectCodec {
 public:
  explicit TypedCodec(ReflectorSink<T>& sink) : sink_(sink) {}

  base::Result<kubeapi::ListMeta> stagePage(std::string_view body, const BadObject& bad) override {
    auto list = decoder_.list(body);
    if (!list) return tl::unexpected(list.error());
    for (auto& item : list->items) stage(std::move(item));
    for (const auto& item : list->bad) {
      bad(item.key, item.message);
      staged_bad_.emplace_back(item.key, item.message);
    }
    return std::move(list->meta);
  }

  base::Result<WatchEvent> decode(std::string_view line) override;

  void stageApply() override {
    if (current_.bad) {
      staged_bad_.emplace_back(current_.bad_key, current_.bad_message);
    } else if (object_ != nullptr) {
      stage(std::move(object_));
    }
  }
  void stageDelete() override {
    const std::string key =
        object_ != nullptr ? kubeapi::objectKey(object_->meta) : current_.bad_key;
    if (const auto at = staged_at_.find(key); at != staged_at_.end()) {
      staged_[at->second] = nullptr;
      staged_at_.erase(at);
    }
  }
  void apply() override {
    if (current_.bad) {
      sink_.badObject(current_.bad_key, current_.bad_message);
    } else if (object_ != nullptr) {
      sink_.applied(std::move(object_));
    }
  }
  void remove() override {
    if (current_.bad) {
      sink_.deletedUnread(current_.bad_key);
    } else if (object_ != nullptr) {
      sink_.deleted(std::move(object_));
    }
  }
  void commitStage(const std::string& resource_version) override {
    std::erase(staged_, nullptr);
    std::vector<std::string> unread;
    for (auto& [key, message] : staged_bad_) {
      sink_.badObject(key, message);
      unread.push_back(std::move(key));
    }
    sink_.replaced(std::move(staged_), unread, resource_version);
    clearStage();
  }
  void clearStage() override {
    staged_ = {};
    staged_at_ = {};
    staged_bad_ = {};
  }

 private:
  using Object = std::shared_ptr<const T>;

  // The last one of a key stands: a change may come in the middle of a streaming list.
  void stage(Object object) {
    const auto [at, fresh] =
        staged_at_.try_emplace(kubeapi::objectKey(object->meta), staged_.size());
    if (fresh) {
      staged_.push_back(std::move(object));
    } else {
      staged_[at->second] = std::move(object);
    }
  }

  ReflectorSink<T>& sink_;
  kubeapi::Decoder<T> decoder_;
  WatchEvent current_;
  Object object_;  // of the event that was decoded last
  std::vector<Object> staged_;
  std::unordered_map<std::string, std::size_t> staged_at_;
  std::vector<std::pair<std::string, std::string>> staged_bad_;
};

template <typename T>
base::Result<WatchEvent> TypedCodec<T>::decode(std::string_view line) {
  using Wire = typename kubeapi::Decoder<T>::EventType;
  auto event = decoder_.event(line);
  if (!event) return tl::unexpected(event.error());
  object_ = std::move(event->object);
  current_ = {};
  current_.resource_version = std::move(event->resource_version);
  switch (event->type) {
    case Wire::kAdded:
      current_.type = WatchEvent::Type::kAdded;
      break;
    case Wire::kModified:
      current_.type = WatchEvent::Type::kModified;
      break;
    case Wire::kDeleted:
      current_.type = WatchEvent::Type::kDeleted;
      break;
    case Wire::kBookmark:
      current_.type = WatchEvent::Type::kBookmark;
      current_.initial_events_end = event->initial_events_end;
      if (current_.resource_version.empty()) {
        current_.resource_version = event->meta.resource_version;
      }
      break;
    case Wire::kError:
      current_.type = WatchEvent::Type::kError;
      current_.detail = std::move(event->error_status);
      break;
    case Wire::kUnknown:
      current_.type = WatchEvent::Type::kUnknown;
      current_.detail = std::move(event->unknown_type);
      break;
  }
  if (object_ != nullptr && current_.resource_version.empty()) {
    current_.resource_version = object_->meta.resource_version;
  }
  if (!event->object_error.ok()) {
    object_ = nullptr;
    current_.bad = true;
    current_.bad_key = std::move(event->bad_key);
    current_.bad_message = event->object_error.message();
  }
  return current_;
}

}  // namespace stowage::k8sclient
