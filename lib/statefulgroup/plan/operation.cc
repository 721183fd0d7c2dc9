#include "statefulgroup/plan/operation.h"

#include <array>

#include "base/text.h"
#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

namespace {

constexpr std::array<std::string_view, 5> kKinds = {"Update", "ScaleIn", "InPlace", "Resize",
                                                    "Replace"};
// Nobody has more containers than this whose images change at once.
constexpr std::size_t kMaxMarks = 64;

std::vector<ContainerMark> marksIn(const Json& object) {
  std::vector<ContainerMark> marks;
  const Json* was = memberOf(object, "was");
  if (was == nullptr || !was->is_array()) return marks;
  for (const Json& one : *was) {
    if (!one.is_object() || marks.size() == kMaxMarks) continue;
    const Json* restarts = memberOf(one, "restarts");
    const bool counted = restarts != nullptr && restarts->is_number_integer();
    marks.push_back({textOf(one, "name"), textOf(one, "id"), textOf(one, "imageID"),
                     counted ? restarts->get<std::int32_t>() : 0});
  }
  return marks;
}

}  // namespace

std::string_view text(OperationKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::string encodeOperation(const Operation& operation) {
  Json record = {{"id", operation.id},
                 {"kind", text(operation.kind)},
                 {"revision", operation.revision.str()},
                 {"start", base::formatTime(operation.start)}};
  for (const ContainerMark& mark : operation.was)
    record["was"].push_back({{"name", mark.name},
                             {"id", mark.id},
                             {"imageID", mark.image_id},
                             {"restarts", mark.restarts}});
  return toText(record);
}

std::optional<Operation> decodeOperation(std::string_view annotation) {
  const auto object = parseJson(annotation);
  if (!object) return std::nullopt;
  Operation operation;
  operation.id = textOf(*object, "id");
  const std::string kind = textOf(*object, "kind");
  const auto start = base::parseTime(textOf(*object, "start"));
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kind != kKinds[i] || operation.id.empty() || !start) continue;
    operation.kind = static_cast<OperationKind>(i);
    operation.revision = textOf(*object, "revision");
    operation.start = *start;
    operation.was = marksIn(*object);
    return operation;
  }
  return std::nullopt;
}

std::string operationId(const base::Symbol& pod_uid, OperationKind kind,
                        const base::Symbol& revision) {
  std::string id = pod_uid.str();
  id.append("/").append(text(kind));
  if (!revision.empty()) id.append("/").append(revision.view());
  return id;
}

}  // namespace stowage::statefulgroup
