#include "integration/standin/etcd_client.h"

#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>

namespace stowage::testing {

namespace {

using Json = nlohmann::json;

// The gateway has bytes in base64.
std::string encoded(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string decoded(const std::string& text) {
  std::string out(3 * (text.size() / 4) + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace

std::optional<std::string> EtcdClient::call(const std::string& path,
                                            const std::string& body) const {
  httplib::Client client(address_, port_);
  client.set_connection_timeout(1);
  client.set_read_timeout(1);
  const auto answer = client.Post(path.c_str(), body, "application/json");
  if (!answer || answer->status != 200) return std::nullopt;
  return answer->body;
}

bool EtcdClient::put(const std::string& key, const std::string& value) const {
  const Json request = {{"key", encoded(key)}, {"value", encoded(value)}};
  return call("/v3/kv/put", request.dump()).has_value();
}

std::optional<std::string> EtcdClient::get(const std::string& key) const {
  const auto answer = call("/v3/kv/range", Json({{"key", encoded(key)}}).dump());
  if (!answer) return std::nullopt;
  const Json found = Json::parse(*answer, nullptr, false).value("kvs", Json::array());
  return found.empty() ? std::string() : decoded(found[0].value("value", ""));
}

std::optional<std::vector<EtcdClient::Pair>> EtcdClient::list(const std::string& prefix) const {
  std::string end = prefix;
  ++end.back();
  const auto answer =
      call("/v3/kv/range", Json({{"key", encoded(prefix)}, {"range_end", encoded(end)}}).dump());
  if (!answer) return std::nullopt;
  std::vector<Pair> pairs;
  const Json found = Json::parse(*answer, nullptr, false).value("kvs", Json::array());
  for (const Json& one : found)
    pairs.push_back({decoded(one.value("key", "")), decoded(one.value("value", ""))});
  return pairs;
}

bool EtcdClient::leads() const {
  const auto answer = call("/v3/maintenance/status", "{}");
  if (!answer) return false;
  const Json status = Json::parse(*answer, nullptr, false);
  const std::string self = status.value("/header/member_id"_json_pointer, "");
  return !self.empty() && status.value("leader", "") == self;
}

std::vector<EtcdClient::Member> EtcdClient::members() const {
  const auto answer = call("/v3/cluster/member/list", R"({"linearizable":true})");
  if (!answer) return {};
  std::vector<Member> members;
  const Json found = Json::parse(*answer, nullptr, false).value("members", Json::array());
  for (const Json& one : found)
    members.push_back({one.value("ID", ""), one.value("name", ""),
                       one.value("peerURLs", Json::array({""}))[0], one.value("isLearner", false)});
  return members;
}

std::vector<std::string> EtcdClient::voters() const {
  std::vector<std::string> names;
  for (const Member& member : members()) {
    if (!member.learner) names.push_back(member.name);
  }
  return names;
}

}  // namespace stowage::testing
