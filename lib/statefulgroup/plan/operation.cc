#include "statefulgroup/plan/operation.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace stowage::statefulgroup {

namespace {

using Json = nlohmann::json;
constexpr std::array<std::string_view, 2> kKinds = {"Update", "ScaleIn"};

std::string textOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view text(OperationKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::string encodeOperation(const Operation& operation) {
  return Json{{"id", operation.id},
              {"kind", text(operation.kind)},
              {"revision", operation.revision.str()},
              {"start", base::formatTime(operation.start)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Operation> decodeOperation(std::string_view annotation) {
  const Json object = Json::parse(annotation, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Operation operation;
  operation.id = textOf(object, "id");
  const std::string kind = textOf(object, "kind");
  const auto start = base::parseTime(textOf(object, "start"));
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kind != kKinds[i] || operation.id.empty() || !start) continue;
    operation.kind = static_cast<OperationKind>(i);
    operation.revision = textOf(object, "revision");
    operation.start = *start;
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
