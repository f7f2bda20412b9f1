/* Prints results that every good libm gives. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void show(double result) {
    uint64_t bits;
    memcpy(&bits, &result, sizeof bits);
    printf("%016llx\n", (unsigned long long)bits);
}

int main(void) {
    show(exp(0)), show(exp(-1000)), show(exp(1000)), show(exp(-740)), show(exp(-INFINITY)), show(exp(NAN));
    show(exp2(10)), show(exp2(-3)), show(exp2(0.5 + 0.5)), show(expm1(-0.0)), show(expm1(1e-17));
    show(log(1)), show(log(0)), show(log(-1)), show(log2(8)), show(log2(0.125)), show(log10(1000)), show(log1p(1e-17));
    show(sin(-0.0)), show(sin(1e-9)), show(cos(0)), show(cos(1e-9)), show(tan(1e-9));
    show(asin(1)), show(acos(-1)), show(acos(1)), show(atan(INFINITY)), show(atan2(0, -1)), show(atan2(-1, 0));
    show(sinh(1e-9)), show(cosh(0)), show(tanh(100)), show(tanh(-100)), show(cbrtf(8));
    show(pow(2, 10)), show(pow(10, 15)), show(pow(2, -1)), show(pow(1.5, 2)), show(pow(0.1, 1)), show(pow(1, 0.1)), show(pow(0.1, 0));
    show(hypot(3, 4)), show(hypot(0.1, 0)), show(hypot(-0.1, 0)), show(lgamma(1)), show(lgamma(2)), show(tgamma(5)), show(erf(10)), show(erfc(0));
    show(expf(0)), show(exp2f(-3)), show(powf(2, 10)), show(powf(1.5f, 2)), show(sinf(1e-9f)), show(acosf(-1)), show(log2f(8));
    return 0;
}
