#include "k8sclient/config/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "k8sclient/config/header_values.h"

namespace stowage::k8sclient {

namespace {

constexpr std::chrono::seconds kFilesEvery{60};  // kube-rs; client-go takes 5 min
constexpr std::chrono::seconds kTokenEvery{50};  // client-go: 60 s less 10 s of leeway
constexpr std::chrono::seconds kRetryAfterFailure{5};
constexpr std::chrono::seconds kExecLeeway{60};  // refreshed that long before it expires

// Replaces `text` with the content of `path`, if there is a path.
base::Status readInto(const std::string& path, const char* what, std::string& text) {
  if (path.empty()) return {};
  base::Result<std::string> content = readFile(path);
  if (!content) return content.error().withPrefix(what);
  text = std::move(*content);
  return {};
}

bool hasRepeatedNames(const std::vector<Header>& headers) {
  std::set<std::string_view> names;
  return std::any_of(headers.begin(), headers.end(),
                     [&](const Header& header) { return !names.insert(header.first).second; });
}

void warnKept(const char* what, const base::Status& status) {
  base::log().warn("credentials could not be refreshed, the old ones stay in use",
                   {{"what", what}, {"error", status.message()}});
}

}  // namespace

base::Result<std::unique_ptr<ConfigSessions>> ConfigSessions::open(ClientConfig config,
                                                                   base::Clock& clock,
                                                                   TransportFactories factories) {
  if (base::Status status = checkIdentity(config); !status.ok()) return base::fail(status);
  if (config.endpoint.scheme == "http") {
    // Nothing of these is sent where anybody can read it, so nothing of these is needed.
    config.exec.reset();
    config.token_file.clear();
  }
  const std::string origin = config.origin;
  std::unique_ptr<ConfigSessions> sessions(
      new ConfigSessions(std::move(config), clock, std::move(factories)));
  const std::lock_guard lock(sessions->refresh_mutex_);
  // The plugin runs with the first request: a slow one must not hold up the start.
  base::Status status = sessions->readEndpointFiles(sessions->endpoint_);
  if (status.ok()) status = sessions->refreshToken(clock.now());
  // Made only to find broken certificates and addresses now; it has no connection yet.
  if (status.ok() && !sessions->config_.exec) status = sessions->publish();
  if (!status.ok()) return base::fail(status.withPrefix(origin));
  sessions->files_due_ = clock.now() + kFilesEvery;
  sessions->check_due_ = sessions->config_.exec ? clock.now() : sessions->nextCheck();
  return sessions;
}

ConfigSessions::ConfigSessions(ClientConfig config, base::Clock& clock,
                               TransportFactories factories)
    : config_(std::move(config)),
      clock_(clock),
      factories_(std::move(factories)),
      endpoint_(config_.endpoint) {}

ConfigSessions::~ConfigSessions() { generation_.request_stop(); }

base::Result<std::shared_ptr<const Session>> ConfigSessions::session(const std::stop_token& stop) {
  {
    std::lock_guard lock(mutex_);
    if (const auto known = knownLocked(clock_.now())) return *known;
  }
  std::lock_guard refreshing(refresh_mutex_);
  std::optional<base::SteadyTime> refused;
  const base::SteadyTime now = clock_.now();
  {
    std::lock_guard lock(mutex_);
    // Somebody else may have refreshed while we waited.
    if (const auto known = knownLocked(now)) return *known;
    // Stays set while we refresh: whoever was refused with the same credential waits for the new
    // one.
    refused = refused_;
  }
  const base::Status status = refresh(now, refused, stop);
  std::lock_guard lock(mutex_);
  if (refused_ == refused) refused_.reset();
  check_due_ = nextCheck();
  failure_ = status;
  if (!status.ok()) return base::fail(status);
  return current_;
}

std::optional<base::Result<std::shared_ptr<const Session>>> ConfigSessions::knownLocked(
    base::SteadyTime now) const {
  if (refused_ || now >= check_due_) return std::nullopt;
  if (!failure_.ok()) return base::fail(failure_);
  if (current_) return current_;
  return std::nullopt;
}

void ConfigSessions::unauthorized(base::SteadyTime started) {
  std::lock_guard lock(mutex_);
  refused_ = refused_ ? std::max(*refused_, started) : started;
}

base::Status ConfigSessions::refresh(base::SteadyTime now, std::optional<base::SteadyTime> refused,
                                     const std::stop_token& stop) {
  const auto older = [&](base::SteadyTime fetched) { return refused && fetched <= *refused; };
  if (now >= files_due_) {
    if (base::Status status = refreshFiles(now); !status.ok()) warnKept("certificates", status);
  }
  if (!config_.token_file.empty() && (now >= token_due_ || older(token_read_))) {
    if (base::Status status = refreshToken(now); !status.ok()) warnKept("token", status);
  }
  if (config_.exec && (!exec_ || now >= exec_due_ || older(exec_started_))) {
    base::Status status = refreshExec(now, stop);
    const bool usable = exec_ && (!exec_->expires || clock_.wallNow() < *exec_->expires);
    if (!status.ok() && !usable) return status;
    if (!status.ok()) warnKept("exec plugin", status);
  }
  base::Status status = publish();
  if (status.ok()) return status;
  if (!connected_) return status;
  warnKept("certificates", status);
  files_due_ = std::min(files_due_, now + kRetryAfterFailure);
  return {};
}

base::Status ConfigSessions::readEndpointFiles(Endpoint& endpoint) const {
  base::Status status = readInto(config_.ca_file, "certificate authority", endpoint.ca_pem);
  if (status.ok()) {
    status = readInto(config_.client_cert_file, "client certificate", endpoint.client_cert_pem);
  }
  if (status.ok())
    status = readInto(config_.client_key_file, "client key", endpoint.client_key_pem);
  return status;
}

base::Status ConfigSessions::refreshFiles(base::SteadyTime now) {
  Endpoint fresh = endpoint_;
  base::Status status = readEndpointFiles(fresh);
  files_due_ = now + (status.ok() ? base::Duration(kFilesEvery) : kRetryAfterFailure);
  if (status.ok()) endpoint_ = std::move(fresh);
  return status;
}

base::Status ConfigSessions::refreshToken(base::SteadyTime now) {
  if (config_.token_file.empty()) {
    token_ = config_.token;
    return {};
  }
  token_due_ = now + kTokenEvery;
  token_read_ = now;
  base::Result<std::string> token = readTokenFile(config_.token_file);
  if (token) {
    token_ = std::move(*token);
    return {};
  }
  token_due_ = now + kRetryAfterFailure;
  // Some agents delete the file once it was read; an inline token stands in for one not there yet.
  if (token_.empty()) token_ = config_.token;
  return token_.empty() ? token.error() : base::Status();
}

base::Status ConfigSessions::refreshExec(base::SteadyTime now, const std::stop_token& stop) {
  // A plugin that fails is not run again for every request.
  if (now < exec_due_ && now < exec_started_ + kRetryAfterFailure && exec_) return {};
  exec_started_ = now;
  base::Result<ExecCredential> fresh = runExecPlugin(*config_.exec, endpoint_, ExecLimits(), stop);
  if (fresh && !isHeaderValue(fresh->token)) {
    fresh = base::fail(base::Code::kInvalidArgument, "exec plugin: token has invalid characters");
  }
  const base::SteadyTime done = clock_.now();
  if (!fresh) {
    // A caller that gave up says nothing about the plugin.
    const bool cancelled = fresh.error().code() == base::Code::kCancelled;
    exec_due_ = cancelled ? done : done + kRetryAfterFailure;
    return fresh.error();
  }
  exec_ = std::move(*fresh);
  exec_due_ = base::SteadyTime::max();
  if (exec_->expires) {
    const base::Duration left = *exec_->expires - clock_.wallNow() - kExecLeeway;
    exec_due_ = done + std::clamp<base::Duration>(left, kRetryAfterFailure, std::chrono::hours(24));
  }
  if (!exec_->client_cert_pem.empty()) {
    endpoint_.client_cert_pem = exec_->client_cert_pem;
    endpoint_.client_key_pem = exec_->client_key_pem;
  }
  return {};
}

std::vector<Header> ConfigSessions::identityHeaders() const {
  const std::string& exec_token = exec_ ? exec_->token : std::string();
  return identityHeadersOf(config_, token_.empty() ? exec_token : token_);
}

base::Status ConfigSessions::publish() {
  auto session = std::make_shared<Session>();
  session->headers = identityHeaders();
  session->host = fmt::format("{}:{}", endpoint_.host, endpoint_.port);
  const bool reconnect = !connected_ || *connected_ != endpoint_;
  if (!reconnect && session->headers == headers_) return {};
  std::stop_source previous = generation_;
  if (reconnect) {
    // cpprestsdk joins headers of the same name into one line, which the API server takes for one
    // group of a strange name.
    const bool repeated = hasRepeatedNames(session->headers);
    auto calls = repeated ? factories_.fast(endpoint_) : factories_.calls(endpoint_);
    if (!calls) return calls.error();
    auto fast = factories_.fast(endpoint_);
    if (!fast) return fast.error();
    session->calls = std::move(*calls);
    session->fast = std::move(*fast);
    generation_ = std::stop_source();
  } else {
    std::lock_guard lock(mutex_);
    session->calls = current_->calls;
    session->fast = current_->fast;
  }
  session->replaced = generation_.get_token();
  headers_ = session->headers;
  const bool first = !connected_;
  connected_ = endpoint_;
  {
    std::lock_guard lock(mutex_);
    current_ = std::move(session);
  }
  // Connections made as somebody else, or that trusted somebody else, end now.
  if (reconnect && !first) {
    base::log().info("credentials changed: new connections to the API server");
    previous.request_stop();
  }
  return {};
}

base::SteadyTime ConfigSessions::nextCheck() const {
  base::SteadyTime next = files_due_;
  if (!config_.token_file.empty()) next = std::min(next, token_due_);
  if (config_.exec) next = std::min(next, exec_due_);
  return next;
}

}  // namespace stowage::k8sclient
