"""Put a binary into a zip for Lambda, and print the SHA-256 of the zip. The same binary always gives the same zip.

usage: package.py BINARY ARCHITECTURE ZIP
"""

import hashlib
import io
import pathlib
import sys
import zipfile

# Lambda starts the entry of this name. The name of the handler has no effect.
ENTRY = "bootstrap"
# The earliest time that a zip can contain. It is constant, so that the time of the build does not change the bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
# Values of e_machine in the ELF header: little-endian, at byte 18.
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


def built_for(binary: bytes) -> str | None:
    """The architecture in the header of an ELF file; None for any other file, such as a script."""
    if binary[:4] != b"\x7fELF":
        return None
    machine = int.from_bytes(binary[18:20], "little")
    return MACHINES.get(machine, f"machine {machine:#x}")


def zipped(binary: bytes) -> bytes:
    entry = zipfile.ZipInfo(ENTRY, EPOCH)
    entry.create_system = 3  # Unix, so that the mode below has an effect
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, binary)
    return buffer.getvalue()


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    path, architecture, target = sys.argv[1:]
    binary = pathlib.Path(path).read_bytes()
    found = built_for(binary)
    if found not in (None, architecture):
        print(f"error: {path} is built for {found}, not for {architecture}", file=sys.stderr)
        return 2
    archive = zipped(binary)
    pathlib.Path(target).write_bytes(archive)
    print(hashlib.sha256(archive).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
