#include "cmd/etcd-agent/etcd_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace stowage::etcd_agent {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxTexts = 32;
constexpr std::size_t kMaxShown = 256;

base::Status nonsense(std::string_view what) {
  return {base::Code::kInternal, fmt::format("etcd's answer makes no sense: {}", what)};
}

base::Result<Json> parse(std::string_view body) {
  if (body.size() > kMaxEtcdAnswer) return base::fail(nonsense("it is too long"));
  Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return base::fail(nonsense("it is no JSON object"));
  return json;
}

const Json* memberOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// Absent is 0; nullopt is something else than a number.
std::optional<std::uint64_t> number(const Json& object, const char* name) {
  const Json* value = memberOf(object, name);
  if (value == nullptr) return 0;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  if (!value->is_string()) return std::nullopt;
  const auto& text = value->get_ref<const std::string&>();
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<std::string> text(const Json& object, const char* name) {
  const Json* value = memberOf(object, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return std::nullopt;
  const auto& out = value->get_ref<const std::string&>();
  return out.size() > kMaxText ? std::nullopt : std::optional(out);
}

std::optional<std::vector<std::string>> texts(const Json& object, const char* name) {
  const Json* value = memberOf(object, name);
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (!value->is_array() || value->size() > kMaxTexts) return std::nullopt;
  for (const Json& one : *value) {
    if (!one.is_string() || one.get_ref<const std::string&>().size() > kMaxText)
      return std::nullopt;
    out.push_back(one.get<std::string>());
  }
  return out;
}

// Absent is false; nullopt is something else than a boolean.
std::optional<bool> flag(const Json& object, const char* name) {
  const Json* value = memberOf(object, name);
  if (value == nullptr) return false;
  return value->is_boolean() ? std::optional(value->get<bool>()) : std::nullopt;
}

std::optional<Member> memberFrom(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto id = number(json, "ID");
  auto name = text(json, "name");
  auto peers = texts(json, "peerURLs");
  auto clients = texts(json, "clientURLs");
  const auto learner = flag(json, "isLearner");
  if (!id || *id == 0 || !name || !peers || !clients || !learner) return std::nullopt;
  return Member{*id, std::move(*name), std::move(*peers), std::move(*clients), *learner};
}

}  // namespace

base::Result<MemberStatus> decodeStatus(std::string_view body) {
  const auto json = parse(body);
  if (!json) return base::fail(json.error());
  const Json* header = memberOf(*json, "header");
  if (header == nullptr || !header->is_object()) return base::fail(nonsense("it has no header"));
  const auto member = number(*header, "member_id");
  const auto leader = number(*json, "leader");
  const auto term = number(*json, "raftTerm");
  const auto index = number(*json, "raftIndex");
  const auto applied = number(*json, "raftAppliedIndex");
  const auto learner = flag(*json, "isLearner");
  auto errors = texts(*json, "errors");
  if (!member || *member == 0) return base::fail(nonsense("it does not say which member it is"));
  if (!leader || !term || !index || !applied || !learner || !errors)
    return base::fail(nonsense("a field of the status has a wrong type"));
  return MemberStatus{*member, *leader, *term, *index, *applied, *learner, std::move(*errors)};
}

base::Result<MemberList> decodeMembers(std::string_view body) {
  const auto json = parse(body);
  if (!json) return base::fail(json.error());
  MemberList list;
  if (const Json* header = memberOf(*json, "header"); header != nullptr && header->is_object())
    list.cluster = number(*header, "cluster_id").value_or(0);
  const Json* members = memberOf(*json, "members");
  if (members == nullptr || !members->is_array() || members->empty())
    return base::fail(nonsense("it has no members"));
  if (members->size() > kMaxMembers) return base::fail(nonsense("it has too many members"));
  for (const Json& one : *members) {
    auto member = memberFrom(one);
    if (!member) return base::fail(nonsense("a member is malformed"));
    if (list.byId(member->id) != nullptr) return base::fail(nonsense("a member is there twice"));
    list.members.push_back(std::move(*member));
  }
  return list;
}

base::Result<Member> decodeAdded(std::string_view body) {
  const auto json = parse(body);
  if (!json) return base::fail(json.error());
  const Json* added = memberOf(*json, "member");
  auto member = added == nullptr ? std::nullopt : memberFrom(*added);
  if (!member) return base::fail(nonsense("the added member is malformed"));
  return std::move(*member);
}

std::string decodeRefusal(int http_status, std::string_view body) {
  const Json json = body.size() > kMaxEtcdAnswer
                        ? Json()
                        : Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto message = json.is_object() ? text(json, "message") : std::nullopt;
  if (!message || message->empty()) return fmt::format("HTTP {}", http_status);
  return std::string(base::utf8Prefix(*message, kMaxShown));
}

// Through the leader: a member alone does not know who was removed meanwhile.
std::string encodeListRequest() { return R"({"linearizable":true})"; }
std::string encodeIdRequest(std::uint64_t id) { return fmt::format(R"({{"ID":"{}"}})", id); }
std::string encodeTransferRequest(std::uint64_t to) {
  return fmt::format(R"({{"targetID":"{}"}})", to);
}
std::string encodeAddLearnerRequest(const std::string& peer_url) {
  return fmt::format(R"({{"peerURLs":[{}],"isLearner":true}})", base::jsonString(peer_url));
}

}  // namespace stowage::etcd_agent
