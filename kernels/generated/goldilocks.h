/* goldilocks, generated from host/field by `make kernels`. */
#define P 0xffffffff00000001
