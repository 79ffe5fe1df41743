/* What CUDA's headers would declare, as much of it as the dialect uses: for clang, which compiles CUDA
 * without any file of NVIDIA's. */
#define __CUDACC__ 1
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(threads) __attribute__((launch_bounds(threads)))
struct first_of_three { unsigned int x; };
#define threadIdx (first_of_three{(unsigned int)__nvvm_read_ptx_sreg_tid_x()})
#define blockIdx (first_of_three{(unsigned int)__nvvm_read_ptx_sreg_ctaid_x()})
#define atomicAdd(place, x) ((unsigned int)__nvvm_atom_add_gen_i((int *)(place), (int)(x)))
#define atomicMin(place, x) __nvvm_atom_min_gen_ui(place, x)
static __device__ __forceinline__ unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
