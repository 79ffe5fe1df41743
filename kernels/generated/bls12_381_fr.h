/* bls12_381_fr, generated from host/field by `make kernels`. */
#define LIMBS 4
#define MODULUS {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}
#define ONE {0x00000001fffffffe, 0x5884b7fa00034802, 0x998c4fefecbc4ff5, 0x1824b159acc5056f}
#define NEG_INVERSE 0xfffffffeffffffff
