#include "k8sclient/watch/line_splitter.h"

namespace stowage::k8sclient {

namespace {

std::string_view withoutCarriageReturn(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

LineSplitter::Verdict LineSplitter::feed(std::string_view piece,
                                         const std::function<bool(std::string_view)>& on_line) {
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    const std::size_t length = newline == std::string_view::npos ? piece.size() : newline;
    if (partial_.size() + length > max_line_) {
      partial_ = {};
      return Verdict::kTooLong;
    }
    if (newline == std::string_view::npos) {
      partial_.append(piece);
      return Verdict::kContinue;
    }
    // A line within one piece is passed on without a copy.
    std::string joined;
    std::string_view line = piece.substr(0, newline);
    if (!partial_.empty()) {
      partial_.append(line);
      joined.swap(partial_);
      line = joined;
    }
    piece.remove_prefix(newline + 1);
    line = withoutCarriageReturn(line);
    if (!line.empty() && !on_line(line)) return Verdict::kStopped;
  }
  return Verdict::kContinue;
}

}  // namespace stowage::k8sclient
