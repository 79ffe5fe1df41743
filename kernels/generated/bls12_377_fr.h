/* bls12_377_fr, generated from host/field by `make kernels`. */
#define LIMBS 4
#define MODULUS {0x0a11800000000001, 0x59aa76fed0000001, 0x60b44d1e5c37b001, 0x12ab655e9a2ca556}
#define ONE {0x7d1c7ffffffffff3, 0x7257f50f6ffffff2, 0x16d81575512c0fee, 0x0d4bda322bbb9a9d}
#define NEG_INVERSE 0x0a117fffffffffff
