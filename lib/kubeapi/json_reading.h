// Reading: one object's decoding in progress: where we are and the first thing that was wrong.
// Private to the decoders; the only header that shows simdjson. Not thread safe. The elements that
// are read belong to the parser of the Decoder and die with its next document.
//
// Rules of all readers (as Go's decoder of the API types): null leaves the target as it is, a wrong
// type is an error of the object, unknown fields are skipped by the callers' field functions.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/symbols.h"
#include "kubeapi/quantity.h"

namespace stowage::kubeapi {

using JsonElement = simdjson::dom::element;

class JsonReading {
 public:
  // Strings that we keep; longer ones are errors.
  static constexpr std::size_t kMaxString = 1 << 20;

  [[nodiscard]] bool ok() const { return problem_.empty(); }
  // Keeps the first problem together with the place.
  void fail(std::string_view problem);
  // kInvalidArgument "spec.containers[1].name: expected a string".
  [[nodiscard]] base::Status status() const;

  // One step into the object, for the path of errors; lives as long as the step is read.
  class Step {
   public:
    Step(JsonReading& reading, std::string_view key) : reading_(reading) {
      reading_.push({key, 0, false});
    }
    Step(JsonReading& reading, std::size_t index) : reading_(reading) {
      reading_.push({{}, index, true});
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { --reading_.depth_; }

   private:
    JsonReading& reading_;
  };

 private:
  struct Place {
    std::string_view key;
    std::size_t index;
    bool is_index;
  };
  void push(const Place& place) {
    if (depth_ < path_.size()) path_[depth_] = place;
    ++depth_;
  }

  std::array<Place, 24> path_;
  std::size_t depth_ = 0;
  std::string problem_;
  std::string place_;
};

// Calls `field(key, value)` for every member of an object; of equal keys the last one wins because
// it is read last.
template <typename Field>
void readObject(JsonReading& reading, JsonElement element, Field field) {
  if (element.is_null()) return;
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    reading.fail("expected an object");
    return;
  }
  for (const auto member : object) {
    if (!reading.ok()) return;
    const JsonReading::Step step(reading, member.key);
    field(member.key, member.value);
  }
}

// Calls `each(value)` for every element of an array.
template <typename Each>
void readArray(JsonReading& reading, JsonElement element, Each each) {
  if (element.is_null()) return;
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS) {
    reading.fail("expected an array");
    return;
  }
  std::size_t index = 0;
  for (const JsonElement value : array) {
    if (!reading.ok()) return;
    const JsonReading::Step step(reading, index++);
    each(value);
  }
}

// Replaces `out` by the elements of an array; `readOne(value, item)` fills each.
template <typename T, typename ReadOne>
void readList(JsonReading& reading, JsonElement element, std::vector<T>& out, ReadOne readOne) {
  out.clear();
  simdjson::dom::array array;
  if (element.get(array) == simdjson::SUCCESS) out.reserve(array.size());
  readArray(reading, element, [&](JsonElement value) { readOne(value, out.emplace_back()); });
}

// The text of a string, valid until the next document; nullopt after null or an error.
std::optional<std::string_view> readText(JsonReading& reading, JsonElement element);

void readValue(JsonReading& reading, JsonElement element, bool& out);
void readValue(JsonReading& reading, JsonElement element, std::int32_t& out);
void readValue(JsonReading& reading, JsonElement element, std::int64_t& out);
void readValue(JsonReading& reading, JsonElement element, std::string& out);
void readValue(JsonReading& reading, JsonElement element, base::Symbol& out);
// RFC 3339; null is unset, the empty string is an error.
void readValue(JsonReading& reading, JsonElement element, std::optional<base::WallTime>& out);
// A string or, as apimachinery allows, a bare number.
void readValue(JsonReading& reading, JsonElement element, Quantity& out);
void readValue(JsonReading& reading, JsonElement element, std::optional<std::int32_t>& out);
void readValue(JsonReading& reading, JsonElement element, std::optional<std::int64_t>& out);
void readValue(JsonReading& reading, JsonElement element, std::vector<base::Symbol>& out);

}  // namespace stowage::kubeapi
