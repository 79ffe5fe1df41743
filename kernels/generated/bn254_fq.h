/* bn254_fq, generated from host/field by `make kernels`. */
#define LIMBS 4
#define MODULUS {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029}
#define ONE {0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}
#define NEG_INVERSE 0x87d20782e4866389
