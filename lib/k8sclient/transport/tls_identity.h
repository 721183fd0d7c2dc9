// TlsIdentity: whom we trust and who we are on TLS connections, parsed once from an Endpoint's PEM
// text and then put into any number of SSL contexts. Both transports use it, so that both trust the
// same: only the cluster's CA (or the system's when none is given), TLS 1.2 or newer, the server's
// name checked by OpenSSL itself.
// Thread safety: immutable after load(); apply() from any thread. Ownership: shared by transports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace stowage::k8sclient {

class TlsIdentity {
 public:
  // Parses certificates and key. kInvalidArgument names the broken part, never its content.
  // An encrypted key is refused: nobody is there to type its password.
  static base::Result<std::shared_ptr<const TlsIdentity>> load(const Endpoint& endpoint);

  virtual ~TlsIdentity() = default;
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // Prepares a client context. `context` keeps its own references to what it needs.
  virtual base::Status apply(ssl_ctx_st* context) const = 0;
  // The name sent as SNI and verified; empty for an address, which has no SNI.
  [[nodiscard]] virtual const std::string& sniName() const = 0;
  // Why the last certificate of a server was refused ("unable to get local issuer certificate");
  // empty when none was. Kept because the libraries above drop the reason.
  [[nodiscard]] virtual std::string lastVerifyError() const = 0;

 protected:
  TlsIdentity() = default;
};

// True for a dotted IPv4 address or an IPv6 address without brackets.
bool isIpAddress(std::string_view host);
bool isIpv6Address(std::string_view host);

// Where the environment said that the system's trusted certificates are, before
// initializeCpprest() changed it. Children (exec plugins) are given these values back.
struct SystemTrust {
  std::optional<std::string> file;       // SSL_CERT_FILE
  std::optional<std::string> directory;  // SSL_CERT_DIR
};
// Called once, before other threads start.
void rememberSystemTrust();
// nullptr when rememberSystemTrust() was never called: the environment is untouched then.
const SystemTrust* rememberedSystemTrust();

}  // namespace stowage::k8sclient
