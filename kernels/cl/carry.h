/* 32-bit arithmetic with a carry flag: PTX instructions on CUDA, an emulated flag on the host, where
 * the tests run the very chains that the GPU runs. Each name is the PTX instruction's. */
#if defined(CUDA_DIALECT)
#define CARRY_2(name, text) \
    FN u32 name(u32 a, u32 b) { u32 r; asm volatile(text " %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b)); return r; }
#define CARRY_3(name, text) \
    FN u32 name(u32 a, u32 b, u32 c) { \
        u32 r; asm volatile(text " %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c)); return r; }
CARRY_2(add_cc, "add.cc.u32")
CARRY_2(addc_cc, "addc.cc.u32")
CARRY_2(addc, "addc.u32")
CARRY_2(sub_cc, "sub.cc.u32")
CARRY_2(subc_cc, "subc.cc.u32")
CARRY_2(subc, "subc.u32")
CARRY_2(mul_lo, "mul.lo.u32")
CARRY_2(mul_high, "mul.hi.u32")
CARRY_3(mad_lo_cc, "mad.lo.cc.u32")
CARRY_3(madc_lo_cc, "madc.lo.cc.u32")
CARRY_3(madc_hi_cc, "madc.hi.cc.u32")
CARRY_3(madc_hi, "madc.hi.u32")
#undef CARRY_2
#undef CARRY_3
#elif defined(HOST_DIALECT)
static thread_local u32 carry_flag;
FN u32 flagged(u64 sum) { carry_flag = (u32)(sum >> 32); return (u32)sum; }
FN u32 low_product(u32 a, u32 b) { return (u32)((u64)a * b); }
FN u32 high_product(u32 a, u32 b) { return (u32)(((u64)a * b) >> 32); }
FN u32 add_cc(u32 a, u32 b) { return flagged((u64)a + b); }
FN u32 addc_cc(u32 a, u32 b) { return flagged((u64)a + b + carry_flag); }
FN u32 addc(u32 a, u32 b) { return a + b + carry_flag; }
FN u32 sub_cc(u32 a, u32 b) { const u64 d = (u64)a - b; carry_flag = (u32)(d >> 63); return (u32)d; }
FN u32 subc_cc(u32 a, u32 b) { const u64 d = (u64)a - b - carry_flag; carry_flag = (u32)(d >> 63); return (u32)d; }
FN u32 subc(u32 a, u32 b) { return a - b - carry_flag; }
FN u32 mul_lo(u32 a, u32 b) { return low_product(a, b); }
FN u32 mul_high(u32 a, u32 b) { return high_product(a, b); }
FN u32 mad_lo_cc(u32 a, u32 b, u32 c) { return flagged((u64)low_product(a, b) + c); }
FN u32 madc_lo_cc(u32 a, u32 b, u32 c) { return flagged((u64)low_product(a, b) + c + carry_flag); }
FN u32 madc_hi_cc(u32 a, u32 b, u32 c) { return flagged((u64)high_product(a, b) + c + carry_flag); }
FN u32 madc_hi(u32 a, u32 b, u32 c) { return high_product(a, b) + c + carry_flag; }
#endif
