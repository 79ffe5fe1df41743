/* babybear, generated from host/field by `make kernels`. */
#define P 0x78000001u
#define ONE 0xffffffeu
#define NEG_INVERSE_32 0x77ffffffu
