#include "cmd/etcd-agent/etcd_api.h"

#include <chrono>
#include <utility>

#include "cmd/etcd-agent/etcd_json.h"
#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/server_url.h"

namespace stowage::etcd_agent {

namespace {

// A member that is up answers from memory.
constexpr auto kReadTimeout = std::chrono::seconds(1);
// What has to be agreed on.
constexpr auto kWriteTimeout = std::chrono::seconds(3);

class Gateway final : public EtcdApi {
 public:
  Gateway(EtcdTls tls, std::stop_token stop) : tls_(std::move(tls)), stop_(std::move(stop)) {}

  base::Result<MemberStatus> status(const std::string& url) override {
    const auto body = post(url, "/v3/maintenance/status", "{}", kReadTimeout);
    if (!body) return base::fail(body.error());
    return decodeStatus(*body);
  }
  base::Result<MemberList> members(const std::string& url) override {
    const auto body = post(url, "/v3/cluster/member/list", encodeListRequest(), kReadTimeout);
    if (!body) return base::fail(body.error());
    return decodeMembers(*body);
  }
  base::Result<Member> addLearner(const std::string& url, const std::string& peer_url) override {
    const auto body =
        post(url, "/v3/cluster/member/add", encodeAddLearnerRequest(peer_url), kWriteTimeout);
    if (!body) return base::fail(body.error());
    return decodeAdded(*body);
  }
  base::Status promote(const std::string& url, std::uint64_t id) override {
    return write(url, "/v3/cluster/member/promote", encodeIdRequest(id));
  }
  base::Status remove(const std::string& url, std::uint64_t id) override {
    return write(url, "/v3/cluster/member/remove", encodeIdRequest(id));
  }
  base::Status transferLeadership(const std::string& url, std::uint64_t to) override {
    return write(url, "/v3/maintenance/transfer-leadership", encodeTransferRequest(to));
  }

 private:
  base::Status write(const std::string& url, const char* path, std::string body) {
    const auto answer = post(url, path, std::move(body), kWriteTimeout);
    return answer ? base::Status() : answer.error();
  }

  // A connection each: members come and go, and calls are rare.
  base::Result<std::string> post(const std::string& url, const char* path, std::string body,
                                 base::Duration timeout) {
    k8sclient::Endpoint endpoint;
    if (base::Status parsed = k8sclient::parseServerUrl(url, false, endpoint); !parsed.ok())
      return base::fail(parsed.withPrefix("an address of etcd"));
    endpoint.ca_pem = tls_.ca_pem;
    endpoint.client_cert_pem = tls_.cert_pem;
    endpoint.client_key_pem = tls_.key_pem;
    k8sclient::TransportOptions options;
    options.max_body = kMaxEtcdAnswer;
    auto transport = k8sclient::makeBeastTransport(endpoint, options);
    if (!transport) return base::fail(transport.error());
    k8sclient::HttpRequest request;
    request.method = k8sclient::Method::kPost;
    request.target = path;
    request.content_type = "application/json";
    request.body = std::move(body);
    auto answer = (*transport)->send(request, timeout, stop_);
    if (!answer) return base::fail(base::Code::kUnavailable, url + ": " + answer.error().message);
    if (answer->status / 100 == 2) return std::move(answer->body);
    const std::string refusal = decodeRefusal(answer->status, answer->body);
    // 503 and 504: it has no leader, or the leader did not answer in time.
    const base::Code code = answer->status == 404   ? base::Code::kNotFound
                            : answer->status >= 500 ? base::Code::kUnavailable
                                                    : base::Code::kConflict;
    return base::fail(code, refusal);
  }

  const EtcdTls tls_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<EtcdApi> makeEtcdApi(EtcdTls tls, std::stop_token stop) {
  return std::make_unique<Gateway>(std::move(tls), std::move(stop));
}

}  // namespace stowage::etcd_agent
