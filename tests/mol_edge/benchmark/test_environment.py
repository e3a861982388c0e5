"""Machines, sensors and power read from made-up system files."""

import time

import pytest

from mol_edge.benchmark.load import Load
from mol_edge.benchmark.machine import describe_machine
from mol_edge.benchmark.power import PowerMeter, PowerSource, find_source
from mol_edge.benchmark.probe import ask
from mol_edge.benchmark.sensors import read_sensors

JETSON = {
    "proc/cpuinfo": "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd42\n",
    "proc/meminfo": "MemTotal:        7802384 kB\n",
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
    "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic",
    "etc/os-release": 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n',
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "schedutil\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "729600\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1510400\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/class/thermal/thermal_zone1/type": "cv0-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "-256000\n",
    "sys/class/thermal/cooling_device0/type": "pwm-fan\n",
    "sys/class/thermal/cooling_device0/cur_state": "2\n",
    "sys/class/thermal/cooling_device1/type": "cpufreq-cpu0\n",
    "sys/class/thermal/cooling_device1/cur_state": "3\n",
    "sys/class/hwmon/hwmon3/name": "ina3221\n",
    "sys/class/hwmon/hwmon3/in1_label": "VDD_IN\n",
    "sys/class/hwmon/hwmon3/in1_input": "5064\n",
    "sys/class/hwmon/hwmon3/curr1_input": "1000\n",
}


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def silent(command):
    return None


def test_a_jetson(tmp_path):
    answers = {"nvpmodel": "NV Power Mode: 15W\n0", "dpkg-query": "6.2+b77"}
    machine = describe_machine(tree(tmp_path, JETSON), lambda command: answers.get(command[0]))
    assert machine["board"] == "NVIDIA Jetson Orin Nano Developer Kit"
    assert machine["jetson"] == {"l4t": "36.4.3", "jetpack": "6.2+b77", "nvpmodel": "15W"}
    assert machine["memory_mb"] == 7990
    assert machine["cpu"]["name"] == "Arm 0x41 0xd42"
    assert (machine["cpu"]["governor"], machine["cpu"]["max_mhz"]) == ("schedutil", 1510.4)
    assert machine["system"]["os"] == "Ubuntu 22.04.5 LTS"


def test_a_jetsons_sensors(tmp_path):
    sensors = read_sensors(tree(tmp_path, JETSON), silent)
    assert sensors["temperatures_c"] == {"cpu-thermal": 48.3}
    assert sensors["cpu_mhz"] == {"least": 729.6, "most": 729.6}
    # A fan that turns throttles nothing.
    assert sensors["throttled"] == {"cooling": 3}


def test_a_machine_that_tells_nothing(tmp_path):
    machine, sensors = describe_machine(tmp_path, silent), read_sensors(tmp_path, silent)
    for name in ("memory_mb", "board", "gpus", "jetson"):
        assert machine[name] == "unavailable", name
    assert machine["cpu"]["governor"] == machine["cpu"]["max_mhz"] == "unavailable"
    for name in ("temperatures_c", "cpu_mhz", "throttled"):
        assert sensors[name] == "unavailable", name
    assert find_source(tmp_path) is None


def test_a_graphics_card(tmp_path):
    def smi(command):
        if command[0] != "nvidia-smi":
            return None
        if "temperature.gpu" in command[1]:
            return "61, 1980, 0x0000000000000004"
        return "NVIDIA H200, 570.1, 143771, 700.00, 1980"

    (gpu,) = describe_machine(tmp_path, smi)["gpus"]
    assert (gpu["name"], gpu["memory_mb"], gpu["power_limit_w"]) == ("NVIDIA H200", 143771, 700)
    sensors = read_sensors(tmp_path, smi)
    assert sensors["temperatures_c"] == {"gpu": 61} and sensors["throttled"] == {"gpu": "0x4"}


def test_power_of_a_board(tmp_path):
    source = find_source(tree(tmp_path, JETSON))
    assert source.name == "INA3221 VDD_IN"
    assert source.watts() == pytest.approx(5.064)


def test_energy_of_a_processor_over_its_range(tmp_path):
    zone = "sys/class/powercap/intel-rapl:0"
    files = {f"{zone}/energy_uj": "9000000", f"{zone}/max_energy_range_uj": "10000000"}
    source = find_source(tree(tmp_path, files))
    assert source.joules() == pytest.approx(9)
    (tmp_path / zone / "energy_uj").write_text("1000000")
    assert source.joules() == pytest.approx(11)


def test_a_meter_gives_means_of_its_samples():
    values = iter(range(1, 10_000))
    energy = PowerSource("counter", joules=lambda: next(values) * 0.5)
    begin = time.monotonic_ns()
    with PowerMeter(energy, every_s=0.001) as meter:
        while len(meter._samples) < 6:
            time.sleep(0.002)
    seconds = (meter._samples[-1][0] - meter._samples[0][0]) / 1e9
    joules = meter._samples[-1][1] - meter._samples[0][1]
    watts = meter.mean_watts([(begin, time.monotonic_ns())])
    assert watts == pytest.approx(joules / seconds)
    assert meter.mean_watts([(0, begin)]) is None


def test_power_of_slices_is_that_of_their_own_samples():
    samples = [(at, float(value)) for at, value in enumerate([0, 2, 4, 90, 91, 92, 98])]
    spans = [(0, 2), (3, 3), (5, 6)]
    for source, watts in (
        (PowerSource("meter", watts=float), (0 + 2 + 4 + 90 + 92 + 98) / 6),
        # One sample of a counter tells nothing: 4 J in 2 ns and 6 J in 1 ns.
        (PowerSource("counter", joules=float), 10 / 3e-9),
    ):
        meter = PowerMeter(source)
        meter._samples = samples
        assert meter.mean_watts(spans) == pytest.approx(watts)
        assert meter.mean_watts([(3, 3)]) is None


def test_load_of_others():
    assert Load(12.0, 3.0, 9.0).others_since(Load(10.0, 2.0, 5.0)) == 1.5
    assert Load(12.0, 3.0, None).others_since(Load(10.0, 2.0, 5.0)) is None
    assert Load(12.0, 9.0, 6.0).others_since(Load(10.0, 2.0, 5.0)) == 0


def test_commands_that_fail_say_nothing():
    assert ask(["no-such-command-here"]) is None
    assert ask(["false"]) is None
    assert ask(["echo", "this"]) == "this"
