"""The settings that give a program the code paths of an older CPU, by the CPU."""

# Both spellings: glibc renamed the features in 2.33, and ignores names that it does not know.
V3_OFF = "-AVX512F,-AVX512F_Usable"
V2_OFF = f"{V3_OFF},-AVX2,-AVX2_Usable,-FMA,-FMA_Usable"
NUMPY_V3_OFF = "X86_V4 AVX512_ICL AVX512_SPR"


def generation(features_off: str, core: str, numpy_off: str) -> dict[str, str]:
    return {
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={features_off}",
        "OPENBLAS_CORETYPE": core,
        "NPY_DISABLE_CPU_FEATURES": numpy_off,
    }


# By the model that qemu-x86_64 emulates.
PRESETS = {
    "Nehalem": generation(V2_OFF, "Nehalem", f"X86_V3 {NUMPY_V3_OFF}"),
    "SandyBridge": generation(V2_OFF, "Sandybridge", f"X86_V3 {NUMPY_V3_OFF}"),
    "Haswell": generation(V3_OFF, "Haswell", NUMPY_V3_OFF),
    "EPYC-Milan": generation(V3_OFF, "Zen", NUMPY_V3_OFF),
}
