// Status and Result: expected outcomes as values. Exceptions stay inside wrappers of third-party
// code. Thread safety: values, as safe as std::string.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace stowage::base {

// What a caller can decide on; the message is for people.
enum class Code {
  kOk,
  kInvalidArgument,    // the input is wrong and will stay wrong: do not retry
  kNotFound,           // the object is not there (HTTP 404)
  kAlreadyExists,      // create met an object of that name (HTTP 409 AlreadyExists)
  kConflict,           // the object changed in between: read again, decide again (HTTP 409)
  kGone,               // the resource version is too old: list again (HTTP 410)
  kUnauthorized,       // credentials refused (HTTP 401)
  kForbidden,          // RBAC says no (HTTP 403)
  kTooManyRequests,    // the server asks for patience (HTTP 429)
  kTimeout,            // our deadline or the server's passed; a write may have happened
  kUnavailable,        // no connection, 5xx, connection lost; a write may have happened
  kCancelled,          // we were told to stop
  kUnsupported,        // understood, but not offered here
  kResourceExhausted,  // a limit of our own was reached
  kInternal,           // our bug, or an answer that makes no sense
};

// Stable upper-camel name of a code, for logs and metrics ("NotFound").
std::string_view codeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  // "NotFound: pod default/a", or "OK".
  [[nodiscard]] std::string toString() const;
  // The same code with `prefix: ` before the message; used when an error crosses a layer.
  [[nodiscard]] Status withPrefix(std::string_view prefix) const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

template <typename T>
using Result = tl::expected<T, Status>;

// return fail(Code::kNotFound, "...") from a function that returns Result<T>.
inline tl::unexpected<Status> fail(Code code, std::string message) {
  return tl::unexpected<Status>(Status(code, std::move(message)));
}
inline tl::unexpected<Status> fail(Status status) {
  return tl::unexpected<Status>(std::move(status));
}

}  // namespace stowage::base
