#pragma once

namespace tidemark::publisher {

// How a member stands among the publishers that are alive.
struct Standing {
  int members = 1;  // alive, this one included
  int rank = 0;     // among them, from 0, by id
  int held = 0;     // log shards that this one holds
  int free = 0;     // log shards that nobody holds
};

// How many log shards the member should hold. Of all members together: all shards, each of them
// within one of any other's.
int FairShare(const Standing& standing);

// Whether the member should give shards back, or can take more.
bool WantsToMove(const Standing& standing);

}  // namespace tidemark::publisher
