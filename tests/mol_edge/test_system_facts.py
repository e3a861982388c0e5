from __future__ import annotations

from pathlib import Path

import pytest

from mol_edge.problems import Installed, find_problems, installed
from mol_edge.system_facts import SystemFacts, collect, run_command

RELEASE = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n"
MODES = "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n"
DRIVER = "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def orin(tmp_path):
    core = "sys/devices/system/cpu/cpu{}/cpufreq/{}"
    return write(
        tmp_path,
        {
            "etc/nv_tegra_release": RELEASE,
            "etc/nvpmodel.conf": MODES,
            "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
            "proc/driver/nvidia/version": DRIVER,
            **{core.format(n, "scaling_min_freq"): "729600\n" for n in range(2)},
            **{core.format(n, "cpuinfo_max_freq"): "1728000\n" for n in range(2)},
            "usr/lib/python3.10/dist-packages/tensorrt/__init__.py": "",
            "usr/lib/python3/dist-packages/cv2/__init__.py": "",
        },
    )


def nvpmodel(command):
    return "NV Power Mode: 15W\n0\n" if command == ["nvpmodel", "-q"] else ""


def test_a_jetson(orin):
    facts = collect(orin, nvpmodel)
    assert facts.is_jetson
    assert dict(facts.rows()) == {
        "board": "NVIDIA Jetson Orin Nano Developer Kit",
        "Linux for Tegra": "36.4.3 (JetPack 6)",
        "power mode": "15W",
        "clocks": "left to the governor",
        "NVIDIA driver": "540.4.0",
    }
    mends = {problem.mend for problem in find_problems(facts, Installed({}))}
    assert mends == {"sudo nvpmodel -m 2", "sudo jetson_clocks"}


def test_a_jetson_at_full_speed_has_no_problem(orin):
    for path in (orin / "sys/devices/system/cpu").rglob("scaling_min_freq"):
        path.write_text("1728000\n")
    facts = collect(orin, lambda command: "NV Power Mode: MAXN_SUPER\n2\n")
    assert facts.clocks_pinned is True
    there = Installed(
        {"numpy": "1.26.4"}, frozenset({"cv2", "tensorrt", "cuda"}), frozenset({"cv2"})
    )
    assert find_problems(facts, there) == []


@pytest.mark.parametrize(
    ("versions", "modules", "expected"),
    [
        ({"opencv-python": "4.14"}, {"tensorrt", "cuda"}, "pip uninstall -y opencv-python"),
        ({"numpy": "2.2.6"}, {"tensorrt", "cuda"}, 'pip install "numpy<2"'),
        ({"onnxruntime-gpu": "1.31"}, {"tensorrt", "cuda"}, "pip uninstall -y onnxruntime-gpu"),
        ({}, {"cuda"}, "python3 -m venv --system-site-packages VENV"),
        ({}, {"tensorrt"}, 'pip install "cuda-bindings>=12.8,<13"'),
    ],
)
def test_what_is_in_the_way_on_a_jetson(orin, versions, modules, expected):
    facts = collect(orin, lambda command: "NV Power Mode: MAXN_SUPER\n2\n")
    system = frozenset({"cv2", "tensorrt"})
    found = find_problems(facts, Installed(versions, frozenset(modules), system))
    assert expected in {problem.mend for problem in found}


def test_jetpack_5_is_too_old(tmp_path):
    write(tmp_path, {"etc/nv_tegra_release": RELEASE.replace("R36", "R35")})
    found = find_problems(collect(tmp_path, nvpmodel), Installed({}))
    assert any("JetPack 5" in problem.what and "JetPack 6" in problem.mend for problem in found)


def test_both_onnx_runtimes_lose_cuda():
    there = Installed({"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"})
    (problem,) = find_problems(SystemFacts(), there)
    assert problem.mend == (
        "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
    )
    (problem,) = find_problems(SystemFacts(l4t="36.4.3", jetpack="6"), there)[:1]
    assert problem.mend.endswith("&& pip install onnxruntime")


def test_two_opencvs_overwrite_each_other():
    there = Installed({"opencv-python": "4.14", "opencv-python-headless": "4.14"})
    (problem,) = find_problems(SystemFacts(), there)
    assert "overwrite each other's files" in problem.what


def test_an_old_tensorrt_is_named():
    there = Installed({"tensorrt": "8.6.1"}, frozenset({"tensorrt", "cuda"}))
    (problem,) = find_problems(SystemFacts(), there)
    assert problem.mend == "pip install --upgrade tensorrt"


def test_an_intel_box_without_its_drivers(tmp_path):
    pci = "sys/bus/pci/devices/0000:00:0b.0/{}"
    write(
        tmp_path,
        {
            "sys/class/drm/renderD128/device/vendor": "0x8086\n",
            "sys/class/drm/renderD129/device/vendor": "0x10de\n",
            "sys/module/xe/srcversion": "",
            pci.format("vendor"): "0x8086\n",
            pci.format("class"): "0x120000\n",
        },
    )
    facts = collect(tmp_path, lambda command: "")
    node = str(tmp_path / "dev/dri/renderD128")
    assert facts.intel_gpus == (node,)
    assert dict(facts.rows()) == {
        "Intel GPU": f"{node} (driver xe)",
        "Intel NPU": "there, without a driver",
    }
    mends = [problem.mend for problem in find_problems(facts, Installed({}))]
    assert mends[0] == "sudo usermod -aG render $USER, then log in again"
    assert mends[1] == "sudo apt install intel-opencl-icd"
    assert "linux-npu-driver" in mends[2]


def test_an_nvidia_gpu_without_a_driver(tmp_path):
    pci = "sys/bus/pci/devices/0000:01:00.0/{}"
    write(tmp_path, {pci.format("vendor"): "0x10de\n", pci.format("class"): "0x030000\n"})
    facts = collect(tmp_path, lambda command: "")
    assert facts.nvidia_gpus == 1
    (problem,) = find_problems(facts, Installed({}))
    assert problem.mend == "sudo ubuntu-drivers install && sudo reboot"


def test_commands_that_are_absent_or_fail_say_nothing():
    assert run_command(["mol-edge-no-such-command"]) == ""
    assert run_command(["false"]) == ""
    assert run_command(["echo", "yes"]) == "yes\n"


def test_what_is_installed_here():
    there = installed()
    assert "numpy" in there.versions
    assert all(name == name.lower() and "_" not in name for name in there.versions)
