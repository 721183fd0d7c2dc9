#include <fmt/format.h>

#include <algorithm>

#include "kubeapi/decoders.h"
#include "kubeapi/stateful_group_fields.h"

namespace stowage::kubeapi {

namespace {

using group::IntOrString;
using group::RawJson;
using group::RawKind;

template <typename T>
concept Enum = requires(T value) { names(value); };

// Reads the one member of an object that it was made for, when describe() comes to its name.
class FieldReader {
 public:
  FieldReader(JsonReading& reading, std::string_view key, JsonElement value)
      : reading_(reading), key_(key), value_(value) {}

  template <typename T>
  void field(std::string_view name, T& out) {
    if (key_ == name) read(value_, out);
  }
  void always(std::string_view name, std::string& out) { field(name, out); }

  void number(std::string_view name, std::int32_t& out, std::int32_t low, std::int32_t high) {
    if (key_ != name) return;
    readValue(reading_, value_, out);
    if (reading_.ok() && (out < low || out > high)) {
      reading_.fail(fmt::format("expected a number from {} to {}", low, high));
    }
  }
  void number(std::string_view name, std::optional<std::int32_t>& out, std::int32_t low,
              std::int32_t high) {
    if (key_ == name && !value_.is_null()) number(name, out.emplace(), low, high);
  }

  template <typename T>
  void list(std::string_view name, std::vector<T>& out, std::size_t most) {
    if (key_ != name || value_.is_null()) return;
    simdjson::dom::array array;
    if (value_.get(array) == simdjson::SUCCESS && array.size() > most) {
      reading_.fail(fmt::format("more than {} entries", most));
      return;
    }
    readList(reading_, value_, out, [&](JsonElement item, T& one) { read(item, one); });
  }

  void raw(std::string_view name, RawJson& out, RawKind kind) {
    if (key_ != name || value_.is_null()) return;
    if (kind == RawKind::kObject ? !value_.is_object() : !value_.is_array()) {
      reading_.fail(kind == RawKind::kObject ? "expected an object" : "expected an array");
      return;
    }
    readRaw(reading_, value_, out);
  }

  void claimSpec(std::string_view name, group::ClaimTemplate& out) {
    if (key_ != name) return;
    raw(name, out.spec, RawKind::kObject);
    PersistentVolumeClaim claim;
    readClaimSpec(reading_, value_, claim);
    out.storage = claim.request;
    out.attributes_class = claim.attributes_class;
  }

  template <typename Describe>
  void inner(std::string_view name, Describe describeInner) {
    if (key_ != name) return;
    readObject(reading_, value_, [&](std::string_view key, JsonElement value) {
      FieldReader reader(reading_, key, value);
      describeInner(reader);
    });
  }

 private:
  void read(JsonElement element, std::string& out) { readValue(reading_, element, out); }
  void read(JsonElement element, Symbol& out) { readValue(reading_, element, out); }
  void read(JsonElement element, std::int32_t& out) { readValue(reading_, element, out); }
  void read(JsonElement element, std::int64_t& out) { readValue(reading_, element, out); }
  void read(JsonElement element, std::optional<WallTime>& out) {
    readValue(reading_, element, out);
  }
  void read(JsonElement element, Labels& out) { readStringMap(reading_, element, out); }
  void read(JsonElement element, IntOrString& out) {
    if (element.is_null()) return;
    out = IntOrString();
    if (element.is_string()) {
      readValue(reading_, element, out.text);
    } else {
      readValue(reading_, element, out.number);
    }
  }

  template <Enum E>
  void read(JsonElement element, E& out) {
    const auto text = readText(reading_, element);
    if (!text) return;
    const auto values = names(E{});
    const auto at = std::find(values.begin(), values.end(), *text);
    if (at == values.end()) {
      reading_.fail(fmt::format("expected one of {}", fmt::join(values, ", ")));
      return;
    }
    out = static_cast<E>(at - values.begin());
  }

  template <typename T>
  void read(JsonElement element, std::optional<T>& out) {
    if (!element.is_null()) read(element, out.emplace());
  }

  template <typename T>
    requires requires(FieldReader& reader, T& value) { describe(reader, value); }
  void read(JsonElement element, T& out) {
    readObject(reading_, element, [&](std::string_view key, JsonElement value) {
      FieldReader reader(reading_, key, value);
      describe(reader, out);
    });
  }

  JsonReading& reading_;
  std::string_view key_;
  JsonElement value_;
};

}  // namespace

void readRaw(JsonReading& reading, JsonElement element, RawJson& out) {
  if (element.is_null()) return;
  out.text = simdjson::minify(element);
  if (out.text.size() > RawJson::kMaxBytes) reading.fail("larger than 512 KiB");
}

void decodeInto(JsonReading& reading, JsonElement element, StatefulGroup& out) {
  bool has_spec = false;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    FieldReader reader(reading, key, value);
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      has_spec = true;
      reader.field("spec", out.spec);
      const JsonReading::Step step(reading, "template");
      if (out.spec.pod_template.empty()) reading.fail("required");
    } else {
      reader.field("status", out.status);
    }
  });
  if (!has_spec) reading.fail("spec: required");
}

}  // namespace stowage::kubeapi
