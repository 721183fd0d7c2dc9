// What shards say they wait for, where more than one place has to know the words.
#pragma once

namespace stowage::statefulgroup {

// Its turn has not come: it says nothing about what the group waits for.
inline constexpr const char* kOtherShards = "other shards are being updated";

}  // namespace stowage::statefulgroup
