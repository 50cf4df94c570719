//===- Mishap.h - testing aids: ranks that stall or die
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_MISHAP_H
#define HFC_LIB_RUNTIME_HOST_COMM_MISHAP_H

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace hfc::host {

/// HFC_TEST_STALL=RANK:ID and HFC_TEST_DIE=RANK:ID name a rank, and a collective that it never comes to.
struct Mishap {
  int rank = -1, id = -1;

  static Mishap read(const char *variable) {
    Mishap mishap;
    const char *text = std::getenv(variable);
    if (text && std::sscanf(text, "%d:%d", &mishap.rank, &mishap.id) != 2)
      mishap = {};
    return mishap;
  }
  bool happens(int atRank, int atId) const { return rank == atRank && id == atId; }
};

inline void meetWithMishap(int rank, int id) {
  static const Mishap stall = Mishap::read("HFC_TEST_STALL"), death = Mishap::read("HFC_TEST_DIE");
  if (death.happens(rank, id))
    kill(getpid(), SIGKILL);
  while (stall.happens(rank, id))
    pause();
}

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_MISHAP_H
