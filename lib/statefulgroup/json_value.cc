#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

std::optional<Json> parseJson(std::string_view text) {
  constexpr int kMaxDepth = 64;
  bool too_deep = false;
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kMaxDepth;
    return !too_deep;
  };
  Json value = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
  if (value.is_discarded() || too_deep) return std::nullopt;
  return value;
}

std::string toText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* memberOf(const Json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

Json* memberOf(Json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

std::string textOf(const Json& value, std::string_view name) {
  const Json* member = memberOf(value, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

Json toJson(const kubeapi::Labels& labels) {
  Json object = Json::object();
  for (const auto& [key, value] : labels) object[key.str()] = value.view();
  return object;
}

}  // namespace stowage::statefulgroup
