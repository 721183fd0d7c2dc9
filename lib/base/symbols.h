// Symbol: an interned, immutable string. Equal text is the same object, so comparing and hashing
// cost one word. Text lives as long as a Symbol refers to it: what tenants write (labels, names)
// leaves memory with the last object that used it.
// Thread safety: interning and copying from any thread; a single Symbol is a plain value.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stowage::base {

class Symbol {
 public:
  Symbol() = default;             // the empty string
  Symbol(std::string_view text);  // NOLINT(google-explicit-constructor): reads like a string
  Symbol(const char* text) : Symbol(std::string_view(text)) {}         // NOLINT: likewise
  Symbol(const std::string& text) : Symbol(std::string_view(text)) {}  // NOLINT: likewise
  Symbol(const Symbol& other) noexcept;
  Symbol(Symbol&& other) noexcept : entry_(other.entry_) { other.entry_ = nullptr; }
  Symbol& operator=(const Symbol& other) noexcept;
  Symbol& operator=(Symbol&& other) noexcept;
  ~Symbol();

  [[nodiscard]] std::string_view view() const;
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return entry_ == nullptr; }
  [[nodiscard]] std::size_t hash() const { return std::hash<const void*>()(entry_); }

  // Identity: one pointer comparison.
  friend bool operator==(const Symbol& a, const Symbol& b) { return a.entry_ == b.entry_; }
  // Order of the text, so that sorted output does not depend on addresses.
  friend std::strong_ordering operator<=>(const Symbol& a, const Symbol& b) {
    return a.entry_ == b.entry_ ? std::strong_ordering::equal : a.view() <=> b.view();
  }

  // Number of different texts alive in the process, for the memory metric and for tests.
  static std::size_t liveCount();

  struct Entry;  // private to symbols.cc

 private:
  const Entry* entry_ = nullptr;
};

}  // namespace stowage::base

template <>
struct std::hash<stowage::base::Symbol> {
  std::size_t operator()(const stowage::base::Symbol& symbol) const noexcept {
    return symbol.hash();
  }
};
