/* koalabear, generated from host/field by `make kernels`. */
#define P 0x7f000001u
#define ONE 0x1fffffeu
#define NEG_INVERSE_32 0x7effffffu
