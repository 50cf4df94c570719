/*===- nccl_double.c - NCCL and libhfc_rt_cuda, of threads and memcpy --------===*\
|* Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*===----------------------------------------------------------------------===*|
|* Ranks are threads of one process, "devices" are its memory, and work is done
|* when it is queued. Collectives do what NCCL documents: calls of a group begin
|* together, and send and receive find each other in the order of the calls.
\*===----------------------------------------------------------------------===*/

#include "hfc/Runtime/hfc_runtime.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MaxRanks = 8, MaxCalls = 64 };
enum kind { AllReduce, AllGather, ReduceScatter, Broadcast, Send, Recv };
enum { Int32 = 2, Float32 = 7, BFloat16 = 9 };
enum { Sum = 0, Max = 2, Min = 3, Avg = 4 };

struct call {
  enum kind kind;
  const char *source;
  char *target, *result;
  size_t count;
  int type, operation, peer;
};

/* What the ranks of a communicator share. */
static struct {
  pthread_barrier_t barrier;
  int ranks;
  struct call calls[MaxRanks][MaxCalls];
  int counts[MaxRanks];
} shared;

struct communicator {
  int rank;
};

/* What one rank has asked of the runtime, for the test to look at. */
struct hfc_context {
  int64_t begun, ended, bytes, result, unused;
};

static __thread int depth;
static __thread struct communicator *mine;

void double_create(int ranks) {
  shared.ranks = ranks;
  pthread_barrier_init(&shared.barrier, NULL, ranks);
}

static size_t size_of(int type) { return type == BFloat16 ? 2 : 4; }

static float load(const char *data, int type, size_t i) {
  if (type == Int32)
    return (float)((const int32_t *)data)[i];
  if (type == Float32)
    return ((const float *)data)[i];
  uint32_t bits = (uint32_t)((const uint16_t *)data)[i] << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The test's values are small whole numbers, which every type holds. */
static void store(char *data, int type, size_t i, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (type == Int32)
    ((int32_t *)data)[i] = (int32_t)value;
  else if (type == Float32)
    ((float *)data)[i] = value;
  else
    ((uint16_t *)data)[i] = (uint16_t)(bits >> 16);
}

static float combine(int number, size_t i) {
  float value = 0;
  for (int rank = 0; rank < shared.ranks; ++rank) {
    const struct call *call = &shared.calls[rank][number];
    float other = load(call->source, call->type, i);
    if (rank == 0 || (call->operation == Max && other > value) || (call->operation == Min && other < value))
      value = other;
    else if (call->operation == Sum || call->operation == Avg)
      value += other;
  }
  return shared.calls[0][number].operation == Avg ? value / (float)shared.ranks : value;
}

/* What `peer` sends with the call that goes with this rank's call `number`. */
static const char *sent(int rank, int number) {
  int peer = shared.calls[rank][number].peer, before = 0;
  for (int i = 0; i < number; ++i)
    before += shared.calls[rank][i].kind == Recv && shared.calls[rank][i].peer == peer;
  for (int i = 0; i < shared.counts[peer]; ++i)
    if (shared.calls[peer][i].kind == Send && shared.calls[peer][i].peer == rank && before-- == 0)
      return shared.calls[peer][i].source;
  fprintf(stderr, "rank %d receives from rank %d what it does not send\n", rank, peer);
  exit(1);
}

static size_t compute(int rank, int number) {
  struct call *call = &shared.calls[rank][number];
  size_t bytes = call->count * size_of(call->type), total = call->kind == AllGather ? bytes * shared.ranks : bytes;
  call->result = malloc(total);
  for (size_t i = 0; i < call->count; ++i)
    if (call->kind == AllReduce || call->kind == ReduceScatter)
      store(call->result, call->type, i, combine(number, (call->kind == ReduceScatter) * rank * call->count + i));
  for (int other = 0; other < shared.ranks && call->kind == AllGather; ++other)
    memcpy(call->result + other * bytes, shared.calls[other][number].source, bytes);
  if (call->kind == Broadcast)
    memcpy(call->result, shared.calls[call->peer][number].source, bytes);
  if (call->kind == Recv)
    memcpy(call->result, sent(rank, number), bytes);
  return total;
}

static void run(void) {
  int rank = mine->rank;
  size_t bytes[MaxCalls];
  pthread_barrier_wait(&shared.barrier);
  for (int i = 0; i < shared.counts[rank]; ++i)
    bytes[i] = shared.calls[rank][i].kind == Send ? 0 : compute(rank, i);
  pthread_barrier_wait(&shared.barrier);
  for (int i = 0; i < shared.counts[rank]; ++i) {
    memcpy(shared.calls[rank][i].target, shared.calls[rank][i].result, bytes[i]);
    free(shared.calls[rank][i].result);
  }
  pthread_barrier_wait(&shared.barrier);
  shared.counts[rank] = 0;
}

static int queue(struct call call, struct communicator *communicator) {
  mine = communicator;
  shared.calls[mine->rank][shared.counts[mine->rank]++] = call;
  if (!depth)
    run();
  return 0;
}

int ncclGroupStart(void) { return ++depth, 0; }
int ncclGroupEnd(void) {
  if (--depth == 0)
    run();
  return 0;
}
int ncclCommUserRank(struct communicator *communicator, int *rank) {
  *rank = communicator->rank;
  return 0;
}
int ncclAllReduce(const void *source, void *target, size_t count, int type, int operation, void *comm, void *stream) {
  return queue((struct call){AllReduce, source, target, NULL, count, type, operation, 0}, comm);
}
int ncclReduceScatter(const void *source, void *target, size_t count, int type, int operation, void *comm,
                      void *stream) {
  return queue((struct call){ReduceScatter, source, target, NULL, count, type, operation, 0}, comm);
}
int ncclAllGather(const void *source, void *target, size_t count, int type, void *comm, void *stream) {
  return queue((struct call){AllGather, source, target, NULL, count, type, 0, 0}, comm);
}
int ncclBroadcast(const void *source, void *target, size_t count, int type, int root, void *comm, void *stream) {
  return queue((struct call){Broadcast, source, target, NULL, count, type, 0, root}, comm);
}
int ncclSend(const void *source, size_t count, int type, int peer, void *comm, void *stream) {
  return queue((struct call){Send, source, NULL, NULL, count, type, 0, peer}, comm);
}
int ncclRecv(void *target, size_t count, int type, int peer, void *comm, void *stream) {
  return queue((struct call){Recv, NULL, target, NULL, count, type, 0, peer}, comm);
}

void hfc_cuda_copy(hfc_context *context, void *target, const void *source, int64_t bytes, int32_t stream) {
  memcpy(target, source, bytes);
}
void hfc_cuda_copy_rows(hfc_context *context, void *target, int64_t target_pitch, const void *source,
                        int64_t source_pitch, int64_t width, int64_t rows, int32_t stream) {
  for (int64_t row = 0; row < rows; ++row)
    memcpy((char *)target + row * target_pitch, (const char *)source + row * source_pitch, width);
}
void hfc_cuda_clear(hfc_context *context, void *target, int64_t bytes, int32_t stream) { memset(target, 0, bytes); }
void hfc_cuda_collective_begin(hfc_context *context, int32_t id, int32_t stream) { ++context->begun; }
void hfc_cuda_collective_end(hfc_context *context, int32_t id, int64_t bytes, int32_t nccl_result, int32_t stream) {
  ++context->ended;
  context->bytes += bytes;
  context->result |= nccl_result;
}
