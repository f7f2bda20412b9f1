/* A Fourier transform of 256 numbers: eight passes of butterflies. The angles come from one rotation, so libm is not asked. */
#include "kernel.h"
#define N 256
static double re[N], im[N];

int main(void) {
    for (int i = 0; i < N; i++) re[i] = next_number() - 0.5, im[i] = 0;
    for (int half = N / 2; half >= 1; half /= 2) {
        /* A rotation by about an angle of 1 / half; its length is 1 but for rounding. */
        double t = 1.5707963 / half / 2, c = (1 - t * t) / (1 + t * t), s = -2 * t / (1 + t * t);
        for (int start = 0; start < N; start += 2 * half) {
            double wr = 1, wi = 0;
            for (int i = start; i < start + half; i++) {
                double dr = re[i] - re[i + half], di = im[i] - im[i + half];
                re[i] += re[i + half], im[i] += im[i + half];
                re[i + half] = dr * wr - di * wi, im[i + half] = dr * wi + di * wr;
                double turned = wr * c - wi * s;
                wi = wr * s + wi * c, wr = turned;
            }
        }
    }
    for (int i = 0; i < N; i += 8) print_number(re[i]), print_number(im[i]);
    return 0;
}
