// LineSplitter: newline framing of a watch stream. Pieces come in as the network cut them; lines
// come out whole, without their newline. Memory is bounded by the longest line.
// Not thread safe; one per stream.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace stowage::k8sclient {

// The largest object that etcd takes is 1.5 MiB by default and a JSON event may be some times that;
// 16 MiB is the limit of the decoder too.
inline constexpr std::size_t kMaxWatchLine = std::size_t{16} << 20;

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line = kMaxWatchLine) : max_line_(max_line) {}

  enum class Verdict {
    kContinue,
    kStopped,  // the consumer returned false; the rest of the piece is dropped
    kTooLong,  // a line passed the limit: the stream cannot be trusted any more
  };
  // Calls `on_line` for each line that `piece` completes. Empty lines and a trailing '\r' are
  // dropped. The view is valid during the call only.
  Verdict feed(std::string_view piece, const std::function<bool(std::string_view)>& on_line);

  // Bytes of an unfinished line; at the end of a stream more than zero means that it was cut.
  [[nodiscard]] std::size_t pending() const { return partial_.size(); }

 private:
  std::size_t max_line_;
  std::string partial_;
};

}  // namespace stowage::k8sclient
