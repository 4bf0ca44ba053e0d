// Copyright 2026 sa4depth_ros contributors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// A libcuda.so.1 for the real cuda.bindings, to see that they take our arguments. Its memory is
// that of this machine; work is done when an event is waited for, after a sleep of 0.2 s.
// It knows one context, one stream, one event and one graph.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTEXT ((void *)0x10)
#define STREAM ((void *)0x20)
#define EVENT ((void *)0x30)
#define GRAPH ((void *)0x40)
#define EXECUTABLE ((void *)0x50)
#define EXPECT(condition) do { if (!(condition)) return INVALID_VALUE; } while (0)
#define IN_CONTEXT do { if (current != CONTEXT) return INVALID_CONTEXT; } while (0)

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, NOT_FOUND = 500 };

typedef unsigned long long pointer;
typedef struct { void *target; const void *source; size_t size; } copy;

static copy queue[64], captured[64];
static int queued, recorded, capturing, held;
static __thread void *current;

// For the test: how many things are not freed.
int stand_in_held(void) { return held; }

int cuInit(unsigned flags) { EXPECT(flags == 0); return OK; }
int cuDriverGetVersion(int *version) { *version = 12060; return OK; }
int cuDeviceGet(int *device, int ordinal) { EXPECT(ordinal == 0); *device = 0; return OK; }
int cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, length, "stand-in %d", device);
  return OK;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  EXPECT((attribute == 75 || attribute == 76) && device == 0);
  *value = attribute == 75 ? 8 : 7;
  return OK;
}
int cuDeviceTotalMem_v2(size_t *size, int device) { *size = 7ull << 30; return device; }

int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = CONTEXT;
  held++;
  return device;
}
int cuDevicePrimaryCtxRelease_v2(int device) { held--; return device; }
int cuCtxSetCurrent(void *context) { EXPECT(context == CONTEXT); current = context; return OK; }

int cuStreamCreate(void **stream, unsigned flags) {
  IN_CONTEXT;
  EXPECT(flags == 1);  // non-blocking
  *stream = STREAM;
  held++;
  return OK;
}
int cuStreamSynchronize(void *stream) { EXPECT(stream == STREAM); return OK; }
int cuStreamDestroy_v2(void *stream) { EXPECT(stream == STREAM); held--; return OK; }

int cuEventCreate(void **event, unsigned flags) {
  IN_CONTEXT;
  EXPECT(flags == 3);  // blocking and without timing
  *event = EVENT;
  held++;
  return OK;
}
int cuEventDestroy_v2(void *event) { EXPECT(event == EVENT); held--; return OK; }
int cuEventRecord(void *event, void *stream) {
  IN_CONTEXT;
  EXPECT(event == EVENT && stream == STREAM);
  return OK;
}
int cuEventSynchronize(void *event) {
  EXPECT(event == EVENT);
  usleep(200000);
  for (int i = 0; i < queued; i++) memcpy(queue[i].target, queue[i].source, queue[i].size);
  queued = 0;
  return OK;
}

int cuMemAlloc_v2(pointer *address, size_t size) {
  IN_CONTEXT;
  if (size > 1u << 30) return OUT_OF_MEMORY;
  *address = (pointer)malloc(size);
  held++;
  return OK;
}
int cuMemFree_v2(pointer address) { free((void *)address); held--; return OK; }
int cuMemHostAlloc(void **address, size_t size, unsigned flags) {
  IN_CONTEXT;
  EXPECT(flags == 0);
  *address = malloc(size);
  held++;
  return OK;
}
int cuMemFreeHost(void *address) { free(address); held--; return OK; }

static int enqueue(void *target, const void *source, size_t size, void *stream) {
  IN_CONTEXT;
  EXPECT(stream == STREAM && queued < 64 && recorded < 64);
  copy made = {target, source, size};
  if (capturing) captured[recorded++] = made; else queue[queued++] = made;
  return OK;
}
int cuMemcpyHtoDAsync_v2(pointer target, const void *source, size_t size, void *stream) {
  return enqueue((void *)target, source, size, stream);
}
int cuMemcpyDtoHAsync_v2(void *target, pointer source, size_t size, void *stream) {
  return enqueue(target, (const void *)source, size, stream);
}

int cuStreamBeginCapture_v2(void *stream, int mode) {
  EXPECT(stream == STREAM && mode == 1);  // of this thread
  capturing = 1;
  recorded = 0;
  return OK;
}
int cuStreamEndCapture(void *stream, void **graph) {
  EXPECT(stream == STREAM && capturing);
  capturing = 0;
  *graph = GRAPH;
  held++;
  return OK;
}
int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
  EXPECT(graph == GRAPH && flags == 0);
  *executable = EXECUTABLE;
  held++;
  return OK;
}
int cuGraphLaunch(void *executable, void *stream) {
  IN_CONTEXT;
  EXPECT(executable == EXECUTABLE && stream == STREAM);
  for (int i = 0; i < recorded; i++) queue[queued++] = captured[i];
  return OK;
}
int cuGraphDestroy(void *graph) { EXPECT(graph == GRAPH); held--; return OK; }
int cuGraphExecDestroy(void *executable) { EXPECT(executable == EXECUTABLE); held--; return OK; }

int cuGetErrorName(int code, const char **name) {
  *name = code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY"
        : code == INVALID_CONTEXT ? "CUDA_ERROR_INVALID_CONTEXT" : "CUDA_ERROR_INVALID_VALUE";
  return OK;
}
int cuGetErrorString(int code, const char **text) { *text = "a stand-in"; return code == OK; }

// The bindings ask for each function by its name without version.
int cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) {
  (void)version, (void)flags;
  static const char *const endings[] = {"_v2", "WithFlags", ""};
  Dl_info own;
  char full[128];
  dladdr((void *)cuInit, &own);
  void *library = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  for (int i = 0; i < 3; i++) {
    snprintf(full, sizeof full, "%s%s", name, endings[i]);
    if ((*function = dlsym(library, full))) return OK;
  }
  return NOT_FOUND;
}
int cuGetProcAddress_v2(
    const char *name, void **function, int version, uint64_t flags, int *status) {
  int code = cuGetProcAddress(name, function, version, flags);
  if (status) *status = code != OK;
  return code;
}
