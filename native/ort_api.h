/**
 * The part of ONNX Runtime's C API that the library calls: functions of API version 22 and no younger ones, since the table
 * that a runtime hands out for that version ends where the version does.
 *
 * Names, places and types are those of onnxruntime_c_api.h, Copyright (c) Microsoft Corporation, MIT License. The table only
 * ever grows at its end, so the places hold for every later version too.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION 22

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtIoBinding OrtIoBinding;
typedef struct OrtValue OrtValue;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtCustomOpDomain OrtCustomOpDomain;
typedef struct OrtCustomOp OrtCustomOp;
typedef struct OrtKernelInfo OrtKernelInfo;
typedef struct OrtKernelContext OrtKernelContext;
typedef struct OrtApi OrtApi;

enum { ORT_FAIL = 1, ORT_INVALID_ARGUMENT = 2 };
enum { ORT_LOGGING_LEVEL_ERROR = 3 };
enum { ORT_DISABLE_ALL = 0 };
enum { ORT_DEVICE_ALLOCATOR = 0, ORT_ARENA_ALLOCATOR = 1 };
enum { ORT_MEMORY_DEFAULT = 0 };
enum { ORT_FLOAT = 1 };
enum { ORT_VARIADIC = 2 };

typedef struct {
  const OrtApi *(*GetApi)(uint32_t version);
  const char *(*GetVersionString)(void);
} OrtApiBase;

/** Functions by their place in the table; what lies between is not called. */
struct OrtApi {
  OrtStatus *(*CreateStatus)(int code, const char *message);  // 0
  void *unused1[1];
  const char *(*GetErrorMessage)(const OrtStatus *);                   // 2
  OrtStatus *(*CreateEnv)(int level, const char *name, OrtEnv **out);  // 3
  void *unused4[4];
  OrtStatus *(*CreateSessionFromArray)(const OrtEnv *, const void *model, size_t bytes, const OrtSessionOptions *,
                                       OrtSession **out);  // 8
  void *unused9[1];
  OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **out);  // 10
  void *unused11[3];
  OrtStatus *(*EnableProfiling)(OrtSessionOptions *, const char *prefix);  // 14
  void *unused15[2];
  OrtStatus *(*DisableMemPattern)(OrtSessionOptions *);  // 17
  OrtStatus *(*EnableCpuMemArena)(OrtSessionOptions *);  // 18
  void *unused19[3];
  OrtStatus *(*SetSessionLogSeverityLevel)(OrtSessionOptions *, int level);        // 22
  OrtStatus *(*SetSessionGraphOptimizationLevel)(OrtSessionOptions *, int level);  // 23
  OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions *, int threads);            // 24
  OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions *, int threads);            // 25
  OrtStatus *(*CreateCustomOpDomain)(const char *name, OrtCustomOpDomain **out);   // 26
  OrtStatus *(*CustomOpDomain_Add)(OrtCustomOpDomain *, const OrtCustomOp *);      // 27
  OrtStatus *(*AddCustomOpDomain)(OrtSessionOptions *, OrtCustomOpDomain *);       // 28
  void *unused29[10];
  OrtStatus *(*CreateRunOptions)(OrtRunOptions **out);  // 39
  void *unused40[9];
  OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *, void *data, size_t bytes, const int64_t *shape,
                                               size_t rank, int type, OrtValue **out);  // 49
  void *unused50[1];
  OrtStatus *(*GetTensorMutableData)(OrtValue *, void **out);  // 51
  void *unused52[8];
  OrtStatus *(*GetTensorElementType)(const OrtTensorTypeAndShapeInfo *, int *out);                  // 60
  OrtStatus *(*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *, size_t *out);                 // 61
  OrtStatus *(*GetDimensions)(const OrtTensorTypeAndShapeInfo *, int64_t *dimensions, size_t rank);  // 62
  void *unused63[2];
  OrtStatus *(*GetTensorTypeAndShape)(const OrtValue *, OrtTensorTypeAndShapeInfo **out);  // 65
  void *unused66[3];
  OrtStatus *(*CreateCpuMemoryInfo)(int allocator, int type, OrtMemoryInfo **out);  // 69
  void *unused70[6];
  OrtStatus *(*AllocatorFree)(OrtAllocator *, void *);  // 76
  void *unused77[1];
  OrtStatus *(*GetAllocatorWithDefaultOptions)(OrtAllocator **out);  // 78
  void *unused79[6];
  OrtStatus *(*KernelInfoGetAttribute_float)(const OrtKernelInfo *, const char *name, float *out);    // 85
  OrtStatus *(*KernelInfoGetAttribute_int64)(const OrtKernelInfo *, const char *name, int64_t *out);  // 86
  void *unused87[1];
  OrtStatus *(*KernelContext_GetInputCount)(const OrtKernelContext *, size_t *out);                   // 88
  OrtStatus *(*KernelContext_GetOutputCount)(const OrtKernelContext *, size_t *out);                  // 89
  OrtStatus *(*KernelContext_GetInput)(const OrtKernelContext *, size_t index, const OrtValue **out);  // 90
  OrtStatus *(*KernelContext_GetOutput)(OrtKernelContext *, size_t index, const int64_t *shape, size_t rank,
                                        OrtValue **out);  // 91
  void *unused92[1];
  void (*ReleaseStatus)(OrtStatus *);                                        // 93
  void (*ReleaseMemoryInfo)(OrtMemoryInfo *);                                // 94
  void (*ReleaseSession)(OrtSession *);                                      // 95
  void (*ReleaseValue)(OrtValue *);                                          // 96
  void (*ReleaseRunOptions)(OrtRunOptions *);                                // 97
  void *unused98[1];
  void (*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo *);  // 99
  void (*ReleaseSessionOptions)(OrtSessionOptions *);                  // 100
  void *unused101[9];
  OrtStatus *(*SessionEndProfiling)(OrtSession *, OrtAllocator *, char **file);  // 110
  void *unused111[19];
  OrtStatus *(*AddSessionConfigEntry)(OrtSessionOptions *, const char *key, const char *value);  // 130
  void *unused131[2];
  OrtStatus *(*RunWithBinding)(OrtSession *, const OrtRunOptions *, const OrtIoBinding *);      // 133
  OrtStatus *(*CreateIoBinding)(OrtSession *, OrtIoBinding **out);                              // 134
  void (*ReleaseIoBinding)(OrtIoBinding *);                                                     // 135
  OrtStatus *(*BindInput)(OrtIoBinding *, const char *name, const OrtValue *);                  // 136
  OrtStatus *(*BindOutput)(OrtIoBinding *, const char *name, const OrtValue *);                 // 137
  void *unused138[24];
  OrtStatus *(*KernelInfoGetAttributeArray_float)(const OrtKernelInfo *, const char *name, float *out,
                                                  size_t *count);  // 162
  OrtStatus *(*KernelInfoGetAttributeArray_int64)(const OrtKernelInfo *, const char *name, int64_t *out,
                                                  size_t *count);  // 163
  void *unused164[12];
  OrtStatus *(*RegisterAllocator)(OrtEnv *, OrtAllocator *);  // 176
  void *unused177[97];
  OrtStatus *(*KernelContext_ParallelFor)(const OrtKernelContext *, void (*task)(void *data, size_t index),
                                          size_t total, size_t batches, void *data);  // 274
};

#define ORT_PLACE(function, place) \
  _Static_assert(offsetof(OrtApi, function) == (place) * sizeof(void *), #function " is not where the runtime has it")
ORT_PLACE(CreateSessionFromArray, 8);
ORT_PLACE(CreateTensorWithDataAsOrtValue, 49);
ORT_PLACE(GetTensorTypeAndShape, 65);
ORT_PLACE(KernelInfoGetAttribute_float, 85);
ORT_PLACE(ReleaseStatus, 93);
ORT_PLACE(SessionEndProfiling, 110);
ORT_PLACE(AddSessionConfigEntry, 130);
ORT_PLACE(BindOutput, 137);
ORT_PLACE(KernelInfoGetAttributeArray_int64, 163);
ORT_PLACE(RegisterAllocator, 176);
ORT_PLACE(KernelContext_ParallelFor, 274);

/** Memory of our own, as the runtime asks for it. */
struct OrtAllocator {
  uint32_t version;
  void *(*Alloc)(OrtAllocator *, size_t bytes);
  void (*Free)(OrtAllocator *, void *block);
  const OrtMemoryInfo *(*Info)(const OrtAllocator *);
  void *(*Reserve)(OrtAllocator *, size_t bytes);
};

/** An operator of our own, as the runtime asks for it. Members that are null are not used by it. */
struct OrtCustomOp {
  uint32_t version;
  void *(*CreateKernel)(const OrtCustomOp *, const OrtApi *, const OrtKernelInfo *);
  const char *(*GetName)(const OrtCustomOp *);
  const char *(*GetExecutionProviderType)(const OrtCustomOp *);
  int (*GetInputType)(const OrtCustomOp *, size_t index);
  size_t (*GetInputTypeCount)(const OrtCustomOp *);
  int (*GetOutputType)(const OrtCustomOp *, size_t index);
  size_t (*GetOutputTypeCount)(const OrtCustomOp *);
  void (*KernelCompute)(void *kernel, OrtKernelContext *);
  void (*KernelDestroy)(void *kernel);
  int (*GetInputCharacteristic)(const OrtCustomOp *, size_t index);
  int (*GetOutputCharacteristic)(const OrtCustomOp *, size_t index);
  int (*GetInputMemoryType)(const OrtCustomOp *, size_t index);
  int (*GetVariadicInputMinArity)(const OrtCustomOp *);
  int (*GetVariadicInputHomogeneity)(const OrtCustomOp *);
  int (*GetVariadicOutputMinArity)(const OrtCustomOp *);
  int (*GetVariadicOutputHomogeneity)(const OrtCustomOp *);
  OrtStatus *(*CreateKernelV2)(const OrtCustomOp *, const OrtApi *, const OrtKernelInfo *, void **kernel);
  OrtStatus *(*KernelComputeV2)(void *kernel, OrtKernelContext *);
  void *InferOutputShape;
  int (*GetStartVersion)(const OrtCustomOp *);
  int (*GetEndVersion)(const OrtCustomOp *);
  void *GetMayInplace;
  void *ReleaseMayInplace;
  void *GetAliasMap;
  void *ReleaseAliasMap;
};
