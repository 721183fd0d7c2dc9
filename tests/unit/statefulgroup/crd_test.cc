// The typed StatefulGroup against its CustomResourceDefinition: the same fields, the same bounds,
// the same defaults. Samples of all fields are made from the schema, so a field that is added to
// one side only fails here.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "kubeapi/decode.h"
#include "kubeapi/stateful_group.h"
#include "stowage_paths.h"

namespace stowage::kubeapi {
namespace {

using Json = nlohmann::json;

Json toJson(const YAML::Node& node) {
  if (node.IsSequence()) {
    Json array = Json::array();
    for (const auto& item : node) array.push_back(toJson(item));
    return array;
  }
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& member : node) object[member.first.as<std::string>()] = toJson(member.second);
    return object;
  }
  const auto text = node.as<std::string>();
  const bool quoted = node.Tag() == "!";
  if (quoted) return text;
  if (text == "true" || text == "false") return text == "true";
  const Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

Json schema() {
  const auto crd =
      YAML::LoadFile(STOWAGE_SOURCE_DIR "/lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml");
  return toJson(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]);
}
Json schemaOf(const char* part) { return schema()["properties"][part]; }

// A value of that schema with every field in it. Both variants differ in every leaf, so they cannot
// both be a default.
Json sample(const Json& schema, int variant) {
  if (schema.contains("enum")) return variant == 0 ? schema["enum"].front() : schema["enum"].back();
  if (schema.contains("x-kubernetes-int-or-string")) return variant == 0 ? Json(5) : Json("7");
  const std::string type = schema["type"];
  if (type == "integer") {
    return variant == 0 ? schema.value("minimum", 3) : schema.value("maximum", 7);
  }
  if (type == "string") {
    if (schema.value("format", "") == "date-time") {
      return variant == 0 ? "2026-01-02T03:04:05Z" : "2027-01-02T03:04:05Z";
    }
    return variant == 0 ? "a0" : "b1";
  }
  if (type == "array") return Json::array({sample(schema["items"], variant)});
  Json object = Json::object();
  if (schema.contains("properties")) {
    for (const auto& [name, field] : schema["properties"].items()) {
      object[name] = sample(field, variant);
    }
  }
  if (schema.contains("additionalProperties")) {
    object["k"] = sample(schema["additionalProperties"], variant);
  }
  if (schema.contains("x-kubernetes-preserve-unknown-fields")) {
    object["more"] = {{"x", Json::array({1, true, nullptr, 0.5})}};
  }
  return object;
}

std::string object(const Json& spec, const Json& status = Json::object()) {
  return Json{{"metadata", {{"name", "g"}, {"namespace", "n"}}}, {"spec", spec}, {"status", status}}
      .dump();
}

TEST(Crd, TypedSpecHasExactlyItsFields) {
  Decoder<StatefulGroup> decoder;
  for (const int variant : {0, 1}) {
    const Json spec = sample(schemaOf("spec"), variant);
    const auto group = decoder.object(object(spec));
    ASSERT_TRUE(group.has_value()) << group.error().toString();
    EXPECT_EQ(Json::parse(encodeSpec((*group)->spec)), spec);
  }
}

TEST(Crd, TypedStatusHasExactlyItsFields) {
  Decoder<StatefulGroup> decoder;
  for (const int variant : {0, 1}) {
    const Json status = sample(schemaOf("status"), variant);
    const auto group = decoder.object(object(sample(schemaOf("spec"), variant), status));
    ASSERT_TRUE(group.has_value()) << group.error().toString();
    EXPECT_EQ(Json::parse(encodeStatusUpdate(**group, (*group)->status))["status"], status);
  }
}

// Calls `visit(path, schema)` for every field below.
void walk(const Json& schema, const Json::json_pointer& path,
          const std::function<void(const Json::json_pointer&, const Json&)>& visit) {
  visit(path, schema);
  // What is passed on as it is has no bounds of ours.
  const std::string text = path.to_string();
  if (text == "/template" || text.ends_with("/tolerations") || text.ends_with("/0/spec")) return;
  if (schema.contains("properties")) {
    for (const auto& [name, field] : schema["properties"].items()) walk(field, path / name, visit);
  }
  if (schema.contains("items")) walk(schema["items"], path / 0, visit);
}

TEST(Crd, WhatIsOutOfItsBoundsIsRefusedByTheDecoderToo) {
  Decoder<StatefulGroup> decoder;
  const Json whole = sample(schemaOf("spec"), 0);
  int tried = 0;
  const auto refused = [&](const Json::json_pointer& path, const Json& value) {
    Json spec = whole;
    spec[path] = value;
    const auto group = decoder.object(object(spec));
    EXPECT_FALSE(group.has_value()) << path.to_string() << " = " << value.dump();
    ++tried;
  };
  walk(schemaOf("spec"), Json::json_pointer(), [&](const auto& path, const Json& schema) {
    if (schema.contains("enum")) refused(path, "Elsewhere");
    if (schema.contains("minimum")) refused(path, schema["minimum"].get<int>() - 1);
    if (schema.contains("maximum")) refused(path, schema["maximum"].get<int>() + 1);
    if (schema.contains("maxItems") && !path.to_string().ends_with("/tolerations")) {
      const Json item = whole[path][0];
      refused(path, Json(schema["maxItems"].get<std::size_t>() + 1, item));
    }
    if (!path.empty()) refused(path, true);  // no field is a bool
  });
  EXPECT_GT(tried, 150);
}

// What the API server does with defaults: absent members are added where their parent is there.
Json withDefaults(const Json& schema, Json value) {
  if (value.is_array()) {
    for (Json& item : value) item = withDefaults(schema["items"], item);
  } else if (value.is_object() && schema.contains("properties")) {
    for (const auto& [name, field] : schema["properties"].items()) {
      if (!value.contains(name) && field.contains("default")) value[name] = field["default"];
      if (value.contains(name)) value[name] = withDefaults(field, value[name]);
    }
  }
  return value;
}

TEST(Crd, DefaultsAreThoseOfTheTypedValue) {
  const Json pod_template = {{"spec", {{"containers", Json::array({{{"name", "c"}}})}}}};
  const Json hook = {{"http", {{"port", 1}}}};
  const Json key = {{"topologyKey", "k"}};
  const Json specs[] = {{{"template", pod_template}},
                        // Objects that are there in part.
                        {{"template", pod_template},
                         {"updateStrategy", {{"rollingUpdate", Json::object()}}},
                         {"roleProbe", hook},
                         {"switchover", hook},
                         {"membership", hook},
                         {"healthGates", hook},
                         {"roles", Json::array({{{"name", "r"}}})},
                         {"topology", {{"exclusive", key}, {"failureDomains", Json::array({key})}}},
                         {"services", {{"ports", Json::array({{{"name", "p"}, {"port", 1}}})}}}}};
  Decoder<StatefulGroup> decoder;
  for (const Json& spec : specs) {
    const auto group = decoder.object(object(spec));
    ASSERT_TRUE(group.has_value()) << group.error().toString();
    EXPECT_EQ(Json::parse(encodeSpec((*group)->spec)), withDefaults(schemaOf("spec"), spec));
  }
}

TEST(Crd, EveryFieldIsDescribed) {
  for (const char* part : {"spec", "status"}) {
    walk(schemaOf(part), Json::json_pointer(), [&](const auto& path, const Json& schema) {
      const std::string text = path.to_string();
      if (text.ends_with("/0")) return;  // items: their list is described
      EXPECT_FALSE(schema.value("description", "").empty()) << part << text;
    });
  }
}

}  // namespace
}  // namespace stowage::kubeapi
