/* One source, three dialects: OpenCL C 1.2, CUDA C++ and, for the tests, host C++.
 *
 * A kernel is a list of phases. In a phase every thread of the work-group runs the same lines, named by
 * its number t; between two phases all of them meet, and what one wrote to local memory the others see.
 * No variable of a thread lives from one phase to the next. On the host a phase is a loop.
 *
 * FN is inlined everywhere; CALLED, for what is long, is a function of its own, LONG one on CUDA alone.
 * ALIGNED elements are read 128 bits at a time. */
#if defined(__OPENCL_VERSION__)
typedef ulong u64;
typedef uint u32;
#define KERNEL __kernel __attribute__((reqd_work_group_size(THREADS, 1, 1))) void
#define FN static inline
#define CALLED static __attribute__((noinline))
#define LONG FN
#define ALIGNED
#define GLOBAL __global
#define LOCAL __local
#define LOCAL_ARRAY(type, name, n) __local type name[n]
#define GROUP ((u32)get_group_id(0))
#define PHASE(t) { const u32 t = (u32)get_local_id(0);
#define MEET } barrier(CLK_LOCAL_MEM_FENCE);
#define END }
#define UNROLL _Pragma("unroll")
#define ATOMIC_ADD(place, x) atomic_add(place, x)
#define ATOMIC_MIN(place, x) atomic_min(place, x)
#elif defined(__CUDACC__) || defined(__CUDACC_RTC__)
typedef unsigned long long u64;
typedef unsigned int u32;
#define CUDA_DIALECT 1
#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS)
#define FN static __device__ __forceinline__
#define CALLED static __device__ __attribute__((noinline))
#define LONG CALLED
#define ALIGNED __attribute__((aligned(16)))
#define GLOBAL
#define LOCAL
#define LOCAL_ARRAY(type, name, n) __shared__ type name[n]
#define CONSTANT(type, name, value) __constant__ type name = value
#define GROUP ((u32)blockIdx.x)
#define PHASE(t) { const u32 t = (u32)threadIdx.x;
#define MEET } __syncthreads();
#define END }
#define UNROLL _Pragma("unroll")
#define ATOMIC_ADD(place, x) atomicAdd(place, x)
#define ATOMIC_MIN(place, x) atomicMin(place, x)
#else
#include <cstdint>
typedef uint64_t u64;
typedef uint32_t u32;
#define HOST_DIALECT 1
#define KERNEL extern "C" void
#define FN static inline
#define CALLED static __attribute__((noinline, unused))
#define LONG FN
#define ALIGNED
#define GLOBAL
#define LOCAL
#define LOCAL_ARRAY(type, name, n) type name[n]
#define CONSTANT(type, name, value) static const type name = value
static thread_local u32 work_group;
extern "C" void select_group(u32 group) { work_group = group; }
#define GROUP work_group
#define PHASE(t) for (u32 t = 0; t < THREADS; ++t) {
#define MEET }
#define END }
#define UNROLL _Pragma("GCC unroll 16")
/* work-groups run one after the other */
FN u32 host_atomic_add(u32 *place, u32 x) { u32 old = *place; *place += x; return old; }
FN u32 host_atomic_min(u32 *place, u32 x) { u32 old = *place; if (x < old) *place = x; return old; }
#define ATOMIC_ADD(place, x) host_atomic_add(place, x)
#define ATOMIC_MIN(place, x) host_atomic_min(place, x)
#endif

/* The high half of a 64-bit product. Where the compiler knows 128-bit integers they are the fastest. */
#if defined(HOST_DIALECT) || (defined(WITH_U128) && defined(__SIZEOF_INT128__))
typedef unsigned __int128 u128;
#define MUL_HIGH(a, b) ((u64)(((u128)(a) * (b)) >> 64))
#ifndef NO_U128 /* the tests run the other forms too */
#define HAS_U128 1
#endif
#elif defined(CUDA_DIALECT)
#define MUL_HIGH(a, b) __umul64hi(a, b)
#else
#define MUL_HIGH(a, b) mul_hi((u64)(a), (u64)(b))
#endif

/* a + b + carry; the carry out replaces the carry in. */
FN u64 add_carry(u64 a, u64 b, u64 *carry) {
#ifdef HAS_U128
    const u128 sum = (u128)a + b + *carry;
    *carry = (u64)(sum >> 64);
    return (u64)sum;
#else
    const u64 s = a + b;
    const u64 sum = s + *carry;
    *carry = (u64)(s < a) | (u64)(sum < s);
    return sum;
#endif
}

/* a - b - borrow; the borrow out, 0 or 1, replaces the borrow in. */
FN u64 sub_borrow(u64 a, u64 b, u64 *borrow) {
    const u64 d = a - b;
    const u64 difference = d - *borrow;
    *borrow = (u64)(a < b) | (u64)(d < *borrow);
    return difference;
}

/* The low half of a*b + c + carry, which fits 128 bits; the high half replaces the carry. */
FN u64 mul_add(u64 a, u64 b, u64 c, u64 *carry) {
#ifdef HAS_U128
    const u128 sum = (u128)a * b + c + *carry;
    *carry = (u64)(sum >> 64);
    return (u64)sum;
#else
    u64 low = a * b;
    u64 high = MUL_HIGH(a, b);
    low += c;
    high += (u64)(low < c);
    low += *carry;
    high += (u64)(low < *carry);
    *carry = high;
    return low;
#endif
}

/* i with its lowest `bits` bits in reverse order; bits <= 32. */
FN u32 reversed(u32 i, u32 bits) {
    i = (i >> 16) | (i << 16);
    i = ((i >> 8) & 0x00ff00ffu) | ((i & 0x00ff00ffu) << 8);
    i = ((i >> 4) & 0x0f0f0f0fu) | ((i & 0x0f0f0f0fu) << 4);
    i = ((i >> 2) & 0x33333333u) | ((i & 0x33333333u) << 2);
    i = ((i >> 1) & 0x55555555u) | ((i & 0x55555555u) << 1);
    return bits == 0 ? 0 : i >> (32 - bits);
}
