#include <algorithm>

#include "base/text.h"
#include "kubeapi/decode.h"
#include "kubeapi/json_reading.h"

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxMessage = 2048;
constexpr std::size_t kMaxBody = 1 << 20;
constexpr std::size_t kMaxCauses = 16;

void readCauses(JsonReading& reading, JsonElement element, std::vector<std::string>& out) {
  readArray(reading, element, [&](JsonElement item) {
    readObject(reading, item, [&](std::string_view key, JsonElement value) {
      if (key != "reason" || out.size() >= kMaxCauses) return;
      readValue(reading, value, out.emplace_back());
    });
  });
}

void readStatus(JsonReading& reading, JsonElement element, ApiStatus& out, bool& is_status) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "kind") {
      if (const auto kind = readText(reading, value)) is_status = *kind == "Status";
    } else if (key == "code") {
      std::int32_t code = out.code;
      readValue(reading, value, code);
      if (code != 0) out.code = code;
    } else if (key == "reason") {
      readValue(reading, value, out.reason);
    } else if (key == "message") {
      readValue(reading, value, out.message);
    } else if (key == "details") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "retryAfterSeconds") readValue(reading, field, out.retry_after_seconds);
        if (name == "causes") readCauses(reading, field, out.causes);
      });
    }
  });
}

}  // namespace

ApiStatus decodeStatus(std::string_view body, int http_code) {
  ApiStatus status;
  status.code = http_code;
  simdjson::dom::parser parser;
  JsonElement element;
  JsonReading reading;
  bool is_status = false;
  const bool parsed =
      body.size() <= kMaxBody && !body.empty() &&
      parser.allocate(simdjson::dom::MINIMAL_DOCUMENT_CAPACITY, 64) == simdjson::SUCCESS &&
      parser.parse(body.data(), body.size()).get(element) == simdjson::SUCCESS;
  if (parsed) readStatus(reading, element, status, is_status);
  if (!is_status || !reading.ok()) {
    status = ApiStatus();
    status.code = http_code;
    // Plain text ends with a newline (net/http's Error).
    status.message = base::utf8Prefix(body, kMaxMessage);
    status.message.erase(status.message.find_last_not_of(" \r\n\t") + 1);
  }
  status.message = base::utf8Prefix(status.message, kMaxMessage);
  status.retry_after_seconds = std::max<std::int64_t>(status.retry_after_seconds, 0);
  return status;
}

}  // namespace stowage::kubeapi
