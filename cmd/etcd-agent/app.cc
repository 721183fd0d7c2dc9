#include "cmd/etcd-agent/app.h"

#include <utility>

#include "base/log.h"
#include "cmd/etcd-agent/agent.h"
#include "cmd/etcd-agent/etcd_api.h"
#ifdef STOWAGE_FAILPOINTS
#include "cmd/etcd-agent/failpoints.h"
#endif
#include "cmd/etcd-agent/hook_access.h"
#include "cmd/etcd-agent/hook_server.h"
#include "cmd/etcd-agent/init.h"
#include "kubeapi/hooks.h"
#include "program/cluster.h"

namespace stowage::etcd_agent {

namespace {

base::Status readInto(const std::string& path, std::string& text) {
  if (path.empty()) return {};
  auto read = k8sclient::readFile(path);
  if (!read) return read.error();
  text = std::move(*read);
  return {};
}

base::Result<EtcdTls> etcdTls(const Options& options) {
  EtcdTls tls;
  for (const auto& [path, text] : {std::pair(options.etcd_ca_file, &tls.ca_pem),
                                   std::pair(options.etcd_cert_file, &tls.cert_pem),
                                   std::pair(options.etcd_key_file, &tls.key_pem)}) {
    if (base::Status status = readInto(path, *text); !status.ok()) return base::fail(status);
  }
  return tls;
}

// `prefix` is that of failpoints.
base::Result<std::unique_ptr<EtcdApi>> etcdApi(const Options& options, const char* prefix,
                                               std::stop_token stop) {
  auto tls = etcdTls(options);
  if (!tls) return base::fail(tls.error());
  auto etcd = makeEtcdApi(std::move(*tls), std::move(stop));
#ifdef STOWAGE_FAILPOINTS
  return withFailpoints(std::move(etcd), prefix);
#else
  static_cast<void>(prefix);
  return base::Result<std::unique_ptr<EtcdApi>>(std::move(etcd));
#endif
}

}  // namespace

class App::Impl {
 public:
  base::Status prepare(const Options& options) {
    const std::string ns = k8sclient::podNamespace(k8sclient::processEnvironment());
    auto peers = peerOptions(options, ns);
    if (!peers) return peers.error();
    auto listen = listenOptions(options);
    if (!listen) return listen.error();
    auto etcd = etcdApi(options, "", stop_.get_token());
    if (!etcd) return etcd.error();
    if (base::Status status = prepareAccess(options, ns); !status.ok()) return status;
    peers_ = std::make_unique<Peers>(std::move(*peers), clock_);
    etcd_ = std::move(*etcd);
    agent_ = std::make_unique<Agent>(AgentOptions{options.etcd_url, options.max_lag}, *etcd_,
                                     *peers_, clock_, stop_.get_token());
    server_ =
        std::make_unique<HookServer>(*listen, *agent_, *access_, clock_, base::nullMetricSink());
    folder_ = std::make_unique<DataFolder>(options.data_dir);
    server_->tellPeers(*folder_, {clusterToken(options, ns), options.name, FolderState::kEmpty});
    return {};
  }

  base::Status start() {
    if (base::Status started = server_->start(); !started.ok()) return started;
    base::log().info("serving", {{"port", server_->port()}, {"member", peers_->self()}});
    return {};
  }

  void stop() {
    stop_.request_stop();  // what is asked of etcd ends
    if (server_ != nullptr) server_->stop();
  }

 private:
  base::Status prepareAccess(const Options& options, const std::string& ns) {
    if (options.any_token) {
      base::log().warn(
          "ANYBODY WHO REACHES THIS PORT MAY TAKE THIS MEMBER AWAY: --insecure-any-token");
      access_ = std::make_unique<AnyToken>();
      return {};
    }
    const auto config =
        k8sclient::loadClientConfig(options.kubeconfig, k8sclient::processEnvironment());
    if (!config)
      return config.error().withPrefix("there is no API server to ask about the operator's tokens");
    k8sclient::RestOptions rest;
    rest.user_agent = k8sclient::userAgent("stowage-etcd-agent");
    auto api = program::connect(*config, rest, clock_, base::nullMetricSink());
    if (!api) return api.error();
    api_ = std::move(*api);
    const std::string audience =
        options.audience.empty() ? kubeapi::hooks::audienceOf(ns) : options.audience;
    const auto account = kubeapi::hooks::parseServiceAccount(options.operator_account);
    if (!account) return {base::Code::kInvalidArgument, "--operator-account is not NAMESPACE:NAME"};
    const std::string user = kubeapi::hooks::userOf(*account);
    base::log().info("who may ask", {{"user", user}, {"audience", audience}});
    access_ = std::make_unique<HookAccess>(*api_, audience, user);
    return {};
  }

  base::SystemClock clock_;
  std::stop_source stop_;
  std::unique_ptr<k8sclient::RestApiClient> api_;
  std::unique_ptr<serving::AccessReviewer> access_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<EtcdApi> etcd_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<DataFolder> folder_;
  std::unique_ptr<HookServer> server_;
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

base::Result<std::unique_ptr<App>> App::create(const Options& options) {
  auto impl = std::make_unique<Impl>();
  if (base::Status prepared = impl->prepare(options); !prepared.ok()) return base::fail(prepared);
  return std::unique_ptr<App>(new App(std::move(impl)));
}

base::Status runInit(const Options& options, const std::stop_token& stop) {
  base::SystemClock clock;
  const std::string ns = k8sclient::podNamespace(k8sclient::processEnvironment());
  auto peer_options = peerOptions(options, ns);
  if (!peer_options) return peer_options.error();
  const auto etcd = etcdApi(options, "init/", stop);
  if (!etcd) return etcd.error();
  const Peers peers(std::move(*peer_options), clock);
  InitOptions init;
  if (base::Status read = readInto(options.etcd_base_config, init.base_config); !read.ok())
    return read;
  init.config_file = options.etcd_config;
  init.max_lag = options.max_lag;
  init.patience = std::chrono::seconds(options.patience_seconds);
  const std::string& self = options.name;
  init.config = {self,
                 options.data_dir,
                 peers.peerUrlAt(options.etcd_listen),
                 peers.clientUrl(options.etcd_listen),
                 peers.peerUrlOf(self),
                 peers.clientUrl(peers.hostOf(self)),
                 clusterToken(options, ns),
                 {},
                 false};
  DataFolder folder(options.data_dir);
  const auto words = makePeerWords(options.agent_port, stop);
  return Init(std::move(init), folder, **etcd, *words, peers, clock).run(stop);
}

// Nobody is elected here.
base::Status App::start(std::function<void()> /*on_lost*/) { return impl_->start(); }
void App::stop() { impl_->stop(); }

}  // namespace stowage::etcd_agent
