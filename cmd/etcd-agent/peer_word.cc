#include "cmd/etcd-agent/peer_word.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "k8sclient/transport/beast_transport.h"

namespace stowage::etcd_agent {

namespace {

using Json = nlohmann::json;

constexpr auto kTimeout = std::chrono::seconds(2);
constexpr std::size_t kMaxWord = 4096;
constexpr std::size_t kMaxName = 512;

std::optional<FolderState> stateOf(std::string_view name) {
  for (const FolderState state :
       {FolderState::kEmpty, FolderState::kReady, FolderState::kJoining, FolderState::kMember}) {
    if (name == text(state)) return state;
  }
  return std::nullopt;
}

std::string textOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  const auto& out = found->get_ref<const std::string&>();
  return out.size() > kMaxName ? std::string() : out;
}

class HttpsWords final : public PeerWords {
 public:
  HttpsWords(int port, std::stop_token stop) : port_(port), stop_(std::move(stop)) {}

  base::Result<PeerWord> ask(const std::string& host) override {
    k8sclient::Endpoint endpoint;
    endpoint.host = host;
    endpoint.port = std::to_string(port_);
    // Agents have certificates of their own making; what is said is no secret, and whoever could
    // forge it could forge what etcd's members say to each other, too.
    endpoint.insecure_skip_verify = true;
    k8sclient::TransportOptions options;
    options.max_body = kMaxWord;
    auto transport = k8sclient::makeBeastTransport(endpoint, options);
    if (!transport) return base::fail(transport.error());
    k8sclient::HttpRequest request;
    request.target = kPeerPath;
    const auto answer = (*transport)->send(request, kTimeout, stop_);
    if (!answer) return base::fail(base::Code::kUnavailable, answer.error().message);
    if (answer->status != 200)
      return base::fail(base::Code::kUnavailable, fmt::format("HTTP {}", answer->status));
    return decodePeerWord(answer->body);
  }

 private:
  const int port_;
  const std::stop_token stop_;
};

}  // namespace

std::string encodePeerWord(const PeerWord& word) {
  return fmt::format(R"({{"cluster":{},"member":{},"state":"{}"}})", base::jsonString(word.cluster),
                     base::jsonString(word.member), text(word.state));
}

base::Result<PeerWord> decodePeerWord(std::string_view body) {
  const Json json =
      body.size() > kMaxWord ? Json() : Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return base::fail(base::Code::kInternal, "not a word of an agent");
  const auto state = stateOf(textOf(json, "state"));
  PeerWord word{textOf(json, "cluster"), textOf(json, "member"), state.value_or(FolderState())};
  if (!state || word.cluster.empty() || word.member.empty())
    return base::fail(base::Code::kInternal, "not a word of an agent");
  return word;
}

std::unique_ptr<PeerWords> makePeerWords(int port, std::stop_token stop) {
  return std::make_unique<HttpsWords>(port, std::move(stop));
}

}  // namespace stowage::etcd_agent
