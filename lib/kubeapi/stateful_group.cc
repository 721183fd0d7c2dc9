#include "kubeapi/stateful_group.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kubeapi/stateful_group_fields.h"

namespace stowage::kubeapi {

namespace group {

std::vector<Role> defaultRoles() {
  return {{"leader", 2, RoleQuorum::kParticipates, RoleCardinality::kOne},
          {"follower", 1, RoleQuorum::kParticipates, RoleCardinality::kMany},
          {"learner", 0, RoleQuorum::kObserves, RoleCardinality::kMany}};
}

std::vector<FailureDomain> defaultFailureDomains() {
  return {{"kubernetes.io/hostname", 1, Unsatisfiable::kDoNotSchedule, QuorumSafe::kOff},
          {"topology.kubernetes.io/zone", std::nullopt, Unsatisfiable::kScheduleAnyway,
           QuorumSafe::kPreferred}};
}

}  // namespace group

namespace {

using group::IntOrString;
using group::RawJson;
using group::RawKind;

template <typename T>
concept Enum = requires(T value) { names(value); };

// Writes the fields that describe() names as members of one object. Numbers and enums are always
// written; what is absent or empty is left out.
class FieldWriter {
 public:
  template <typename T>
  void field(std::string_view name, T& value) {
    write(name, value);
  }
  void always(std::string_view name, const std::string& value) {
    member(name, base::jsonString(value));
  }
  // Below its bound a number was never given: it would not be read back.
  void number(std::string_view name, std::int32_t value, std::int32_t low, std::int32_t) {
    if (value >= low) write(name, value);
  }
  void number(std::string_view name, const std::optional<std::int32_t>& value, std::int32_t,
              std::int32_t) {
    if (value) write(name, *value);
  }
  template <typename T>
  void list(std::string_view name, std::vector<T>& values, std::size_t) {
    if (values.empty()) return;
    std::string text = "[";
    for (T& value : values) {
      if (text.size() > 1) text.push_back(',');
      text += item(value);
    }
    member(name, text + "]");
  }
  void raw(std::string_view name, const RawJson& value, RawKind) {
    if (!value.empty()) member(name, value.text);
  }
  void claimSpec(std::string_view name, const group::ClaimTemplate& value) {
    raw(name, value.spec, RawKind::kObject);
  }
  template <typename Describe>
  void inner(std::string_view name, Describe describeInner) {
    FieldWriter writer;
    describeInner(writer);
    if (!writer.out_.empty()) member(name, writer.object());
  }
  [[nodiscard]] std::string object() const { return "{" + out_ + "}"; }

 private:
  void member(std::string_view name, std::string_view json) {
    if (!out_.empty()) out_.push_back(',');
    out_.append("\"").append(name).append("\":").append(json);
  }

  void write(std::string_view name, std::int32_t value) { member(name, fmt::to_string(value)); }
  void write(std::string_view name, std::int64_t value) { member(name, fmt::to_string(value)); }
  void write(std::string_view name, const std::string& value) {
    if (!value.empty()) member(name, base::jsonString(value));
  }
  void write(std::string_view name, const Symbol& value) {
    if (!value.empty()) member(name, base::jsonString(value.view()));
  }
  void write(std::string_view name, std::optional<WallTime>& value) {
    if (value) member(name, base::jsonString(base::formatTime(*value)));
  }
  void write(std::string_view name, const Labels& values) {
    if (values.empty()) return;
    FieldWriter writer;
    for (const auto& [key, value] : values) {
      if (!writer.out_.empty()) writer.out_.push_back(',');
      base::appendJsonString(writer.out_, key.view());
      writer.out_.push_back(':');
      base::appendJsonString(writer.out_, value.view());
    }
    member(name, writer.object());
  }
  void write(std::string_view name, const IntOrString& value) {
    member(name, value.text.empty() ? fmt::to_string(value.number) : base::jsonString(value.text));
  }
  template <Enum E>
  void write(std::string_view name, E value) {
    member(name, base::jsonString(group::text(value)));
  }
  template <typename T>
  void write(std::string_view name, std::optional<T>& value) {
    if (value) write(name, *value);
  }
  template <typename T>
    requires requires(FieldWriter& writer, T& value) { describe(writer, value); }
  void write(std::string_view name, T& value) {
    member(name, item(value));
  }

  static std::string item(const std::string& value) { return base::jsonString(value); }
  static std::string item(const Symbol& value) { return base::jsonString(value.view()); }
  template <typename T>
    requires requires(FieldWriter& writer, T& value) { describe(writer, value); }
  static std::string item(T& value) {
    FieldWriter writer;
    describe(writer, value);
    return writer.object();
  }

  std::string out_;
};

// describe() serves the reader, too, and so takes what it names by reference.
template <typename T>
std::string encode(const T& value) {
  T copy = value;
  FieldWriter writer;
  describe(writer, copy);
  return writer.object();
}

}  // namespace

std::string encodeSpec(const group::Spec& spec) { return encode(spec); }

std::string encodeStatusUpdate(const StatefulGroup& seen, const group::Status& status) {
  return fmt::format(
      R"({{"apiVersion":"stowage.dev/v1alpha1","kind":"StatefulGroup","metadata":{{"name":{},)"
      R"("namespace":{},"uid":{},"resourceVersion":{}}},"spec":{},"status":{}}})",
      base::jsonString(seen.meta.name.view()), base::jsonString(seen.meta.ns.view()),
      base::jsonString(seen.meta.uid.view()), base::jsonString(seen.meta.resource_version),
      encode(seen.spec), encode(status));
}

}  // namespace stowage::kubeapi
