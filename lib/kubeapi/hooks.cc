#include "kubeapi/hooks.h"

#include <charconv>
#include <optional>

#include "base/text.h"
#include "kubeapi/json_scan.h"
#include "kubeapi/label_syntax.h"

namespace stowage::kubeapi::hooks {

namespace {

constexpr std::string_view kAccountUser = "system:serviceaccount:";
constexpr std::size_t kMaxMessage = 512;
constexpr std::size_t kMaxText = 1024;

void appendMember(std::string& out, std::string_view key, std::string_view value) {
  out += out.size() > 1 ? "," : "";
  base::appendJsonString(out, key);
  out += ':';
  base::appendJsonString(out, value);
}

std::optional<std::string> boundedText(std::string_view value) {
  auto text = decodeJsonString(value);
  if (!text || text->size() > kMaxText) return std::nullopt;
  return text;
}

base::Status wrong(std::string_view what) {
  return {base::Code::kInvalidArgument, std::string(what)};
}

}  // namespace

std::string audienceOf(std::string_view ns) { return "stowage-hooks." + std::string(ns); }

std::optional<ServiceAccount> parseServiceAccount(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() ||
      text.find(':', colon + 1) != std::string_view::npos ||
      text.find_first_of("/ \t") != std::string_view::npos)
    return std::nullopt;
  return ServiceAccount{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string userOf(const ServiceAccount& account) {
  return std::string(kAccountUser) + account.ns + ":" + account.name;
}

std::optional<ServiceAccount> accountOf(std::string_view user) {
  if (!user.starts_with(kAccountUser)) return std::nullopt;
  return parseServiceAccount(user.substr(kAccountUser.size()));
}

std::string pathOf(std::string_view verb) { return "/v1/" + std::string(verb); }

std::string encodeRequest(const Request& request) {
  std::string out = "{";
  appendMember(out, "operationId", request.operation_id);
  appendMember(out, "pod", request.pod);
  appendMember(out, "podUID", request.pod_uid);
  return out + "}";
}

base::Result<Request> decodeRequest(std::string_view body) {
  if (body.size() > kMaxAnswer) return base::fail(wrong("the body is too long"));
  Request request;
  JsonScan scan(body);
  while (scan.next()) {
    std::string* target = scan.key() == "operationId" ? &request.operation_id
                          : scan.key() == "pod"       ? &request.pod
                          : scan.key() == "podUID"    ? &request.pod_uid
                                                      : nullptr;
    if (target == nullptr) continue;
    auto text = boundedText(scan.value());
    if (!text) return base::fail(wrong("operationId, pod and podUID must be texts"));
    *target = std::move(*text);
  }
  if (!scan.ok() || !scan.isObject()) return base::fail(wrong("the body is no JSON object"));
  if (request.operation_id.empty()) return base::fail(wrong("operationId is missing"));
  if (request.pod_uid.empty()) return base::fail(wrong("podUID is missing"));
  return request;
}

Verdict verdictOf(int http_status) {
  switch (http_status) {
    case 200:
      return Verdict::kDone;
    case 202:
      return Verdict::kWorking;
    case 409:
      return Verdict::kRefused;
    default:
      return Verdict::kFailed;
  }
}

std::string messageOf(std::string_view body) {
  if (body.size() > kMaxAnswer) return {};
  std::string message;
  JsonScan scan(body);
  while (scan.next()) {
    if (scan.key() == "message") message = decodeJsonString(scan.value()).value_or("");
  }
  return scan.ok() && scan.isObject() ? std::string(base::utf8Prefix(message, kMaxMessage))
                                      : std::string();
}

std::string encodeMessage(std::string_view message) {
  std::string out = "{";
  appendMember(out, "message", base::utf8Prefix(message, kMaxMessage));
  return out + "}";
}

base::Result<Role> decodeRole(std::string_view body) {
  if (body.size() > kMaxAnswer) return base::fail(wrong("the answer is too long"));
  Role role;
  JsonScan scan(body);
  while (scan.next()) {
    const std::string_view value = scan.value();
    if (scan.key() == "role") {
      auto text = boundedText(value);
      if (!text) return base::fail(wrong("role must be a text"));
      role.role = std::move(*text);
    } else if (scan.key() == "term") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), role.term);
      if (error != std::errc() || end != value.data() + value.size() || role.term < 0)
        return base::fail(wrong("term must be a whole number, not below zero"));
    }
  }
  if (!scan.ok() || !scan.isObject()) return base::fail(wrong("the answer is no JSON object"));
  // It becomes the value of a label.
  if (!isLabelValue(role.role)) return base::fail(wrong("role is no label value"));
  return role;
}

std::string encodeRole(const Role& role) {
  std::string out = "{";
  appendMember(out, "role", role.role);
  return out + ",\"term\":" + std::to_string(role.term) + "}";
}

}  // namespace stowage::kubeapi::hooks
