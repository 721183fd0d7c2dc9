// A self-signed server certificate with a P-256 key. Pure, apart from the random key.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace stowage::serving {

struct CertificatePem {
  std::string cert_pem;
  std::string key_pem;
};

// For localhost, 127.0.0.1, ::1 and `address` (an IP address; wildcards and "" add nothing), valid
// from an hour before `now` for `validity`.
base::Result<CertificatePem> makeSelfSignedCertificate(const std::string& address,
                                                       base::WallTime now, base::Duration validity);

}  // namespace stowage::serving
