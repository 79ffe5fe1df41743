/* bls12_381_fq, generated from host/field by `make kernels`. */
#define LIMBS 6
#define MODULUS {0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624, 0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a}
#define ONE {0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba, 0x77ce585370525745, 0x5c071a97a256ec6d, 0x15f65ec3fa80e493}
#define NEG_INVERSE 0x89f3fffcfffcfffd
