// Log: constant message + key/values, as text or JSON lines on standard error.
//   log.info("bound pod", {{"pod", "ns/a"}, {"node", "n1"}});
// Thread safety: everything may be called from any thread. Values are escaped: what a tenant wrote
// cannot forge a second line. Levels as klog's: errors and warnings always, info (v0), debug (v1+).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace stowage::base {

enum class LogFormat { kText, kJson };
enum class LogLevel { kError, kWarn, kInfo, kDebug };

// One key with its value already rendered. Numbers and booleans stay unquoted in JSON.
struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <typename T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  LogField(std::string_view k, T v) : key(k), value(std::to_string(v)), quoted(false) {}
};

using LogFields = std::initializer_list<LogField>;

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void write(LogLevel level, std::string_view message, LogFields fields) = 0;
  // Whether a message of that level would be written; ask before rendering costly values.
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;

  void error(std::string_view message, LogFields fields = {}) {
    write(LogLevel::kError, message, fields);
  }
  void warn(std::string_view message, LogFields fields = {}) {
    write(LogLevel::kWarn, message, fields);
  }
  void info(std::string_view message, LogFields fields = {}) {
    write(LogLevel::kInfo, message, fields);
  }
  void debug(std::string_view message, LogFields fields = {}) {
    if (enabled(LogLevel::kDebug)) write(LogLevel::kDebug, message, fields);
  }
};

// The process's logger: installed once in main before threads start; until then, text at info.
Logger& log();
// `verbosity` as of klog's -v: 0 shows info, 1 and more shows debug.
void setUpLogging(LogFormat format, int verbosity);
// While the process runs, from any thread.
void setLogVerbosity(int verbosity);
int logVerbosity();

// The line without its time, as written in each format; exposed for tests and fuzzing.
std::string renderLogText(std::string_view message, LogFields fields);
std::string renderLogJson(LogLevel level, std::string_view time, std::string_view message,
                          LogFields fields);

}  // namespace stowage::base
