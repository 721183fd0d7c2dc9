// Syntax of label keys, label values and resource names. Pure functions, linear in the text.
// Source: apimachinery api/validate/content/{kube,dns}.go, v0.36.3.
#pragma once

#include <string_view>

namespace stowage::kubeapi {

// "[prefix/]name": the prefix a lower-case DNS subdomain of at most 253 bytes, the name at most 63
// bytes of alphanumerics, '-', '_' and '.', with an alphanumeric at both ends.
bool isLabelKey(std::string_view text);
// Empty, or as the name part of a key.
bool isLabelValue(std::string_view text);
// RFC 1123 subdomain in lower case, 1 to 253 bytes.
bool isDnsSubdomain(std::string_view text);

}  // namespace stowage::kubeapi
