#!/usr/bin/env bash
# Runs mol-edge on AArch64 under emulation and compares what comes out with this x86-64 machine.
#
# From nothing, on Debian for x86-64, as root: makes a Debian root for arm64 under qemu-user, builds
# and installs the wheel of this tree there, runs the C++ tests, the Python tests of the core and
# `mol-edge run` on frames of the demo, and compares the results. Everything of AArch64 is run by the
# emulator; the compiler alone, and the unpacking of packages, run as programs of this machine, since
# emulated they would take an hour. Mounts are private to this process and gone with it.
#
#   scripts/aarch64.sh [FOLDER]     everything is below FOLDER, a new temporary one by default
#
# MOL_EDGE_KEEP=1 keeps FOLDER, so that the next run with it skips what is there already;
# MOL_EDGE_FRAMES=90 is how many frames of the demo run.
set -euo pipefail

readonly tree=$(cd "$(dirname "$0")/.." && pwd)
readonly frames=${MOL_EDGE_FRAMES:-90}
# Of what QEMU 7.2 knows the nearest to the Cortex-A78AE of Jetson Orin; that of a Raspberry Pi 5.
readonly processor=cortex-a76
readonly binfmt=/proc/sys/fs/binfmt_misc cross=aarch64-linux-gnu
readonly suite=$(. /etc/os-release && [[ $ID == debian ]] && echo "$VERSION_CODENAME")

if [[ $(id -u) != 0 || $(uname -m) != x86_64 || -z $suite ]]; then
  echo "scripts/aarch64.sh makes a Debian root with mounts: run it as root on Debian for x86-64." >&2
  exit 2
fi
if [[ -z ${MOL_EDGE_PRIVATE_MOUNTS:-} ]]; then
  MOL_EDGE_PRIVATE_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
fi
readonly folder=${1:-$(mktemp -d "${TMPDIR:-/tmp}/mol-edge-aarch64.XXXXXX")}
readonly root=$folder/root wheels=$folder/wheels
registered=

say() { printf '\n== %s (%d min)\n' "$*" $((SECONDS / 60)); }

clean_up() {
  local code=$?
  umount "$root"/{proc,dev/shm,usr/lib/x86_64-linux-gnu,usr/lib/gcc-cross,usr/$cross} \
    2>/dev/null || true
  [[ -z $registered ]] || echo -1 >"$binfmt/qemu-aarch64" || true
  [[ -n ${MOL_EDGE_KEEP:-} ]] || rm -rf --one-file-system "$folder"
  exit "$code"
}

in_root() {  # command: run it as AArch64, offline, with a plain environment
  chroot "$root" /usr/bin/env -i QEMU_CPU=$processor HOME=/root LANG=C.UTF-8 \
    PATH=/venv/bin:/usr/bin:/bin:/usr/sbin:/sbin OMP_NUM_THREADS=1 PIP_NO_INDEX=1 \
    PIP_FIND_LINKS=/wheels PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 "$@"
}

install_tools() {
  local missing=() package
  for package in qemu-user-static debootstrap python3-dev python3-venv g++ g++-$cross catch2 \
    libgl1 libglib2.0-0; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' \
      || missing+=("$package")
  done
  [[ ${#missing[@]} == 0 ]] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
}

register_emulator() {
  mountpoint -q "$binfmt" || mount -t binfmt_misc binfmt_misc "$binfmt"
  [[ -e $binfmt/qemu-aarch64 ]] && return
  # 64-bit little-endian ELF for AArch64; F opens the emulator now, so that the root need not hold it.
  local magic='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  printf '%s' ":qemu-aarch64:M::$magic:$mask:/usr/bin/qemu-aarch64-static:OPF" >"$binfmt/register"
  registered=1
}

make_root() {
  if [[ ! -e $root/.complete ]]; then
    rm -rf --one-file-system "$root"
    debootstrap --foreign --arch=arm64 --variant=minbase \
      --include=python3,libpython3-dev,libgl1,libglib2.0-0 "$suite" "$root" >"$folder/root.log"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/mol-edge"
    # debootstrap looks in /usr/sbin first, where no package has these.
    mount_native
    cp "$(command -v dpkg-deb)" "$(command -v tar)" "$root/usr/sbin"
    chroot "$root" /debootstrap/debootstrap --second-stage >>"$folder/root.log" \
      || { tail "$folder/root.log" "$root/debootstrap/debootstrap.log"; return 1; }
    rm "$root"/usr/sbin/{dpkg-deb,tar}
    touch "$root/.complete"
  else
    mount_native
  fi
  # dpkg has taken away the link, which is not one of arm64, while it was configured.
  ln -sfn usr/lib64 "$root/lib64"
  # Without /sys: what it says of this machine's processor makes ONNX Runtime's look-up crash.
  mount -t proc proc "$root/proc"
  mkdir -p "$root/dev/shm" && mount -t tmpfs tmpfs "$root/dev/shm"
  [[ $(in_root uname -m) == aarch64 ]]
}

# Libraries of x86-64 have folders of their own in Debian, and so has the compiler for AArch64, so that
# both can be shown in the root, where this machine's programs then run as they are.
mount_native() {
  local each
  mkdir -p "$root/usr/lib64"
  cp -L /lib64/ld-linux-x86-64.so.2 "$root/usr/lib64"
  ln -sfn usr/lib64 "$root/lib64"
  for each in lib/x86_64-linux-gnu lib/gcc-cross $cross; do
    mkdir -p "$root/usr/$each"
    mount --bind -o ro "/usr/$each" "$root/usr/$each"
  done
  cp -a /usr/bin/$cross-* "$root/usr/bin"
}

# Fetched by this machine's pip, so that a mirror or proxy that it knows of serves the root too.
fetch_wheels() {
  local python
  python=$(in_root python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  [[ -e $folder/host ]] || /usr/bin/python3 -m venv "$folder/host"
  "$folder/host/bin/pip" install -q -c "$tree/constraints.txt" build cmake ninja
  rm -rf "$folder/sdist"
  "$folder/host/bin/python" -m build --sdist --outdir "$folder/sdist" "$tree" >"$folder/sdist.log"
  "$folder/host/bin/pip" install -q --force-reinstall --no-deps "$folder"/sdist/*.tar.gz
  "$folder/host/bin/pip" install -q -c "$tree/constraints.txt" "mol-edge[cpu]"
  constraints_for_root >"$folder/constraints.txt"
  "$folder/host/bin/pip" download -q --dest "$wheels" --only-binary=:all: \
    --python-version "$python" --platform manylinux_2_28_aarch64 \
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
    -c "$folder/constraints.txt" \
    pip setuptools wheel pybind11 numpy onnxruntime opencv-python pytest pytest-timeout hypothesis
}

# pip would judge the markers of constraints by the Python that downloads, not by the root's.
constraints_for_root() {
  sed -n -E 's/; *python_version >= "3\.11"//; /python_version/d; /^[a-z]/p' "$tree/constraints.txt"
}

install_in_root() {
  mkdir -p "$root/wheels" "$root/src"
  cp "$wheels"/*.whl "$folder"/sdist/*.tar.gz "$root/wheels"
  cp -r "$tree/tests" "$tree/pyproject.toml" "$root/src"
  # The package of pip brings certificates, whose installation takes minutes when emulated.
  in_root python3 -m venv --clear --without-pip /venv
  in_root sh -c 'PYTHONPATH=$(echo /wheels/pip-*.whl) python3 -m pip install -q pip'
  in_root sh -c 'pip wheel -q --no-deps --wheel-dir /wheels /wheels/mol_edge-*.tar.gz'
  in_root sh -c 'pip install -q "$(echo /wheels/mol_edge-*-linux_aarch64.whl)[cpu]" \
    pytest pytest-timeout hypothesis'
  in_root pip list
}

run_cpp_tests() {
  PATH=$folder/host/bin:$PATH
  cmake -S "$tree/cpp" -B "$folder/cpp" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DMOL_EDGE_BUILD_TESTS=ON -DMOL_EDGE_WERROR=ON \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=$cross-g++ \
    -DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v qemu-aarch64-static);-L;$root" >/dev/null
  cmake --build "$folder/cpp"
  cp "$folder/cpp/tests/mol_edge_core_tests" "$root/src"
  in_root /src/mol_edge_core_tests
}

run_python_tests() {
  in_root sh -c 'cd /src && python3 -m pytest -q -p no:cacheprovider -o pythonpath= --timeout 1200 \
    tests/mol_edge/test_core_*.py'
}

run_demo() {
  local options=(--fps 60 --points points.csv --device onnxruntime:cpu --threads 1 --no-video --quiet)
  "$folder/host/bin/python" "$tree/scripts/aarch64_frames.py" --frames "$frames" \
    "$tree/examples/data/demo.mp4" "$folder/demo"
  rm -rf "$root/demo" && cp -r "$folder/demo" "$root/demo"
  (cd "$folder/demo" && "$folder/host/bin/mol-edge" run pictures --out here "${options[@]}")
  in_root sh -c 'cd /demo && mol-edge run pictures --out there "$@"' run "${options[@]}"
  "$folder/host/bin/python" "$tree/scripts/aarch64_compare.py" \
    "$folder/demo/here/results.jsonl" "$root/demo/there/results.jsonl"
}

trap clean_up EXIT
trap 'exit 130' INT TERM
mkdir -p "$folder"
say "Tools" && install_tools && register_emulator
say "A root of Debian $suite for AArch64, in $root" && make_root
say "Packages" && fetch_wheels
say "A wheel from this tree, built and installed on AArch64" && install_in_root
say "mol-edge doctor, for which an emulated device may be too slow"
in_root mol-edge doctor 2>/dev/null || true
say "C++ tests" && run_cpp_tests
say "Python tests of the core" && run_python_tests
say "The demo on both" && run_demo
say "AArch64 agrees with x86-64"
