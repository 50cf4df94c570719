//===- TcpWorld.h - ranks as processes that reach each other over TCP
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_HOST_COMM_TCPWORLD_H
#define HFC_LIB_RUNTIME_HOST_COMM_TCPWORLD_H

#include "Rendezvous.h"
#include "World.h"

namespace hfc::host {

/// Returns when all ranks have met; fails when they have not within `timeout` seconds.
io::Result<std::unique_ptr<World>> makeTcpWorld(const MeetingPoint &point, double timeout);

} // namespace hfc::host

#endif // HFC_LIB_RUNTIME_HOST_COMM_TCPWORLD_H
