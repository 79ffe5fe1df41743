/* libOpenCL opened when it is first called, so that the program needs none to be built or to start.
 *
 * Every parameter of OpenCL's functions is a pointer or an integer of at most a machine word, which the
 * calling conventions of 64-bit systems pass in a word each; so a forwarder needs to know their number and
 * no more. Where there is no library, each answers that there is no platform. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

typedef uintptr_t word;

#define NO_PLATFORM (-1001)

static void *library;

static void open_library(void) { library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL); }

static void *symbol(const char *name) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_library);
    return library ? dlsym(library, name) : 0;
}

/* params, types and args are lists in parentheses; `otherwise` is what happens without the function. */
#define FORWARD(name, params, types, args, otherwise) \
    word name params { \
        word(*function) types = (word(*) types)symbol(#name); \
        if (function) return function args; \
        otherwise \
    }

/* Functions that return an error code. */
#define CODE return (word)(intptr_t)NO_PLATFORM;
/* Functions that return an object and put an error code where their last argument points. */
#define OBJECT(last) \
    if (last) *(int32_t *)last = NO_PLATFORM; \
    return 0;
#define NOTHING return 0;

#define FORWARD_1(name, otherwise) FORWARD(name, (word a), (word), (a), otherwise)
#define FORWARD_2(name, otherwise) FORWARD(name, (word a, word b), (word, word), (a, b), otherwise)
#define FORWARD_3(name, otherwise) FORWARD(name, (word a, word b, word c), (word, word, word), (a, b, c), otherwise)
#define FORWARD_4(name, otherwise) FORWARD(name, (word a, word b, word c, word d), (word, word, word, word), (a, b, c, d), otherwise)
#define FORWARD_5(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e), (word, word, word, word, word), (a, b, c, d, e), otherwise)
#define FORWARD_6(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f), (word, word, word, word, word, word), (a, b, c, d, e, f), otherwise)
#define FORWARD_7(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g), (word, word, word, word, word, word, word), (a, b, c, d, e, f, g), otherwise)
#define FORWARD_8(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h), (word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h), otherwise)
#define FORWARD_9(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i), (word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i), otherwise)
#define FORWARD_10(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i, word j), (word, word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i, j), otherwise)
#define FORWARD_11(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i, word j, word k), (word, word, word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i, j, k), otherwise)
#define FORWARD_12(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i, word j, word k, word l), (word, word, word, word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i, j, k, l), otherwise)
#define FORWARD_13(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i, word j, word k, word l, word m), (word, word, word, word, word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i, j, k, l, m), otherwise)
#define FORWARD_14(name, otherwise) FORWARD(name, (word a, word b, word c, word d, word e, word f, word g, word h, word i, word j, word k, word l, word m, word n), (word, word, word, word, word, word, word, word, word, word, word, word, word, word), (a, b, c, d, e, f, g, h, i, j, k, l, m, n), otherwise)

FORWARD(clUnloadCompiler, (void), (void), (), CODE)
FORWARD_1(clUnloadPlatformCompiler, CODE)
FORWARD_1(clRetainDevice, CODE)
FORWARD_1(clReleaseDevice, CODE)
FORWARD_1(clRetainContext, CODE)
FORWARD_1(clReleaseContext, CODE)
FORWARD_1(clRetainCommandQueue, CODE)
FORWARD_1(clReleaseCommandQueue, CODE)
FORWARD_1(clRetainMemObject, CODE)
FORWARD_1(clReleaseMemObject, CODE)
FORWARD_1(clRetainSampler, CODE)
FORWARD_1(clReleaseSampler, CODE)
FORWARD_1(clRetainProgram, CODE)
FORWARD_1(clReleaseProgram, CODE)
FORWARD_1(clRetainKernel, CODE)
FORWARD_1(clReleaseKernel, CODE)
FORWARD_1(clRetainEvent, CODE)
FORWARD_1(clReleaseEvent, CODE)
FORWARD_1(clFlush, CODE)
FORWARD_1(clFinish, CODE)
FORWARD_1(clEnqueueBarrier, CODE)
FORWARD_2(clWaitForEvents, CODE)
FORWARD_2(clSetUserEventStatus, CODE)
FORWARD_2(clEnqueueMarker, CODE)
FORWARD_2(clGetHostTimer, CODE)
FORWARD_3(clGetPlatformIDs, CODE)
FORWARD_3(clEnqueueWaitForEvents, CODE)
FORWARD_3(clGetDeviceAndHostTimer, CODE)
FORWARD_3(clGetGLObjectInfo, CODE)
FORWARD_3(clSetDefaultDeviceCommandQueue, CODE)
FORWARD_3(clSetKernelArgSVMPointer, CODE)
FORWARD_3(clSetMemObjectDestructorCallback, CODE)
FORWARD_4(clCreateKernelsInProgram, CODE)
FORWARD_4(clEnqueueBarrierWithWaitList, CODE)
FORWARD_4(clEnqueueMarkerWithWaitList, CODE)
FORWARD_4(clSetKernelArg, CODE)
FORWARD_4(clSetKernelExecInfo, CODE)
FORWARD_4(clSetEventCallback, CODE)
FORWARD_5(clGetPlatformInfo, CODE)
FORWARD_5(clGetDeviceIDs, CODE)
FORWARD_5(clGetDeviceInfo, CODE)
FORWARD_5(clCreateSubDevices, CODE)
FORWARD_5(clGetContextInfo, CODE)
FORWARD_5(clGetCommandQueueInfo, CODE)
FORWARD_5(clGetMemObjectInfo, CODE)
FORWARD_5(clGetImageInfo, CODE)
FORWARD_5(clGetPipeInfo, CODE)
FORWARD_5(clGetSamplerInfo, CODE)
FORWARD_5(clGetProgramInfo, CODE)
FORWARD_5(clGetKernelInfo, CODE)
FORWARD_5(clGetEventInfo, CODE)
FORWARD_5(clGetEventProfilingInfo, CODE)
FORWARD_5(clEnqueueTask, CODE)
FORWARD_5(clEnqueueSVMUnmap, CODE)
FORWARD_5(clGetGLContextInfoKHR, CODE)
FORWARD_5(clGetGLTextureInfo, CODE)
FORWARD_6(clBuildProgram, CODE)
FORWARD_6(clGetProgramBuildInfo, CODE)
FORWARD_6(clGetSupportedImageFormats, CODE)
FORWARD_6(clGetKernelArgInfo, CODE)
FORWARD_6(clGetKernelWorkGroupInfo, CODE)
FORWARD_6(clEnqueueUnmapMemObject, CODE)
FORWARD_6(clEnqueueAcquireGLObjects, CODE)
FORWARD_6(clEnqueueReleaseGLObjects, CODE)
FORWARD_7(clEnqueueMigrateMemObjects, CODE)
FORWARD_8(clEnqueueFillImage, CODE)
FORWARD_8(clEnqueueSVMFree, CODE)
FORWARD_8(clEnqueueSVMMap, CODE)
FORWARD_8(clEnqueueSVMMemFill, CODE)
FORWARD_8(clEnqueueSVMMemcpy, CODE)
FORWARD_8(clEnqueueSVMMigrateMem, CODE)
FORWARD_8(clGetKernelSubGroupInfo, CODE)
FORWARD_9(clCompileProgram, CODE)
FORWARD_9(clEnqueueReadBuffer, CODE)
FORWARD_9(clEnqueueWriteBuffer, CODE)
FORWARD_9(clEnqueueCopyBuffer, CODE)
FORWARD_9(clEnqueueFillBuffer, CODE)
FORWARD_9(clEnqueueCopyImage, CODE)
FORWARD_9(clEnqueueCopyImageToBuffer, CODE)
FORWARD_9(clEnqueueCopyBufferToImage, CODE)
FORWARD_9(clEnqueueNDRangeKernel, CODE)
FORWARD_10(clEnqueueNativeKernel, CODE)
FORWARD_11(clEnqueueReadImage, CODE)
FORWARD_11(clEnqueueWriteImage, CODE)
FORWARD_13(clEnqueueCopyBufferRect, CODE)
FORWARD_14(clEnqueueReadBufferRect, CODE)
FORWARD_14(clEnqueueWriteBufferRect, CODE)
FORWARD_2(clCreateUserEvent, OBJECT(b))
FORWARD_2(clCloneKernel, OBJECT(b))
FORWARD_3(clCreateKernel, OBJECT(c))
FORWARD_3(clCreateSamplerWithProperties, OBJECT(c))
FORWARD_4(clCreateCommandQueue, OBJECT(d))
FORWARD_4(clCreateCommandQueueWithProperties, OBJECT(d))
FORWARD_4(clCreateFromGLBuffer, OBJECT(d))
FORWARD_4(clCreateFromGLRenderbuffer, OBJECT(d))
FORWARD_4(clCreateProgramWithIL, OBJECT(d))
FORWARD_5(clCreateContextFromType, OBJECT(e))
FORWARD_5(clCreateBuffer, OBJECT(e))
FORWARD_5(clCreateSubBuffer, OBJECT(e))
FORWARD_5(clCreateProgramWithSource, OBJECT(e))
FORWARD_5(clCreateProgramWithBuiltInKernels, OBJECT(e))
FORWARD_5(clCreateSampler, OBJECT(e))
FORWARD_6(clCreateContext, OBJECT(f))
FORWARD_6(clCreateFromGLTexture, OBJECT(f))
FORWARD_6(clCreateFromGLTexture2D, OBJECT(f))
FORWARD_6(clCreateFromGLTexture3D, OBJECT(f))
FORWARD_6(clCreateImage, OBJECT(f))
FORWARD_6(clCreatePipe, OBJECT(f))
FORWARD_7(clCreateProgramWithBinary, OBJECT(g))
FORWARD_8(clCreateImage2D, OBJECT(h))
FORWARD_9(clLinkProgram, OBJECT(i))
FORWARD_10(clEnqueueMapBuffer, OBJECT(j))
FORWARD_10(clCreateImage3D, OBJECT(j))
FORWARD_12(clEnqueueMapImage, OBJECT(l))
FORWARD_1(clGetExtensionFunctionAddress, NOTHING)
FORWARD_2(clGetExtensionFunctionAddressForPlatform, NOTHING)
FORWARD_2(clSVMFree, NOTHING)
FORWARD_4(clSVMAlloc, NOTHING)
