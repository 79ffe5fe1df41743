/* bn254_fr, generated from host/field by `make kernels`. */
#define LIMBS 4
#define MODULUS {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}
#define ONE {0xac96341c4ffffffb, 0x36fc76959f60cd29, 0x666ea36f7879462e, 0x0e0a77c19a07df2f}
#define NEG_INVERSE 0xc2e1f593efffffff
