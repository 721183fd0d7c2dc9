// One thread for each of a few questions that may each meet silence. Blocks until all are answered;
// what a task writes is its own.
#pragma once

#include <cstddef>
#include <thread>
#include <vector>

namespace stowage::etcd_agent {

template <typename Task>
void forEachAtOnce(std::size_t count, const Task& task) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&task, i] { task(i); });
}

}  // namespace stowage::etcd_agent
